/* Occurrences that are due, and their rows. */
#include "config.h"
#include "store/planning.h"

#include <string.h>

#include "core/str.h"

struct due_listing {
	int (*each)(void *data, const struct due_agent *a, struct err *e);
	void *data;
};

static int due_row(void *data, const struct db_row *row, struct err *e)
{
	struct due_listing *l = data;
	struct due_agent a = {
		.version = db_number(row, 2),
		.paused = !str_equal(db_text(row, 3), "active"),
		.deleted = db_number(row, 4) != 0,
		.next_run_at = db_number(row, 5),
		.resumed_at = db_number(row, 6),
		.updated_at = db_number(row, 7),
		.definition = db_text(row, 8),
		.edited_at = db_number(row, 9),
	};

	if (!str_copy(a.id, sizeof(a.id), db_text(row, 0)) ||
	    !str_copy(a.user_id, sizeof(a.user_id), db_text(row, 1)))
		return err_set(e, ERR_INTERNAL, "id is too long");
	return l->each(l->data, &a, e);
}

#define SELECT_DUE \
	"SELECT a.id, a.user_id, a.version, a.status, a.deleted_at," \
	" a.next_run_at, a.resumed_at, a.updated_at, v.definition," \
	" v.created_at FROM agents a JOIN agent_versions v" \
	" ON v.agent_id = a.id AND v.version = a.version"

int due_each(struct db *db, int64_t now, int limit,
	     int (*each)(void *data, const struct due_agent *a, struct err *e),
	     void *data, struct err *e)
{
	struct due_listing l = { each, data };

	return db_query(db, e, due_row, &l, SELECT_DUE
			" WHERE a.next_run_at > 0 AND a.next_run_at <= $1"
			" ORDER BY a.next_run_at LIMIT $2", "nn", now,
			(int64_t)limit);
}

int planned_each(struct db *db, int64_t now, const char *after, int limit,
		 int (*each)(void *data, const struct due_agent *a, struct err *e),
		 void *data, struct err *e)
{
	struct due_listing l = { each, data };

	return db_query(db, e, due_row, &l, SELECT_DUE
			" WHERE a.status = 'active' AND a.deleted_at = 0"
			" AND a.next_run_at > $1 AND a.id > $2"
			" ORDER BY a.id LIMIT $3", "ntn", now, after,
			(int64_t)limit);
}

int due_next(struct db *db, int64_t *at, struct err *e)
{
	*at = 0;
	return db_query(db, e, db_keep_number, at, "SELECT next_run_at"
			" FROM agents WHERE next_run_at > 0"
			" ORDER BY next_run_at LIMIT 1", "");
}

int due_claim(struct db *db, const struct due_agent *a, int64_t next,
	      bool *claimed, struct err *e)
{
	if (db_run(db, e, "UPDATE agents SET next_run_at = $3"
		   " WHERE id = $1 AND next_run_at = $2 AND version = $4"
		   " AND updated_at = $5", "tnnnn", a->id, a->next_run_at,
		   next, a->version, a->updated_at) < 0)
		return -1;
	*claimed = db_changed(db) == 1;
	return 0;
}

int slot_add(struct db *db, const struct slot *s, char id[ID_SIZE],
	     bool *made, struct err *e)
{
	const bool queued = str_equal(s->status, "queued");

	id_new(id);
	if (db_run(db, e, "INSERT INTO executions (id, agent_id, user_id,"
		   " version, trigger_kind, status, reason, detail,"
		   " planned_at, not_before, queued_at, ended_at)"
		   " VALUES ($1, $2, $3, $4, 'schedule', $5, $6, $7, $8, $9,"
		   " $10, $11) ON CONFLICT (agent_id, planned_at)"
		   " WHERE trigger_kind = 'schedule' DO NOTHING",
		   "tttntttnnnn", id, s->agent_id, s->user_id, s->version,
		   s->status, s->reason, s->detail, s->planned_at,
		   s->not_before, queued ? s->now : (int64_t)0,
		   queued ? (int64_t)0 : s->now) < 0)
		return -1;
	*made = db_changed(db) == 1;
	return 0;
}

struct open {
	int64_t waiting, running;
};

static int keep_open(void *data, const struct db_row *row, struct err *e)
{
	struct open *o = data;

	o->waiting = db_number(row, 0);
	o->running = db_number(row, 1);
	return 0;
}

/* One query per status, so that its index is used. */
#define OPEN_COUNT(which) \
	" (SELECT count(*) FROM executions WHERE agent_id = $1" \
	"  AND status = " which " AND trigger_kind <> 'test')"

int open_count(struct db *db, const char *agent_id, int64_t *waiting,
	       int64_t *running, struct err *e)
{
	struct open o = { 0 };

	if (db_query(db, e, keep_open, &o, "SELECT"
		     OPEN_COUNT("'queued' AND reason <> 'retry'") ","
		     OPEN_COUNT("'running'") " +"
		     OPEN_COUNT("'queued' AND reason = 'retry'"), "t",
		     agent_id) < 0)
		return -1;
	*waiting = o.waiting;
	*running = o.running;
	return 0;
}

struct text_listing {
	int (*each)(void *data, const char *text, struct err *e);
	void *data;
};

static int text_row(void *data, const struct db_row *row, struct err *e)
{
	struct text_listing *l = data;

	return l->each(l->data, db_text(row, 0), e);
}

int open_cancel(struct db *db, const char *agent_id, const char *reason,
		int64_t now,
		int (*each)(void *data, const char *conversation_id,
			    struct err *e),
		void *data, struct err *e)
{
	struct text_listing l = { each, data };

	if (db_query(db, e, text_row, &l, "SELECT t.conversation_id"
		     " FROM executions x JOIN attempts t"
		     " ON t.execution_id = x.id AND t.outcome = ''"
		     " WHERE x.agent_id = $1 AND x.status = 'running'"
		     " AND x.trigger_kind <> 'test' AND x.cancel_at = 0", "t",
		     agent_id) < 0 ||
	    db_run(db, e, "UPDATE executions SET status = 'cancelled',"
		   " reason = $2, cancel_at = $3, ended_at = $3"
		   " WHERE agent_id = $1 AND status = 'queued'"
		   " AND trigger_kind <> 'test'", "ttn", agent_id, reason,
		   now) < 0)
		return -1;
	return db_run(db, e, "UPDATE executions SET reason = $2,"
		      " cancel_at = $3 WHERE agent_id = $1"
		      " AND status = 'running' AND cancel_at = 0"
		      " AND trigger_kind <> 'test'", "ttn", agent_id, reason,
		      now);
}

int execution_files_drop(struct db *db, int64_t before, int64_t limit,
			 int64_t *dropped, struct err *e)
{
	if (db_run(db, e, "UPDATE execution_files SET kept = 0,"
		   " content = NULL WHERE (execution_id, path) IN"
		   " (SELECT f.execution_id, f.path FROM execution_files f"
		   "  JOIN executions x ON x.id = f.execution_id"
		   "  WHERE f.kept = 1 AND x.ended_at > 0"
		   "  AND x.ended_at < $1 LIMIT $2)", "nn", before,
		   limit) < 0)
		return -1;
	*dropped = db_changed(db);
	return 0;
}
