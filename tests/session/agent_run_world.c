#include "config.h"
#include "agent_run_world.h"

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
#include "session/session_internal.h"
#include "store/executions.h"
#include "store/users.h"

#define MESSAGE "11111111-1111-4111-8111-111111111111"

struct world w;

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

void run_sql(const char *sql)
{
	struct err e = { 0 };
	struct db *db = database();

	if (db_run(db, &e, sql, "") < 0)
		fail_msg("%s: %s", sql, e.text);
	talloc_free(db);
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
}

static void on_delta(void *data, int64_t part, const char *text, size_t n,
		     int64_t at)
{
}

static void on_end(void *data, int64_t at)
{
}

static void on_accepted(void *data, uint64_t asker, const char *id)
{
	w.accepted++;
}

static void on_refused(void *data, uint64_t asker, const char *id,
		       const struct err *e)
{
}

static void on_trouble(void *data, uint64_t asker, const struct err *e)
{
}

static void on_replayed(void *data, uint64_t asker,
			const struct part *const *parts, size_t n, int64_t at)
{
}

static bool on_may_start(void *data)
{
	return w.place;
}

static void on_token(void *data, const char *hash, const char *address,
		     bool wanted)
{
	if (wanted && !w.no_token)
		session_token_good(w.s, NULL);
}

static void on_token_over(void *data, const char *hash)
{
	w.overs++;
}

static void on_run_ended(void *data, const char *execution_id)
{
	assert_string_equal(execution_id, w.execution);
	w.told++;
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
	.replayed = on_replayed, .may_start = on_may_start,
	.token = on_token, .token_over = on_token_over,
	.run_ended = on_run_ended,
	.ended = on_nothing, .gone = on_nothing, .failed = on_failed,
};

static struct session_rules *understand(const void *ctx,
					const struct run_rules *stored,
					struct err *e)
{
	static const char *tools[] = { "Read", "Bash(git log:*)" };
	struct session_rules *r;

	if (w.bad_rules) {
		err_set(e, ERR_INPUT, "no such thing");
		return NULL;
	}
	r = talloc_zero(ctx, struct session_rules);
	memcpy(r->execution_id, stored->execution_id, ID_SIZE);
	r->everything = w.everything;
	r->tools = tools;
	r->ntools = 2;
	r->max_turns = 7;
	r->deadline_at = stored->deadline_at;
	r->started_at = stored->deadline_at - w.timeout_ms;
	r->cancel_at = stored->cancel_at;
	r->cancel_reason = talloc_strdup(r, stored->cancel_reason);
	return r;
}

void begin_turn(const char *id)
{
	fake_say("{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"m\","
		 "\"permissionMode\":\"default\",\"session_id\":\"s\"}");
	fake_say("{\"type\":\"user\",\"isReplay\":true,\"uuid\":\"%s\","
		 "\"timestamp\":\"2026-01-01T00:00:00Z\","
		 "\"message\":{\"role\":\"user\",\"content\":\"go\"}}", id);
}

void say_result(const char *more)
{
	fake_say("{\"type\":\"result\",\"subtype\":\"success\",\"num_turns\":3,"
		 "\"duration_ms\":5,\"usage\":{\"input_tokens\":1,"
		 "\"output_tokens\":2},%s}", more);
}

static void succeed(const char *id)
{
	begin_turn(id);
	say_result("\"is_error\":false,\"terminal_reason\":\"completed\","
		   "\"result\":\"all **done**\"");
}

static void leave(void)
{
	fake_exit(0, 0, "");
}

static void field(const char *line, const char *name, char out[80])
{
	const char *at = strstr(line, name);

	assert_non_null(at);
	at += strlen(name);
	snprintf(out, 80, "%.*s", (int)strcspn(at, "\""), at);
}

void on_line(const char *line)
{
	char id[80];

	if (strstr(line, "\"initialize\"")) {
		fake_say("{\"type\":\"control_response\",\"response\":{\"subtype\":"
			 "\"success\",\"request_id\":\"init\",\"response\":{}}}");
	} else if (strstr(line, "\"type\":\"user\"")) {
		field(line, "\"uuid\":\"", id);
		if (w.on_turn)
			w.on_turn(id);
	} else if (strstr(line, "\"end_session\"")) {
		if (w.on_leave)
			w.on_leave();
	} else if (strstr(line, "\"behavior\"") && w.slow) {
		/* It says other things first. */
		fake_say("{\"type\":\"system\",\"subtype\":\"status\"}");
	} else if (strstr(line, "\"behavior\"")) {
		/* As the CLI does: it echoes the answer, then goes on. */
		fake_say("%s", line);
		say_result("\"is_error\":false,\"terminal_reason\":\"completed\","
			   "\"result\":\"did what I could\"");
	}
}

