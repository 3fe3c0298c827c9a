/*
 * lib/kv/kv_async.c on a loop, with a Redis that comes and goes. Tests also
 * kv_script.c and kv_link.c.
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

#include "core/str.h"
#include "kv/kv.h"
#include "kv/kv_async.h"
#include "redis_server.h"

struct fixture {
	struct redis_server server;
	struct kv *kv;		/* puts things there */
	uv_loop_t loop;
	struct kv_async *async;
};

struct heard {
	int calls;
	bool absent;
	char value[64];
	struct err e;
};

static int set_up(void **state)
{
	struct fixture *f = talloc_zero(NULL, struct fixture);

	server_init(&f->server);
	f->kv = kv_new(f, f->server.socket);
	uv_loop_init(&f->loop);
	f->async = kv_async_new(&f->loop, f->server.socket);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	kv_async_free(f->async);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	server_release(&f->server);
	talloc_free(f);
	return 0;
}

static void hear(void *data, const char *value, const struct err *e)
{
	struct heard *h = data;

	h->calls++;
	h->absent = !value;
	if (value)
		assert_true(str_copy(h->value, sizeof(h->value), value));
	if (e)
		h->e = *e;
}

/* Asks, and turns the loop until it is answered. */
static struct heard ask(struct fixture *f, const char *key)
{
	struct heard h = { 0 };

	kv_async_get(f->async, key, hear, &h);
	assert_int_equal(h.calls, 0);
	while (!h.calls)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(h.calls, 1);
	return h;
}

static void turn_until(struct fixture *f, const struct heard *h)
{
	while (!h->calls)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(h->calls, 1);
}

#define RUN(f, ...) run(f, sizeof((const char *[]){ __VA_ARGS__ }) / \
			sizeof(char *), (const char *[]){ __VA_ARGS__ })
#define SCRIPT(f, text, nkeys, ...) script(f, text, nkeys, \
			sizeof((const char *[]){ __VA_ARGS__ }) / \
			sizeof(char *), (const char *[]){ __VA_ARGS__ })

static struct heard run(struct fixture *f, size_t n, const char *const *args)
{
	struct heard h = { 0 };

	kv_async_run(f->async, hear, &h, n, args);
	assert_int_equal(h.calls, 0);
	turn_until(f, &h);
	return h;
}

static struct heard script(struct fixture *f, const char *text, size_t nkeys,
			   size_t n, const char *const *args)
{
	struct heard h = { 0 };

	kv_async_script(f->async, text, nkeys, n, args, hear, &h);
	assert_int_equal(h.calls, 0);
	turn_until(f, &h);
	return h;
}

static void put(struct fixture *f, const char *key, const char *value)
{
	struct err e = { 0 };

	if (kv_set(f->kv, key, value, 100, &e) < 0)
		fail_msg("%s", e.text);
}

static void answers_find_their_questions(void **state)
{
	struct fixture *f = *state;
	struct heard h[3] = { 0 };

	put(f, "a", "1");
	put(f, "b %s\r\n", "2");
	kv_async_get(f->async, "a", hear, &h[0]);
	kv_async_get(f->async, "none", hear, &h[1]);
	kv_async_get(f->async, "b %s\r\n", hear, &h[2]);
	while (!h[2].calls)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_string_equal(h[0].value, "1");
	assert_int_equal(h[1].calls, 1);
	assert_true(h[1].absent);
	assert_int_equal(h[1].e.kind, ERR_NONE);
	assert_string_equal(h[2].value, "2");
}

static void killed_redis_is_unavailable_then_back(void **state)
{
	struct fixture *f = *state;
	struct heard h = { 0 };
	int round;

	put(f, "a", "1");
	assert_string_equal(ask(f, "a").value, "1");
	for (round = 0; round < 2; round++) {
		kill(f->server.pid, SIGSTOP);
		kv_async_get(f->async, "a", hear, memset(&h, 0, sizeof(h)));
		uv_run(&f->loop, UV_RUN_NOWAIT);
		server_kill(&f->server);
		while (!h.calls)
			uv_run(&f->loop, UV_RUN_ONCE);
		assert_int_equal(h.e.kind, ERR_UNAVAILABLE);
		assert_string_equal(h.e.key, "error_redis");
		h = ask(f, "a");
		assert_int_equal(h.e.kind, ERR_UNAVAILABLE);
		server_start(&f->server);
		put(f, "a", "2");
		/* The retry timer brings it back; asking is what turns the loop. */
		do {
			h = ask(f, "a");
			usleep(10000);
		} while (h.absent);
		assert_string_equal(h.value, "2");
	}
}

