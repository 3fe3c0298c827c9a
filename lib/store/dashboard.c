#include "config.h"
#include "store/dashboard.h"

#include "store/outcomes.h"

struct reader {
	int (*each)(void *data, const struct outcome *o, struct err *e);
	void *data;
};

#define COLUMNS \
	"x.id, x.agent_id, " OUTCOME_STATUS("x") ", x.reason, x.queued_at," \
	" x.started_at, x.ended_at"

static int read_row(void *data, const struct db_row *row, struct err *e)
{
	const struct reader *r = data;
	const struct outcome o = {
		.execution_id = db_text(row, 0), .agent_id = db_text(row, 1),
		.status = db_text(row, 2), .reason = db_text(row, 3),
		.queued_at = db_number(row, 4),
		.started_at = db_number(row, 5), .ended_at = db_number(row, 6),
	};

	return r->each(r->data, &o, e);
}

int outcome_each_last(struct db *db, const char *const *execution_ids, size_t n,
		      int (*each)(void *data, const struct outcome *o, struct err *e),
		      void *data, struct err *e)
{
	struct reader r = { each, data };
	size_t i;

	for (i = 0; i < n; i++) {
		if (db_query(db, e, read_row, &r, "SELECT " COLUMNS
			     " FROM executions x WHERE x.id = $1", "t",
			     execution_ids[i]) < 0)
			return -1;
	}
	return 0;
}

int outcome_each_open(struct db *db, const char *user_id,
		      int (*each)(void *data, const struct outcome *o, struct err *e),
		      void *data, struct err *e)
{
	struct reader r = { each, data };

	return db_query(db, e, read_row, &r, "SELECT " COLUMNS
			" FROM executions x WHERE x.status IN ('queued', 'running')"
			" AND x.user_id = $1 ORDER BY x.not_before, x.id", "t",
			user_id);
}
