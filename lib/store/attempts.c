/* The attempts of a run: each is a session with a conversation of its own. */
#include "config.h"
#include "store/executions.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "store/conversations.h"

struct listing {
	int (*each)(void *data, const struct attempt *a, struct err *e);
	void *data;
};

static int list_row(void *data, const struct db_row *row, struct err *e)
{
	struct listing *l = data;
	struct attempt a = {
		.attempt = db_number(row, 3),
		.started_at = db_number(row, 4),
		.deadline_at = db_number(row, 5),
		.ended_at = db_number(row, 6),
		.ended_offset = db_number(row, 7),
		.outcome = db_text(row, 8),
		.reason = db_text(row, 9),
		.detail = db_text(row, 10),
		.again = db_number(row, 11) != 0,
		.result = db_text(row, 12),
		.turns = db_number(row, 13),
		.denials = db_number(row, 14),
	};

	if (!str_copy(a.execution_id, sizeof(a.execution_id),
		      db_text(row, 0)) ||
	    !str_copy(a.conversation_id, sizeof(a.conversation_id),
		      db_text(row, 1)) ||
	    !str_copy(a.user_id, sizeof(a.user_id), db_text(row, 2)))
		return err_set(e, ERR_INTERNAL, "id is too long");
	return l->each(l->data, &a, e);
}

#define ROWS \
	"SELECT t.execution_id, t.conversation_id, x.user_id, t.attempt," \
	" t.started_at, t.deadline_at, t.ended_at, t.ended_offset," \
	" CASE WHEN t.outcome = 'success' AND t.attempt = x.attempt" \
	"  AND x.problems <> '' THEN 'problems' ELSE t.outcome END," \
	" t.reason, t.detail, t.again, t.result, t.turns, t.denials" \
	" FROM attempts t JOIN executions x ON x.id = t.execution_id"

int attempt_each(struct db *db, const char *execution_id,
		 int (*each)(void *data, const struct attempt *a,
			     struct err *e),
		 void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, ROWS " WHERE t.execution_id = $1"
			" ORDER BY t.attempt", "t", execution_id);
}

int attempt_each_open(struct db *db,
		      int (*each)(void *data, const struct attempt *a,
				  struct err *e),
		      void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, ROWS " WHERE t.outcome = ''"
			" ORDER BY t.started_at", "");
}

struct loading {
	const void *ctx;
	struct run_rules *rules;
};

static int keep_rules(void *data, const struct db_row *row, struct err *e)
{
	struct loading *l = data;
	struct run_rules *r =
		alloc_checked(talloc_zero(l->ctx, struct run_rules));

	if (!str_copy(r->execution_id, sizeof(r->execution_id),
		      db_text(row, 0)) ||
	    !str_copy(r->agent_id, sizeof(r->agent_id), db_text(row, 1))) {
		talloc_free(r);
		return err_set(e, ERR_INTERNAL, "id is too long");
	}
	r->attempt = db_number(row, 2);
	r->definition = db_own(r, db_text(row, 3));
	r->deadline_at = db_number(row, 4);
	r->cancel_at = db_number(row, 5);
	r->cancel_reason = db_own(r, r->cancel_at ? db_text(row, 6) : "");
	l->rules = r;
	return 0;
}

struct run_rules *run_rules_load(struct db *db, const void *ctx,
				 const char *conversation_id, struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_rules, &l, "SELECT x.id, x.agent_id,"
		     " t.attempt, v.definition, t.deadline_at, x.cancel_at,"
		     " x.reason FROM attempts t"
		     " JOIN executions x ON x.id = t.execution_id"
		     " JOIN agent_versions v ON v.agent_id = x.agent_id"
		     "  AND v.version = x.version"
		     " WHERE t.conversation_id = $1 AND t.outcome = ''", "t",
		     conversation_id) < 0)
		return NULL;
	if (!l.rules)
		err_set(e, ERR_MISSING, "no open attempt");
	return l.rules;
}

/* One statement, so that it may be part of a transaction. */
int attempt_end(struct db *db, const struct attempt_end *end, struct err *e)
{
	return db_run(db, e, "UPDATE attempts SET outcome = $2, reason = $3,"
		      " detail = $4, result = $5, again = $6,"
		      " ended_offset = $7, turns = $8, denials = $9,"
		      " ended_at = $10, problems = $11"
		      " WHERE conversation_id = $1 AND outcome = ''",
		      "tttttnnnnnt", end->conversation_id,
		      end->outcome, end->reason, end->detail, end->result,
		      (int64_t)end->again, end->offset, end->turns,
		      end->denials, end->at,
		      end->problems ? end->problems : "");
}

