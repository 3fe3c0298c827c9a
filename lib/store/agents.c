#include "config.h"
#include "store/agents.h"

#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "store/agents_internal.h"
#include "store/like.h"

#define SEARCH_MAX 200	/* characters */
#define COLUMNS \
	"a.id, a.user_id, a.name, a.version, v.definition, a.status," \
	" a.paused_why, a.next_run_at, a.failures, a.last_execution_id," \
	" a.hook_hash, a.created_at, a.updated_at, a.deleted_at"
#define FROM \
	" FROM agents a JOIN agent_versions v" \
	" ON v.agent_id = a.id AND v.version = a.version"

static int add_version(struct db *db, const char *id, int64_t version,
		       const char *definition, int64_t now, struct err *e)
{
	return db_run(db, e, "INSERT INTO agent_versions (agent_id, version,"
		      " definition, created_at) VALUES ($1, $2, $3, $4)",
		      "tntn", id, version, definition, now);
}

static int create(struct db *db, const struct agent *a, struct err *e)
{
	int64_t have = 0;

	if (db_query(db, e, db_keep_number, &have, "SELECT count(*) FROM agents"
		     " WHERE user_id = $1 AND deleted_at = 0", "t",
		     a->user_id) < 0)
		return -1;
	if (have >= AGENTS_MAX)
		return err_tell(e, ERR_LIMIT, "error_agents_many",
				"%d agents already", AGENTS_MAX);
	if (db_run(db, e, "INSERT INTO agents (id, user_id, name, version,"
		   " status, paused_why, next_run_at, created_at, updated_at)"
		   " VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $7)", "tttttnn",
		   a->id, a->user_id, a->name, a->status, a->paused_why,
		   a->next_run_at, a->created_at) < 0) {
		if (e->kind == ERR_CONFLICT)
			err_set(e, ERR_MISSING, "no such user");
		return -1;
	}
	return add_version(db, a->id, 1, a->definition, a->created_at, e);
}

int agent_create(struct db *db, const char *user_id, const char *name,
		 const char *definition, bool active, int64_t next_run_at,
		 char id[ID_SIZE], struct err *e)
{
	struct agent a = {
		.name = name,
		.definition = definition,
		.status = active ? "active" : "paused",
		.paused_why = active ? "" : "person",
		.next_run_at = active ? next_run_at : 0,
		.created_at = clock_now_ms(),
	};

	if (!str_copy(a.user_id, sizeof(a.user_id), user_id))
		return err_set(e, ERR_MISSING, "no such user");
	id_new(a.id);
	if (db_begin(db, e) < 0)
		return -1;
	if (db_end(db, create(db, &a, e), e) < 0)
		return -1;
	memcpy(id, a.id, ID_SIZE);
	return 0;
}

/* The row owns the texts. */
static int read_row(struct agent *a, const struct db_row *row, struct err *e)
{
	if (!str_copy(a->id, sizeof(a->id), db_text(row, 0)) ||
	    !str_copy(a->user_id, sizeof(a->user_id), db_text(row, 1)) ||
	    !str_copy(a->last_execution_id, sizeof(a->last_execution_id),
		      db_text(row, 9)))
		return err_set(e, ERR_INTERNAL, "id is too long");
	a->name = db_text(row, 2);
	a->version = db_number(row, 3);
	a->definition = db_text(row, 4);
	a->status = db_text(row, 5);
	a->paused_why = db_text(row, 6);
	a->next_run_at = db_number(row, 7);
	a->failures = db_number(row, 8);
	a->hook = *db_text(row, 10) != '\0';
	a->created_at = db_number(row, 11);
	a->updated_at = db_number(row, 12);
	a->deleted_at = db_number(row, 13);
	return 0;
}

struct loading {
	const void *ctx;
	struct agent *agent;
};

static int keep_row(void *data, const struct db_row *row, struct err *e)
{
	struct loading *l = data;
	struct agent *a = alloc_checked(talloc_zero(l->ctx, struct agent));

	if (read_row(a, row, e) < 0) {
		talloc_free(a);
		return -1;
	}
	a->name = db_own(a, a->name);
	a->definition = db_own(a, a->definition);
	a->status = db_own(a, a->status);
	a->paused_why = db_own(a, a->paused_why);
	l->agent = a;
	return 0;
}

struct agent *agent_load(struct db *db, const void *ctx, const char *id,
			 const char *user_id, bool also_deleted, struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_row, &l, "SELECT " COLUMNS FROM
		     " WHERE a.id = $1 AND a.user_id = coalesce($2, a.user_id)"
		     " AND (a.deleted_at = 0 OR $3 <> 0)", "ttn", id, user_id,
		     (int64_t)also_deleted) < 0)
		return NULL;
	if (!l.agent)
		err_set(e, ERR_MISSING, "no such agent");
	return l.agent;
}

struct agent *agent_load_by_hook(struct db *db, const void *ctx,
				 const char *hash, struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_row, &l, "SELECT " COLUMNS FROM
		     " JOIN users u ON u.id = a.user_id"
		     " WHERE a.hook_hash = $1 AND a.hook_hash <> ''"
		     " AND a.deleted_at = 0 AND u.disabled_at = 0", "t",
		     hash) < 0)
		return NULL;
	if (!l.agent)
		err_set(e, ERR_MISSING, "no such agent");
	return l.agent;
}

struct listing {
	int (*each)(void *data, const struct agent *a, struct err *e);
	void *data;
};

static int list_row(void *data, const struct db_row *row, struct err *e)
{
	struct listing *l = data;
	struct agent a = { 0 };

	if (read_row(&a, row, e) < 0)
		return -1;
	return l->each(l->data, &a, e);
}

