#include "config.h"
#include "admission_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "store/users.h"

#define ANSWER_MS 60000	/* no answer takes that long, however busy the machine is */
#define CLOSE_MS 5000
#define LEDGER_MS 60000

struct prices *world_prices(struct admission_world *w, const char *text)
{
	struct err e = { 0 };
	struct prices *p = prices_parse(w, "t", text, strlen(text), &e);

	if (!p)
		fail_msg("%s", e.text);
	return p;
}

struct gateway_token world_token(const char *user)
{
	struct gateway_token t = { .kind = GATEWAY_TOKEN_WORKSPACE,
				   .address = "172.30.0.5" };

	memcpy(t.user_id, user, ID_SIZE);
	memcpy(t.subject_id, user, ID_SIZE);
	return t;
}

void world_put(struct admission_world *w, const char *token,
	       const struct gateway_token *t)
{
	struct err e = { 0 };

	OK(gateway_token_put(w->kv, token, t, 1000, &e));
}

int world_set_up(void **state)
{
	struct admission_world *w = talloc_zero(NULL, struct admission_world);
	struct gateway_token t;
	struct err e = { 0 };
	void *f;

	assert_int_equal(fixture_set_up(&f), 0);
	w->f = f;
	OK(user_create(w->f->db, "kim", "h", false, w->kim, &e));
	OK(user_create(w->f->db, "lee", "h", false, w->lee, &e));
	server_init(&w->server);
	w->kv = kv_new(w, w->server.socket);
	uv_loop_init(&w->loop);
	w->async = kv_async_new(&w->loop, w->server.socket);
	serving_start(&w->serving, w->f->path);
	w->ledger = ledger_client_new(w, w->serving.socket, LEDGER_MS);
	w->jobs = jobs_new(w->ledger, &w->loop, NULL);
	w->prices = world_prices(w, PRICES);
	w->a = admission_new(w, &w->loop, w->async, w->jobs, w->ledger, w->prices,
			     "Asia/Seoul");
	token_new(w->token);
	t = world_token(w->kim);
	world_put(w, w->token, &t);
	*state = w;
	return 0;
}

static void set(void *data)
{
	*(bool *)data = true;
}

static void close_left(uv_handle_t *handle, void *data)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* A test that failed half way may have left handles of its own. */
static void end_loop(uv_loop_t *loop)
{
	int64_t end = clock_mono_ms() + CLOSE_MS;

	while (uv_run(loop, UV_RUN_NOWAIT) && clock_mono_ms() < end)
		usleep(1000);
	uv_walk(loop, close_left, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(loop), 0);
}

int world_tear_down(void **state)
{
	struct admission_world *w = *state;
	bool idle = false;
	void *f = w->f;

	admission_free(w->a);
	jobs_when_idle(w->jobs, set, &idle);
	while (!idle)
		uv_run(&w->loop, UV_RUN_ONCE);
	kv_async_free(w->async);
	end_loop(&w->loop);
	server_release(&w->server);
	serving_stop(&w->serving);
	talloc_free(w);
	return fixture_tear_down(&f);
}

void hear(void *data, const struct admission_answer *a)
{
	struct heard *h = data;

	h->calls++;
	h->answer = *a;
	assert_true(str_copy(h->zone, sizeof(h->zone), a->zone));
	assert_true(str_copy(h->locale, sizeof(h->locale), a->locale));
	assert_int_equal(a->verdict == VERDICT_AWAY, a->e != NULL);
	assert_int_equal(a->verdict == VERDICT_ADMITTED, a->grant != NULL);
	if (a->e)
		h->e = *a->e;
}

void world_turn_until(struct admission_world *w, const int *calls, int want)
{
	int64_t end = clock_mono_ms() + ANSWER_MS;

	while (*calls < want && clock_mono_ms() < end)
		uv_run(&w->loop, UV_RUN_ONCE);
	assert_int_equal(*calls, want);
}

struct call_estimate world_estimate(int64_t bytes)
{
	return (struct call_estimate){ .input = bytes / 4, .output = 1000, .model = "m" };
}

struct heard world_ask(struct admission_world *w, const char *token, int64_t bytes)
{
	struct heard h = { 0 };

	struct call_estimate estimate = world_estimate(bytes);

	admission_ask(w->a, token, "172.30.0.5", &estimate, hear, &h);
	assert_int_equal(h.calls, 0);
	world_turn_until(w, &h.calls, 1);
	return h;
}

enum verdict world_verdict(struct admission_world *w, int64_t bytes)
{
	struct heard h = world_ask(w, w->token, bytes);

	if (h.answer.grant)
		grant_book(w->a, h.answer.grant, "m", &(struct usage){ 0 });
	return h.answer.verdict;
}

static void add_row(struct admission_world *w, const struct gateway_token *t,
		    const char *model, int64_t at, int64_t tokens)
{
	struct usage_call c = { .model = model, .outcome = "complete",
		.usage = { .input = tokens }, .status = 200, .at = at,
		.ended_at = at };
	struct err e = { 0 };

	id_new(c.id);
	memcpy(c.user_id, t->user_id, ID_SIZE);
	memcpy(c.subject_id, t->subject_id, ID_SIZE);
	c.kind = gateway_token_kind_name(t->kind);
	OK(usage_add(w->f->db, &c, 1, &e));
}

void world_add_row(struct admission_world *w, const char *user, const char *model,
		   int64_t at, int64_t tokens)
{
	struct gateway_token t = world_token(user);

	add_row(w, &t, model, at, tokens);
}

void world_book(struct admission_world *w, const struct heard *h, const char *model,
		int64_t tokens)
{
	add_row(w, &h->answer.token, model, h->answer.at, tokens);
	grant_book(w->a, h->answer.grant, model,
		   &(struct usage){ .input = tokens });
}

struct said {
	int calls;
	char text[512];
	struct err e;
};

static void keep(void *data, const char *value, const struct err *e)
{
	struct said *s = data;

	s->calls++;
	if (value && !str_copy(s->text, sizeof(s->text), value))
		fail_msg("too long: %s", value);
	if (e)
		s->e = *e;
}

/* Over the loop's own connection, so after all that was sent before. */
const char *world_redis(struct admission_world *w, const char *script)
{
	static struct said s;
	const char *const args[] = { "EVAL", script, "0" };

	memset(&s, 0, sizeof(s));
	kv_async_run(w->async, keep, &s, 3, args);
	world_turn_until(w, &s.calls, 1);
	if (s.e.kind)
		fail_msg("%s", s.e.text);
	return s.text;
}

int64_t world_counter(struct admission_world *w, const char *pattern, const char *field)
{
	char script[512];

	snprintf(script, sizeof(script), "local k = redis.call('KEYS', '%s')\n"
		 "if #k > 1 then return table.concat(k, ' ') end\n"
		 "return #k == 0 and '-1' or redis.call('HGET', k[1], '%s')",
		 pattern, field);
	return atoll(world_redis(w, script));
}

void world_budget(struct admission_world *w, const char *subject, struct budget b)
{
	struct err e = { 0 };

	OK(budget_save(w->f->db, subject, &b, &e));
}

static void wake(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

void world_pass_a_second(struct admission_world *w)
{
	uv_timer_t timer;
	bool passed = false;

	uv_timer_init(&w->loop, &timer);
	timer.data = &passed;
	uv_update_time(&w->loop);
	uv_timer_start(&timer, wake, 1100, 0);
	while (!passed)
		uv_run(&w->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&w->loop, UV_RUN_NOWAIT);
}
