/* A planner on a store of its own, with one user; the clock is an argument. */
#ifndef PLAN_WORLD_H
#define PLAN_WORLD_H

#include "../store/fixture.h"
#include "store/executions.h"
#include "worker/plan.h"

#define MINUTE INT64_C(60000)
#define HOUR INT64_C(3600000)
#define DAY INT64_C(86400000)
#define T0 INT64_C(1893456000000)	/* 2030-01-01T00:00Z */

struct world {
	struct fixture *f;
	struct settings *settings;
	struct planner p;
	char user[ID_SIZE];
	int queued, asked;
};

extern struct world w;

#define MINUTELY "\"frequency\":\"cron\",\"cron\":\"* * * * *\""
#define HOURLY "\"frequency\":\"hourly\",\"time\":\"00:00\""
#define ROWS(where) count("SELECT count(*) FROM executions WHERE " where)
#define NOTICES(of) count("SELECT count(*) FROM notices WHERE event = '" of "'")
#define NEXT() count("SELECT max(next_run_at) FROM agents")

void set(const char *name, const char *value);
void begin(void **state);
void end(void);
/* more: members of its JSON beside the name, the prompt and the schedule. */
void agent_of(const char *user, const char *schedule, const char *more, int64_t next, char id[ID_SIZE]);
void agent(const char *schedule, const char *more, int64_t next, char id[ID_SIZE]);
int64_t count(const char *sql);
int64_t due(int64_t now);
/* Starts one; its conversation, "" for none. */
const char *start(int64_t now);
struct attempt_end make_end(const char *conversation, const char *outcome, const char *reason, bool again, int64_t at);
/* The ledger has a call of that conversation's run. */
int reach_model(struct db *db, const char *conversation, int64_t at, struct err *e) must_check;
void try_ends(const char *conversation, const char *outcome, const char *reason, bool again, int64_t at);
int64_t book(int64_t now);
void run_sql(const char *sql);

#endif