int agent_pattern(struct buf *out, const char *search, struct err *e)
{
	size_t n = strlen(search);

	if (!utf8_valid(search, n) || utf8_count(search, n) > SEARCH_MAX)
		return err_tell(e, ERR_INPUT, "error_agent_search",
				"at most %d characters", SEARCH_MAX);
	return like_pattern(out, search, e);
}

int agent_each(struct db *db, const struct agent_filter *f,
	       int (*each)(void *data, const struct agent *a, struct err *e),
	       void *data, struct err *e)
{
	auto_buf pattern = BUF_INIT(AGENT_PATTERN_MAX);
	struct listing l = { each, data };

	if (agent_pattern(&pattern, f->search, e) < 0)
		return -1;
	return db_query(db, e, list_row, &l, "SELECT " COLUMNS FROM AGENTS_FILTERED
			" ORDER BY a.name, a.id LIMIT $4 OFFSET $5", "tttnn",
			f->user_id, f->status, buf_text(&pattern), f->limit,
			f->offset);
}

struct holding {
	bool found, same;
	int64_t version;
	const char *definition;
};

static int keep_holding(void *data, const struct db_row *row, struct err *e)
{
	struct holding *h = data;

	h->found = true;
	h->version = db_number(row, 0);
	h->same = str_equal(db_text(row, 1), h->definition);
	return 0;
}

/*
 * A planned time that has passed without a row stays: the next one is computed
 * from it, by the schedule that applied then.
 */
#define KEEPING(passed_by, next) \
	"CASE WHEN next_run_at > 0 AND next_run_at <= " passed_by \
	" THEN next_run_at ELSE " next " END"

static int save(struct db *db, const char *id, const char *user_id,
		int64_t based_on, const struct agent *a, struct err *e)
{
	struct holding h = { .definition = a->definition };

	if (db_query(db, e, keep_holding, &h, "SELECT a.version, v.definition"
		     FROM " WHERE a.id = $1 AND a.user_id = $2"
		     " AND a.deleted_at = 0", "tt", id, user_id) < 0)
		return -1;
	if (!h.found)
		return err_set(e, ERR_MISSING, "no such agent");
	if (h.version != based_on)
		return err_tell(e, ERR_CONFLICT, "error_agent_changed",
				"version %lld is current",
				(long long)h.version);
	if (!h.same) {
		h.version++;
		if (add_version(db, id, h.version, a->definition,
				a->updated_at, e) < 0)
			return -1;
	}
	return db_run(db, e, "UPDATE agents SET name = $2, version = $3,"
		      " updated_at = $4, next_run_at = " KEEPING("$4",
		      "CASE WHEN status = 'active' THEN $5 ELSE 0 END")
		      " WHERE id = $1", "ttnnn", id, a->name, h.version,
		      a->updated_at, a->next_run_at);
}

int agent_save(struct db *db, const char *id, const char *user_id,
	       int64_t based_on, const char *name, const char *definition,
	       int64_t next_run_at, struct err *e)
{
	const struct agent a = {
		.name = name,
		.definition = definition,
		.next_run_at = next_run_at,
		.updated_at = clock_now_ms(),
	};

	if (db_begin(db, e) < 0)
		return -1;
	return db_end(db, save(db, id, user_id, based_on, &a, e), e);
}

int agent_pause(struct db *db, const char *id, const char *why, struct err *e)
{
	return db_run(db, e, "UPDATE agents SET status = 'paused',"
		      " paused_why = $2, updated_at = $3, next_run_at = "
		      KEEPING("$3", "0") " WHERE id = $1"
		      " AND status = 'active' AND deleted_at = 0", "ttn", id,
		      why, clock_now_ms());
}

int agent_resume(struct db *db, const char *id, int64_t next_run_at,
		 struct err *e)
{
	return db_run(db, e, "UPDATE agents SET status = 'active',"
		      " paused_why = '', failures = 0, updated_at = $2,"
		      " resumed_at = $2, next_run_at = " KEEPING("$2", "$3")
		      " WHERE id = $1 AND status = 'paused'"
		      " AND deleted_at = 0", "tnn", id, clock_now_ms(),
		      next_run_at);
}

static int delete(struct db *db, const char *id, int64_t now, struct err *e)
{
	if (db_run(db, e, "UPDATE agents SET deleted_at = $2, updated_at = $2,"
		   " status = 'paused', paused_why = 'person', hook_hash = '',"
		   " next_run_at = " KEEPING("$2", "0")
		   " WHERE id = $1 AND deleted_at = 0", "tn", id, now) < 0)
		return -1;
	if (db_changed(db) != 1)
		return err_set(e, ERR_MISSING, "no such agent");
	if (db_run(db, e, "UPDATE executions SET status = 'cancelled',"
		   " reason = 'deleted', ended_at = $2 WHERE agent_id = $1"
		   " AND status = 'queued'", "tn", id, now) < 0)
		return -1;
	return db_run(db, e, "UPDATE executions SET cancel_at = $2,"
		      " reason = 'deleted' WHERE agent_id = $1"
		      " AND status = 'running' AND cancel_at = 0", "tn", id,
		      now);
}

int agent_delete(struct db *db, const char *id, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	return db_end(db, delete(db, id, clock_now_ms(), e), e);
}

int agent_set_hook(struct db *db, const char *id, const char *hash,
		   struct err *e)
{
	if (db_run(db, e, "UPDATE agents SET hook_hash = $2 WHERE id = $1"
		   " AND deleted_at = 0", "tt", id, hash) < 0)
		return -1;
	if (db_changed(db) != 1)
		return err_set(e, ERR_MISSING, "no such agent");
	return 0;
}
