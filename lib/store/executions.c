#include "config.h"
#include "store/executions.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "store/outcomes.h"

#define HEAD \
	"x.id, x.agent_id, x.user_id, a.name, a.deleted_at, x.version," \
	" x.trigger_kind, " OUTCOME_STATUS("x") ", x.reason, x.detail, x.planned_at," \
	" x.not_before, x.queued_at, x.started_at, x.ended_at, x.cancel_at," \
	" x.attempt, x.turns, x.denials, x.problems"
#define WHOLE HEAD ", x.payload, x.prompt, x.result, 0"
/* A call counts for the day it began, so between the run's plan and its end. */
#define TOKENS \
	"(SELECT sum(u.input + u.output + u.cache_write_5m" \
	" + u.cache_write_1h + u.cache_read) FROM usage_days u" \
	" WHERE u.user_id = x.user_id AND u.subject_id = x.id" \
	" AND u.day >= x.planned_at - x.planned_at % 86400000" \
	" AND (x.ended_at = 0 OR u.day <= x.ended_at))"
#define BRIEF HEAD ", '', '', substr(x.result, 1, 200), " TOKENS
#define FROM " FROM executions x JOIN agents a ON a.id = x.agent_id"

/* The row owns the texts. */
static int read_row(struct execution *x, const struct db_row *row,
		    struct err *e)
{
	if (!str_copy(x->id, sizeof(x->id), db_text(row, 0)) ||
	    !str_copy(x->agent_id, sizeof(x->agent_id), db_text(row, 1)) ||
	    !str_copy(x->user_id, sizeof(x->user_id), db_text(row, 2)))
		return err_set(e, ERR_INTERNAL, "id is too long");
	x->agent_name = db_text(row, 3);
	x->agent_deleted = db_number(row, 4) != 0;
	x->version = db_number(row, 5);
	x->trigger = db_text(row, 6);
	x->status = db_text(row, 7);
	x->reason = db_text(row, 8);
	x->detail = db_text(row, 9);
	x->planned_at = db_number(row, 10);
	x->not_before = db_number(row, 11);
	x->queued_at = db_number(row, 12);
	x->started_at = db_number(row, 13);
	x->ended_at = db_number(row, 14);
	x->cancel_at = db_number(row, 15);
	x->attempt = db_number(row, 16);
	x->turns = db_number(row, 17);
	x->denials = db_number(row, 18);
	x->problems = db_text(row, 19);
	x->payload = db_text(row, 20);
	x->prompt = db_text(row, 21);
	x->result = db_text(row, 22);
	x->tokens = db_number(row, 23);
	return 0;
}

struct loading {
	const void *ctx;
	struct execution *execution;
};

static int keep_row(void *data, const struct db_row *row, struct err *e)
{
	struct loading *l = data;
	struct execution *x =
		alloc_checked(talloc_zero(l->ctx, struct execution));

	if (read_row(x, row, e) < 0) {
		talloc_free(x);
		return -1;
	}
	x->agent_name = db_own(x, x->agent_name);
	x->trigger = db_own(x, x->trigger);
	x->status = db_own(x, x->status);
	x->reason = db_own(x, x->reason);
	x->detail = db_own(x, x->detail);
	x->problems = db_own(x, x->problems);
	x->payload = db_own(x, x->payload);
	x->prompt = db_own(x, x->prompt);
	x->result = db_own(x, x->result);
	l->execution = x;
	return 0;
}

static struct execution *found(struct loading *l, struct err *e)
{
	if (!l->execution)
		err_set(e, ERR_MISSING, "no such run");
	return l->execution;
}

struct execution *execution_load(struct db *db, const void *ctx,
				 const char *id, const char *user_id,
				 struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_row, &l, "SELECT " WHOLE FROM
		     " WHERE x.id = $1"
		     " AND x.user_id = coalesce($2, x.user_id)", "tt", id,
		     user_id) < 0)
		return NULL;
	return found(&l, e);
}

struct execution *execution_previous(struct db *db, const void *ctx,
				     const struct execution *x, struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_row, &l, "SELECT " WHOLE FROM
		     " WHERE x.agent_id = $1 AND x.status = 'success'"
		     " AND (x.planned_at, x.id) < ($2, $3)"
		     " ORDER BY x.planned_at DESC, x.id DESC LIMIT 1", "tnt",
		     x->agent_id, x->planned_at, x->id) < 0)
		return NULL;
	return found(&l, e);
}

struct listing {
	int (*each)(void *data, const struct execution *x, struct err *e);
	void *data;
};

static int list_row(void *data, const struct db_row *row, struct err *e)
{
	struct listing *l = data;
	struct execution x = { 0 };

	if (read_row(&x, row, e) < 0)
		return -1;
	return l->each(l->data, &x, e);
}

