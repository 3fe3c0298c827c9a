/* lib/session/recorder.c, recorder_parts.c, last_line.c: parts in memory, and how many are allowed. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "session/recorder.h"
#include "fake_shim.h"
#include "session_world.h"

static uv_sem_t store_may_go_on;

static int wait_work(void *data, struct db *db, struct err *e)
{
	uv_sem_wait(&store_may_go_on);
	return 0;
}

/* Nothing is recorded until store_goes_on(). */
static void store_stops(void)
{
	assert_int_equal(uv_sem_init(&store_may_go_on, 0), 0);
	jobs_add(w.jobs, wait_work, NULL, NULL);
}

static void store_goes_on(void)
{
	uv_sem_post(&store_may_go_on);
	until_ended(1);
	wait_recorded();
	uv_sem_destroy(&store_may_go_on);
}

static void begin_turn(void)
{
	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	wait_recorded();
}

static void say_text(int n, const char *text)
{
	fake_say("{\"type\":\"assistant\",\"message\":{\"id\":\"m%d\","
		 "\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
		 "\"text\":\"%s\"}]}}", n, text);
}

/* All that is read while the store stands: bytes of the log. */
static size_t read_meanwhile(void)
{
	int i;

	for (i = 0; i < 1000 && fake.sent < fake.log.len; i++) {
		while (fake_pump())
			uv_run(&w.loop, UV_RUN_NOWAIT);
		fake.skipped += 100;
		session_step(w.s);
	}
	return fake.sent;
}

/* Parts that the store has not got yet are held in memory: so many and no more. */
static void a_slow_store_holds_up_the_log(void **state)
{
	const int steps = 300, most = 20;
	size_t began, line, sent;
	int i;

	w.env.unrecorded_max = most;
	begin_turn();
	store_stops();
	began = fake.log.len;
	say_text(100, "step");
	line = fake.log.len - began;
	for (i = 1; i < steps; i++)
		say_text(100 + i, "step");
	say_turn_end(M1);
	sent = read_meanwhile() - began;
	assert_true(recorder_pressed(w.s));
	/* So many lines, and what came along with the last one. */
	assert_in_range(sent, (size_t)most * line, ((size_t)most + 1) * line + 700);
	store_goes_on();
	assert_int_equal(fake.sent, fake.log.len);
	assert_false(recorder_pressed(w.s));
	assert_int_equal(stored().errors, 0);
	assert_in_range(stored().parts, steps, steps + 10);
}

/* By their bytes, too, long before they are many. */
static void large_parts_hold_up_the_log(void **state)
{
	char text[1001];
	size_t began, sent;
	int i;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	w.env.unrecorded_bytes_max = 64 << 10;
	begin_turn();
	store_stops();
	began = fake.log.len;
	for (i = 0; i < 200; i++)
		say_text(i, text);
	say_turn_end(M1);
	sent = read_meanwhile() - began;
	assert_true(recorder_pressed(w.s));
	/* That much, the JSON around it, and what came along with the last one. */
	assert_in_range(sent, 64 << 10, 80 << 10);
	store_goes_on();
	assert_int_equal(fake.sent, fake.log.len);
	assert_false(recorder_pressed(w.s));
}

static int keep_line(void *data, const struct db_row *row, struct err *e)
{
	return str_copy(data, 200, db_text(row, 0)) ? 0 :
	       err_set(e, ERR_INTERNAL, "a long line");
}

static void the_last_line_is_kept_for_lists(void **state)
{
	char line[200] = "";
	struct err e = { 0 };
	struct db *db;

	begin_turn();
	say_text(1, "Working on it");
	say_text(2, "## **Done**: two files\\nand more");
	turn_loop();
	wait_recorded();
	assert_string_equal(session_last_line(w.s), "Done: two files");
	db = database();
	assert_int_equal(db_query(db, &e, keep_line, line, "SELECT last_line"
				  " FROM conversations WHERE id = $1", "t",
				  session_id(w.s)), 0);
	talloc_free(db);
	assert_string_equal(line, "Done: two files");
}

static void the_newest_question_counts(void **state)
{
	int64_t first;

	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	assert_int_equal(session_waiting_since(w.s), 0);
	ask("p");
	first = session_waiting_since(w.s);
	assert_true(first > 0);
	fake.skipped += 5000;
	ask("q");
	assert_true(session_waiting_since(w.s) >= first + 5000);
	fake_say("{\"type\":\"control_cancel_request\",\"request_id\":\"p\"}");
	fake_say("{\"type\":\"control_cancel_request\",\"request_id\":\"q\"}");
	turn_loop();
	assert_int_equal(session_waiting_since(w.s), 0);
	/* as the next bridge finds it */
	ask("r");
	wait_recorded();
	close_session();
	open_session();
	turn_loop();
	assert_true(session_waiting_since(w.s) > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_slow_store_holds_up_the_log),
		TEST(large_parts_hold_up_the_log),
		TEST(the_last_line_is_kept_for_lists),
		TEST(the_newest_question_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
