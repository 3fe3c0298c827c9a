/* lib/session: a live conversation against a scripted shim and a real store. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/str.h"
#include "fake_shim.h"
#include "session/session_internal.h"
#include "store/conversation_tokens.h"
#include "store/users.h"

#define M1 "11111111-1111-4111-8111-111111111111"
#define M2 "22222222-2222-4222-8222-222222222222"
#define M3 "33333333-3333-4333-8333-333333333333"
#define M4 "44444444-4444-4444-8444-444444444444"
#define M5 "55555555-5555-4555-8555-555555555555"

static struct world {
	char dir[64], conversation[ID_SIZE], user[ID_SIZE];
	uv_loop_t loop;
	struct jobs *jobs;
	struct settings *settings;
	struct session_env env;
	struct session *s;
	char refused_id[ID_SIZE], refused_key[64];	/* the last */
	int accepted, refused, troubles, ends, replays, gone;
	size_t replayed;
	bool place;
	bool redis_away;
	int tokens, found, overs, changes;
	char told_state[16];	/* at the last change */
	char token_hash[TOKEN_SIZE], over_hash[TOKEN_SIZE];
	char words[256];	/* the texts of the last deltas */
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
	assert_null(e);
}

static void on_part(void *data, const struct part *p, int64_t at)
{
	assert_true(at >= p->at);
}

static void on_delta(void *data, int64_t part, const char *text, size_t n,
		     int64_t at)
{
	strncat(w.words, text, n < 100 ? n : 100);
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
	w.refused++;
	snprintf(w.refused_id, sizeof(w.refused_id), "%s", id);
	snprintf(w.refused_key, sizeof(w.refused_key), "%s", e->key);
}

static void on_trouble(void *data, uint64_t asker, const struct err *e)
{
	w.troubles++;
}

static void on_replayed(void *data, uint64_t asker,
			const struct part *const *parts, size_t n, int64_t at)
{
	w.replays++;
	w.replayed = n;
}

static bool on_may_start(void *data)
{
	return w.place;
}

static void on_token(void *data, const char *hash, const char *address,
		     bool wanted)
{
	struct err away = { 0 };

	assert_string_equal(address, "172.30.0.9");
	assert_true(str_copy(w.token_hash, sizeof(w.token_hash), hash));
	w.tokens += wanted;
	w.found += !wanted;
	if (wanted && w.redis_away)
		err_tell(&away, ERR_UNAVAILABLE, "error_redis", "away");
	if (wanted)
		session_token_good(w.s, w.redis_away ? &away : NULL);
}

/* As the bridge does, though not by a job. */
static void end_in_store(const char *hash)
{
	struct token_ending t = { "", "", "" };
	struct err e = { 0 };
	struct db *db = database();

	assert_true(str_copy(t.user_id, sizeof(t.user_id), w.user));
	assert_true(str_copy(t.hash, sizeof(t.hash), hash));
	assert_int_equal(token_ending_add(db, &t, &e), 0);
	talloc_free(db);
}

static void on_token_over(void *data, const char *hash)
{
	w.overs++;
	assert_true(str_copy(w.over_hash, sizeof(w.over_hash), hash));
	end_in_store(hash);
}

static void on_gone(void *data)
{
	w.gone++;
}

static void on_failed(void *data, const char *event, const struct err *e)
{
	if (str_equal(event, "claude_state"))
		fail_msg("%s", e->text);
}

static void on_changed(void *data)
{
	w.changes++;
	snprintf(w.told_state, sizeof(w.told_state), "%s", session_state(w.s));
}

static const struct session_events events = {
	.loaded = on_loaded, .part = on_part, .delta = on_delta, .end = on_end,
	.queue = on_nothing, .status = on_nothing, .changed = on_changed,
	.accepted = on_accepted, .refused = on_refused, .trouble = on_trouble,
	.replayed = on_replayed, .may_start = on_may_start,
	.token = on_token, .token_over = on_token_over,
	.ended = on_nothing, .gone = on_gone, .failed = on_failed,
};

/* ---- Claude, scripted ---- */

static bool answers = true;	/* the next message gets its whole turn */

static void say_turn_start(const char *id)
{
	fake_say("{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"m\","
		 "\"permissionMode\":\"default\",\"session_id\":\"s\"}");
	fake_say("{\"type\":\"user\",\"isReplay\":true,\"uuid\":\"%s\","
		 "\"timestamp\":\"2026-01-01T00:00:00Z\","
		 "\"message\":{\"role\":\"user\",\"content\":\"hello\"}}", id);
	fake_say("{\"type\":\"stream_event\",\"event\":{\"type\":\"message_start\","
		 "\"message\":{\"id\":\"msg\",\"role\":\"assistant\"}}}");
	fake_say("{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_start\","
		 "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}}");
	fake_say("{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_delta\","
		 "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"an answer\"}}}");
}

static void say_turn_end(const char *id)
{
	fake_say("{\"type\":\"assistant\",\"message\":{\"id\":\"msg\","
		 "\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
		 "\"text\":\"an answer\"}]}}");
	fake_say("{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_stop\",\"index\":0}}");
	fake_say("{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,"
		 "\"num_turns\":1,\"duration_ms\":5,\"terminal_reason\":\"completed\","
		 "\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}");
	fake_say("{\"type\":\"command_lifecycle\",\"state\":\"completed\","
		 "\"command_uuid\":\"%s\"}", id);
}

static void control_answer(const char *id, const char *response)
{
	fake_say("{\"type\":\"control_response\",\"response\":{\"subtype\":"
		 "\"success\",\"request_id\":\"%s\",\"response\":%s}}", id,
		 response);
}

static const char *field(const char *line, const char *name, char out[80])
{
	const char *at = strstr(line, name);

	assert_non_null(at);
	at += strlen(name);
	snprintf(out, 80, "%.*s", (int)strcspn(at, "\""), at);
	return out;
}

static void on_line(const char *line)
{
	char id[80];

	if (strstr(line, "\"initialize\"")) {
		control_answer("init", "{}");
	} else if (strstr(line, "cancel_async_message")) {
		control_answer(field(line, "\"request_id\":\"", id),
			       "{\"cancelled\":true}");
	} else if (strstr(line, "\"type\":\"user\"") && answers) {
		field(line, "\"uuid\":\"", id);
		say_turn_start(id);
		say_turn_end(id);
	}
}

