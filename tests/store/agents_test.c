/*
 * lib/store: agents, executions, attempts, and changes that are impossible.
 * Tests agent_versions.c, executions.c, execution_files.c, attempts.c,
 * run_queue.c and outcomes.c.
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
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "fixture.h"
#include "store/conversations.h"
#include "store/executions.h"
#include "store/users.h"

#define DAY INT64_C(86400000)

static char kim[ID_SIZE], lee[ID_SIZE];

static void people(struct fixture *f)
{
	struct err e = { 0 };

	OK(user_create(f->db, "kim", "h", false, kim, &e));
	OK(user_create(f->db, "lee", "h", false, lee, &e));
}

static struct agent *make(struct fixture *f, const char *name, bool active,
			  int64_t next)
{
	struct err e = { 0 };
	char id[ID_SIZE];
	struct agent *a;

	OK(agent_create(f->db, kim, name, "{\"v\":1}", active, next, id, &e));
	a = agent_load(f->db, f, id, kim, false, &e);
	assert_non_null(a);
	return a;
}

static int number(void *data, const struct db_row *row, struct err *e)
{
	(void)e;
	*(int64_t *)data = db_number(row, 0);
	return 0;
}

static int64_t count(struct fixture *f, const char *sql)
{
	struct err e = { 0 };
	int64_t n = -1;

	OK(db_query(f->db, &e, number, &n, sql, ""));
	return n;
}

static void an_agent_keeps_every_version(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct agent *a;
	struct agent_version *v;

	people(f);
	a = make(f, "news", true, 5000);
	assert_string_equal(a->status, "active");
	assert_int_equal(a->version, 1);
	assert_int_equal(a->next_run_at, 5000);
	OK(db_run(f->db, &e, "UPDATE agents SET next_run_at = 0", ""));
	OK(agent_save(f->db, a->id, kim, 1, "news 2", "{\"v\":2}",
		      INT64_MAX - 1, &e));
	FAILS(ERR_CONFLICT, agent_save(f->db, a->id, kim, 1, "x", "{}", 0, &e));
	assert_string_equal(e.key, "error_agent_changed");
	FAILS(ERR_MISSING, agent_save(f->db, a->id, lee, 2, "x", "{}", 0, &e));
	OK(agent_save(f->db, a->id, kim, 2, "news 2", "{\"v\":2}", 7, &e));
	a = agent_load(f->db, f, a->id, kim, false, &e);
	assert_int_equal(a->version, 2);
	assert_string_equal(a->name, "news 2");
	assert_string_equal(a->definition, "{\"v\":2}");
	assert_int_equal(a->next_run_at, 7);
	v = agent_version_load(f->db, f, a->id, 1, &e);
	assert_string_equal(v->definition, "{\"v\":1}");
	assert_null(agent_version_load(f->db, f, a->id, 3, &e));
	assert_null(agent_load(f->db, f, a->id, lee, false, &e));
	assert_int_equal(e.kind, ERR_MISSING);
}

/* A moment that passed is the planner's to book, whatever is done meanwhile. */
static void a_passed_moment_is_never_dropped(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct agent *a;

	people(f);
	a = make(f, "news", true, 5000);
	OK(agent_save(f->db, a->id, kim, 1, "n", "{}", INT64_MAX, &e));
	OK(agent_pause(f->db, a->id, "person", &e));
	OK(agent_resume(f->db, a->id, INT64_MAX, &e));
	a = agent_load(f->db, f, a->id, kim, false, &e);
	assert_int_equal(a->next_run_at, 5000);
	assert_string_equal(a->status, "active");
	OK(agent_delete(f->db, a->id, &e));
	a = agent_load(f->db, f, a->id, kim, true, &e);
	assert_int_equal(a->next_run_at, 5000);
	a = make(f, "later", true, INT64_MAX - 5);
	OK(agent_pause(f->db, a->id, "failures", &e));
	a = agent_load(f->db, f, a->id, kim, false, &e);
	assert_int_equal(a->next_run_at, 0);
	assert_string_equal(a->paused_why, "failures");
	OK(agent_pause(f->db, a->id, "person", &e));
	a = agent_load(f->db, f, a->id, kim, false, &e);
	assert_string_equal(a->paused_why, "failures");
	OK(agent_resume(f->db, a->id, INT64_MAX - 4, &e));
	a = agent_load(f->db, f, a->id, kim, false, &e);
	assert_int_equal(a->next_run_at, INT64_MAX - 4);
}

