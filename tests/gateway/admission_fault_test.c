/*
 * lib/gateway/admission.c while Redis and the store come and go. Tests also
 * admission_cache.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "admission_fixture.h"
#include "core/clock.h"
#include "gateway/admission_internal.h"
#include "store/users.h"

/* The test's own link may be cut, too. */
static void put_token(struct admission_world *w)
{
	struct gateway_token t = world_token(w->kim);
	struct err e = { 0 };

	while (gateway_token_put(w->kv, w->token, &t, 1000, &e) < 0)
		usleep(1000);
}

static void expect_all(struct admission_world *w, int64_t used, int64_t reserved)
{
	assert_int_equal(world_counter(w, "spent:all:" MONTH, "t"), used);
	assert_int_equal(world_counter(w, "spent:all:" MONTH, "c"), used);
	assert_int_equal(world_counter(w, "spent:all:" DAY, "rt"), reserved);
	assert_int_equal(world_counter(w, "spent:all:" DAY, "rc"), reserved);
}

static void what_redis_lost_is_loaded_anew(void **state)
{
	struct admission_world *w = *state;
	struct heard h[3];
	int i;

	for (i = 0; i < 3; i++)
		h[i] = world_ask(w, w->token, 0);
	world_book(w, &h[0], "m", 100);
	world_redis(w, "redis.call('FLUSHALL')");
	world_book(w, &h[1], "m", 10);
	put_token(w);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	expect_all(w, 110, 1000);
	/* One counter alone. */
	world_redis(w, "redis.call('DEL', unpack(redis.call('KEYS',"
		    " 'spent:all:*')))");
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	expect_all(w, 110, 1000);
	world_book(w, &h[2], "m", 1);
	expect_all(w, 111, 0);
}

/* As with appendfsync everysec: the epoch is right, the counters are old. */
static void an_older_redis_is_not_believed(void **state)
{
	struct admission_world *w = *state;
	struct heard h;
	uint64_t links;

	h = world_ask(w, w->token, 0);
	world_book(w, &h, "m", 500);
	expect_all(w, 500, 0);
	world_redis(w, "for _, k in ipairs(redis.call('KEYS', 'spent:all:*'))"
		    " do redis.call('HSET', k, 't', '0', 'c', '0') end");
	links = kv_async_links(w->async);
	kv_async_run(w->async, NULL, NULL, 4, (const char *[]){ "CLIENT",
		     "KILL", "SKIPME", "no" });
	while (kv_async_links(w->async) == links)
		uv_run(&w->loop, UV_RUN_ONCE);
	while (world_verdict(w, 0) == VERDICT_AWAY)
		usleep(10000);
	expect_all(w, 500, 0);
}

static void away_is_said_and_nothing_is_lost(void **state)
{
	struct admission_world *w = *state;
	struct heard open, h[5] = { 0 };
	int i, round;
	int64_t used = 0;

	for (round = 0; round < 2; round++) {
		open = world_ask(w, w->token, 0);
		assert_int_equal(open.answer.verdict, VERDICT_ADMITTED);
		memset(h, 0, sizeof(h));
		kill(w->server.pid, SIGSTOP);
		for (i = 0; i < 5; i++)
			admission_ask(w->a, w->token, "172.30.0.5", &(struct call_estimate){ .input = 0, .output = 1000, .model = "m" }, hear,
				      &h[i]);
		uv_run(&w->loop, UV_RUN_NOWAIT);
		server_kill(&w->server);
		for (i = 0; i < 5; i++) {
			world_turn_until(w, &h[i].calls, 1);
			assert_int_equal(h[i].answer.verdict, VERDICT_AWAY);
			assert_int_equal(h[i].e.kind, ERR_UNAVAILABLE);
			assert_string_equal(h[i].e.key, "error_redis");
		}
		assert_int_equal(world_ask(w, w->token, 0).answer.verdict,
				 VERDICT_AWAY);
		world_book(w, &open, "m", 40);
		used += 40;
		server_start(&w->server);
		put_token(w);
		while (world_verdict(w, 0) == VERDICT_AWAY)
			usleep(10000);
		expect_all(w, used, 0);
	}
}

static void wait_for_jobs(struct admission_world *w)
{
	while (jobs_left(w->jobs))
		uv_run(&w->loop, UV_RUN_ONCE);
}

static void set_readable(struct admission_world *w, bool readable)
{
	struct err e = { 0 };

	wait_for_jobs(w);
	if (readable) {
		OK(db_run(w->f->db, &e, "ALTER TABLE away RENAME TO users",
			  ""));
		OK(db_run(w->f->db, &e, "ALTER TABLE gone RENAME TO stops",
			  ""));
	} else {
		OK(db_run(w->f->db, &e, "ALTER TABLE users RENAME TO away",
			  ""));
		OK(db_run(w->f->db, &e, "ALTER TABLE stops RENAME TO gone",
			  ""));
	}
}

