/*
 * How Claude's process is started, retried, given up and ended, with a clock
 * that the test controls.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "fake_shim.h"
#include "session/claude_process.h"
#include "session/session_internal.h"
#include "store/users.h"

#define M1 "11111111-1111-4111-8111-111111111111"

static struct world {
	char dir[64], conversation[ID_SIZE], user[ID_SIZE];
	uv_loop_t loop;
	struct jobs *jobs;
	struct settings *settings;
	struct session_env env;
	struct session *s;
	int accepted, ends;
	struct session_status st;
} w;

static struct db *database(void)
{
	struct err e = { 0 };
	char path[128];
	struct db *db;

	snprintf(path, sizeof(path), "%s/db", w.dir);
	db = db_open(NULL, path, &e);
	if (!db)
		fail_msg("%s", e.text);
	return db;
}

/* ---- what the bridge would hear ---- */

static void on_nothing(void *data)
{
}

static void on_loaded(void *data, const struct err *e)
{
}

static void on_part(void *data, const struct part *p, int64_t at)
{
}

static void on_delta(void *data, int64_t part, const char *text, size_t n,
		     int64_t at)
{
}

static void on_end(void *data, int64_t at)
{
	w.ends++;
}

static void on_accepted(void *data, uint64_t asker, const char *id)
{
	w.accepted++;
}

static void on_refused(void *data, uint64_t asker, const char *id,
		       const struct err *e)
{
	fail_msg("refused: %s", e->text);
}

static void on_trouble(void *data, uint64_t asker, const struct err *e)
{
}

static bool on_may_start(void *data)
{
	return true;
}

static void on_token(void *data, const char *hash, const char *address,
		     bool wanted)
{
	if (wanted)
		session_token_good(w.s, NULL);
}

static void on_token_over(void *data, const char *hash)
{
}

static void on_failed(void *data, const char *event, const struct err *e)
{
	if (str_equal(event, "claude_state"))
		fail_msg("%s", e->text);
}

static const struct session_events events = {
	.loaded = on_loaded, .part = on_part, .delta = on_delta, .end = on_end,
	.queue = on_nothing, .status = on_nothing, .changed = on_nothing,
	.accepted = on_accepted, .refused = on_refused, .trouble = on_trouble,
	.may_start = on_may_start,
	.token = on_token, .token_over = on_token_over,
	.ended = on_nothing, .gone = on_nothing, .failed = on_failed,
};

/* ---- Claude, scripted ---- */

static bool silent;		/* it does not even answer `initialize` */

static void on_line(const char *line)
{
	if (silent)
		return;
	if (strstr(line, "\"initialize\""))
		fake_say("{\"type\":\"control_response\",\"response\":{"
			 "\"subtype\":\"success\",\"request_id\":\"init\","
			 "\"response\":{}}}");
	if (!strstr(line, "\"type\":\"user\""))
		return;
	fake_say("{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"m\","
		 "\"permissionMode\":\"default\",\"session_id\":\"s\"}");
	fake_say("{\"type\":\"user\",\"isReplay\":true,\"uuid\":\"" M1 "\","
		 "\"message\":{\"role\":\"user\",\"content\":\"hello\"}}");
	fake_say("{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,"
		 "\"num_turns\":1,\"duration_ms\":5,"
		 "\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}");
	fake_say("{\"type\":\"command_lifecycle\",\"state\":\"completed\","
		 "\"command_uuid\":\"" M1 "\"}");
}

/* ---- the world ---- */

static void turn_loop(void)
{
	fake_settle(&w.loop, w.jobs);
}

/* So much later, whatever is due then is done. */
static void later(int64_t ms)
{
	fake.skipped += ms;
	session_step(w.s);
	turn_loop();
}

static const char *state(void)
{
	session_status(w.s, &w.st);
	return w.st.state;
}

static int setup(void **unused)
{
	struct err e = { 0 };
	struct db *db;

	memset(&w, 0, sizeof(w));
	silent = false;
	snprintf(w.dir, sizeof(w.dir), "/tmp/start_test.XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	db = database();
	assert_int_equal(user_create(db, "kim", "x", false, w.user, &e), 0);
	assert_int_equal(conversation_create(db, w.user, "t", w.conversation, &e), 0);
	setenv("FAKE_SESSION", w.conversation, 1);
	fake_reset();
	fake.on_line = on_line;
	uv_loop_init(&w.loop);
	w.jobs = jobs_new(db, &w.loop, db);
	w.settings = settings_new();
	w.env = (struct session_env){
		.loop = &w.loop, .jobs = w.jobs, .settings = w.settings,
	};
	w.s = session_new(NULL, &w.env, w.conversation, w.user, &events, NULL);
	fake_ready();
	turn_loop();
	return 0;
}

static int teardown(void **unused)
{
	char command[128];

	session_close(w.s);
	turn_loop();
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w.loop), 0);
	assert_false(fake.in_line);
	talloc_free(talloc_parent(w.jobs));
	settings_free(w.settings);
	fake_reset();
	snprintf(command, sizeof(command), "rm -rf %s", w.dir);
	return system(command);
}

