/* Queues, starts and ends runs. */
#include "config.h"
#include "store/planning.h"

#include <string.h>

#include "core/str.h"

#define DAY "86400000"

static int keep_id(void *data, const struct db_row *row, struct err *e)
{
	if (!str_copy(data, ID_SIZE, db_text(row, 0)))
		return err_set(e, ERR_INTERNAL, "id is too long");
	return 0;
}

int running_count(struct db *db, int64_t *all, struct err *e)
{
	return db_query(db, e, db_keep_number, all, "SELECT count(*)"
			" FROM executions WHERE status = 'running'", "");
}

/* How many of each user's are running. */
#define RUNNING \
	" LEFT JOIN (SELECT user_id, count(*) AS n FROM executions" \
	"  WHERE status = 'running' GROUP BY user_id) r" \
	" ON r.user_id = x.user_id"

int queue_first(struct db *db, int64_t now, int64_t per_user,
		char id[ID_SIZE], struct err *e)
{
	id[0] = '\0';
	return db_query(db, e, keep_id, id, "SELECT x.id FROM executions x"
			" JOIN users u ON u.id = x.user_id"
			RUNNING " WHERE x.status = 'queued'"
			" AND x.not_before <= $1 AND coalesce(r.n, 0) < $2"
			" AND NOT EXISTS (SELECT 1 FROM executions o"
			"  WHERE o.agent_id = x.agent_id"
			"  AND o.status = 'running')"
			" ORDER BY coalesce(r.n, 0), u.last_run_at,"
			" x.not_before, x.id LIMIT 1", "nn", now, per_user);
}

static int keep_place(void *data, const struct db_row *row, struct err *e)
{
	struct queue_place *p = data;

	p->position = db_number(row, 0);
	p->not_before = db_number(row, 1);
	p->running = db_number(row, 2);
	p->running_user = db_number(row, 3);
	p->running_agent = db_number(row, 4);
	return 0;
}

/* A user's n-th waits until n-1 of theirs, and the running ones, have started. */
int queue_place(struct db *db, const char *id, int64_t now,
		struct queue_place *out, struct err *e)
{
	struct queue_place p = { 0 };

	if (db_query(db, e, keep_place, &p, "WITH q AS (SELECT x.id, x.user_id,"
		     " x.agent_id, x.not_before, u.last_run_at,"
		     " coalesce(r.n, 0) AS running,"
		     " coalesce(r.n, 0) + row_number() OVER"
		     "  (PARTITION BY x.user_id ORDER BY x.not_before, x.id)"
		     " AS turn FROM executions x"
		     " JOIN users u ON u.id = x.user_id" RUNNING
		     " WHERE x.status = 'queued'"
		     " AND (x.not_before <= $2 OR x.id = $1))"
		     " SELECT (SELECT count(*) FROM q o WHERE"
		     "  (o.turn, o.last_run_at, o.not_before, o.id) <="
		     "  (m.turn, m.last_run_at, m.not_before, m.id)),"
		     " m.not_before,"
		     " (SELECT count(*) FROM executions"
		     "  WHERE status = 'running'), m.running,"
		     " (SELECT count(*) FROM executions"
		     "  WHERE status = 'running' AND agent_id = m.agent_id)"
		     " FROM q m WHERE m.id = $1", "tn", id, now) < 0)
		return -1;
	*out = p;
	return 0;
}

int run_begin(struct db *db, const struct beginning *b, bool *begun,
	      struct err *e)
{
	if (db_run(db, e, "UPDATE executions SET status = 'running',"
		   " reason = '', detail = '', attempt = attempt + 1,"
		   " prompt = $2, started_at = CASE WHEN started_at = 0"
		   "  THEN $3 ELSE started_at END"
		   " WHERE id = $1 AND status = 'queued'", "ttn",
		   b->execution_id, b->prompt, b->now) < 0)
		return -1;
	*begun = db_changed(db) == 1;
	if (!*begun)
		return 0;
	if (db_run(db, e, "UPDATE users SET last_run_at = $2 WHERE id ="
		   " (SELECT user_id FROM executions WHERE id = $1)", "tn",
		   b->execution_id, b->now) < 0)
		return -1;
	return db_run(db, e, "INSERT INTO attempts (execution_id, attempt,"
		      " conversation_id, started_at, deadline_at)"
		      " SELECT id, attempt, $2, $3, $4 FROM executions"
		      " WHERE id = $1", "ttnn", b->execution_id,
		      b->conversation_id, b->now, b->deadline_at);
}