/* Who is known goes on as last seen (the journal keeps what they spend). */
static void a_store_that_is_away_stops_only_the_unknown(void **state)
{
	struct admission_world *w = *state;
	struct gateway_token t = world_token(w->lee);
	char other[TOKEN_SIZE];
	struct heard h;

	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	token_new(other);
	world_put(w, other, &t);
	set_readable(w, false);
	world_pass_a_second(w);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	h = world_ask(w, other, 0);
	assert_int_equal(h.answer.verdict, VERDICT_AWAY);
	assert_non_null(strstr(h.e.text, "users"));
	set_readable(w, true);
	assert_int_equal(world_ask(w, other, 0).answer.verdict,
			 VERDICT_ADMITTED);
}

static void count(void *data, const struct admission_answer *a)
{
	++*(int *)data;
}

static void the_forgotten_give_back(void **state)
{
	struct admission_world *w = *state;
	int calls = 0, i;

	for (i = 0; i < 4; i++) {
		/* With nothing known, and with all known; asked of Redis, but not answered. */
		kill(w->server.pid, SIGSTOP);
		admission_ask(w->a, w->token, "172.30.0.5", &(struct call_estimate){ .input = 0, .output = 1000, .model = "m" }, count, &calls);
		if (i % 2)
			uv_run(&w->loop, UV_RUN_NOWAIT);
		admission_forget(w->a, &calls);
		admission_ask(w->a, "", "", &(struct call_estimate){ .input = 0, .output = 1000, .model = "m" }, count, &calls);
		admission_forget(w->a, &calls);
		kill(w->server.pid, SIGCONT);
		assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	}
	assert_int_equal(calls, 0);
	expect_all(w, 0, 0);
}

static void freed_in_the_middle(void **state)
{
	struct admission_world *w = *state;
	int calls = 0, turns, i;

	for (turns = 0; turns < 12; turns++) {
		for (i = 0; i < 3; i++)
			admission_ask(w->a, w->token, "172.30.0.5", &(struct call_estimate){ .input = 0, .output = 1000, .model = "m" }, count,
				      &calls);
		for (i = 0; i < turns; i++)
			uv_run(&w->loop, UV_RUN_NOWAIT);
		calls = 0;
		admission_free(w->a);
		uv_run(&w->loop, UV_RUN_NOWAIT);
		usleep(2000);
		uv_run(&w->loop, UV_RUN_NOWAIT);
		assert_int_equal(calls, 0);
		w->a = admission_new(w, &w->loop, w->async, w->jobs, w->ledger, w->prices,
				     "UTC");
	}
}

/* ---- with the journal ---- */

static struct journal *open_journal(struct admission_world *w)
{
	struct journal *j;
	struct err e = { 0 };
	char folder[128];

	snprintf(folder, sizeof(folder), "%s/journal", w->f->folder);
	j = journal_open(w, &w->loop, w->jobs, w->ledger,
			 &(struct journal_options){ folder, 1 << 20, 1000 }, &e);
	if (!j)
		fail_msg("%s", e.text);
	admission_set_journal(w->a, j);
	return j;
}

static void end_call(struct admission_world *w, struct journal *j,
		     const struct heard *h, const char *id, int64_t tokens)
{
	struct usage_call c = { .kind = "workspace", .model = "m",
		.outcome = "complete", .status = 200, .at = h->answer.at,
		.ended_at = h->answer.at, .usage = { .input = tokens } };

	memcpy(c.id, id, ID_SIZE);
	memcpy(c.user_id, h->answer.token.user_id, ID_SIZE);
	memcpy(c.subject_id, h->answer.token.subject_id, ID_SIZE);
	journal_end(j, &c);
	grant_book(w->a, h->answer.grant, "m", &c.usage);
}

static void rows_of_the_journal_count_once(void **state)
{
	struct admission_world *w = *state;
	struct journal *j = open_journal(w);
	struct heard h;
	struct err e = { 0 };
	char id[ID_SIZE];

	OK(db_run(w->f->db, &e, "CREATE TRIGGER away BEFORE INSERT ON usage"
		  " BEGIN SELECT RAISE(FAIL, 'away'); END", ""));
	h = world_ask(w, w->token, 0);
	id_new(id);
	end_call(w, j, &h, id, 30);
	admission_rebuild(w->a);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	expect_all(w, 30, 0);
	OK(db_run(w->f->db, &e, "DROP TRIGGER away", ""));
	while (journal_pending(j))
		uv_run(&w->loop, UV_RUN_ONCE);
	admission_rebuild(w->a);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	expect_all(w, 30, 0);
	journal_close(j, 1000);
	admission_set_journal(w->a, NULL);
}