struct names {
	char text[400];
};

static int add_name(void *data, const struct agent *a, struct err *e)
{
	struct names *n = data;

	(void)e;
	strcat(n->text, a->name);
	strcat(n->text, ",");
	return 0;
}

static void agents_are_listed_by_name(void **state)
{
	struct fixture *f = *state;
	struct agent_filter filter = { .status = "", .search = "",
				       .limit = 10 };
	struct names n = { "" };
	struct err e = { 0 };
	char id[ID_SIZE];

	people(f);
	filter.user_id = kim;
	make(f, "b", true, 1);
	make(f, "A_b", false, 1);
	make(f, "c", true, 1);
	OK(agent_create(f->db, lee, "d", "{}", true, 1, id, &e));
	OK(agent_each(f->db, &filter, add_name, &n, &e));
	assert_string_equal(n.text, "A_b,b,c,");
	filter.search = "a_";
	n.text[0] = '\0';
	OK(agent_each(f->db, &filter, add_name, &n, &e));
	assert_string_equal(n.text, "A_b,");
	filter.search = "";
	filter.status = "active";
	filter.offset = 1;
	n.text[0] = '\0';
	OK(agent_each(f->db, &filter, add_name, &n, &e));
	assert_string_equal(n.text, "c,");
}

static void a_trigger_address_is_its_hash(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct agent *a, *found;

	people(f);
	a = make(f, "n", true, 0);
	make(f, "other", true, 0);
	assert_null(agent_load_by_hook(f->db, f, "", &e));
	OK(agent_set_hook(f->db, a->id, "abc", &e));
	found = agent_load_by_hook(f->db, f, "abc", &e);
	assert_string_equal(found->id, a->id);
	assert_true(found->hook);
	OK(user_set_disabled(f->db, kim, true, &e));
	assert_null(agent_load_by_hook(f->db, f, "abc", &e));
	OK(user_set_disabled(f->db, kim, false, &e));
	OK(agent_delete(f->db, a->id, &e));
	assert_null(agent_load_by_hook(f->db, f, "abc", &e));
	FAILS(ERR_MISSING, agent_set_hook(f->db, a->id, "d", &e));
}

static void a_form_sent_twice_is_one_run(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct agent *a, *b;
	char id[ID_SIZE], out[ID_SIZE];
	int i;

	people(f);
	a = make(f, "n", false, 0);
	b = make(f, "m", false, 0);
	id_new(id);
	OK(execution_add(f->db, a, "manual", NULL, id, 50, out, &e));
	OK(execution_add(f->db, a, "manual", NULL, id, 60, out, &e));
	assert_string_equal(id, out);
	assert_int_equal(count(f, "SELECT count(*) FROM executions"), 1);
	FAILS(ERR_CONFLICT,
	      execution_add(f->db, b, "manual", NULL, id, 60, out, &e));
	for (i = 1; i < QUEUED_MAX; i++)
		OK(execution_add(f->db, a, "hook", "{}", NULL, 60, out, &e));
	FAILS(ERR_LIMIT,
	      execution_add(f->db, a, "hook", "{}", NULL, 60, out, &e));
	assert_string_equal(e.key, "error_runs_many");
	OK(agent_delete(f->db, b->id, &e));
	FAILS(ERR_MISSING,
	      execution_add(f->db, b, "manual", NULL, NULL, 60, out, &e));
}