static void say(void)
{
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(w.accepted, 1);
}

static int given(void)
{
	const char *at = buf_text(&fake.input);
	int n = 0;

	while ((at = strstr(at, "\"uuid\":\"" M1 "\""))) {
		n++;
		at++;
	}
	return n;
}

/* ---- the line ---- */

static void its_place_in_line_is_shown(void **unused)
{
	fake.place = 3;
	say();
	assert_string_equal(state(), "starting");
	assert_string_equal(w.st.key, "status_line");
	assert_string_equal(w.st.detail, "3");
	assert_int_equal(fake.starts, 0);
	fake.place = 1;
	turn_loop();
	state();
	assert_string_equal(w.st.detail, "1");
	/* No deadline runs meanwhile. */
	later(3600 * 1000);
	assert_string_equal(state(), "starting");
	assert_int_equal(fake.starts, 0);
	fake.place = 0;
	turn_loop();
	assert_int_equal(fake.starts, 1);
	assert_int_equal(given(), 1);
	assert_int_equal(w.ends, 1);
	assert_string_equal(state(), "ready");
	assert_false(fake.in_line);
}

static void whoever_logs_out_leaves_the_line(void **unused)
{
	fake.place = 2;
	say();
	assert_true(fake.in_line);
	session_leave(w.s, "error_claude_left");
	assert_false(fake.in_line);
	turn_loop();
	assert_int_equal(fake.starts, 0);
}

static void whoever_is_closed_leaves_the_line(void **unused)
{
	fake.place = 2;
	say();
	session_close(w.s);
	assert_false(fake.in_line);
	w.s = session_new(NULL, &w.env, w.conversation, w.user, &events, NULL);
	fake.place = 0;
	fake_ready();
	turn_loop();
	assert_int_equal(given(), 1);
}

static void what_is_wanted_no_more_leaves_the_line(void **unused)
{
	fake.place = 2;
	session_watched(w.s, 1);
	turn_loop();
	assert_true(fake.in_line);
	claude_process_unwant(w.s);
	session_step(w.s);
	assert_false(fake.in_line);
}

/* A start that hangs has lent its place on, and gives it back when it is ended. */
static void no_place_is_kept_by_what_does_not_start(void **unused)
{
	silent = true;
	say();
	assert_true(fake.in_line);
	later(31000);
	assert_false(fake.in_line);
}

/* ---- starts that come to nothing ---- */

#define TORN "Configuration error in /workspace/.claude.json"

static void a_failed_start_is_tried_again_and_mended(void **unused)
{
	silent = true;
	say();
	assert_int_equal(fake.starts, 1);
	assert_null(strstr(fake.args, "gongbang-mend"));
	fake_exit(1, 0, TORN);
	turn_loop();
	assert_int_equal(fake.starts, 1);
	assert_string_equal(state(), "starting");
	assert_true(w.st.help);
	assert_string_equal(w.st.reason, TORN);
	silent = false;
	later(1000);
	assert_int_equal(fake.starts, 2);
	assert_non_null(strstr(fake.args, "arg=/usr/local/bin/gongbang-mend arg=--settings arg=/usr/local/bin/claude "));
	assert_int_equal(given(), 2);	/* by its id Claude knows it */
	assert_int_equal(w.ends, 1);
	assert_string_equal(state(), "ready");
	assert_string_equal(w.st.reason, "");
	assert_false(w.st.help);
}

static void it_is_given_up_after_three_tries(void **unused)
{
	int i;

	silent = true;
	say();
	for (i = 1; i <= 3; i++) {
		assert_int_equal(fake.starts, i);
		fake_exit(1, 0, TORN);
		turn_loop();
		later(1000 * i);
	}
	later(3600 * 1000);
	assert_int_equal(fake.starts, 3);
	assert_string_equal(state(), "failed");
	assert_string_equal(w.st.key, "error_claude_start");
	assert_true(w.st.retry);
	assert_true(w.st.help);
	assert_true(w.st.restart);
	assert_string_equal(w.st.reason, TORN);
	assert_false(fake.in_line);
	/* The message waits for the person's choice. */
	silent = false;
	session_start(w.s);
	turn_loop();
	assert_int_equal(fake.starts, 4);
	assert_int_equal(w.ends, 1);
}