/* Keeps the store's queue busy while things are put in order behind it. */
static int slow(void *data, struct db *db, struct err *e)
{
	usleep(400000);
	return 0;
}

/* Nobody waits for ever for a store that does not answer. */
static void a_stuck_store_is_away(void **state)
{
	struct admission_world *w = *state;
	const int64_t deadline_ms = w->a->deadline_ms;
	struct heard h;
	int i;

	w->a->deadline_ms = 800;
	for (i = 0; i < 8; i++)
		jobs_add(w->jobs, slow, NULL, NULL);
	h = world_ask(w, w->token, 0);
	assert_int_equal(h.answer.verdict, VERDICT_AWAY);
	assert_string_equal(h.e.key, "error_busy");
	assert_true(jobs_left(w->jobs) > 1);
	w->a->deadline_ms = deadline_ms;
	while (jobs_left(w->jobs))
		uv_run(&w->loop, UV_RUN_ONCE);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
}

/* A ledger that has just started on a busy host, for instance. */
static void a_slow_first_reading_is_waited_for(void **state)
{
	struct admission_world *w = *state;
	int i;

	for (i = 0; i < 8; i++)
		jobs_add(w->jobs, slow, NULL, NULL);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
}

/* As if nobody had asked for this account meanwhile. */
static void grow_old(struct admission_world *w, int64_t ms)
{
	account_find(w->a, w->kim)->reading.read_at -= ms;
}

static void keep_busy(struct admission_world *w, int jobs)
{
	while (jobs--)
		jobs_add(w->jobs, slow, NULL, NULL);
}

/* Much may have changed since: a store that is slow is waited for. */
static void an_old_account_is_read_before_it_is_used(void **state)
{
	struct admission_world *w = *state;
	struct err e = { 0 };

	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	OK(user_set_disabled(w->f->db, w->kim, true, &e));
	/* Read a moment ago: as it was then. */
	grow_old(w, 30000);
	keep_busy(w, 2);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	wait_for_jobs(w);
	OK(user_set_disabled(w->f->db, w->kim, false, &e));
	world_pass_a_second(w);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	OK(user_set_disabled(w->f->db, w->kim, true, &e));
	grow_old(w, 61000);
	keep_busy(w, 2);
	assert_int_equal(world_verdict(w, 0), VERDICT_DISABLED);
	wait_for_jobs(w);
	/* One that does not answer at all stops nobody who is known. */
	OK(user_set_disabled(w->f->db, w->kim, false, &e));
	grow_old(w, 61000);
	keep_busy(w, 8);
	assert_int_equal(world_verdict(w, 0), VERDICT_DISABLED);
	wait_for_jobs(w);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
}

/* A reading that is too old no longer counts, even when the ledger does not answer. */
static void a_ledger_that_stays_away_closes_the_door(void **state)
{
	struct admission_world *w = *state;
	struct heard h;

	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	set_readable(w, false);
	grow_old(w, 9 * 60000);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	grow_old(w, 60000);
	h = world_ask(w, w->token, 0);
	assert_int_equal(h.answer.verdict, VERDICT_AWAY);
	assert_non_null(strstr(h.e.text, "users"));
	set_readable(w, true);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	/* The kill switch and the installation's budgets likewise. */
	set_readable(w, false);
	w->a->installation_reading.read_at -= 10 * 60000;
	h = world_ask(w, w->token, 0);
	assert_int_equal(h.answer.verdict, VERDICT_AWAY);
	assert_non_null(strstr(h.e.text, "stops"));
	set_readable(w, true);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
}

static void rows_on_their_way_count_once(void **state)
{
	struct admission_world *w = *state;
	struct journal *j = open_journal(w);
	struct heard h, second = { 0 };
	char id[ID_SIZE];

	h = world_ask(w, w->token, 0);
	jobs_add(w->jobs, slow, NULL, NULL);
	id_new(id);
	end_call(w, j, &h, id, 30);
	/* Its batch goes before the load, which knows the row as well. */
	while (jobs_left(w->jobs) < 2)
		uv_run(&w->loop, UV_RUN_ONCE);
	admission_rebuild(w->a);
	admission_ask(w->a, w->token, "172.30.0.5", &(struct call_estimate){ .input = 0, .output = 1000, .model = "m" }, hear, &second);
	while (jobs_left(w->jobs) < 3)
		uv_run(&w->loop, UV_RUN_ONCE);
	assert_int_equal(journal_pending(j), 1);
	world_turn_until(w, &second.calls, 1);
	expect_all(w, 30, 1000);
	journal_close(j, 1000);
	admission_set_journal(w->a, NULL);
}