/* A running try of a new run, as plan_start makes it. */
static void start(struct fixture *f, const struct agent *a, char x[ID_SIZE],
		  char c[ID_SIZE])
{
	struct err e = { 0 };

	OK(execution_add(f->db, a, "manual", NULL, NULL, 100, x, &e));
	OK(conversation_create_run(f->db, kim, "t", "bypassPermissions", "m",
				   c, &e));
	OK(db_run(f->db, &e, "UPDATE executions SET status = 'running',"
		  " attempt = 1 WHERE id = $1", "t", x));
	OK(db_run(f->db, &e, "INSERT INTO attempts (execution_id, attempt,"
		  " conversation_id, started_at, deadline_at)"
		  " VALUES ($1, 1, $2, 100, 900)", "tt", x, c));
}

static void what_is_cancelled_says_why(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct agent *a;
	struct execution *x;
	struct run_rules *r;
	char queued[ID_SIZE], running[ID_SIZE], c[ID_SIZE];

	people(f);
	a = make(f, "n", true, 0);
	start(f, a, running, c);
	OK(execution_add(f->db, a, "manual", NULL, NULL, 100, queued, &e));
	OK(execution_cancel(f->db, running, "person", 200, &e));
	OK(execution_cancel(f->db, running, "overlap", 300, &e));
	r = run_rules_load(f->db, f, c, &e);
	assert_int_equal(r->cancel_at, 200);
	assert_string_equal(r->cancel_reason, "person");
	assert_string_equal(r->definition, "{\"v\":1}");
	assert_int_equal(r->deadline_at, 900);
	OK(agent_delete(f->db, a->id, &e));
	x = execution_load(f->db, f, queued, kim, &e);
	assert_string_equal(x->status, "cancelled");
	assert_string_equal(x->reason, "deleted");
	assert_true(x->agent_deleted);
	assert_true(x->ended_at > 0);
	x = execution_load(f->db, f, running, kim, &e);
	assert_string_equal(x->status, "running");
	assert_string_equal(x->reason, "person");
	assert_null(execution_load(f->db, f, running, lee, &e));
}

static void the_first_end_of_a_try_holds(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char x[ID_SIZE], c[ID_SIZE];
	struct attempt_end end = { .outcome = "success", .reason = "",
				   .detail = "", .result = "done", .at = 500,
				   .offset = 40, .turns = 2, .denials = 1 };
	struct recording rec = { .offset = 40, .state = "idle",
				 .attempt_end = &end };

	people(f);
	start(f, make(f, "n", true, 0), x, c);
	end.conversation_id = rec.conversation_id = c;
	OK(conversation_record(f->db, &rec, &e));
	end.outcome = "failed";
	end.offset = 50;
	OK(attempt_end(f->db, &end, &e));
	assert_int_equal(count(f, "SELECT count(*) FROM attempts WHERE"
			       " outcome = 'success' AND ended_offset = 40"
			       " AND turns = 2 AND denials = 1"
			       " AND result = 'done'"), 1);
	assert_null(run_rules_load(f->db, f, c, &e));
	assert_int_equal(e.kind, ERR_MISSING);
}

/* Recording and end are one: a refused recording ends nothing. */
static void a_refused_recording_ends_no_try(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char x[ID_SIZE], c[ID_SIZE];
	struct attempt_end end = { .outcome = "success", .reason = "",
				   .detail = "", .result = "" };
	struct recording rec = { .offset = 40, .attempt_end = &end };

	people(f);
	start(f, make(f, "n", true, 0), x, c);
	OK(db_run(f->db, &e, "UPDATE conversations SET recorded_offset = 90",
		  ""));
	end.conversation_id = rec.conversation_id = c;
	FAILS(ERR_CONFLICT, conversation_record(f->db, &rec, &e));
	assert_int_equal(count(f, "SELECT count(*) FROM attempts"
			       " WHERE outcome = ''"), 1);
	end.outcome = "nonsense";
	rec.offset = 95;
	assert_int_equal(conversation_record(f->db, &rec, &e), -1);
	assert_int_equal(count(f, "SELECT recorded_offset FROM conversations"),
			 90);
}