/* ---- the world ---- */

static void turn_loop(void)
{
	fake_settle(&w.loop, w.jobs);
}

/* Until the log is recorded: that is 50 ms away at most. */
static void wait_recorded(void)
{
	session_flush(w.s);
	turn_loop();
}

/* So much later, whatever is due then is done. */
static void later(int64_t ms)
{
	fake.skipped += ms;
	session_step(w.s);
	turn_loop();
}

static void open_session(void)
{
	w.s = session_new(NULL, &w.env, w.conversation, w.user, &events, NULL);
	turn_loop();
}

static void close_session(void)
{
	session_close(w.s);
	turn_loop();
}

static int setup(void **state)
{
	struct err e = { 0 };
	struct db *db;

	memset(&w, 0, sizeof(w));
	snprintf(w.dir, sizeof(w.dir), "/tmp/session_test.XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	db = database();
	assert_int_equal(user_create(db, "kim", "x", false, w.user, &e), 0);
	assert_int_equal(conversation_create(db, w.user, "t", w.conversation, &e), 0);
	setenv("FAKE_SESSION", w.conversation, 1);
	fake_reset();
	fake.on_line = on_line;
	answers = true;
	w.place = true;
	uv_loop_init(&w.loop);
	w.jobs = jobs_new(db, &w.loop, db);
	w.settings = settings_new();
	w.env = (struct session_env){
		.loop = &w.loop, .jobs = w.jobs, .settings = w.settings,
	};
	open_session();
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	close_session();
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w.loop), 0);
	talloc_free(talloc_parent(w.jobs));
	settings_free(w.settings);
	fake_reset();
	snprintf(command, sizeof(command), "rm -rf %s", w.dir);
	return system(command);
}

struct counts {
	int users, texts, errors, parts, commands;
};

static int count_part(void *data, const struct part *p, struct err *e)
{
	struct counts *c = data;

	c->parts++;
	c->users += str_equal(p->role, "user");
	c->commands += strstr(p->data, "\"/help\"") != NULL;
	c->texts += str_equal(p->role, "assistant") && str_equal(p->kind, "text");
	c->errors += str_equal(p->kind, "error");
	return 0;
}

static struct counts stored(void)
{
	struct db *db = database();
	struct counts c = { 0 };
	struct err e = { 0 };

	assert_int_equal(part_each(db, w.conversation, -1, 0, 0, count_part, &c,
				   &e), 0);
	talloc_free(db);
	return c;
}

static int count_message(void *data, const struct message *m, struct err *e)
{
	++((int *)data)[m->held[0] != '\0'];
	return 0;
}

/* In the store: those that wait, or (held) those kept for their person. */
static int messages(bool held)
{
	struct db *db = database();
	struct err e = { 0 };
	int n[2] = { 0 };

	assert_int_equal(message_each_unplaced(db, w.conversation,
					       count_message, n, &e), 0);
	talloc_free(db);
	return n[held];
}

static int unplaced(void)
{
	return messages(false);
}

static int given(const char *what)
{
	const char *at = buf_text(&fake.input);
	int n = 0;

	while ((at = strstr(at, what))) {
		n++;
		at++;
	}
	return n;
}

static const char *state_of(void)
{
	struct session_status st;

	session_status(w.s, &st);
	return st.state;
}

/* For what a busy machine may take its time with. */
static void until(bool (*holds)(void))
{
	int64_t end = clock_mono_ms() + 60000;

	while (!holds()) {
		assert_true(clock_mono_ms() < end);
		turn_loop();
		uv_sleep(5);
	}
}

static int awaited;

static bool enough_starts(void)
{
	return fake.starts >= awaited;
}

static void until_started(int n)
{
	awaited = n;
	until(enough_starts);
}

static bool enough_ends(void)
{
	return w.ends >= awaited;
}

static void until_ended(int n)
{
	awaited = n;
	until(enough_ends);
}

static bool shows_ready(void)
{
	return str_equal(state_of(), "ready");
}

/* ---- tests ---- */

static void a_message_becomes_a_turn(void **state)
{
	struct counts c;

	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	assert_int_equal(w.accepted, 1);
	assert_int_equal(fake.starts, 1);
	assert_non_null(strstr(fake.args, "--session-id"));
	assert_non_null(strstr(fake.args, "--permission-mode arg=default"));
	assert_non_null(strstr(fake.args, "--disallowedTools=CronCreate,CronDelete,"
			       "CronList,ScheduleWakeup,Workflow"));
	assert_null(strstr(fake.args, "SendMessage"));
	assert_non_null(strstr(fake.args, "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS=1"));
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
	assert_int_equal(w.ends, 1);
	assert_string_equal(w.words, "an answer");
	assert_string_equal(state_of(), "ready");
	assert_string_equal(fake.boosts, "+-");
	c = stored();
	assert_int_equal(c.users, 1);
	assert_int_equal(c.texts, 1);
	assert_int_equal(unplaced(), 0);
}

/* A run, or what is begun ahead. */
static void what_nobody_waits_for_is_not_boosted(void **state)
{
	fake.urgent = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(w.ends, 1);
	assert_string_equal(fake.boosts, "-");
}

static void the_same_id_is_accepted_once_more_and_given_once(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	session_message(w.s, 2, M1, "hello");
	turn_loop();
	assert_int_equal(w.accepted, 3);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
	assert_int_equal(stored().users, 1);
}

static void bad_messages_are_refused(void **state)
{
	size_t n = (size_t)settings_number(w.settings, SET_MESSAGE_MAX) + 1;
	char *text = malloc(n + 1);

	memset(text, 'x', n);
	text[n] = '\0';
	session_message(w.s, 1, M1, text);
	turn_loop();
	assert_int_equal(w.refused, 1);
	assert_string_equal(w.refused_id, M1);
	assert_string_equal(w.refused_key, "error_message_too_long");
	session_message(w.s, 1, M1, "");
	turn_loop();
	assert_int_equal(w.refused, 2);
	assert_string_equal(w.refused_key, "error_message_empty");
	text[n - 1] = '\0';
	session_message(w.s, 1, M2, text);
	free(text);
	turn_loop();
	assert_int_equal(w.refused, 2);
	assert_int_equal(w.accepted, 1);
}