void turn_loop(void)
{
	fake_settle(&w.loop, w.jobs);
}

static int take_row(void *data, const struct attempt *a, struct err *e)
{
	struct row *r = data;

	snprintf(r->outcome, sizeof(r->outcome), "%s", a->outcome);
	snprintf(r->reason, sizeof(r->reason), "%s", a->reason);
	snprintf(r->detail, sizeof(r->detail), "%s", a->detail);
	snprintf(r->result, sizeof(r->result), "%s", a->result);
	r->again = a->again;
	r->turns = a->turns;
	r->denials = a->denials;
	r->offset = a->ended_offset;
	return 0;
}

static int take_file(void *data, const struct execution_file *f, struct err *e)
{
	struct row *r = data;

	r->files++;
	r->kept += f->kept;
	return 0;
}

static int take_problems(void *data, const struct db_row *row, struct err *e)
{
	struct row *r = data;

	snprintf(r->problems, sizeof(r->problems), "%s", db_text(row, 0));
	return 0;
}

struct row look(void)
{
	struct row r = { .outcome = "" };
	struct err e = { 0 };
	struct db *db = database();

	assert_int_equal(db_query(db, &e, take_problems, &r,
		"SELECT problems FROM attempts", ""), 0);

	assert_int_equal(attempt_each(db, w.execution, take_row, &r, &e), 0);
	assert_int_equal(execution_file_each(db, w.execution, take_file, &r, &e), 0);
	talloc_free(db);
	return r;
}

struct row ends(const char *outcome, const char *reason, bool again)
{
	int64_t until = clock_mono_ms() + 60000;
	struct row r;

	do {
		turn_loop();
		uv_sleep(5);
		r = look();
	} while (!r.outcome[0] && clock_mono_ms() < until);
	turn_loop();
	assert_string_equal(r.outcome, outcome);
	assert_string_equal(r.reason, reason);
	assert_int_equal(r.again, again);
	return r;
}

void open_session(void)
{
	w.s = session_new(NULL, &w.env, w.conversation, w.user, &events, NULL);
	turn_loop();
}

void close_session(void)
{
	session_close(w.s);
	turn_loop();
}

static void make_run(struct db *db)
{
	char sql[1200];
	struct err e = { 0 };
	int64_t now = clock_now_ms();
	static const char *const steps[] = {
		"INSERT INTO agents (id, user_id, name, version, status,"
		" created_at, updated_at) VALUES ('%s', '%s', 'a', 1,"
		" 'active', 1, 1)",
		"INSERT INTO agent_versions (agent_id, version, definition,"
		" created_at) VALUES ('%s', 1, '{}', 1)",
		"INSERT INTO executions (id, agent_id, user_id, version,"
		" trigger_kind, status, planned_at, not_before, attempt) VALUES"
		" ('%s', '%s', '%s', 1, 'manual', 'running', 1, 0, 1)",
		"INSERT INTO attempts (execution_id, attempt, conversation_id,"
		" started_at, deadline_at) VALUES ('%s', 1, '%s', %lld, %lld)",
	};
	char agent[ID_SIZE];

	id_new(agent);
	id_new(w.execution);
	assert_int_equal(conversation_create_run(db, w.user, "a", "default", "",
						 w.conversation, &e), 0);
	assert_int_equal(message_add(db, w.conversation, MESSAGE, "go", &e), 1);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(sql, sizeof(sql), steps[0], agent, w.user);
	run_sql(sql);
	snprintf(sql, sizeof(sql), steps[1], agent);
	run_sql(sql);
	snprintf(sql, sizeof(sql), steps[2], w.execution, agent, w.user);
	run_sql(sql);
	snprintf(sql, sizeof(sql), steps[3], w.execution, w.conversation,
		 (long long)now, (long long)(now + w.timeout_ms));
	run_sql(sql);
#pragma GCC diagnostic pop
}

int setup(void **state)
{
	struct err e = { 0 };
	struct db *db;

	memset(&w, 0, sizeof(w));
	snprintf(w.dir, sizeof(w.dir), "/tmp/run_test.XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	w.timeout_ms = 600000;
	db = database();
	assert_int_equal(user_create(db, "kim", "x", false, w.user, &e), 0);
	make_run(db);
	setenv("FAKE_SESSION", w.conversation, 1);
	fake_reset();
	fake.on_line = on_line;
	w.on_turn = succeed;
	w.on_leave = leave;
	w.place = true;
	uv_loop_init(&w.loop);
	w.jobs = jobs_new(db, &w.loop, db);
	w.settings = settings_new();
	w.env = (struct session_env){
		.loop = &w.loop, .jobs = w.jobs, .settings = w.settings,
		.rules = understand,
	};
	return 0;
}

int teardown(void **state)
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

void begin(void)
{
	open_session();
	fake_ready();
	turn_loop();
}
