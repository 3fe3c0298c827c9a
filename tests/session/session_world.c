#include "config.h"
#include "session_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "fake_shim.h"
#include "store/conversation_tokens.h"
#include "store/users.h"

struct world w;
unsigned world_reached[CLAUDE_EVENTS];

struct db *database(void)
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

static void on_queried(void *data, uint64_t asker, const struct session_reply *r)
{
	w.queried++;
	snprintf(w.reply, sizeof(w.reply), "%s|%s|%s", r->id, r->text,
		 r->json ? r->json : r->e->key);
}

static void on_suggestion(void *data, const char *text)
{
	snprintf(w.suggested, sizeof(w.suggested), "%s", text);
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
	snprintf(w.trouble_key, sizeof(w.trouble_key), "%s", e->key);
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
	if (wanted && !w.token_late)
		session_token_good(w.s, w.redis_away ? &away : NULL);
}

/* As the bridge does, though not by a job. */
void end_in_store(const char *hash)
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

void world_note_failed(void *data, const char *event, const struct err *e)
{
	snprintf(w.failed, sizeof(w.failed), "%s: %s", event, e->text);
}

static void on_failed(void *data, const char *event, const struct err *e)
{
	if (str_equal(event, "claude_state"))
		fail_msg("%s", e->text);
}

static void on_claude_state(void *data, enum claude_state from,
			    const struct claude_transition *by)
{
	world_reached[by->event] |= 1u << from;
}

static void on_changed(void *data)
{
	w.changes++;
	snprintf(w.told_state, sizeof(w.told_state), "%s", session_state(w.s));
}

const struct session_events world_events = {
	.loaded = on_loaded, .part = on_part, .delta = on_delta, .end = on_end,
	.queue = on_nothing, .status = on_nothing, .changed = on_changed,
	.accepted = on_accepted, .refused = on_refused, .trouble = on_trouble,
	.queried = on_queried, .suggestion = on_suggestion,
	.replayed = on_replayed, .may_start = on_may_start,
	.token = on_token, .token_over = on_token_over,
	.ended = on_nothing, .claude_state = on_claude_state, .gone = on_gone, .failed = on_failed,
};

void say_turn_start(const char *id)
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

void say_turn_end(const char *id)
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

void control_answer(const char *id, const char *response)
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

void world_on_line(const char *line)
{
	char id[80];

	if (w.silent) {
		;
	} else if (strstr(line, "\"initialize\"")) {
		control_answer("init", "{}");
	} else if (strstr(line, "cancel_async_message")) {
		control_answer(field(line, "\"request_id\":\"", id),
			       "{\"cancelled\":true}");
	} else if (strstr(line, "\"type\":\"user\"") && w.answers) {
		field(line, "\"uuid\":\"", id);
		say_turn_start(id);
		say_turn_end(id);
	}
}

void turn_loop(void)
{
	fake_settle(&w.loop, w.jobs);
}

/* Until the log is recorded: that is 50 ms away at most. */
void wait_recorded(void)
{
	session_flush(w.s);
	turn_loop();
}

/* So much later, whatever is due then is done. */
void later(int64_t ms)
{
	fake.skipped += ms;
	session_step(w.s);
	turn_loop();
}

void open_session(void)
{
	w.s = session_new(NULL, &w.env, w.conversation, w.user, &world_events, NULL);
	turn_loop();
}

void close_session(void)
{
	session_close(w.s);
	turn_loop();
}

int world_setup(void **state)
{
	struct err e = { 0 };
	struct db *db;

	memset(&w, 0, sizeof(w));
	snprintf(w.dir, sizeof(w.dir), "/tmp/session_world.XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	db = database();
	assert_int_equal(user_create(db, "kim", "x", false, w.user, &e), 0);
	assert_int_equal(conversation_create(db, w.user, "t", w.conversation, &e), 0);
	setenv("FAKE_SESSION", w.conversation, 1);
	fake_reset();
	fake.on_line = world_on_line;
	w.answers = true;
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

int world_setup_ready(void **state)
{
	world_setup(state);
	fake_ready();
	turn_loop();
	return 0;
}

int world_teardown(void **state)
{
	char command[128];

	close_session();
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w.loop), 0);
	assert_false(fake.in_line);
	talloc_free(talloc_parent(w.jobs));
	settings_free(w.settings);
	fake_reset();
	snprintf(command, sizeof(command), "rm -rf %s", w.dir);
	return system(command);
}

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

struct counts stored(void)
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
int messages(bool held)
{
	struct db *db = database();
	struct err e = { 0 };
	int n[2] = { 0 };

	assert_int_equal(message_each_unplaced(db, w.conversation,
					       count_message, n, &e), 0);
	talloc_free(db);
	return n[held];
}

int unplaced(void)
{
	return messages(false);
}

int given(const char *what)
{
	const char *at = buf_text(&fake.input);
	int n = 0;

	while ((at = strstr(at, what))) {
		n++;
		at++;
	}
	return n;
}

const char *state_of(void)
{
	session_status(w.s, &w.st);
	return w.st.state;
}

/* For what a busy machine may take its time with. */
void until(bool (*holds)(void))
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

void until_started(int n)
{
	awaited = n;
	until(enough_starts);
}

static bool enough_ends(void)
{
	return w.ends >= awaited;
}

void until_ended(int n)
{
	awaited = n;
	until(enough_ends);
}

bool shows_ready(void)
{
	return str_equal(state_of(), "ready");
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
int said(const char *key)
{
	struct db *db = database();
	struct tally t = { key, 0 };
	struct err e = { 0 };

	assert_int_equal(part_each(db, w.conversation, -1, 0, 0, count_key, &t,
				   &e), 0);
	talloc_free(db);
	return t.n;
}

void ask(const char *request)
{
	fake_say("{\"type\":\"control_request\",\"request_id\":\"%s\",\"request\":"
		 "{\"subtype\":\"can_use_tool\",\"tool_name\":\"Bash\","
		 "\"input\":{},\"tool_use_id\":\"t-%s\"}}", request, request);
	turn_loop();
}

void stop_turn(void)
{
	if (given("cancel_queued"))
		fake_say("{\"type\":\"result\",\"subtype\":\"success\","
			 "\"is_error\":true,\"terminal_reason\":\"aborted_streaming\"}");
}

const char *stored_hash(void)
{
	static char hash[TOKEN_SIZE];
	struct db *db = database();
	struct err e = { 0 };

	assert_int_equal(conversation_token_load(db, w.conversation, hash, &e), 0);
	talloc_free(db);
	return hash;
}