/* What waits is kept in memory: three of nearly 4 MiB are too much. */
static void the_queue_is_bounded_in_bytes(void **state)
{
	size_t n = (size_t)settings_number(w.settings, SET_MESSAGE_MAX) - 10;
	char *text = malloc(n + 1);

	memset(text, 'x', n);
	text[n] = '\0';
	session_message(w.s, 1, M1, text);
	turn_loop();
	session_message(w.s, 1, M2, text);
	session_message(w.s, 1, "33333333-3333-4333-8333-333333333333", text);
	turn_loop();
	free(text);
	assert_int_equal(w.accepted, 2);
	assert_int_equal(w.refused, 1);
}

static void what_waits_can_be_withdrawn(void **state)
{
	session_message(w.s, 1, M1, "hello");
	session_message(w.s, 1, M2, "more");
	turn_loop();
	assert_non_null(session_queued(w.s, 1));
	session_withdraw(w.s, M1);
	turn_loop();
	assert_int_equal(unplaced(), 1);
	assert_int_equal(messages(true), 1);
	assert_string_equal(session_queued(w.s, 0)->held, "withdrawn");
	fake_ready();
	turn_loop();
	assert_int_equal(given(M1), 0);
	assert_int_equal(given("\"uuid\":\"" M2 "\""), 1);
}

static void what_was_given_is_cancelled(void **state)
{
	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_string_equal(session_queued(w.s, 0)->state, "sent");
	session_withdraw(w.s, M1);
	turn_loop();
	assert_int_equal(given("cancel_async_message"), 1);
	assert_string_equal(session_queued(w.s, 0)->held, "withdrawn");
	assert_null(session_queued(w.s, 1));
	assert_int_equal(unplaced(), 0);
	assert_int_equal(messages(true), 1);
}

/* Two wait in a turn that is stopped: nothing of them is lost, also for a new bridge. */
static void what_stop_takes_from_the_queue_is_held(void **state)
{
	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	session_message(w.s, 1, M2, "more");
	session_message(w.s, 1, M3, "and more");
	turn_loop();
	wait_recorded();
	session_interrupt(w.s);
	turn_loop();
	assert_int_equal(unplaced(), 2);
	fake_say("{\"type\":\"command_lifecycle\",\"state\":\"cancelled\","
		 "\"command_uuid\":\"" M2 "\"}");
	fake_say("{\"type\":\"command_lifecycle\",\"state\":\"cancelled\","
		 "\"command_uuid\":\"" M3 "\"}");
	say_turn_end(M1);
	turn_loop();
	assert_string_equal(state_of(), "ready");
	assert_int_equal(unplaced(), 0);
	assert_int_equal(messages(true), 2);
	wait_recorded();
	close_session();
	open_session();
	assert_string_equal(session_queued(w.s, 0)->text, "more");
	assert_string_equal(session_queued(w.s, 0)->held, "stopped");
	assert_string_equal(session_queued(w.s, 1)->text, "and more");
	assert_null(session_queued(w.s, 2));
	assert_string_equal(session_state(w.s), "idle");

	/* one is sent as it was, by two pages at once; the other one edited */
	answers = true;
	session_send_held(w.s, 1, M4, M2);
	session_send_held(w.s, 2, M5, M2);
	turn_loop();
	assert_int_equal(given("\"content\":\"more\""), 2);
	assert_int_equal(given("\"uuid\":\"" M4 "\""), 1);
	assert_int_equal(given("\"uuid\":\"" M5 "\""), 0);
	assert_int_equal(messages(true), 1);
	session_message_for(w.s, 1, M5, "and less", M3);
	turn_loop();
	assert_int_equal(given("and less"), 1);
	assert_null(session_queued(w.s, 0));
	assert_int_equal(messages(true), 0);
}

static void a_held_message_can_be_removed(void **state)
{
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	session_withdraw(w.s, M1);
	turn_loop();
	assert_int_equal(messages(true), 1);
	session_discard(w.s, M2);
	session_discard(w.s, M1);
	turn_loop();
	assert_null(session_queued(w.s, 0));
	assert_int_equal(messages(true), 0);
	fake_ready();
	turn_loop();
	assert_int_equal(given(M1), 0);
}

static void stop_interrupts_and_ends_tools(void **state)
{
	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	assert_string_equal(state_of(), "working");
	session_interrupt(w.s);
	turn_loop();
	assert_int_equal(given("\"cancel_queued\":true"), 1);
	assert_int_equal(fake.tools_ends, 0);
	say_turn_end(M1);
	turn_loop();
	assert_int_equal(fake.tools_ends, 1);
	assert_int_equal(w.ends, 1);
}

static void a_killed_claude_ends_its_turn_once_and_is_resumed(void **state)
{
	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	session_message(w.s, 1, M2, "more");
	turn_loop();
	fake_exit(0, 9, "");
	answers = true;
	turn_loop();
	assert_int_equal(w.ends, 1);
	until_started(2);
	assert_int_equal(fake.starts, 2);
	assert_non_null(strstr(fake.args, "--resume"));
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
	assert_int_equal(given("\"uuid\":\"" M2 "\""), 2);
	assert_int_equal(w.ends, 2);
	wait_recorded();
	assert_int_equal(stored().errors, 1);
	assert_int_equal(unplaced(), 0);
}

static void the_other_flag_is_tried_once(void **state)
{
	answers = false;
	fake_ready();
	session_watched(w.s, 1);
	fake.on_line = NULL;
	turn_loop();
	fake_exit(1, 0, "Error: Session ID x is already in use.");
	fake.on_line = on_line;
	until_started(2);
	assert_non_null(strstr(fake.args, "--resume"));
	assert_non_null(strstr(fake.args, "arg=/usr/local/bin/gongbang-mend arg=/usr/local/bin/claude "));
	until(shows_ready);
	assert_int_equal(fake.starts, 2);
}

struct tally {
	const char *key;
	int n;
};

static int count_key(void *data, const struct part *p, struct err *e)
{
	struct tally *t = data;

	t->n += strstr(p->data, t->key) != NULL;
	return 0;
}