static void stuck_redis_is_given_up(void **state)
{
	struct fixture *f = *state;
	struct heard h;

	put(f, "a", "1");
	assert_string_equal(ask(f, "a").value, "1");
	kill(f->server.pid, SIGSTOP);
	h = ask(f, "a");
	assert_int_equal(h.e.kind, ERR_UNAVAILABLE);
	kill(f->server.pid, SIGCONT);
	do {
		h = ask(f, "none");
		usleep(10000);
	} while (h.e.kind);
	assert_true(h.absent);
}

struct asker {
	struct kv_async *async;
	int answers;
};

static void ask_again(void *data, const char *value, const struct err *e)
{
	struct asker *a = data;

	assert_non_null(e);
	if (++a->answers < 5)
		kv_async_get(a->async, "a", ask_again, a);
}

static void asking_again_from_an_answer_takes_turns(void **state)
{
	struct fixture *f = *state;
	struct asker a = { .async = f->async };
	int before;

	server_kill(&f->server);
	kv_async_get(f->async, "a", ask_again, &a);
	while (a.answers < 5) {
		before = a.answers;
		uv_run(&f->loop, UV_RUN_NOWAIT);
		assert_in_range(a.answers, before, before + 1);
	}
}

static void forgotten_questions_are_silent(void **state)
{
	struct fixture *f = *state;
	struct heard gone = { 0 };

	put(f, "a", "1");
	kv_async_get(f->async, "a", hear, &gone);
	kv_async_forget(f->async, &gone);
	assert_string_equal(ask(f, "a").value, "1");
	assert_int_equal(gone.calls, 0);
}

static void freeing_answers_what_is_open(void **state)
{
	struct fixture *f = *state;
	struct heard h = { 0 };

	kv_async_get(f->async, "a", hear, &h);
	kv_async_free(f->async);
	f->async = NULL;
	assert_int_equal(h.calls, 1);
	assert_int_equal(h.e.kind, ERR_UNAVAILABLE);
}

static void every_answer_is_text(void **state)
{
	struct fixture *f = *state;
	struct heard h;

	assert_string_equal(RUN(f, "SET", "a b\r\n%s", "").value, "OK");
	assert_string_equal(RUN(f, "INCRBY", "n", "-9223372036854775808").value,
			    "-9223372036854775808");
	h = RUN(f, "GET", "a b\r\n%s");
	assert_false(h.absent);
	assert_string_equal(h.value, "");
	h = RUN(f, "GET", "none");
	assert_true(h.absent);
	assert_int_equal(h.e.kind, ERR_NONE);
	h = RUN(f, "INCR", "a b\r\n%s");
	assert_int_equal(h.e.kind, ERR_UNAVAILABLE);
	assert_string_equal(h.e.key, "error_redis");
	assert_non_null(strstr(h.e.text, "not an integer"));
	h = RUN(f, "MGET", "n", "none");
	assert_string_equal(h.value, "-9223372036854775808\n");
	kv_async_run(f->async, NULL, NULL, 2, (const char *[]){ "INCR", "m" });
	assert_string_equal(RUN(f, "INCR", "m").value, "2");
}

static const char join[] =
	"return ARGV[1] .. '|' .. KEYS[1] .. '|' .. #KEYS .. '|' .. #ARGV";
static const char wrong[] = "return redis.call('NONSENSE')";