static void calls_booked_during_a_load_count(void **state)
{
	struct admission_world *w = *state;
	struct journal *j = open_journal(w);
	struct heard h, second = { 0 };
	char id[ID_SIZE];

	h = world_ask(w, w->token, 0);
	jobs_add(w->jobs, slow, NULL, NULL);
	admission_rebuild(w->a);
	admission_ask(w->a, w->token, "172.30.0.5", &(struct call_estimate){ .input = 0, .output = 1000, .model = "m" }, hear, &second);
	while (jobs_left(w->jobs) < 2)
		uv_run(&w->loop, UV_RUN_ONCE);
	id_new(id);
	end_call(w, j, &h, id, 30);
	world_turn_until(w, &second.calls, 1);
	expect_all(w, 30, 1000);
	journal_close(j, 1000);
	admission_set_journal(w->a, NULL);
}

struct calling {
	struct heard h;
	bool asked;
};

static int64_t ledger(struct admission_world *w)
{
	struct usage_filter f = { .from = 0 };
	struct spent s;
	struct err e = { 0 };

	OK(spent_load(w->f->db, w->prices, &f, &s, &e));
	return s.tokens;
}

/* One thing that may happen. */
static void trouble(struct admission_world *w, int what)
{
	switch (what) {
	case 0:
		kv_async_run(w->async, NULL, NULL, 1,
			     (const char *[]){ "FLUSHALL" });
		break;
	case 1:
		kv_async_run(w->async, NULL, NULL, 4, (const char *[]){
			     "CLIENT", "KILL", "SKIPME", "no" });
		break;
	case 2:
		admission_rebuild(w->a);
		break;
	case 3:
		kv_async_run(w->async, NULL, NULL, 2,
			     (const char *[]){ "SCRIPT", "FLUSH" });
		break;
	case 4:
		server_kill(&w->server);
		server_start(&w->server);
		break;
	}
}

static void counters_and_ledger_agree_whatever_happens(void **state)
{
	struct admission_world *w = *state;
	struct journal *j = open_journal(w);
	struct calling calls[40] = { 0 }, *c;
	int64_t sum = 0, tokens;
	char id[ID_SIZE];
	int round, done = 0;

	srandom(7);
	for (round = 0; done < 1000; round++) {
		c = &calls[random() % 40];
		if (!c->asked) {
			memset(c, 0, sizeof(*c));
			c->asked = true;
			admission_ask(w->a, w->token, "172.30.0.5", &(struct call_estimate){ .input = 0, .output = 1000, .model = "m" }, hear,
				      &c->h);
		} else if (c->h.calls && c->h.answer.grant) {
			id_new(id);
			tokens = random() % 1000;
			end_call(w, j, &c->h, id, tokens);
			sum += tokens;
			done++;
			c->asked = false;
		} else if (c->h.calls) {
			c->asked = false;
		}
		uv_run(&w->loop, UV_RUN_NOWAIT);
		if (random() % 100 == 0)
			trouble(w, (int)(random() % (done % 10 ? 4 : 5)));
		if (round % 20 == 0)
			put_token(w);
		if (round % 50 == 0)
			usleep(1000);
	}
	for (c = calls; c < calls + 40; c++) {
		if (!c->asked)
			continue;
		world_turn_until(w, &c->h.calls, 1);
		if (c->h.answer.grant)
			grant_book(w->a, c->h.answer.grant, "",
				   &(struct usage){ 0 });
	}
	put_token(w);
	while (world_verdict(w, 0) != VERDICT_ADMITTED)
		usleep(10000);
	expect_all(w, sum, 0);
	journal_close(j, 10000);
	admission_set_journal(w->a, NULL);
	assert_int_equal(ledger(w), sum);
	admission_rebuild(w->a);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	expect_all(w, sum, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WTEST(what_redis_lost_is_loaded_anew),
		WTEST(an_older_redis_is_not_believed),
		WTEST(away_is_said_and_nothing_is_lost),
		WTEST(a_store_that_is_away_stops_only_the_unknown),
		WTEST(the_forgotten_give_back),
		WTEST(freed_in_the_middle),
		WTEST(rows_of_the_journal_count_once),
		WTEST(a_stuck_store_is_away),
		WTEST(a_slow_first_reading_is_waited_for),
		WTEST(an_old_account_is_read_before_it_is_used),
		WTEST(a_ledger_that_stays_away_closes_the_door),
		WTEST(rows_on_their_way_count_once),
		WTEST(calls_booked_during_a_load_count),
		WTEST(counters_and_ledger_agree_whatever_happens),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