/* How many parts say so, in the store. */
static int said(const char *key)
{
	struct db *db = database();
	struct tally t = { key, 0 };
	struct err e = { 0 };

	assert_int_equal(part_each(db, w.conversation, -1, 0, 0, count_key, &t,
				   &e), 0);
	talloc_free(db);
	return t.n;
}

/* Lines of the log so far that have both. */
static int logged(const char *path, const char *event, const char *more)
{
	FILE *f = fopen(path, "re");
	char line[1024];
	int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, event) && strstr(line, more);
	fclose(f);
	return n;
}

/* A part a turn, and in the log the first and each doubling. */
static void lines_that_are_no_json_are_told(void **state)
{
	char path[128], more[128];
	int was = dup(STDERR_FILENO), i;
	FILE *f;

	snprintf(path, sizeof(path), "%s/log", w.dir);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(was >= 0 && dup2(fileno(f), STDERR_FILENO) >= 0);
	fclose(f);
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	for (i = 0; i < 100; i++) {
		fake_say("(node) a warning that is no JSON");
		turn_loop();
	}
	wait_recorded();
	session_message(w.s, 1, M2, "again");
	turn_loop();
	wait_recorded();
	dup2(was, STDERR_FILENO);
	close(was);
	snprintf(more, sizeof(more), "conversation=%s lines=", w.conversation);
	assert_int_equal(said("status_line_broken"), 1);
	assert_int_equal(logged(path, "event=broken_lines", more), 7);
	strcat(more, "64");
	assert_int_equal(logged(path, "event=broken_lines", more), 1);
}

/* An empty transcript refuses both flags: another id is taken, and it is said once. */
static void a_transcript_that_cannot_be_read_is_left_behind(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	assert_int_equal(said("status_memory_lost"), 0);
	assert_true(session_rest(w.s));
	turn_loop();
	fake.on_line = NULL;
	session_message(w.s, 1, M2, "again");
	until_started(2);
	assert_non_null(strstr(fake.args, "--resume"));
	fake_exit(1, 0, "No conversation found with session ID: x");
	until_started(3);
	assert_non_null(strstr(fake.args, "--session-id"));
	fake_exit(1, 0, "Error: Session ID x is already in use.");
	until_started(4);
	assert_non_null(strstr(fake.args, "--resume"));
	assert_null(strstr(fake.args, w.conversation));
	fake.on_line = on_line;
	fake_exit(1, 0, "No conversation found with session ID: y");
	until_started(5);
	assert_non_null(strstr(fake.args, "--session-id"));
	assert_null(strstr(fake.args, w.conversation));
	until(shows_ready);
	assert_int_equal(fake.starts, 5);
	wait_recorded();
	assert_int_equal(said("status_memory_lost"), 1);
	assert_int_equal(w.ends, 2);

	/* the record is given to it when its person asks */
	session_recall(w.s, 1, M3);
	turn_loop();
	wait_recorded();
	assert_int_equal(given("<gongbang-record>"), 1);
	assert_int_equal(given("## The person\\nhello"), 2);
	assert_int_equal(given("## Claude\\nan answer"), 2);
	assert_int_equal(w.ends, 3);
}

static void a_new_bridge_goes_on_in_mid_answer(void **state)
{
	struct counts c;

	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	close_session();
	say_turn_end(M1);
	w.ends = 0;
	fake.boosts[0] = '\0';
	open_session();
	turn_loop();
	assert_string_equal(fake.boosts, "");	/* its end was long ago */
	wait_recorded();
	assert_int_equal(w.ends, 1);
	assert_int_equal(fake.starts, 1);
	c = stored();
	assert_int_equal(c.users, 1);
	assert_int_equal(c.texts, 1);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
}

static void a_lost_link_is_read_on(void **state)
{
	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	fake_lose();
	assert_string_equal(state_of(), "starting");
	say_turn_end(M1);
	fake_ready();
	turn_loop();
	wait_recorded();
	assert_int_equal(w.ends, 1);
	assert_int_equal(stored().texts, 1);
}

/* Its shim ends Claude first, and that is read before the link is lost. */
static void a_container_restarted_gracefully_brings_claude_back(void **state)
{
	fake_ready();
	session_watched(w.s, 1);
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_string_equal(state_of(), "ready");
	fake_exit(0, 15, "");
	turn_loop();
	assert_string_equal(state_of(), "stopped");
	fake_lose();
	fake_ready();
	until_started(2);
	until(shows_ready);
	assert_int_equal(fake.starts, 2);
	/* With nobody there it is left to the next message. */
	session_watched(w.s, 0);
	fake_exit(0, 15, "");
	turn_loop();
	fake_lose();
	fake_ready();
	later(1200);
	assert_int_equal(fake.starts, 2);
	assert_string_equal(state_of(), "stopped");
}

static void a_page_gets_what_it_lacks(void **state)
{
	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	session_replay(w.s, 7, -1);
	turn_loop();
	assert_int_equal(w.replays, 1);
	assert_int_equal(w.replayed, 2);
	say_turn_end(M1);
	turn_loop();
	wait_recorded();
	session_replay(w.s, 7, (int64_t)fake.log.len);
	turn_loop();
	assert_int_equal(w.replayed, 0);
	session_replay(w.s, 7, 0);
	turn_loop();
	assert_int_equal(w.replayed, stored().parts);
}

static void an_answer_reaches_claude_once(void **state)
{
	struct session_answer a = { .choice = "allow_session", .reason = "" };
	int64_t at;

	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	at = (int64_t)fake.log.len;
	fake_say("{\"type\":\"control_request\",\"request_id\":\"R1\",\"request\":"
		 "{\"subtype\":\"can_use_tool\",\"tool_name\":\"Bash\","
		 "\"input\":{\"command\":\"ls\"},\"tool_use_id\":\"T\","
		 "\"permission_suggestions\":[{\"type\":\"addRules\","
		 "\"destination\":\"localSettings\"}]}}");
	turn_loop();
	assert_string_equal(state_of(), "waiting");
	assert_true(session_waiting_since(w.s) > 0);
	a.part = at;
	session_answer(w.s, 1, &a);
	/* on its way, it is lost with the process: who was asked gives no way now */
	assert_int_equal(session_waiting_since(w.s), 0);
	assert_string_equal(session_state(w.s), "waiting");
	session_answer(w.s, 2, &a);
	turn_loop();
	assert_int_equal(w.troubles, 1);
	assert_int_equal(given("\"behavior\":\"allow\""), 1);
	assert_int_equal(given("localSettings"), 0);
	assert_int_equal(given("\"destination\":\"session\""), 1);
	control_answer("R1", "{\"behavior\":\"allow\"}");
	turn_loop();
	assert_string_equal(state_of(), "working");
}

