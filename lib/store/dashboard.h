/*
 * Agents and runs for lists: without their texts, which may be large, and with as
 * many queries for fifty agents as for one.
 */
#ifndef STORE_DASHBOARD_H
#define STORE_DASHBOARD_H

#include "core/id.h"
#include "store/agents.h"

#define DASHBOARD_RUNS 20	/* per agent */

/* Times: UTC ms; 0: not yet. Texts are borrowed during the call. */
struct outcome {
	const char *execution_id, *agent_id;
	const char *status, *reason, *trigger;	/* see store/executions.h */
	int64_t queued_at, started_at, ended_at;
};

/* Agents that match the filter, failing ones first, then by name; without definitions. */
int dashboard_agent_each(struct db *db, const struct agent_filter *f,
			 int (*each)(void *data, const struct agent *a, struct err *e),
			 void *data, struct err *e) must_check;

/* The last DASHBOARD_RUNS runs (more if planned for the same moment) of each such agent, latest first. */
int dashboard_run_each(struct db *db, const struct agent_filter *f,
		       int (*each)(void *data, const struct outcome *o, struct err *e),
		       void *data, struct err *e) must_check;

/* The usage of such agents since from, a UTC day. subject_id: the agent; quarter: the day (0 unless by_day). */
int dashboard_usage_each(struct db *db, const struct agent_filter *f, int64_t from, bool by_day,
			 int (*each)(void *data, const struct usage_sum *s, struct err *e),
			 void *data, struct err *e) must_check;

/* Totals over all agents of a user. */
struct dashboard_health {
	int64_t failing;	/* agents whose last run failed, or that were paused by failures */
	int64_t running, queued;	/* runs */
	int64_t next_run_at;	/* the earliest; 0: none */
};
int dashboard_health(struct db *db, const char *user_id, struct dashboard_health *out, struct err *e) must_check;

/* A user's queued and running ones, oldest first. */
int outcome_each_open(struct db *db, const char *user_id,
		      int (*each)(void *data, const struct outcome *o, struct err *e),
		      void *data, struct err *e) must_check;

#endif