static int count_chats(void *data, const struct conversation *c, struct err *e)
{
	(void)c;
	(void)e;
	(*(int *)data)++;
	return 0;
}

static int chats(struct fixture *f, const char *search)
{
	struct err e = { 0 };
	int n = 0;

	OK(conversation_each(f->db, kim, search, 0, 10, count_chats, &n, &e));
	return n;
}

static void add_part(struct fixture *f, const char *c, int64_t at)
{
	struct err e = { 0 };

	OK(db_run(f->db, &e, "INSERT INTO parts (conversation_id, at,"
		  " changed_at, turn, role, kind, state, data, created_at)"
		  " VALUES ($1, $2, $2, 0, 'assistant', 'text', 'ok', '{}',"
		  " 1)", "tn", c, at));
}

static void a_run_becomes_a_conversation(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct conversation *conversation;
	char x[ID_SIZE], c[ID_SIZE], got[ID_SIZE], chat[ID_SIZE];
	struct attempt_end end = { .outcome = "failed", .reason =
				   "needs_input", .detail = "", .result = "",
				   .offset = 40, .at = 1 };

	people(f);
	start(f, make(f, "n", true, 0), x, c);
	OK(conversation_create(f->db, kim, "t", chat, &e));
	assert_int_equal(chats(f, ""), 1);
	assert_int_equal(chats(f, "t"), 1);
	FAILS(ERR_CONFLICT, conversation_mark_deleted(f->db, c, kim, &e));
	assert_string_equal(e.key, "error_conversation_run");
	FAILS(ERR_MISSING, conversation_mark_deleted(f->db, c, lee, &e));
	FAILS(ERR_CONFLICT, attempt_continue(f->db, x, kim, got, &e));
	end.conversation_id = c;
	OK(attempt_end(f->db, &end, &e));
	OK(db_run(f->db, &e, "UPDATE executions SET status = 'failed'", ""));
	FAILS(ERR_MISSING, attempt_continue(f->db, x, lee, got, &e));
	OK(attempt_continue(f->db, x, kim, got, &e));
	OK(attempt_continue(f->db, x, kim, got, &e));
	assert_string_equal(c, got);
	assert_int_equal(chats(f, ""), 2);
	conversation = conversation_load(f->db, f, c, kim, &e);
	assert_string_equal(conversation->kind, "chat");
	assert_string_equal(conversation->mode, "default");
	add_part(f, c, 39);
	add_part(f, c, 40);
	OK(message_add(f->db, c, chat, "more", &e));
	OK(conversation_mark_deleted(f->db, c, kim, &e));
	OK(conversation_purge(f->db, c, &e));
	conversation = conversation_load(f->db, f, c, kim, &e);
	assert_string_equal(conversation->kind, "run");
	assert_int_equal(count(f, "SELECT count(*) FROM parts"), 1);
	assert_int_equal(count(f, "SELECT count(*) FROM messages"), 0);
	FAILS(ERR_CONFLICT, attempt_continue(f->db, x, kim, got, &e));
	assert_string_equal(e.key, "error_run_session_gone");
	OK(conversation_mark_deleted(f->db, chat, kim, &e));
	OK(conversation_purge(f->db, chat, &e));
	assert_int_equal(count(f, "SELECT count(*) FROM conversations"), 1);
}

struct seen {
	char text[400];
	struct execution last;
};

static int add_moment(void *data, const struct execution *x, struct err *e)
{
	struct seen *s = data;
	size_t n = strlen(s->text);

	(void)e;
	snprintf(s->text + n, sizeof(s->text) - n, "%lld ",
		 (long long)x->planned_at);
	s->last = *x;
	return 0;
}