static const char *stored_hash(void)
{
	static char hash[TOKEN_SIZE];
	struct db *db = database();
	struct err e = { 0 };

	assert_int_equal(conversation_token_load(db, w.conversation, hash, &e), 0);
	talloc_free(db);
	return hash;
}

/* The token that Claude's environment holds, by its hash. */
static const char *given_hash(void)
{
	static char hash[DIGEST_SIZE];
	const char *at = strstr(fake.args, "env=ANTHROPIC_AUTH_TOKEN=");
	char token[TOKEN_SIZE];

	assert_non_null(at);
	snprintf(token, sizeof(token), "%s", strrchr(at, '=') + 1);
	assert_true(token_valid(token));
	digest_hex(token, strlen(token), hash);
	return hash;
}

static void a_token_lives_as_long_as_its_process(void **state)
{
	char first[TOKEN_SIZE];

	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(w.tokens, 1);
	assert_string_equal(given_hash(), w.token_hash);
	assert_string_equal(stored_hash(), w.token_hash);
	assert_int_equal(w.overs, 0);
	strcpy(first, w.token_hash);
	/* A new bridge finds it running: the same token, once more. */
	close_session();
	w.found = 0;
	open_session();
	turn_loop();
	assert_int_equal(w.found, 1);
	assert_string_equal(w.token_hash, first);
	assert_int_equal(fake.starts, 1);
	assert_true(session_rest(w.s));
	turn_loop();
	assert_int_equal(w.overs, 1);
	assert_string_equal(w.over_hash, first);
	assert_string_equal(stored_hash(), "");
	session_message(w.s, 1, M2, "again");
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_string_not_equal(given_hash(), first);
	assert_string_equal(stored_hash(), w.token_hash);
}

static void without_a_token_it_does_not_start(void **state)
{
	struct session_status st;

	w.redis_away = true;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(w.tokens, 1);
	assert_int_equal(fake.starts, 0);
	assert_string_equal(stored_hash(), "");
	session_status(w.s, &st);
	assert_string_equal(st.state, "starting");
	assert_string_equal(st.key, "status_token");
	w.redis_away = false;
	until_ended(1);
	assert_int_equal(w.ends, 1);
	assert_string_equal(given_hash(), stored_hash());
}

/* A container that ended takes the processes along, and their tokens. */
static void a_token_whose_process_is_gone_is_over(void **state)
{
	char first[TOKEN_SIZE];

	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	strcpy(first, w.token_hash);
	fake_lose();
	fake_exit(0, 9, "");
	assert_int_equal(w.overs, 0);
	fake_ready();
	turn_loop();
	assert_int_equal(w.overs, 1);
	assert_string_equal(w.over_hash, first);
	assert_string_not_equal(stored_hash(), first);
}

/* One of which no token is known here has none that is good. */
static void a_process_without_a_token_is_ended(void **state)
{

	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	wait_recorded();
	close_session();
	end_in_store("");
	open_session();
	until_ended(1);
	wait_recorded();
	assert_int_equal(fake.deletes, 1);
	assert_int_equal(w.ends, 1);
	assert_int_equal(stored().errors, 1);
	answers = true;
	session_message(w.s, 1, M2, "again");
	until_ended(2);
	assert_int_equal(fake.starts, 2);
	assert_int_equal(w.ends, 2);
}

static void stop_turn(void)
{
	if (given("cancel_queued"))
		fake_say("{\"type\":\"result\",\"subtype\":\"success\","
			 "\"is_error\":true,\"terminal_reason\":\"aborted_streaming\"}");
}

static int count_left(void *data, const struct part *p, struct err *e)
{
	*(int *)data += strstr(p->data, "error_claude_left") != NULL;
	return 0;
}

static void who_leaves_ends_claude_with_one_part(void **state)
{
	struct db *db;
	struct err e = { 0 };
	int left = 0;

	answers = false;
	fake_ready();
	session_watched(w.s, 1);
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	session_message(w.s, 1, M2, "and then");
	turn_loop();
	session_watched(w.s, 0);
	fake.on_end = stop_turn;
	session_leave(w.s, "error_claude_left");
	turn_loop();
	wait_recorded();
	later(1200);	/* longer than to a next try */
	assert_int_equal(unplaced(), 1);
	assert_int_equal(given("end_session"), 1);
	assert_int_equal(given("\"subtype\":\"interrupt\""), 1);
	assert_int_equal(w.ends, 1);
	assert_int_equal(w.overs, 1);
	assert_int_equal(stored().errors, 1);
	db = database();
	assert_int_equal(part_each(db, w.conversation, -1, 0, 0, count_left,
				   &left, &e), 0);
	talloc_free(db);
	assert_int_equal(left, 1);
	assert_true(session_at_rest(w.s));
	assert_int_equal(fake.starts, 1);
	answers = true;
	session_watched(w.s, 1);
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_int_equal(unplaced(), 0);
	assert_string_equal(state_of(), "ready");
}

static void ask(const char *request)
{
	fake_say("{\"type\":\"control_request\",\"request_id\":\"%s\",\"request\":"
		 "{\"subtype\":\"can_use_tool\",\"tool_name\":\"Bash\","
		 "\"input\":{},\"tool_use_id\":\"t-%s\"}}", request, request);
	turn_loop();
}

/* As the CLI does when it is interrupted while it asks. */
static void refuse_and_stop(void)
{
	fake_say("{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":"
		 "[{\"type\":\"tool_result\",\"tool_use_id\":\"t-p\","
		 "\"is_error\":true,\"content\":\"The user refused\"}]},"
		 "\"tool_use_meta\":[{\"id\":\"t-p\",\"non_execution_kind\":"
		 "\"user-rejected\"}]}");
	stop_turn();
}

static int count_closed(void *data, const struct part *p, struct err *e)
{
	int *n = data;

	n[2] += strstr(p->data, "The user refused") != NULL;
	n[3] += str_equal(p->kind, "tool_use");
	n[0] += strstr(p->data, "error_place_lent") != NULL;
	n[1] += str_equal(p->kind, "permission") &&
		str_equal(p->state, "cancelled");
	return 0;
}

