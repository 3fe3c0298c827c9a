/* Agents and the versions of what a person wrote for them. */
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
	int64_t version;		/* the one that holds: from 1 */
	const char *definition;		/* of that version, JSON: agent/definition.h */
	const char *status;		/* active, paused */
	const char *paused_why;		/* "", person, failures */
	int64_t next_run_at;		/* UTC ms of the next planned run, 0 none */
	int64_t failures;		/* in a row */
	char last_execution_id[ID_SIZE];/* the last that ended; "" none */
	bool hook;			/* it has a trigger address */
	int64_t created_at, updated_at;
	int64_t deleted_at;		/* 0; or its history alone is left */
};

/* With its version 1, paused_why "person" unless active. ERR_LIMIT "error_agents_many" past AGENTS_MAX. */
int agent_create(struct db *db, const char *user_id, const char *name,
		 const char *definition, bool active, int64_t next_run_at,
		 char id[ID_SIZE], struct err *e) must_check;

/* ERR_MISSING when there is none, when it is deleted (unless also_deleted), or not user_id's (NULL: anyone's). */
struct agent *agent_load(struct db *db, const void *ctx, const char *id,
			 const char *user_id, bool also_deleted,
			 struct err *e) must_check;

/* By name. status: "" for all; search: part of the name, "" for all. */
struct agent_filter {
	const char *user_id, *status, *search;
	int64_t offset, limit;
};
int agent_each(struct db *db, const struct agent_filter *f,
	       int (*each)(void *data, const struct agent *a, struct err *e),
	       void *data, struct err *e) must_check;

/*
 * A new version, which holds from now on. based_on: the version that the
 * person had before them: ERR_CONFLICT "error_agent_changed" when another one
 * holds by now, and nothing is changed. A definition like the one that holds
 * makes no version. status stays.
 */
int agent_save(struct db *db, const char *id, const char *user_id,
	       int64_t based_on, const char *name, const char *definition,
	       int64_t next_run_at, struct err *e) must_check;

/* why: "person", "failures"; next_run_at becomes 0. Nothing when it is paused already. */
int agent_pause(struct db *db, const char *id, const char *why, struct err *e) must_check;
/* next_run_at: the next moment after now; failures become 0. */
int agent_resume(struct db *db, const char *id, int64_t next_run_at, struct err *e) must_check;
/* Nothing is planned any more; what is queued is cancelled, what runs is asked to end; the history stays. */
int agent_delete(struct db *db, const char *id, struct err *e) must_check;

struct agent_version {
	int64_t version;
	const char *definition;
	int64_t created_at;
};
/* Latest first. */
int agent_version_each(struct db *db, const char *agent_id,
		       int (*each)(void *data, const struct agent_version *v, struct err *e),
		       void *data, struct err *e) must_check;
/* Gives (child of ctx); ERR_MISSING. */
struct agent_version *agent_version_load(struct db *db, const void *ctx, const char *agent_id, int64_t version, struct err *e) must_check;

/* The trigger address's secret by its SHA-256 in hex; "" takes it away. */
int agent_set_hook(struct db *db, const char *id, const char *hash, struct err *e) must_check;
/* ERR_MISSING. */
struct agent *agent_load_by_hook(struct db *db, const void *ctx, const char *hash, struct err *e) must_check;

/* What the dashboard shows of an agent's last days (UTC days, ms of their begin). */
struct agent_day {
	int64_t day, succeeded, problems, failed;
};
int agent_day_each(struct db *db, const char *agent_id, int64_t from,
		   int (*each)(void *data, const struct agent_day *d, struct err *e),
		   void *data, struct err *e) must_check;
/* A row a day and model: quarter holds the day. */
int agent_usage_each(struct db *db, const char *agent_id, int64_t from,
		     int (*each)(void *data, const struct usage_sum *s, struct err *e),
		     void *data, struct err *e) must_check;

#endif