static void a_start_that_hangs_is_told_then_tried_again(void **unused)
{
	silent = true;
	say();
	later(7000);
	assert_string_equal(state(), "starting");
	assert_false(w.st.help);
	later(2000);
	assert_string_equal(state(), "starting");
	assert_string_equal(w.st.key, "status_claude_slow");
	assert_true(w.st.help);
	assert_int_equal(fake.deletes, 0);
	silent = false;
	later(22000);
	assert_int_equal(fake.deletes, 1);
	later(1000);
	assert_int_equal(fake.starts, 2);
	assert_int_equal(w.ends, 1);
	assert_string_equal(state(), "ready");
}

static void one_that_hangs_each_time_is_given_up(void **unused)
{
	int i;

	silent = true;
	say();
	for (i = 0; i < 10; i++)
		later(31000);
	assert_int_equal(fake.starts, 3);
	assert_int_equal(fake.deletes, 3);
	assert_false(fake.running);
	assert_string_equal(state(), "failed");
}

/* Hostile words: no control byte, and not more than a page holds. */
static void its_last_words_are_kept_clean_and_short(void **unused)
{
	char said[4000];
	size_t i;

	for (i = 0; i < sizeof(said) - 1; i++)
		said[i] = 'x';
	said[i] = '\0';
	memcpy(said + sizeof(said) - 40, "\\u001b[31m<b>red\\u0007\\u0000 end", 31);
	memset(said + sizeof(said) - 9, '.', 8);
	silent = true;
	say();
	fake_exit(1, 0, said);
	turn_loop();
	state();
	assert_true(strlen(w.st.reason) > 1000);
	assert_true(strlen(w.st.reason) <= 1500);
	assert_null(strchr(w.st.reason, '\033'));
	assert_null(strchr(w.st.reason, '\a'));
	assert_non_null(strstr(w.st.reason, "<b>red"));
}

/* ---- other ways to start ---- */

static void without_the_users_settings(void **unused)
{
	silent = true;
	say();
	silent = false;
	session_start_as(w.s, SESSION_SAFE);
	turn_loop();
	assert_int_equal(fake.deletes, 1);
	assert_int_equal(fake.starts, 2);
	assert_non_null(strstr(fake.args, "--safe-mode"));
	assert_non_null(strstr(fake.args, "gongbang-mend"));
	assert_int_equal(w.ends, 1);
	assert_string_equal(state(), "ready");
	assert_true(w.st.safe);
	session_start_as(w.s, SESSION_USUAL);
	turn_loop();
	assert_int_equal(fake.starts, 3);
	assert_null(strstr(fake.args, "--safe-mode"));
	assert_string_equal(state(), "ready");
	assert_false(w.st.safe);
}

static void with_settings_moved_aside_once(void **unused)
{
	char aside[64];

	silent = true;
	say();
	silent = false;
	session_start_as(w.s, SESSION_RESET);
	state();
	snprintf(aside, sizeof(aside), "%s", w.st.aside);
	assert_true(str_starts(aside, "claude-settings-20"));
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_non_null(strstr(fake.args, "gongbang-mend arg=--aside arg=claude-settings-20"));
	assert_null(strstr(fake.args, "--safe-mode"));
	assert_int_equal(w.ends, 1);
	session_start_as(w.s, SESSION_USUAL);
	turn_loop();
	assert_int_equal(fake.starts, 3);
	assert_null(strstr(fake.args, "--aside"));
}

/* ---- begun before its conversation is there ---- */

#define SOON "01890a5d-ac96-774b-bcce-b302099a8057"

static struct session *begin_ahead(void)
{
	struct session *usual = w.s;

	setenv("FAKE_SESSION", SOON, 1);
	session_close(usual);
	turn_loop();
	w.s = session_new_ahead(NULL, &w.env, SOON, w.user, &events, NULL);
	fake_ready();
	turn_loop();
	assert_int_equal(fake.starts, 1);
	assert_string_equal(state(), "ready");
	assert_true(session_is_ahead(w.s));
	assert_false(session_loaded(w.s));
	return w.s;
}

static int count_rows(const char *sql)
{
	struct db *db = database();
	struct err e = { 0 };
	int64_t n = -1;

	assert_int_equal(db_query(db, &e, db_keep_number, &n, sql, ""), 0);
	talloc_free(db);
	return (int)n;
}

#define CONVERSATIONS "SELECT count(*) FROM conversations"