static void one_that_waits_gives_its_place(void **state)
{
	struct err e = { 0 };
	struct db *db;
	int n[4] = { 0 };

	answers = false;
	fake_ready();
	session_watched(w.s, 1);
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	fake_say("{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"role\":"
		 "\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t-p\","
		 "\"name\":\"Bash\",\"input\":{}}]}}");
	ask("p");
	session_message(w.s, 1, M2, "and then");
	turn_loop();
	fake.on_end = refuse_and_stop;
	session_give_place(w.s, "error_place_lent");
	turn_loop();
	wait_recorded();
	later(1200);
	assert_false(session_running(w.s));
	assert_int_equal(session_waiting_since(w.s), 0);
	assert_int_equal(given("\"behavior\""), 0);	/* nobody answered */
	db = database();
	assert_int_equal(part_each(db, w.conversation, -1, 0, 0, count_closed,
				   n, &e), 0);
	talloc_free(db);
	assert_int_equal(n[0], 1);
	assert_int_equal(n[1], 1);
	assert_int_equal(n[2], 0);	/* nor is said to have */
	assert_int_equal(n[3], 1);
	assert_string_equal(session_queued(w.s, 0)->held, "stopped");
	assert_int_equal(fake.starts, 1);
	/* its person asks for the question again */
	answers = true;
	session_message(w.s, 1, M3, "ask again");
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_string_equal(state_of(), "ready");
}

static void the_newest_question_counts(void **state)
{
	int64_t first;

	answers = false;
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

/* Between two turns its sub-agents work: it is idle, and no place is to be had of it. */
static void work_between_turns_keeps_its_place(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	fake_say("{\"type\":\"system\",\"subtype\":\"background_tasks_changed\",\"tasks\":[{}]}");
	turn_loop();
	assert_string_equal(session_state(w.s), "idle");
	assert_false(session_may_rest(w.s));
	assert_false(session_rest(w.s));
	assert_false(session_ending(w.s));
	fake_say("{\"type\":\"system\",\"subtype\":\"background_tasks_changed\",\"tasks\":[]}");
	turn_loop();
	assert_true(session_may_rest(w.s));
	assert_true(session_rest(w.s));
	assert_true(session_ending(w.s));
}

static void a_place_is_asked_for_again(void **state)
{
	struct session_status st;

	w.place = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	session_status(w.s, &st);
	assert_true(st.no_place);
	assert_true(uv_is_active((uv_handle_t *)&w.s->timer));
	assert_in_range(uv_timer_get_due_in(&w.s->timer), 1, 1000);
	w.place = true;
	later(1200);	/* nobody pokes it */
	assert_int_equal(fake.starts, 1);
}

static void without_a_place_it_waits(void **state)
{
	w.place = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(fake.starts, 0);
	assert_string_equal(state_of(), "starting");
	w.place = true;
	session_wake(w.s);
	turn_loop();
	assert_int_equal(fake.starts, 1);
	assert_int_equal(w.ends, 1);
}

static void an_idle_claude_rests_and_wakes(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_true(session_rest(w.s));
	turn_loop();
	assert_int_equal(given("end_session"), 1);
	assert_int_equal(fake.deletes, 1);
	assert_string_equal(state_of(), "stopped");
	session_message(w.s, 1, M2, "again");
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_non_null(strstr(fake.args, "--resume"));
	assert_int_equal(w.ends, 2);
	assert_int_equal(w.troubles, 0);
}

static void say_lifecycle(const char *id, const char *state)
{
	fake_say("{\"type\":\"command_lifecycle\",\"state\":\"%s\","
		 "\"command_uuid\":\"%s\"}", state, id);
}

/* As the CLI takes /help: an answer, and no echo. */
static void say_command(const char *id)
{
	say_lifecycle(id, "queued");
	say_lifecycle(id, "started");
	fake_say("{\"type\":\"assistant\",\"message\":{\"id\":\"c\",\"role\":"
		 "\"assistant\",\"content\":[{\"type\":\"text\",\"text\":"
		 "\"not available\"}]}}");
	fake_say("{\"type\":\"result\",\"subtype\":\"success\",\"num_turns\":0}");
	say_lifecycle(id, "completed");
}

static void a_command_without_an_echo_leaves_it_ready(void **state)
{
	struct counts c;

	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "/help");
	turn_loop();
	assert_string_equal(state_of(), "working");
	say_command(M1);
	turn_loop();
	wait_recorded();
	assert_string_equal(state_of(), "ready");
	assert_string_equal(session_state(w.s), "idle");
	assert_null(session_queued(w.s, 0));
	c = stored();
	assert_int_equal(c.users, 1);
	assert_int_equal(c.commands, 1);
	assert_int_equal(c.texts, 1);
	assert_int_equal(unplaced(), 0);

	/* its place is free, and the next process is not given it again */
	assert_true(session_rest(w.s));
	turn_loop();
	answers = true;
	session_message(w.s, 1, M2, "hello");
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
	assert_int_equal(given("\"uuid\":\"" M2 "\""), 1);
}

static void a_command_whose_process_dies_is_shown_and_not_given_again(void **state)
{
	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "/help");
	turn_loop();
	say_lifecycle(M1, "queued");
	say_lifecycle(M1, "started");
	fake_exit(1, 0, "");
	turn_loop();
	wait_recorded();
	assert_int_equal(stored().users, 1);
	assert_int_equal(stored().errors, 1);
	assert_int_equal(unplaced(), 0);
	session_start(w.s);
	turn_loop();
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
}

static bool is_held(void)
{
	return messages(true) == 1;
}

static bool is_ready(void)
{
	return str_equal(session_state(w.s), "idle");
}

/* It reads its input no more, or lost what it read. */
static void a_process_that_says_nothing_of_a_message_is_replaced(void **state)
{
	answers = false;
	w.env.silent_ms = 100;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	until(is_held);
	until(is_ready);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 2);
	assert_int_equal(fake.deletes, 2);
	assert_int_equal(messages(true), 1);
	assert_string_equal(session_queued(w.s, 0)->held, "untaken");
}

