/* An agent's versions, and its daily sums. */
#include "config.h"
#include "store/agents.h"

#include <talloc.h>

struct listing {
	int (*each)(void *data, const struct agent_version *v, struct err *e);
	void *data;
};

static void read_row(struct agent_version *v, const struct db_row *row)
{
	v->version = db_number(row, 0);
	v->definition = db_text(row, 1);
	v->created_at = db_number(row, 2);
}

static int list_row(void *data, const struct db_row *row, struct err *e)
{
	struct listing *l = data;
	struct agent_version v;

	read_row(&v, row);
	return l->each(l->data, &v, e);
}

int agent_version_each(struct db *db, const char *agent_id,
		       int (*each)(void *data, const struct agent_version *v,
				   struct err *e),
		       void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, "SELECT version, definition,"
			" created_at FROM agent_versions WHERE agent_id = $1"
			" ORDER BY version DESC", "t", agent_id);
}

struct loading {
	const void *ctx;
	struct agent_version *version;
};

static int keep_row(void *data, const struct db_row *row, struct err *e)
{
	struct loading *l = data;

	l->version = alloc_checked(talloc_zero(l->ctx, struct agent_version));
	read_row(l->version, row);
	l->version->definition = db_own(l->version, l->version->definition);
	return 0;
}

struct agent_version *agent_version_load(struct db *db, const void *ctx,
					 const char *agent_id, int64_t version,
					 struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_row, &l, "SELECT version, definition,"
		     " created_at FROM agent_versions WHERE agent_id = $1"
		     " AND version = $2", "tn", agent_id, version) < 0)
		return NULL;
	if (!l.version)
		err_set(e, ERR_MISSING, "no such version");
	return l.version;
}

struct day_listing {
	int (*each)(void *data, const struct agent_day *d, struct err *e);
	void *data;
};

static int day_row(void *data, const struct db_row *row, struct err *e)
{
	struct day_listing *l = data;
	const struct agent_day d = { db_number(row, 0), db_number(row, 1),
				     db_number(row, 2), db_number(row, 3) };

	return l->each(l->data, &d, e);
}

int agent_day_each(struct db *db, const char *agent_id, int64_t from,
		   int (*each)(void *data, const struct agent_day *d,
			       struct err *e),
		   void *data, struct err *e)
{
	struct day_listing l = { each, data };

	return db_query(db, e, day_row, &l, "SELECT day, succeeded, problems,"
			" failed"
			" FROM agent_outcomes WHERE agent_id = $1"
			" AND day >= $2 ORDER BY day", "tn", agent_id, from);
}

struct usage_listing {
	int (*each)(void *data, const struct usage_sum *s, struct err *e);
	void *data;
};

static int usage_row(void *data, const struct db_row *row, struct err *e)
{
	struct usage_listing *l = data;
	const struct usage_sum s = {
		.quarter = db_number(row, 0),
		.model = db_text(row, 1),
		.user_id = "",
		.kind = "run",
		.subject_id = "",
		.usage = {
			.input = db_number(row, 2),
			.output = db_number(row, 3),
			.cache_write_5m = db_number(row, 4),
			.cache_write_1h = db_number(row, 5),
			.cache_read = db_number(row, 6),
		},
		.calls = db_number(row, 7),
		.unmetered = db_number(row, 8),
	};

	return l->each(l->data, &s, e);
}

int agent_usage_each(struct db *db, const char *agent_id, int64_t from,
		     int (*each)(void *data, const struct usage_sum *s,
				 struct err *e),
		     void *data, struct err *e)
{
	struct usage_listing l = { each, data };

	return db_query(db, e, usage_row, &l, "SELECT day, model, input,"
			" output, cache_write_5m, cache_write_1h, cache_read,"
			" calls, unmetered FROM agent_usage"
			" WHERE agent_id = $1 AND day >= $2"
			" ORDER BY day, model", "tn", agent_id, from);
}
