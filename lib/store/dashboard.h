/* What the dashboard shows of the runs of agents: without their texts, which may be large. */
#ifndef STORE_DASHBOARD_H
#define STORE_DASHBOARD_H

#include "core/id.h"
#include "store/db.h"

/* Times are UTC ms; 0 not yet. Texts are borrowed during the call. */
struct outcome {
	const char *execution_id, *agent_id;
	const char *status, *reason;	/* see store/executions.h */
	int64_t queued_at, started_at, ended_at;
};

/* The last that ended of each of the agents named. */
int outcome_each_last(struct db *db, const char *const *execution_ids, size_t n,
		      int (*each)(void *data, const struct outcome *o, struct err *e),
		      void *data, struct err *e) must_check;

/* Of a user: those that wait or run, the oldest first. */
int outcome_each_open(struct db *db, const char *user_id,
		      int (*each)(void *data, const struct outcome *o, struct err *e),
		      void *data, struct err *e) must_check;

#endif