static void one_begun_ahead_is_taken_over(void **unused)
{
	struct err e = { 0 };
	char id[ID_SIZE];
	struct db *db;

	begin_ahead();
	session_flush(w.s);
	turn_loop();
	assert_int_equal(count_rows(CONVERSATIONS), 1);
	db = database();
	assert_int_equal(conversation_create_as(db, w.user, "t", SOON, id, &e), 0);
	assert_string_equal(id, SOON);
	assert_int_equal(message_add(db, SOON, M1, "hello", &e), 1);
	talloc_free(db);
	session_refresh(w.s);
	turn_loop();
	assert_false(session_is_ahead(w.s));
	assert_true(session_loaded(w.s));
	assert_int_equal(fake.starts, 1);
	assert_int_equal(given(), 1);
	assert_int_equal(w.ends, 1);
	session_flush(w.s);
	turn_loop();
	later(46000);
	assert_true(fake.running);
	assert_int_equal(fake.purges, 0);
	assert_int_equal(count_rows("SELECT count(*) FROM conversations WHERE token_hash <> ''"), 1);
}

static void one_begun_ahead_and_never_used_leaves_nothing(void **unused)
{
	begin_ahead();
	later(40000);
	session_begin_ahead(w.s);	/* still typing */
	later(40000);
	assert_true(fake.running);
	session_end_ahead(w.s, 8000);	/* that would be later: nothing changes */
	later(4000);
	assert_true(fake.running);
	later(1000);
	assert_false(fake.running);
	assert_int_equal(fake.purges, 1);
	assert_int_equal(fake.starts, 1);
	assert_int_equal(count_rows(CONVERSATIONS), 1);
	assert_int_equal(count_rows("SELECT count(*) FROM parts"), 0);
	assert_true(session_at_rest(w.s));
	later(3600 * 1000);
	assert_int_equal(fake.starts, 1);
}

static void one_whose_page_is_gone_goes_soon(void **unused)
{
	begin_ahead();
	session_end_ahead(w.s, 8000);
	later(7000);
	assert_true(fake.running);
	later(1000);
	assert_false(fake.running);
	assert_int_equal(fake.purges, 1);
}

/* The store has that id: nothing is begun, and nothing of it is touched. */
static void nothing_is_begun_ahead_of_what_is_there(void **unused)
{
	session_close(w.s);
	turn_loop();
	w.s = session_new_ahead(NULL, &w.env, w.conversation, w.user, &events,
				NULL);
	fake_ready();
	turn_loop();
	later(46000);
	assert_int_equal(fake.purges, 0);
	assert_int_equal(count_rows(CONVERSATIONS), 1);
}

/* ---- its end ---- */

static void an_idle_claude_is_ended(void **unused)
{
	int64_t limit = settings_number(w.settings, SET_SESSION_IDLE) * 1000;

	say();
	session_flush(w.s);
	turn_loop();
	later(0);
	later(limit - 1000);
	assert_int_equal(fake.deletes, 0);
	assert_string_equal(state(), "ready");
	later(1000);
	assert_int_equal(fake.deletes, 1);
	assert_false(fake.running);
	assert_string_equal(state(), "stopped");
}

static void a_claude_at_work_is_not_idle(void **unused)
{
	say();
	session_flush(w.s);
	turn_loop();
	fake_say("{\"type\":\"stream_event\",\"event\":{\"type\":\"message_start\","
		 "\"message\":{\"id\":\"msg2\",\"role\":\"assistant\"}}}");
	turn_loop();
	later(0);
	later(settings_number(w.settings, SET_SESSION_IDLE) * 2000);
	assert_true(fake.running);
	assert_int_equal(fake.deletes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_place_in_line_is_shown),
		TEST(whoever_logs_out_leaves_the_line),
		TEST(whoever_is_closed_leaves_the_line),
		TEST(what_is_wanted_no_more_leaves_the_line),
		TEST(no_place_is_kept_by_what_does_not_start),
		TEST(a_failed_start_is_tried_again_and_mended),
		TEST(it_is_given_up_after_three_tries),
		TEST(a_start_that_hangs_is_told_then_tried_again),
		TEST(one_that_hangs_each_time_is_given_up),
		TEST(its_last_words_are_kept_clean_and_short),
		TEST(without_the_users_settings),
		TEST(with_settings_moved_aside_once),
		TEST(one_begun_ahead_is_taken_over),
		TEST(one_begun_ahead_and_never_used_leaves_nothing),
		TEST(one_whose_page_is_gone_goes_soon),
		TEST(nothing_is_begun_ahead_of_what_is_there),
		TEST(an_idle_claude_is_ended),
		TEST(a_claude_at_work_is_not_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