int run_refuse(struct db *db, const char *execution_id, const char *status,
	       const char *reason, const char *detail, int64_t now,
	       struct err *e)
{
	return db_run(db, e, "UPDATE executions SET status = $2, reason = $3,"
		      " detail = $4, ended_at = $5"
		      " WHERE id = $1 AND status = 'queued'", "ttttn",
		      execution_id, status, reason, detail, now);
}

struct ended_listing {
	int (*each)(void *data, const struct ended_run *r, struct err *e);
	void *data;
};

static int ended_row(void *data, const struct db_row *row, struct err *e)
{
	struct ended_listing *l = data;
	struct ended_run r = {
		.version = db_number(row, 3),
		.attempt = db_number(row, 4),
		.cancel_at = db_number(row, 5),
		.test = str_equal(db_text(row, 6), "test"),
		.cancel_reason = db_text(row, 7),
		.outcome = db_text(row, 8),
		.reason = db_text(row, 9),
		.again = db_number(row, 10) != 0,
		.ended_at = db_number(row, 11),
		.began_at = db_number(row, 13),
		.offset = db_number(row, 14),
		.problems = db_text(row, 15),
	};

	if (!str_copy(r.id, sizeof(r.id), db_text(row, 0)) ||
	    !str_copy(r.agent_id, sizeof(r.agent_id), db_text(row, 1)) ||
	    !str_copy(r.user_id, sizeof(r.user_id), db_text(row, 2)) ||
	    !str_copy(r.conversation_id, sizeof(r.conversation_id),
		      db_text(row, 12)))
		return err_set(e, ERR_INTERNAL, "id is too long");
	return l->each(l->data, &r, e);
}

int ended_each(struct db *db, int limit,
	       int (*each)(void *data, const struct ended_run *r,
			   struct err *e),
	       void *data, struct err *e)
{
	struct ended_listing l = { each, data };

	return db_query(db, e, ended_row, &l, "SELECT x.id, x.agent_id,"
			" x.user_id, x.version, x.attempt, x.cancel_at,"
			" x.trigger_kind, x.reason, t.outcome, t.reason,"
			" t.again, t.ended_at, t.conversation_id, t.started_at,"
			" t.ended_offset, t.problems FROM executions x"
			" JOIN attempts t ON t.execution_id = x.id"
			"  AND t.attempt = x.attempt"
			" WHERE x.status = 'running' AND t.outcome <> ''"
			" ORDER BY t.ended_at LIMIT $1", "n", (int64_t)limit);
}

#define OF_LAST(column) \
	" (SELECT " column " FROM attempts t WHERE t.execution_id = $1" \
	"  AND t.attempt = $2)"
#define OF_ALL(column) \
	" (SELECT CAST(sum(" column ") AS BIGINT) FROM attempts t" \
	"  WHERE t.execution_id = $1)"

int run_end(struct db *db, const struct ended_run *r, const char *status,
	    const char *reason, const char *problems, bool *booked,
	    struct err *e)
{
	if (db_run(db, e, "UPDATE executions SET status = $3, reason = $4,"
		   " ended_at = $5, problems = $6, detail =" OF_LAST("t.detail")
		   ", result =" OF_LAST("t.result")
		   ", turns =" OF_ALL("t.turns")
		   ", denials =" OF_ALL("t.denials")
		   " WHERE id = $1 AND attempt = $2 AND status = 'running'",
		   "tnttnt", r->id, r->attempt, status, reason, r->ended_at,
		   problems) < 0)
		return -1;
	*booked = db_changed(db) == 1;
	if (!*booked || (str_equal(status, r->outcome) &&
			 str_equal(reason, r->reason)))
		return 0;
	return db_run(db, e, "UPDATE attempts SET outcome = $3, reason = $4"
		      " WHERE execution_id = $1 AND attempt = $2", "tntt",
		      r->id, r->attempt, status, reason);
}