/* coalesce: to use the other one's index. */
#define OF_AGENT \
	" WHERE x.agent_id = $2" \
	" AND coalesce(x.user_id, '') = coalesce($1, x.user_id)"
#define OF_USER " WHERE x.user_id = $1 AND CAST($2 AS TEXT) IS NULL"
#define OF_ALL " WHERE CAST($1 AS TEXT) IS NULL AND CAST($2 AS TEXT) IS NULL"
#define LISTED \
	" AND ($3 = '' OR " OUTCOME_STATUS("x") " = $3)" \
	" AND x.planned_at >= $4 AND x.planned_at < $5" \
	" AND (x.planned_at, x.id) < ($6, $7)" \
	" ORDER BY x.planned_at DESC, x.id DESC LIMIT $8"

int execution_each(struct db *db, const struct execution_filter *f,
		   int (*each)(void *data, const struct execution *x,
			       struct err *e),
		   void *data, struct err *e)
{
	struct listing l = { each, data };
	const char *sql = f->agent_id ? "SELECT " BRIEF FROM OF_AGENT LISTED :
			  f->user_id ? "SELECT " BRIEF FROM OF_USER LISTED :
			  "SELECT " BRIEF FROM OF_ALL LISTED;

	return db_query(db, e, list_row, &l, sql, "tttnnntn", f->user_id,
			f->agent_id, f->status, f->from,
			f->to ? f->to : INT64_MAX,
			f->before ? f->before : INT64_MAX,
			f->before_id ? f->before_id : "", f->limit);
}

struct known {
	bool found, same;
	const char *agent_id;
};

static int keep_known(void *data, const struct db_row *row, struct err *e)
{
	struct known *k = data;

	k->found = true;
	k->same = str_equal(db_text(row, 0), k->agent_id);
	return 0;
}

/* 1: it exists already. */
static int look_up(struct db *db, const struct agent *a, const char *id,
		   struct err *e)
{
	struct known k = { .agent_id = a->id };

	if (db_query(db, e, keep_known, &k, "SELECT agent_id FROM executions"
		     " WHERE id = $1", "t", id) < 0)
		return -1;
	if (k.found && !k.same)
		return err_set(e, ERR_CONFLICT, "run id of another agent");
	return k.found;
}

static int add(struct db *db, const struct agent *a, const char *trigger,
	       const char *payload, const char *id, int64_t now, struct err *e)
{
	int64_t waiting = 0;
	int known = look_up(db, a, id, e);

	if (known)
		return known < 0 ? -1 : 0;
	if (db_query(db, e, db_keep_number, &waiting, "SELECT count(*)"
		     " FROM executions WHERE agent_id = $1"
		     " AND status = 'queued'", "t", a->id) < 0)
		return -1;
	if (waiting >= QUEUED_MAX)
		return err_tell(e, ERR_LIMIT, "error_runs_many",
				"%d runs of the agent wait already",
				QUEUED_MAX);
	if (db_run(db, e, "INSERT INTO executions (id, agent_id, user_id,"
		   " version, trigger_kind, status, planned_at, not_before,"
		   " queued_at, payload) SELECT $1, a.id, a.user_id, $3, $4,"
		   " 'queued', $5, $5, $5, $6 FROM agents a WHERE a.id = $2"
		   " AND a.deleted_at = 0", "ttntnt", id, a->id, a->version,
		   trigger, now, payload ? payload : "") < 0)
		return -1;
	if (db_changed(db) != 1)
		return err_set(e, ERR_MISSING, "no such agent");
	return 0;
}

int execution_add(struct db *db, const struct agent *a, const char *trigger,
		  const char *payload, const char *id, int64_t now,
		  char out[ID_SIZE], struct err *e)
{
	char fresh[ID_SIZE];

	if (id && !id_valid(id))
		return err_set(e, ERR_INPUT, "run id is not a UUID");
	if (!id)
		id_new(fresh);
	else if (!str_copy(fresh, sizeof(fresh), id))
		return err_set(e, ERR_INPUT, "run id is too long");
	if (db_begin(db, e) < 0)
		return -1;
	if (db_end(db, add(db, a, trigger, payload, fresh, now, e), e) < 0)
		return -1;
	memcpy(out, fresh, ID_SIZE);
	return 0;
}

/* One statement, so that it may be part of a transaction. */
int execution_cancel(struct db *db, const char *id, const char *reason,
		     int64_t now, struct err *e)
{
	return db_run(db, e, "UPDATE executions SET cancel_at = $3,"
		      " reason = $2,"
		      " ended_at = CASE WHEN status = 'queued' THEN $3"
		      "  ELSE ended_at END,"
		      " status = CASE WHEN status = 'queued' THEN 'cancelled'"
		      "  ELSE status END"
		      " WHERE id = $1 AND (status = 'queued' OR"
		      " (status = 'running' AND cancel_at = 0))", "ttn", id,
		      reason, now);
}
