#include "config.h"
#include "store/dashboard.h"

#include "core/str.h"
#include "store/agents_internal.h"
#include "store/outcomes.h"

#define FAILING "(a.failures > 0 OR a.paused_why = 'failures')"

#define OUTCOME_COLUMNS \
	"x.id, x.agent_id, " OUTCOME_STATUS("x") ", x.reason, x.queued_at," \
	" x.started_at, x.ended_at, x.trigger_kind"

/* The ids that the filter finds, as a table: $4 limit, $5 offset. */
#define CHOSEN \
	"(SELECT a.id FROM agents a" AGENTS_FILTERED \
	" ORDER BY CASE WHEN " FAILING " THEN 0 ELSE 1 END, a.name, a.id" \
	" LIMIT $4 OFFSET $5) chosen"

/* When the run before the last DASHBOARD_RUNS of them was planned. */
#define SINCE \
	"coalesce((SELECT y.planned_at FROM executions y" \
	" WHERE y.agent_id = chosen.id ORDER BY y.planned_at DESC" \
	" LIMIT 1 OFFSET $6), 0)"

struct agents {
	int (*each)(void *data, const struct agent *a, struct err *e);
	void *data;
};

static int agent_row(void *data, const struct db_row *row, struct err *e)
{
	const struct agents *l = data;
	struct agent a = {
		.name = db_text(row, 1), .definition = "",
		.status = db_text(row, 2), .paused_why = db_text(row, 3),
		.next_run_at = db_number(row, 4), .failures = db_number(row, 5),
	};

	if (!str_copy(a.id, sizeof(a.id), db_text(row, 0)))
		return err_set(e, ERR_INTERNAL, "id is too long");
	return l->each(l->data, &a, e);
}

int dashboard_agent_each(struct db *db, const struct agent_filter *f,
			 int (*each)(void *data, const struct agent *a,
				     struct err *e),
			 void *data, struct err *e)
{
	auto_buf pattern = BUF_INIT(AGENT_PATTERN_MAX);
	struct agents l = { each, data };

	if (agent_pattern(&pattern, f->search, e) < 0)
		return -1;
	return db_query(db, e, agent_row, &l, "SELECT a.id, a.name, a.status,"
			" a.paused_why, a.next_run_at, a.failures"
			" FROM agents a" AGENTS_FILTERED
			" ORDER BY CASE WHEN " FAILING " THEN 0 ELSE 1 END,"
			" a.name, a.id LIMIT $4 OFFSET $5", "tttnn",
			f->user_id, f->status, buf_text(&pattern), f->limit,
			f->offset);
}

struct outcomes {
	int (*each)(void *data, const struct outcome *o, struct err *e);
	void *data;
};

static int outcome_row(void *data, const struct db_row *row, struct err *e)
{
	const struct outcomes *l = data;
	const struct outcome o = {
		.execution_id = db_text(row, 0), .agent_id = db_text(row, 1),
		.status = db_text(row, 2), .reason = db_text(row, 3),
		.queued_at = db_number(row, 4),
		.started_at = db_number(row, 5), .ended_at = db_number(row, 6),
		.trigger = db_text(row, 7),
	};

	return l->each(l->data, &o, e);
}

int dashboard_run_each(struct db *db, const struct agent_filter *f,
		       int (*each)(void *data, const struct outcome *o,
				   struct err *e),
		       void *data, struct err *e)
{
	auto_buf pattern = BUF_INIT(AGENT_PATTERN_MAX);
	struct outcomes l = { each, data };

	if (agent_pattern(&pattern, f->search, e) < 0)
		return -1;
	return db_query(db, e, outcome_row, &l, "SELECT " OUTCOME_COLUMNS
			" FROM " CHOSEN " JOIN executions x"
			" ON x.agent_id = chosen.id AND x.planned_at >= " SINCE
			" ORDER BY x.agent_id, x.planned_at DESC, x.id DESC",
			"tttnnn", f->user_id, f->status, buf_text(&pattern),
			f->limit, f->offset, (int64_t)DASHBOARD_RUNS - 1);
}

struct usages {
	int (*each)(void *data, const struct usage_sum *s, struct err *e);
	void *data;
};

static int usage_row(void *data, const struct db_row *row, struct err *e)
{
	const struct usages *l = data;
	const struct usage_sum s = {
		.subject_id = db_text(row, 0), .model = db_text(row, 1),
		.quarter = db_number(row, 2), .user_id = "", .kind = "run",
		.usage = {
			.input = db_number(row, 3),
			.output = db_number(row, 4),
			.cache_write_5m = db_number(row, 5),
			.cache_write_1h = db_number(row, 6),
			.cache_read = db_number(row, 7),
		},
		.calls = db_number(row, 8),
		.unmetered = db_number(row, 9),
	};

	return l->each(l->data, &s, e);
}

int dashboard_usage_each(struct db *db, const struct agent_filter *f,
			 int64_t from, bool by_day,
			 int (*each)(void *data, const struct usage_sum *s,
				     struct err *e),
			 void *data, struct err *e)
{
	auto_buf pattern = BUF_INIT(AGENT_PATTERN_MAX);
	struct usages l = { each, data };

	if (agent_pattern(&pattern, f->search, e) < 0)
		return -1;
	return db_query(db, e, usage_row, &l, "SELECT u.agent_id, u.model,"
			" CASE WHEN $7 = 0 THEN 0 ELSE u.day END, sum(u.input),"
			" sum(u.output), sum(u.cache_write_5m),"
			" sum(u.cache_write_1h), sum(u.cache_read),"
			" sum(u.calls), sum(u.unmetered) FROM " CHOSEN
			" JOIN agent_usage u ON u.agent_id = chosen.id"
			" AND u.day >= $6 GROUP BY 1, 2, 3", "tttnnnn",
			f->user_id, f->status, buf_text(&pattern), f->limit,
			f->offset, from, (int64_t)by_day);
}

static int health_row(void *data, const struct db_row *row, struct err *e)
{
	struct dashboard_health *h = data;

	(void)e;
	h->failing = db_number(row, 0);
	h->next_run_at = db_number(row, 1);
	h->running = db_number(row, 2);
	h->queued = db_number(row, 3);
	return 0;
}

int dashboard_health(struct db *db, const char *user_id,
		     struct dashboard_health *out, struct err *e)
{
	return db_query(db, e, health_row, out, "SELECT"
			" sum(CASE WHEN " FAILING " THEN 1 ELSE 0 END),"
			" min(CASE WHEN a.next_run_at > 0"
			"  THEN a.next_run_at END),"
			" (SELECT count(*) FROM executions x"
			"  WHERE x.user_id = $1 AND x.status = 'running'),"
			" (SELECT count(*) FROM executions x"
			"  WHERE x.user_id = $1 AND x.status = 'queued')"
			" FROM agents a WHERE a.user_id = $1"
			" AND a.deleted_at = 0", "t", user_id);
}

int outcome_each_open(struct db *db, const char *user_id,
		      int (*each)(void *data, const struct outcome *o,
				  struct err *e),
		      void *data, struct err *e)
{
	struct outcomes l = { each, data };

	return db_query(db, e, outcome_row, &l, "SELECT " OUTCOME_COLUMNS
			" FROM executions x WHERE x.status IN ('queued', 'running')"
			" AND x.user_id = $1 ORDER BY x.not_before, x.id", "t",
			user_id);
}