int run_reached_model(struct db *db, const struct ended_run *r, bool *reached,
		      struct err *e)
{
	int64_t n = 0;

	if (db_query(db, e, db_keep_number, &n, "SELECT count(*) FROM usage"
		     " WHERE subject_id = $1 AND kind = 'run'"
		     " AND outcome <> 'failed' AND at >= $2", "tn", r->id,
		     r->began_at) < 0)
		return -1;
	*reached = n > 0;
	return 0;
}

struct call_listing {
	int (*each)(void *data, const struct tool_call *c, struct err *e);
	void *data;
};

static int call_row(void *data, const struct db_row *row, struct err *e)
{
	struct call_listing *l = data;
	const struct tool_call c = { db_text(row, 0), db_number(row, 1),
				     db_number(row, 2) };

	return l->each(l->data, &c, e);
}

int tool_call_each_other(struct db *db, const struct ended_run *r,
			 int64_t from, int64_t to,
			 int (*each)(void *data, const struct tool_call *c,
				     struct err *e),
			 void *data, struct err *e)
{
	struct call_listing l = { each, data };

	return db_query(db, e, call_row, &l, "SELECT p.data, p.created_at,"
			" p.ended_at FROM conversations c JOIN parts p"
			" ON p.conversation_id = c.id WHERE c.user_id = $1"
			" AND c.id <> $2 AND (c.updated_at >= $3"
			"  OR c.state <> 'idle') AND p.kind = 'tool_use'"
			" AND p.created_at <= $4"
			" AND (p.ended_at >= $3 OR p.ended_at = 0)", "ttnn",
			r->user_id, r->conversation_id, from, to);
}

int run_again(struct db *db, const struct ended_run *r, int64_t not_before,
	      bool *booked, struct err *e)
{
	if (db_run(db, e, "UPDATE executions SET status = 'queued',"
		   " reason = 'retry', not_before = $3,"
		   " detail =" OF_LAST("t.detail")
		   " WHERE id = $1 AND attempt = $2 AND status = 'running'",
		   "tnn", r->id, r->attempt, not_before) < 0)
		return -1;
	*booked = db_changed(db) == 1;
	return 0;
}

int agent_count_end(struct db *db, const struct ended_run *r,
		    enum outcome_class as, int64_t failures, struct err *e)
{
	if (db_run(db, e, "UPDATE agents SET failures = $2,"
		   " last_execution_id = $3 WHERE id = $1", "tnt",
		   r->agent_id, failures, r->id) < 0)
		return -1;
	return db_run(db, e, "INSERT INTO agent_outcomes (agent_id, day,"
		      " succeeded, problems, failed)"
		      " VALUES ($1, $2 - $2 % " DAY ", $3, $4, $5) ON CONFLICT (agent_id, day) DO UPDATE SET"
		      " succeeded = agent_outcomes.succeeded"
		      "  + excluded.succeeded,"
		      " problems = agent_outcomes.problems"
		      "  + excluded.problems,"
		      " failed = agent_outcomes.failed + excluded.failed",
		      "tnnnn", r->agent_id, r->ended_at,
		      (int64_t)(as == OUTCOME_GOOD),
		      (int64_t)(as == OUTCOME_PROBLEMS),
		      (int64_t)(as == OUTCOME_BAD));
}

struct success {
	const void *ctx;
	int64_t at;
	const char *result;
};

static int keep_success(void *data, const struct db_row *row, struct err *e)
{
	struct success *s = data;

	s->at = db_number(row, 0);
	s->result = db_own(s->ctx, db_text(row, 1));
	return 0;
}

int last_success(struct db *db, const void *ctx, const char *agent_id,
		 int64_t before, int64_t *at, const char **result,
		 struct err *e)
{
	struct success s = { .ctx = ctx, .result = "" };

	if (db_query(db, e, keep_success, &s, "SELECT started_at, result"
		     " FROM executions WHERE agent_id = $1"
		     " AND planned_at <= $2 AND status = 'success'"
		     " AND trigger_kind <> 'test'"
		     " ORDER BY planned_at DESC, id DESC LIMIT 1", "tn",
		     agent_id, before) < 0)
		return -1;
	*at = s.at;
	*result = s.result;
	return 0;
}