static void on_a_busy_host_it_may_be_silent_for_longer(void **state)
{
	answers = false;
	fake.stretch = 4;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	later(200000);
	assert_int_equal(fake.deletes, 0);
	later(50000);
	assert_int_equal(fake.deletes, 1);
}

static bool was_deleted(void)
{
	return fake.deletes == 1;
}

static void no_answer(const char *line)
{
	if (strstr(line, "\"initialize\""))
		control_answer("init", "{}");
}

static void a_withdrawal_that_is_not_answered_ends_the_process(void **state)
{
	fake.on_line = no_answer;
	w.env.withdraw_ms = 100;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	session_interrupt(w.s);
	turn_loop();
	assert_int_equal(given("\"interrupt\""), 1);
	until(was_deleted);
	until(is_ready);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
	assert_int_equal(unplaced(), 0);
	assert_string_equal(session_queued(w.s, 0)->held, "stopped");
}

static void waiting_is_told_at_once(void **state)
{
	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	w.changes = 0;
	fake_say("{\"type\":\"control_request\",\"request_id\":\"p\",\"request\":"
		 "{\"subtype\":\"can_use_tool\",\"tool_name\":\"Bash\","
		 "\"input\":{},\"tool_use_id\":\"t\"}}");
	turn_loop();
	assert_int_equal(w.changes, 1);
	assert_string_equal(w.told_state, "waiting");
	fake_say("{\"type\":\"control_cancel_request\",\"request_id\":\"p\"}");
	turn_loop();
	assert_string_equal(w.told_state, "working");
}

/* The CLI may refuse part of a wish: what it answers is what holds. */
static void the_mode_in_force_is_shown(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	session_set_mode(w.s, 1, "acceptEdits");
	turn_loop();
	assert_string_equal(session_mode(w.s), "acceptEdits");
	control_answer("mode:acceptEdits", "{\"mode\":\"default\"}");
	turn_loop();
	assert_string_equal(session_mode(w.s), "default");
}

static void a_deleted_one_is_purged(void **state)
{
	struct db *db = database();
	struct err e = { 0 };

	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	assert_int_equal(conversation_mark_deleted(db, w.conversation, w.user,
						   &e), 0);
	talloc_free(db);
	session_refresh(w.s);
	turn_loop();
	assert_int_equal(w.gone, 1);
	assert_int_equal(fake.purges, 1);
	assert_int_equal(stored().parts, 0);
	assert_true(session_at_rest(w.s));
}

static int nothing_work(void *data, struct db *db, struct err *e)
{
	return 0;
}

/* The second answer of the store comes when the log has been read on. */
static void a_change_while_it_loads_starts_nothing_anew(void **state)
{
	struct conversation *found;
	struct err e = { 0 };
	struct counts c;
	struct db *db;
	int i;

	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	wait_recorded();
	close_session();
	say_turn_end(M1);
	w.s = session_new(NULL, &w.env, w.conversation, w.user, &events, NULL);
	for (i = 0; i < 20; i++)
		jobs_add(w.jobs, nothing_work, NULL, NULL);
	session_refresh(w.s);
	turn_loop();
	say_turn_start(M2);
	say_turn_end(M2);
	turn_loop();
	wait_recorded();
	assert_int_equal(w.ends, 2);
	c = stored();
	assert_int_equal(c.users, 2);
	assert_int_equal(c.texts, 2);
	assert_int_equal(c.errors, 0);
	db = database();
	found = conversation_load(db, db, w.conversation, NULL, &e);
	assert_int_equal(found->recorded_offset, fake.log.len);
	talloc_free(db);
}

/* Each line draws a large card again: more than one turn of the loop. */
static void a_costly_log_is_read_to_its_end(void **state)
{
	char *input = malloc(60001);
	int i;

	memset(input, 'x', 60000);
	input[60000] = '\0';
	fake.costly = true;
	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	fake_say("{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":"
		 "\"tool_use\",\"id\":\"t\",\"name\":\"Task\",\"input\":"
		 "{\"prompt\":\"%s\"}}]}}", input);
	for (i = 0; i < 500; i++)
		fake_say("{\"type\":\"assistant\",\"parent_tool_use_id\":\"t\","
			 "\"message\":{\"content\":[{\"type\":\"text\",\"text\":"
			 "\"step %d\"}]}}", i);
	say_turn_end(M1);
	until_ended(1);
	wait_recorded();
	assert_int_equal(w.ends, 1);
	assert_int_equal(stored().errors, 0);
	free(input);
}

static uv_sem_t store_may_go_on;

static int wait_work(void *data, struct db *db, struct err *e)
{
	uv_sem_wait(&store_may_go_on);
	return 0;
}

/* Parts that the store has not got yet are held in memory: so many and no more. */
static void a_slow_store_holds_up_the_log(void **state)
{
	const int steps = 2000;
	size_t sent;
	int i;

	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	wait_recorded();
	assert_int_equal(uv_sem_init(&store_may_go_on, 0), 0);
	jobs_add(w.jobs, wait_work, NULL, NULL);
	for (i = 0; i < steps; i++)
		fake_say("{\"type\":\"assistant\",\"message\":{\"id\":\"m%d\","
			 "\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
			 "\"text\":\"step %d\"}]}}", i, i);
	say_turn_end(M1);
	/* Long enough for it to decode all that it takes. */
	for (i = 0; i < 400 && fake.sent < fake.log.len; i++) {
		while (fake_pump())
			uv_run(&w.loop, UV_RUN_NOWAIT);
		fake.skipped += 100;
		session_step(w.s);
	}
	sent = fake.sent;
	uv_sem_post(&store_may_go_on);
	assert_in_range(sent, fake.log.len / 10, fake.log.len / 2);
	until_ended(1);
	wait_recorded();
	uv_sem_destroy(&store_may_go_on);
	assert_int_equal(fake.sent, fake.log.len);
	assert_int_equal(stored().errors, 0);
	assert_in_range(stored().parts, steps, steps + 10);
}