static void runs_are_listed_page_by_page(void **state)
{
	struct fixture *f = *state;
	struct execution_filter filter = { .status = "", .limit = 3 };
	struct seen s = { .text = "" };
	struct err e = { 0 };
	struct agent *a, *b;
	struct execution *x;
	char id[ID_SIZE];
	int i;

	people(f);
	a = make(f, "a", true, 0);
	b = make(f, "b", true, 0);
	for (i = 0; i < 8; i++)
		OK(execution_add(f->db, i % 2 ? b : a, "manual", "{\"a\":1}",
				 NULL, 1 + i / 2, id, &e));
	filter.user_id = kim;
	OK(execution_each(f->db, &filter, add_moment, &s, &e));
	assert_string_equal(s.text, "4 4 3 ");
	assert_string_equal(s.last.payload, "");
	filter.before = s.last.planned_at;
	strcpy(id, s.last.id);
	filter.before_id = id;
	s.text[0] = '\0';
	OK(execution_each(f->db, &filter, add_moment, &s, &e));
	assert_string_equal(s.text, "3 2 2 ");
	filter = (struct execution_filter){ .user_id = kim, .agent_id = a->id,
		.status = "queued", .from = 2, .to = 4, .limit = 10 };
	s.text[0] = '\0';
	OK(execution_each(f->db, &filter, add_moment, &s, &e));
	assert_string_equal(s.text, "3 2 ");
	filter.user_id = lee;
	s.text[0] = '\0';
	OK(execution_each(f->db, &filter, add_moment, &s, &e));
	assert_string_equal(s.text, "");
	filter = (struct execution_filter){ .status = "failed", .limit = 9 };
	OK(execution_each(f->db, &filter, add_moment, &s, &e));
	assert_string_equal(s.text, "");
	OK(db_run(f->db, &e, "UPDATE executions SET status = 'success',"
		  " result = 'r' WHERE planned_at = 2", ""));
	x = execution_load(f->db, f, id, NULL, &e);
	x = execution_previous(f->db, f, x, &e);
	assert_int_equal(x->planned_at, 2);
	assert_string_equal(x->result, "r");
	assert_string_equal(x->payload, "{\"a\":1}");
	assert_null(execution_previous(f->db, f, x, &e));
	assert_int_equal(e.kind, ERR_MISSING);
}

static int count_files(void *data, const struct execution_file *x,
		       struct err *e)
{
	(void)e;
	assert_null(x->content);
	(*(int *)data)++;
	return 0;
}

static void a_runs_files_come_back_as_they_were(void **state)
{
	static const char bytes[] = { 'a', '\0', (char)0xff, '\n' };
	struct fixture *f = *state;
	struct execution_file in = { .path = "a b/\"c\".txt", .size = 4,
				     .made = true, .kept = true,
				     .content = bytes }, *out;
	struct err e = { 0 };
	char x[ID_SIZE], c[ID_SIZE];
	int64_t before, left;
	int n = 0;

	people(f);
	start(f, make(f, "n", true, 0), x, c);
	OK(execution_file_add(f->db, x, &in, &e));
	out = execution_file_load(f->db, f, x, in.path, &e);
	assert_memory_equal(out->content, bytes, 4);
	assert_true(out->made && out->kept);
	in.size = 0;
	in.content = NULL;
	OK(execution_file_add(f->db, x, &in, &e));
	out = execution_file_load(f->db, f, x, in.path, &e);
	assert_true(out->kept && out->content);
	assert_int_equal(out->size, 0);
	in = (struct execution_file){ .path = "big", .size = 1 << 30 };
	OK(execution_file_add(f->db, x, &in, &e));
	out = execution_file_load(f->db, f, x, "big", &e);
	assert_false(out->kept);
	assert_null(out->content);
	OK(execution_file_each(f->db, x, count_files, &n, &e));
	assert_int_equal(n, 2);
	/* What the shim knows is not decided again. */
	in = (struct execution_file){ .path = "own", .owner = FILE_OWN };
	OK(execution_file_add(f->db, x, &in, &e));
	in = (struct execution_file){ .path = "other", .owner = FILE_MEANWHILE };
	OK(execution_file_add(f->db, x, &in, &e));
	OK(execution_file_claim(f->db, x, "other", &e));
	OK(execution_file_claim(f->db, x, "big", &e));
	assert_true(execution_file_load(f->db, f, x, "own", &e)->own);
	assert_false(execution_file_load(f->db, f, x, "other", &e)->own);
	assert_true(execution_file_load(f->db, f, x, "big", &e)->own);
	/* What is kept counts, beside the records. */
	in = (struct execution_file){ .path = "small", .size = 4, .kept = true, .content = bytes };
	OK(execution_file_add(f->db, x, &in, &e));
	OK(execution_files_room(f->db, kim, 100, &before, &e));
	in.path = "another";
	OK(execution_file_add(f->db, x, &in, &e));
	OK(execution_files_room(f->db, kim, 100, &left, &e));
	assert_int_equal(left, before - 4);
	OK(db_run(f->db, &e, "UPDATE conversations SET recorded_bytes = recorded_bytes + 60"
		  " WHERE id = $1", "t", c));
	OK(execution_files_room(f->db, kim, 100, &left, &e));
	assert_int_equal(left, before - 64);
	assert_null(execution_file_load(f->db, f, x, "none", &e));
	assert_int_equal(e.kind, ERR_MISSING);
}