/* "cmdstat_eval:calls=N,..." of Redis' own count. */
static int calls_of(struct fixture *f, const char *command)
{
	struct heard h;
	char text[128];

	snprintf(text, sizeof(text), "local s = redis.call('INFO',"
		 " 'commandstats') return string.match(s,"
		 " 'cmdstat_%s:calls=(%%d+)') or '0'", command);
	h = RUN(f, "EVAL", text, "0");
	return atoi(h.value);
}

static void scripts_go_by_their_name(void **state)
{
	struct fixture *f = *state;
	int i;

	for (i = 0; i < 5; i++)
		assert_string_equal(SCRIPT(f, join, 1, "k", "a", "b").value,
				    "a|k|1|2");
	assert_int_equal(calls_of(f, "evalsha"), 4);
	assert_int_equal(SCRIPT(f, wrong, 0, "x").e.kind, ERR_UNAVAILABLE);
	assert_int_equal(SCRIPT(f, wrong, 0, "x").e.kind, ERR_UNAVAILABLE);
}

/* Many on their way at once, with texts that are gone by then. */
static void a_flushed_script_is_loaded_again(void **state)
{
	struct fixture *f = *state;
	struct heard h[20] = { 0 };
	char want[32], arg[16];
	int i;

	assert_string_equal(SCRIPT(f, join, 1, "k", "a").value, "a|k|1|1");
	kv_async_run(f->async, NULL, NULL, 2,
		     (const char *[]){ "SCRIPT", "FLUSH" });
	for (i = 0; i < 20; i++) {
		snprintf(arg, sizeof(arg), "%d", i);
		kv_async_script(f->async, join, 1, 2,
				(const char *[]){ "key", arg }, hear, &h[i]);
		memset(arg, 'x', sizeof(arg) - 1);
	}
	for (i = 0; i < 20; i++) {
		turn_until(f, &h[i]);
		snprintf(want, sizeof(want), "%d|key|1|1", i);
		assert_string_equal(h[i].value, want);
	}
	assert_string_equal(SCRIPT(f, join, 1, "k", "a").value, "a|k|1|1");
}

static const char note[] = "return redis.call('APPEND', KEYS[1], ARGV[1])";
static const char note_too[] =
	"return redis.call('APPEND', KEYS[1], ARGV[1]) + 0";
static const char note_late[] =
	"return 0 + redis.call('APPEND', KEYS[1], ARGV[1])";

static void flush(struct fixture *f)
{
	kv_async_run(f->async, NULL, NULL, 2,
		     (const char *[]){ "SCRIPT", "FLUSH" });
}

static void append(struct fixture *f, const char *text, const char *what,
		   struct heard *h)
{
	kv_async_script(f->async, text, 1, 2, (const char *[]){ "log", what },
			hear, h);
}

/* One that Redis lost is not overtaken, neither by what it knows nor by a new one. */
static void lost_scripts_keep_their_order(void **state)
{
	static const char *const texts[] = { note, note_too, note_late };
	static const char *const names[] = { "a", "b", "c" };
	struct fixture *f = *state;
	struct heard h[60] = { 0 };
	char want[61] = "";
	size_t i;

	SCRIPT(f, note, 1, "log", "");
	SCRIPT(f, note_too, 1, "log", "");
	for (i = 0; i < 60; i++) {
		if (i % 7 == 0)
			flush(f);
		/* the third is new in the midst of them */
		append(f, texts[i % (i < 9 ? 2 : 3)],
		       names[i % (i < 9 ? 2 : 3)], &h[i]);
		strcat(want, names[i % (i < 9 ? 2 : 3)]);
		if (i % 5 == 0)
			kv_async_run(f->async, NULL, NULL, 2,
				     (const char *[]){ "INCR", "between" });
		if (i % 11 == 0)
			uv_run(&f->loop, UV_RUN_ONCE);
	}
	for (i = 0; i < 60; i++) {
		turn_until(f, &h[i]);
		assert_int_equal(h[i].e.kind, ERR_NONE);
	}
	assert_string_equal(RUN(f, "GET", "log").value, want);
}

