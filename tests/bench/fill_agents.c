/*
 * agents DATABASE LOGIN COUNT: gives that account so many agents, each with a
 * month of outcomes and use in two models, and a run a day for 20 days.
 */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "agent/definition.h"
#include "core/clock.h"
#include "store/agents.h"
#include "store/executions.h"
#include "store/users.h"

#define DAY INT64_C(86400000)
#define DAYS 30
#define RUNS 20

static int add_days(struct db *db, const char *agent, int64_t now, int n,
		    struct err *e)
{
	static const char *const models[] = { "claude-sonnet-4-5-20250929",
					      "a-model-without-a-price" };
	int i;

	for (i = 0; i < DAYS; i++) {
		int64_t day = now - now % DAY - i * DAY;

		if (db_run(db, e, "INSERT INTO agent_outcomes (agent_id, day,"
			   " succeeded, failed) VALUES ($1, $2, $3, $4)", "tnnn",
			   agent, day, (int64_t)(i + n) % 5,
			   (int64_t)((i + n) % 7 == 0)) < 0 ||
		    db_run(db, e, "INSERT INTO agent_usage (agent_id, day, model,"
			   " input, output, cache_write_5m, cache_write_1h,"
			   " cache_read, calls, unmetered) VALUES ($1, $2, $3,"
			   " 1000, 100, 10, 10, 5000, 3, 0)", "tnt", agent, day,
			   models[n % 20 == 0]) < 0)
			return -1;
	}
	return 0;
}

/* The run of so many days ago; the latest is the agent's last. */
static int add_run(struct db *db, const struct agent *a, int64_t now, int days,
		   struct err *e)
{
	static const char *const statuses[] = { "success", "success", "success",
		"failed", "success", "success", "skipped" };
	int64_t at = now - days * DAY;
	char run[ID_SIZE];

	if (execution_add(db, a, "manual", "", NULL, at, run, e) < 0 ||
	    db_run(db, e, "UPDATE executions SET status = $2,"
		   " started_at = $3, ended_at = $4, result = $5"
		   " WHERE id = $1", "ttnnt", run,
		   statuses[(days + a->name[strlen(a->name) - 1]) % 7], at,
		   at + 14000, "All is well.") < 0)
		return -1;
	return db_run(db, e, "UPDATE agents SET last_execution_id = $2"
		      " WHERE id = $1", "tt", a->id, run);
}

static int add_agent(struct db *db, const char *user, int64_t now, int n,
		     struct err *e)
{
	struct definition *d = definition_new(NULL, "Asia/Seoul");
	auto_buf json = BUF_INIT(DEFINITION_JSON_MAX);
	char id[ID_SIZE];
	struct agent *a;
	int bad, days;

	d->name = talloc_asprintf(d, "Agent %04d", n);
	d->prompt = "Fetch this week's prices, draw them, and say what changed.";
	d->schedule.frequency = FREQUENCY_DAILY;
	d->schedule.time = "08:00";
	bad = definition_format(d, &json, e) < 0 ||
	      agent_create(db, user, d->name, buf_text(&json), n % 4,
			   now + n * 60000, id, e) < 0;
	a = bad ? NULL : agent_load(db, d, id, user, false, e);
	bad = !a;
	for (days = RUNS; !bad && days > 0; days--)
		bad = add_run(db, a, now, days, e) < 0;
	bad = bad || db_begin(db, e) < 0 || add_days(db, id, now, n, e) < 0 ||
	      db_commit(db, e) < 0;
	talloc_free(d);
	return bad ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	struct user *u = NULL;
	struct db *db;
	int i, count;

	if (argc != 4) {
		fprintf(stderr, "usage: agents DATABASE LOGIN COUNT\n");
		return 2;
	}
	count = atoi(argv[3]);
	db = db_open(NULL, argv[1], &e);
	if (db)
		u = user_load_by_login(db, db, argv[2], &e);
	for (i = 0; u && i < count; i++) {
		if (add_agent(db, u->id, clock_now_ms(), i, &e) < 0)
			break;
	}
	if (!u || i < count)
		fprintf(stderr, "agents: %s\n", e.text);
	talloc_free(db);
	return u && i == count ? 0 : 1;
}