static int keep_sum(void *data, const struct usage_sum *s, struct err *e)
{
	(void)e;
	*(struct usage_sum *)data = *s;
	return 0;
}

static void a_runs_tokens_count_for_its_agent(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct usage_sum sum = { 0 };
	struct usage_call call = { .kind = "run", .model = "m", .usage =
		{ 1, 2, 3, 4, 5 }, .outcome = "complete", .at = 3 * DAY + 7 };
	struct usage_call both[2];
	struct agent *a;
	char x[ID_SIZE], c[ID_SIZE];

	people(f);
	a = make(f, "n", true, 0);
	start(f, a, x, c);
	strcpy(call.user_id, kim);
	strcpy(call.subject_id, x);
	id_new(call.id);
	OK(usage_add(f->db, &call, 1, &e));
	OK(usage_add(f->db, &call, 1, &e));
	id_new(call.id);
	OK(usage_add(f->db, &call, 1, &e));
	id_new(call.id);
	call.kind = "conversation";
	OK(usage_add(f->db, &call, 1, &e));
	id_new(call.id);
	call.kind = "run";
	strcpy(call.subject_id, c);
	OK(usage_add(f->db, &call, 1, &e));
	OK(agent_usage_each(f->db, a->id, DAY, keep_sum, &sum, &e));
	assert_int_equal(sum.calls, 2);
	assert_int_equal(sum.quarter, 3 * DAY);
	assert_int_equal(usage_tokens(&sum.usage), 30);
	assert_int_equal(count(f, "SELECT count(*) FROM agent_usage"), 1);
	/* Two agents' runs in one transaction. */
	strcpy(call.subject_id, x);
	both[0] = both[1] = call;
	start(f, make(f, "o", true, 0), x, c);
	strcpy(both[1].subject_id, x);
	id_new(both[0].id);
	id_new(both[1].id);
	OK(usage_add(f->db, both, 2, &e));
	OK(agent_usage_each(f->db, a->id, DAY, keep_sum, &sum, &e));
	assert_int_equal(sum.calls, 3);
	assert_int_equal(usage_tokens(&sum.usage), 45);
	assert_int_equal(count(f, "SELECT count(*) FROM agent_usage WHERE calls = 1"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_agent_keeps_every_version),
		TEST(a_passed_moment_is_never_dropped),
		TEST(agents_are_listed_by_name),
		TEST(a_trigger_address_is_its_hash),
		TEST(a_form_sent_twice_is_one_run),
		TEST(what_is_cancelled_says_why),
		TEST(the_first_end_of_a_try_holds),
		TEST(a_refused_recording_ends_no_try),
		TEST(a_run_becomes_a_conversation),
		TEST(runs_are_listed_page_by_page),
		TEST(a_runs_files_come_back_as_they_were),
		TEST(a_runs_tokens_count_for_its_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
