#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "plan_world.h"
#include "store/users.h"

struct world w;

static void heard(void *data, const char *id)
{
	(void)id;
	(*(int *)data)++;
}

static void queued(void *data, const char *id)
{
	heard(&((struct world *)data)->queued, id);
}

static void asked(void *data, const char *id)
{
	heard(&((struct world *)data)->asked, id);
}

void set(const char *name, const char *value)
{
	struct err e = { 0 };

	OK(settings_set(w.settings, name, value, &e));
}

void begin(void **state)
{
	struct err e = { 0 };
	struct prices *prices;

	w = (struct world){ .f = *state };
	w.settings = settings_new();
	set("run_memory_reserve", "0");
	prices = prices_parse(w.f, "none", "", 0, &e);
	assert_non_null(prices);
	w.p = (struct planner){ .db = w.f->db, .settings = w.settings,
		.prices = prices, .cache = plan_cache_new(w.f),
		.queued = queued, .asked = asked, .data = &w };
	OK(user_create(w.f->db, "kim", "h", false, w.user, &e));
}

void end(void)
{
	settings_free(w.settings);
}

void agent_of(const char *user, const char *schedule, const char *more,
		     int64_t next, char id[ID_SIZE])
{
	struct err e = { 0 };
	char json[1024];

	snprintf(json, sizeof(json), "{\"gongbang_agent\":1,\"name\":\"news\","
		 "\"prompt\":\"do {{date}} after {{last_result}}\","
		 "\"schedule\":{%s,\"timezone\":\"Asia/Seoul\"}%s}", schedule,
		 more);
	OK(agent_create(w.f->db, user, "news", json, true, next, id, &e));
}

void agent(const char *schedule, const char *more, int64_t next,
		  char id[ID_SIZE])
{
	agent_of(w.user, schedule, more, next, id);
}

static int number(void *data, const struct db_row *row, struct err *e)
{
	(void)e;
	*(int64_t *)data = db_number(row, 0);
	return 0;
}

int64_t count(const char *sql)
{
	struct err e = { 0 };
	int64_t n = -1;

	OK(db_query(w.f->db, &e, number, &n, sql, ""));
	return n;
}

int64_t due(int64_t now)
{
	struct err e = { 0 };
	int64_t all = 0, claimed;
	bool more = true;

	while (more) {
		OK(plan_due(&w.p, now, 250, &claimed, &more, &e));
		all += claimed;
	}
	return all;
}

const char *start(int64_t now)
{
	static char conversation[ID_SIZE];
	struct err e = { 0 };
	char execution[ID_SIZE];

	do {
		OK(plan_start(&w.p, now, conversation, execution, &e));
	} while (*execution && !*conversation);
	return conversation;
}

struct attempt_end make_end(const char *conversation,
				   const char *outcome, const char *reason,
				   bool again, int64_t at)
{
	return (struct attempt_end){ .conversation_id = conversation,
		.outcome = outcome, .reason = reason, .detail = "d",
		.result = str_equal(outcome, "success") ? "found 3" : "",
		.again = again, .offset = 10, .turns = 2, .denials = 1,
		.at = at };
}

int reach_model(struct db *db, const char *conversation, int64_t at,
		struct err *e)
{
	char id[ID_SIZE];

	id_new(id);
	return db_run(db, e, "INSERT INTO usage (id, user_id, kind, subject_id,"
		  " model, input, output, cache_write_5m, cache_write_1h,"
		  " cache_read, outcome, status, at, ended_at)"
		  " SELECT $1, x.user_id, 'run', x.id, 'm', 0, 0, 0, 0, 0,"
		  " 'complete', 200, $3, $3 FROM attempts t"
		  " JOIN executions x ON x.id = t.execution_id"
		  " WHERE t.conversation_id = $2", "ttn", id, conversation,
		  at);
}

void try_ends(const char *conversation, const char *outcome,
		     const char *reason, bool again, int64_t at)
{
	struct attempt_end end = make_end(conversation, outcome, reason,
					  again, at);
	struct err e = { 0 };

	if (str_equal(outcome, "success"))
		OK(reach_model(w.f->db, conversation, at, &e));
	OK(attempt_end(w.f->db, &end, &e));
}

int64_t book(int64_t now)
{
	struct err e = { 0 };
	int64_t n;

	OK(plan_finish(&w.p, now, 50, &n, &e));
	return n;
}

void run_sql(const char *sql)
{
	struct err e = { 0 };

	OK(db_run(w.f->db, &e, sql, ""));
}