/* Redis learned the third after the flush, and of the first it knows nothing. */
static void a_name_learned_later_waits(void **state)
{
	static const char *const order[] = { note_late, note, note_late };
	struct fixture *f = *state;
	struct heard h[3] = { 0 };
	size_t i;

	SCRIPT(f, note, 1, "log", "");
	flush(f);
	for (i = 0; i < 3; i++)
		append(f, order[i], i == 1 ? "a" : "c", &h[i]);
	for (i = 0; i < 3; i++) {
		turn_until(f, &h[i]);
		assert_int_equal(h[i].e.kind, ERR_NONE);
	}
	assert_string_equal(RUN(f, "GET", "log").value, "cac");
}

/* Some wait for others when it goes; each has one answer. */
static void killed_redis_answers_what_waits(void **state)
{
	struct fixture *f = *state;
	struct heard h[9] = { 0 };
	int i;

	SCRIPT(f, note, 1, "log", "");
	kill(f->server.pid, SIGSTOP);
	for (i = 0; i < 9; i++)
		append(f, i % 3 ? note_late : note, "x", &h[i]);
	uv_run(&f->loop, UV_RUN_NOWAIT);
	server_kill(&f->server);
	for (i = 0; i < 9; i++) {
		turn_until(f, &h[i]);
		assert_int_equal(h[i].e.kind, ERR_UNAVAILABLE);
	}
	server_start(&f->server);
	do {
		h[0] = SCRIPT(f, note, 1, "log", "y");
		usleep(10000);
	} while (h[0].e.kind);
	assert_string_equal(RUN(f, "GET", "log").value, "y");
}

static void killed_redis_answers_every_script_once(void **state)
{
	struct fixture *f = *state;
	struct heard h[9] = { 0 };
	int i;

	assert_string_equal(SCRIPT(f, join, 1, "k", "a").value, "a|k|1|1");
	kill(f->server.pid, SIGSTOP);
	for (i = 0; i < 9; i++)
		kv_async_script(f->async, i % 2 ? join : wrong, 1, 2,
				(const char *[]){ "k", "v" }, hear, &h[i]);
	kv_async_run(f->async, NULL, NULL, 2, (const char *[]){ "INCR", "m" });
	uv_run(&f->loop, UV_RUN_NOWAIT);
	server_kill(&f->server);
	for (i = 0; i < 9; i++) {
		turn_until(f, &h[i]);
		assert_int_equal(h[i].e.kind, ERR_UNAVAILABLE);
	}
	server_start(&f->server);
	/* The new one does not know the name of the old one's script. */
	do {
		h[0] = SCRIPT(f, join, 1, "k", "a");
		usleep(10000);
	} while (h[0].e.kind);
	assert_string_equal(h[0].value, "a|k|1|1");
}

static void forgotten_and_freed_scripts_are_silent(void **state)
{
	struct fixture *f = *state;
	struct heard gone = { 0 }, freed = { 0 };

	kv_async_script(f->async, join, 1, 2, (const char *[]){ "k", "v" },
			hear, &gone);
	kv_async_forget(f->async, &gone);
	assert_string_equal(SCRIPT(f, join, 1, "k", "a").value, "a|k|1|1");
	kv_async_script(f->async, join, 1, 2, (const char *[]){ "k", "v" },
			hear, &freed);
	kv_async_free(f->async);
	f->async = NULL;
	assert_int_equal(gone.calls, 0);
	assert_int_equal(freed.calls, 1);
	assert_int_equal(freed.e.kind, ERR_UNAVAILABLE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(answers_find_their_questions),
		TEST(killed_redis_is_unavailable_then_back),
		TEST(stuck_redis_is_given_up),
		TEST(asking_again_from_an_answer_takes_turns),
		TEST(forgotten_questions_are_silent),
		TEST(freeing_answers_what_is_open),
		TEST(every_answer_is_text),
		TEST(scripts_go_by_their_name),
		TEST(a_flushed_script_is_loaded_again),
		TEST(lost_scripts_keep_their_order),
		TEST(a_name_learned_later_waits),
		TEST(killed_redis_answers_what_waits),
		TEST(killed_redis_answers_every_script_once),
		TEST(forgotten_and_freed_scripts_are_silent),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
