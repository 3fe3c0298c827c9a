/* Agents and the versions of their definitions. */
#ifndef STORE_AGENTS_H
#define STORE_AGENTS_H

#include "core/id.h"
#include "store/db.h"
#include "store/usage.h"

#define AGENTS_MAX 2000	/* of one user */

/* A talloc object, or borrowed during a call. */
struct agent {
	char id[ID_SIZE];
	char user_id[ID_SIZE];
	const char *name;
	int64_t version;		/* current version, from 1 */
	const char *definition;		/* of the current version, JSON: agent/definition.h */
	const char *status;		/* active, paused */
	const char *paused_why;		/* "", person, failures */
	int64_t next_run_at;		/* UTC ms of the next planned run, 0 none */
	int64_t failures;		/* in a row */
	char last_execution_id[ID_SIZE];/* the last ended run; "" none */
	bool hook;			/* it has a trigger address */
	int64_t created_at, updated_at;
	int64_t deleted_at;		/* 0 unless deleted; then only its history is left */
};

/* Creates an agent with version 1; unless active, paused_why is "person". ERR_LIMIT "error_agents_many" past AGENTS_MAX. */
int agent_create(struct db *db, const char *user_id, const char *name,
		 const char *definition, bool active, int64_t next_run_at,
		 char id[ID_SIZE], struct err *e) must_check;

/* ERR_MISSING if it does not exist, is deleted (unless also_deleted), or is not user_id's (NULL: anyone's). */
struct agent *agent_load(struct db *db, const void *ctx, const char *id,
			 const char *user_id, bool also_deleted,
			 struct err *e) must_check;

/* Ordered by name. status: "" for all; search: part of the name, "" for all. */
struct agent_filter {
	const char *user_id, *status, *search;
	int64_t offset, limit;
};
int agent_each(struct db *db, const struct agent_filter *f,
	       int (*each)(void *data, const struct agent *a, struct err *e),
	       void *data, struct err *e) must_check;

/*
 * Saves a new version and makes it current. based_on: the version that was
 * edited; if it is no longer current: ERR_CONFLICT "error_agent_changed", and
 * nothing changes. An unchanged definition makes no version. Keeps the status.
 */
int agent_save(struct db *db, const char *id, const char *user_id,
	       int64_t based_on, const char *name, const char *definition,
	       int64_t next_run_at, struct err *e) must_check;

/* why: "person", "failures"; next_run_at becomes 0. No effect if already paused. */
int agent_pause(struct db *db, const char *id, const char *why, struct err *e) must_check;
/* next_run_at: the next planned moment; failures become 0. */
int agent_resume(struct db *db, const char *id, int64_t next_run_at, struct err *e) must_check;
/* Ends planning, cancels queued runs, asks running ones to end; keeps the history. */
int agent_delete(struct db *db, const char *id, struct err *e) must_check;

struct agent_version {
	int64_t version;
	const char *definition;
	int64_t created_at;
};
/* Newest first. */
int agent_version_each(struct db *db, const char *agent_id,
		       int (*each)(void *data, const struct agent_version *v, struct err *e),
		       void *data, struct err *e) must_check;
/* Gives (child of ctx); ERR_MISSING. */
struct agent_version *agent_version_load(struct db *db, const void *ctx, const char *agent_id, int64_t version, struct err *e) must_check;

/* Sets the SHA-256 (hex) of the trigger URL's secret; "" removes it. */
int agent_set_hook(struct db *db, const char *id, const char *hash, struct err *e) must_check;
/* ERR_MISSING. */
struct agent *agent_load_by_hook(struct db *db, const void *ctx, const char *hash, struct err *e) must_check;

/* An agent's outcomes per day for the dashboard; day: start of a UTC day in ms. */
struct agent_day {
	int64_t day, succeeded, problems, failed;
};
int agent_day_each(struct db *db, const char *agent_id, int64_t from,
		   int (*each)(void *data, const struct agent_day *d, struct err *e),
		   void *data, struct err *e) must_check;
/* One row per day and model; quarter holds the day. */
int agent_usage_each(struct db *db, const char *agent_id, int64_t from,
		     int (*each)(void *data, const struct usage_sum *s, struct err *e),
		     void *data, struct err *e) must_check;

#endif