/* By their bytes, too, long before they are many. */
static void large_parts_hold_up_the_log(void **state)
{
	const int steps = 200, size = 100 << 10;
	char *text = talloc_zero_size(NULL, (size_t)size + 1);
	size_t sent;
	int i;

	memset(text, 'x', (size_t)size);
	answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	wait_recorded();
	assert_int_equal(uv_sem_init(&store_may_go_on, 0), 0);
	jobs_add(w.jobs, wait_work, NULL, NULL);
	for (i = 0; i < steps; i++)
		fake_say("{\"type\":\"assistant\",\"message\":{\"id\":\"m%d\","
			 "\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
			 "\"text\":\"%s\"}]}}", i, text);
	say_turn_end(M1);
	for (i = 0; i < 1000 && fake.sent < fake.log.len; i++) {
		while (fake_pump())
			uv_run(&w.loop, UV_RUN_NOWAIT);
		uv_run(&w.loop, UV_RUN_NOWAIT);
		fake.skipped += 100;
		session_step(w.s);
	}
	sent = fake.sent;
	uv_sem_post(&store_may_go_on);
	/* 8 MB of parts, and what a stream's window holds of them more. */
	assert_in_range(sent, 8 << 20, 10 << 20);
	until_ended(1);
	wait_recorded();
	uv_sem_destroy(&store_may_go_on);
	assert_int_equal(fake.sent, fake.log.len);
	talloc_free(text);
}

static void say_mode(const char *mode)
{
	fake_say("{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"m\","
		 "\"permissionMode\":\"%s\",\"session_id\":\"s\"}", mode);
	turn_loop();
}

static void a_mode_that_was_not_asked_for_is_not_believed(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_mode("bypassPermissions");
	assert_string_equal(session_mode(w.s), "default");
	say_mode("acceptEdits");
	assert_string_equal(session_mode(w.s), "default");
	say_mode("plan");	/* Claude may allow itself less */
	assert_string_equal(session_mode(w.s), "plan");
	say_mode("default");
	assert_string_equal(session_mode(w.s), "default");
	session_set_mode(w.s, 1, "acceptEdits");
	turn_loop();
	assert_int_equal(given("\"mode\":\"acceptEdits\""), 1);
	say_mode("default");
	say_mode("acceptEdits");
	assert_string_equal(session_mode(w.s), "acceptEdits");
	assert_int_equal(fake.starts, 1);
}

/* Only a process that was started for it may skip questions. */
static void skipping_questions_takes_a_process_of_its_own(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_null(strstr(fake.args, "--allow-dangerously-skip-permissions"));
	session_set_mode(w.s, 1, "bypassPermissions");
	session_message(w.s, 1, M2, "again");
	turn_loop();
	assert_int_equal(given("\"set_permission_mode\""), 0);
	assert_int_equal(given("\"end_session\""), 1);
	assert_int_equal(fake.starts, 2);
	assert_non_null(strstr(fake.args, "--allow-dangerously-skip-permissions"));
	assert_non_null(strstr(fake.args, "--permission-mode arg=bypassPermissions"));
	assert_int_equal(given("\"uuid\":\"" M2 "\""), 1);
	/* Left at once, and the process goes too. */
	session_set_mode(w.s, 1, "default");
	turn_loop();
	assert_int_equal(given("\"mode\":\"default\""), 1);
	assert_int_equal(given("\"end_session\""), 2);
	session_message(w.s, 1, M3, "once more");
	turn_loop();
	assert_int_equal(fake.starts, 3);
	assert_null(strstr(fake.args, "--allow-dangerously-skip-permissions"));
	/* The first answer's start had the weight, those for a mode have none. */
	assert_string_equal(fake.boosts, "+---");
}

/* Nothing was said before: the process for the mode brings the first answer. */
static void a_first_answer_in_another_mode_is_boosted(void **state)
{
	fake_ready();
	session_watched(w.s, 1);
	turn_loop();
	session_set_mode(w.s, 1, "bypassPermissions");
	turn_loop();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_string_equal(fake.boosts, "++-");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_mode_that_was_not_asked_for_is_not_believed),
		TEST(skipping_questions_takes_a_process_of_its_own),
		TEST(a_first_answer_in_another_mode_is_boosted),
		TEST(a_message_becomes_a_turn),
		TEST(what_nobody_waits_for_is_not_boosted),
		TEST(the_same_id_is_accepted_once_more_and_given_once),
		TEST(bad_messages_are_refused),
		TEST(the_queue_is_bounded_in_bytes),
		TEST(what_waits_can_be_withdrawn),
		TEST(what_was_given_is_cancelled),
		TEST(what_stop_takes_from_the_queue_is_held),
		TEST(a_held_message_can_be_removed),
		TEST(stop_interrupts_and_ends_tools),
		TEST(a_killed_claude_ends_its_turn_once_and_is_resumed),
		TEST(the_other_flag_is_tried_once),
		TEST(a_transcript_that_cannot_be_read_is_left_behind),
		TEST(lines_that_are_no_json_are_told),
		TEST(a_new_bridge_goes_on_in_mid_answer),
		TEST(a_lost_link_is_read_on),
		TEST(a_container_restarted_gracefully_brings_claude_back),
		TEST(a_page_gets_what_it_lacks),
		TEST(an_answer_reaches_claude_once),
		TEST(without_a_place_it_waits),
		TEST(a_token_lives_as_long_as_its_process),
		TEST(without_a_token_it_does_not_start),
		TEST(a_token_whose_process_is_gone_is_over),
		TEST(a_process_without_a_token_is_ended),
		TEST(who_leaves_ends_claude_with_one_part),
		TEST(one_that_waits_gives_its_place),
		TEST(the_newest_question_counts),
		TEST(work_between_turns_keeps_its_place),
		TEST(a_place_is_asked_for_again),
		TEST(an_idle_claude_rests_and_wakes),
		TEST(a_command_without_an_echo_leaves_it_ready),
		TEST(a_command_whose_process_dies_is_shown_and_not_given_again),
		TEST(a_process_that_says_nothing_of_a_message_is_replaced),
		TEST(on_a_busy_host_it_may_be_silent_for_longer),
		TEST(a_withdrawal_that_is_not_answered_ends_the_process),
		TEST(waiting_is_told_at_once),
		TEST(the_mode_in_force_is_shown),
		TEST(a_deleted_one_is_purged),
		TEST(a_change_while_it_loads_starts_nothing_anew),
		TEST(a_costly_log_is_read_to_its_end),
		TEST(a_slow_store_holds_up_the_log),
		TEST(large_parts_hold_up_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