struct latest {
	char conversation[ID_SIZE];
	bool open, gone;
};

static int keep_latest(void *data, const struct db_row *row, struct err *e)
{
	struct latest *l = data;
	const char *status = db_text(row, 1);

	if (!str_copy(l->conversation, sizeof(l->conversation),
		      db_text(row, 0)))
		return err_set(e, ERR_INTERNAL, "id is too long");
	l->open = str_equal(status, "queued") || str_equal(status, "running");
	l->gone = db_number(row, 2) != 0;
	return 0;
}

static int continue_it(struct db *db, const char *execution_id,
		       const char *user_id, char conversation_id[ID_SIZE],
		       struct err *e)
{
	struct latest l = { .conversation = "" };

	if (db_query(db, e, keep_latest, &l, "SELECT t.conversation_id,"
		     " x.status, t.gone FROM executions x"
		     " JOIN attempts t ON t.execution_id = x.id"
		     " WHERE x.id = $1 AND x.user_id = $2"
		     " ORDER BY t.attempt DESC LIMIT 1", "tt", execution_id,
		     user_id) < 0)
		return -1;
	if (!*l.conversation)
		return err_set(e, ERR_MISSING, "no such run, or it never began");
	if (l.open)
		return err_tell(e, ERR_CONFLICT, "error_run_goes_on",
				"the run goes on");
	if (l.gone)
		return err_tell(e, ERR_CONFLICT, "error_run_session_gone",
				"its session was deleted");
	if (conversation_make_chat(db, l.conversation, e) < 0)
		return -1;
	memcpy(conversation_id, l.conversation, ID_SIZE);
	return 0;
}

int attempt_continue(struct db *db, const char *execution_id,
		     const char *user_id, char conversation_id[ID_SIZE],
		     struct err *e)
{
	char id[ID_SIZE];

	if (db_begin(db, e) < 0)
		return -1;
	if (db_end(db, continue_it(db, execution_id, user_id, id, e), e) < 0)
		return -1;
	memcpy(conversation_id, id, ID_SIZE);
	return 0;
}

int attempt_keep(struct db *db, const char *conversation_id, bool *kept,
		 struct err *e)
{
	if (db_run(db, e, "UPDATE attempts SET gone = 1"
		   " WHERE conversation_id = $1", "t", conversation_id) < 0)
		return -1;
	*kept = db_changed(db) == 1;
	if (!*kept)
		return 0;
	if (db_run(db, e, "DELETE FROM parts WHERE conversation_id = $1"
		   " AND at >= (SELECT ended_offset FROM attempts"
		   "  WHERE conversation_id = $1 AND outcome <> '')", "t",
		   conversation_id) < 0)
		return -1;
	return db_run(db, e, "DELETE FROM messages WHERE conversation_id = $1"
		      " AND (at < 0 OR at >= (SELECT ended_offset FROM attempts"
		      "  WHERE conversation_id = $1 AND outcome <> ''))", "t",
		      conversation_id);
}

static int keep_id(void *data, const struct db_row *row, struct err *e)
{
	if (!str_copy(data, ID_SIZE, db_text(row, 0)))
		return err_set(e, ERR_INTERNAL, "id is too long");
	return 0;
}

int attempt_find(struct db *db, const char *conversation_id,
		 char execution_id[ID_SIZE], struct err *e)
{
	char id[ID_SIZE] = "";

	if (db_query(db, e, keep_id, id, "SELECT execution_id FROM attempts"
		     " WHERE conversation_id = $1", "t", conversation_id) < 0)
		return -1;
	if (!*id)
		return err_set(e, ERR_MISSING, "no attempt of a run");
	memcpy(execution_id, id, ID_SIZE);
	return 0;
}

int attempt_block_note(struct db *db, const char *conversation_id,
		   const char *domain, struct err *e)
{
	return db_run(db, e, "INSERT INTO blocked_in_runs"
		      " (conversation_id, domain) SELECT $1, $2"
		      " FROM conversations WHERE id = $1 AND kind = 'run'"
		      " ON CONFLICT (conversation_id, domain) DO NOTHING", "tt",
		      conversation_id, domain);
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

int attempt_block_each(struct db *db, const char *conversation_id,
		   int (*each)(void *data, const char *domain, struct err *e),
		   void *data, struct err *e)
{
	struct text_listing l = { each, data };

	return db_query(db, e, text_row, &l, "SELECT domain"
			" FROM blocked_in_runs WHERE conversation_id = $1"
			" ORDER BY domain", "t", conversation_id);
}
