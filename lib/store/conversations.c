#include "config.h"
#include "store/conversations.h"

#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "core/unicode.h"
#include "store/executions.h"
#include "store/like.h"

#define MODEL_BYTES_MAX 128
#define CONDEMNED "1"		/* deleted_at of one whose purge began */
#define COLUMNS \
	"c.id, c.user_id, c.title, c.mode, c.model, c.state, c.spoken," \
	" c.recorded_offset, c.created_at, c.updated_at, c.deleted_at, c.kind," \
	" c.effort, c.project_id, c.folder, c.pinned_at, c.archived_at," \
	" c.last_line"

static int check_title(const char *title, size_t min, struct err *e)
{
	if ((min || *title) && !unicode_name_valid(title, TITLE_MAX))
		return err_tell(e, ERR_INPUT, "error_conversation_title",
				"a title is %zu to %d characters", min,
				TITLE_MAX);
	return 0;
}

static int check_mode(const char *mode, struct err *e)
{
	static const char *const modes[] = { "default", "acceptEdits", "plan",
					     "bypassPermissions" };
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (str_equal(mode, modes[i]))
			return 0;
	}
	return err_tell(e, ERR_INPUT, "error_mode", "no such mode");
}

static int check_model(const char *model, struct err *e)
{
	size_t n = strlen(model);

	if (n > MODEL_BYTES_MAX || !utf8_valid(model, n))
		return err_tell(e, ERR_INPUT, "error_model", "model: at most"
				" %d bytes of text", MODEL_BYTES_MAX);
	return 0;
}

/* Paging needs a distinct updated_at for each of a user's. */
#define LATEST(user, now) \
	"(SELECT CASE WHEN coalesce(max(updated_at), 0) < " now " THEN " now \
	" ELSE max(updated_at) + 1 END FROM conversations" \
	" WHERE user_id = " user ")"

/* wanted: the id to use; "" for a new one. id is set only on success. */
static int create(struct db *db, const char *user_id, const char *title,
		  const char *kind, const char *mode, const char *model,
		  const char *wanted, char id[ID_SIZE], struct err *e)
{
	char fresh[ID_SIZE];

	if (check_title(title, 0, e) < 0 || check_mode(mode, e) < 0 ||
	    check_model(model, e) < 0)
		return -1;
	if (!*wanted || !str_copy(fresh, sizeof(fresh), wanted))
		id_new(fresh);
	if (db_run(db, e, "INSERT INTO conversations (id, user_id, title,"
		   " kind, mode, model, created_at, updated_at) VALUES ($1,"
		   " $2, $3, $4, $5, $6, $7, " LATEST("$2", "$7") ")",
		   "ttttttn", fresh, user_id, title, kind, mode, model,
		   clock_now_ms()) < 0) {
		if (e->kind == ERR_CONFLICT)
			err_set(e, ERR_MISSING, "no such user");
		return -1;
	}
	memcpy(id, fresh, ID_SIZE);
	return 0;
}

int conversation_create(struct db *db, const char *user_id, const char *title,
			char id[ID_SIZE], struct err *e)
{
	return create(db, user_id, title, "chat", "default", "", "", id, e);
}

int conversation_create_as(struct db *db, const char *user_id,
			   const char *title, const char *wanted,
			   char id[ID_SIZE], struct err *e)
{
	struct err taken = { 0 };

	if (id_valid(wanted) &&
	    create(db, user_id, title, "chat", "default", "", wanted, id,
		   &taken) == 0)
		return 0;
	return conversation_create(db, user_id, title, id, e);
}

int conversation_create_run(struct db *db, const char *user_id,
			    const char *title, const char *mode,
			    const char *model, char id[ID_SIZE], struct err *e)
{
	return create(db, user_id, title, "run", mode, model, "", id, e);
}

int conversation_make_chat(struct db *db, const char *id, struct err *e)
{
	return db_run(db, e, "UPDATE conversations SET kind = 'chat',"
		      " mode = 'default', updated_at = "
		      LATEST("conversations.user_id", "$2")
		      " WHERE id = $1 AND kind = 'run' AND deleted_at = 0",
		      "tn", id, clock_now_ms());
}

/* The row owns the texts. */
static int read_row(struct conversation *c, const struct db_row *row,
		    struct err *e)
{
	if (!str_copy(c->id, sizeof(c->id), db_text(row, 0)) ||
	    !str_copy(c->user_id, sizeof(c->user_id), db_text(row, 1)))
		return err_set(e, ERR_INTERNAL, "id is too long");
	c->title = db_text(row, 2);
	c->mode = db_text(row, 3);
	c->model = db_text(row, 4);
	c->state = db_text(row, 5);
	c->spoken = db_number(row, 6) != 0;
	c->recorded_offset = db_number(row, 7);
	c->created_at = db_number(row, 8);
	c->updated_at = db_number(row, 9);
	c->deleted_at = db_number(row, 10);
	c->kind = db_text(row, 11);
	c->effort = db_text(row, 12);
	c->project_id = db_text(row, 13);
	c->folder = db_text(row, 14);
	c->pinned = db_number(row, 15) != 0;
	c->archived = db_number(row, 16) != 0;
	c->last_line = db_text(row, 17);
	return 0;
}

struct loading {
	const void *ctx;
	struct conversation *conversation;
};

static int keep_row(void *data, const struct db_row *row, struct err *e)
{
	struct loading *l = data;
	struct conversation *c =
		alloc_checked(talloc_zero(l->ctx, struct conversation));

	if (read_row(c, row, e) < 0) {
		talloc_free(c);
		return -1;
	}
	c->title = db_own(c, c->title);
	c->mode = db_own(c, c->mode);
	c->model = db_own(c, c->model);
	c->state = db_own(c, c->state);
	c->kind = db_own(c, c->kind);
	c->effort = db_own(c, c->effort);
	c->project_id = db_own(c, c->project_id);
	c->folder = db_own(c, c->folder);
	c->last_line = db_own(c, c->last_line);
	l->conversation = c;
	return 0;
}

static struct conversation *load(struct db *db, const void *ctx, const char *id,
				 const char *user_id, bool deleted,
				 struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_row, &l, "SELECT " COLUMNS
		     " FROM conversations c WHERE c.id = $1"
		     " AND c.user_id = coalesce($2, c.user_id)"
		     " AND CASE WHEN c.deleted_at = 0 THEN 0 ELSE 1 END = $3",
		     "ttn", id, user_id, (int64_t)deleted) < 0)
		return NULL;
	if (!l.conversation)
		err_set(e, ERR_MISSING, "no such conversation");
	return l.conversation;
}

struct conversation *conversation_load(struct db *db, const void *ctx,
				       const char *id, const char *user_id,
				       struct err *e)
{
	return load(db, ctx, id, user_id, false, e);
}

struct conversation *conversation_load_deleted(struct db *db, const void *ctx,
					       const char *id, const char *user_id,
					       struct err *e)
{
	return load(db, ctx, id, user_id, true, e);
}

struct listing {
	int (*each)(void *data, const struct conversation *c, struct err *e);
	void *data;
};

static int list_row(void *data, const struct db_row *row, struct err *e)
{
	struct listing *l = data;
	struct conversation c = { 0 };

	if (read_row(&c, row, e) < 0)
		return -1;
	return l->each(l->data, &c, e);
}

int conversation_each(struct db *db, const char *user_id, const char *search,
		      int64_t before, int limit,
		      int (*each)(void *data, const struct conversation *c,
				  struct err *e),
		      void *data, struct err *e)
{
	auto_buf pattern = BUF_INIT(8 * TITLE_MAX + 2);
	struct listing l = { each, data };

	if (!before)
		before = INT64_MAX;
	if (!*search)
		return db_query(db, e, list_row, &l, "SELECT " COLUMNS
				" FROM conversations c WHERE c.user_id = $1"
				" AND c.updated_at < $2 AND c.deleted_at = 0"
				" AND c.kind = 'chat'"
				" ORDER BY c.updated_at DESC LIMIT $3", "tnn",
				user_id, before, (int64_t)limit);
	if (check_title(search, 0, e) < 0 ||
	    like_pattern(&pattern, search, e) < 0)
		return -1;
	return db_query(db, e, list_row, &l, "SELECT " COLUMNS
			" FROM conversations c WHERE c.user_id = $1"
			" AND c.updated_at < $2 AND c.deleted_at = 0"
			" AND c.kind = 'chat'"
			" AND lower(c.title) LIKE lower($4) ESCAPE '\\'"
			" ORDER BY c.updated_at DESC LIMIT $3", "tnnt",
			user_id, before, (int64_t)limit, buf_text(&pattern));
}

/* Each has its index; a condition is in the very words of its index. */
#define LIST(where) \
	"SELECT " COLUMNS " FROM conversations c WHERE c.user_id = $1" \
	" AND c.updated_at < $2 AND c.kind = 'chat' AND c.deleted_at = 0" \
	" AND " where " ORDER BY c.updated_at DESC LIMIT $3"
static const char *const lists[] = {
	[CONVERSATIONS_RECENT] = LIST("c.archived_at = 0 AND c.pinned_at = 0"),
	[CONVERSATIONS_PINNED] = LIST("c.archived_at = 0 AND c.pinned_at > 0"),
	[CONVERSATIONS_ARCHIVED] = LIST("c.archived_at > 0"),
};

int conversation_each_in(struct db *db, const char *user_id,
			 enum conversation_list list, int64_t before, int limit,
			 int (*each)(void *data, const struct conversation *c,
				     struct err *e),
			 void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, lists[list], "tnn", user_id,
			before ? before : INT64_MAX, (int64_t)limit);
}

int conversation_each_of(struct db *db, const char *user_id,
			 const char *project_id, int64_t before, int limit,
			 int (*each)(void *data, const struct conversation *c,
				     struct err *e),
			 void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, LIST("c.archived_at = 0"
			" AND c.project_id <> '' AND c.project_id = $4"),
			"tnnt", user_id, before ? before : INT64_MAX,
			(int64_t)limit, project_id);
}

int conversation_each_open(struct db *db,
			   int (*each)(void *data, const struct conversation *c,
				       struct err *e),
			   void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, "SELECT " COLUMNS
			" FROM conversations c JOIN users u ON u.id = c.user_id"
			" WHERE c.id IN (SELECT id FROM conversations"
			"  WHERE state <> 'idle' OR deleted_at <> 0"
			"  OR (kind = 'run' AND token_hash <> '')"
			"  UNION SELECT conversation_id FROM messages"
			"  WHERE state IN ('queued', 'sent'))"
			" AND (u.disabled_at = 0 OR c.deleted_at <> 0)"
			" ORDER BY c.updated_at", "");
}

/* Exactly one row must have changed. */
static int expect_one(struct db *db, struct err *e)
{
	if (db_changed(db) == 1)
		return 0;
	return err_set(e, ERR_MISSING, "no such conversation");
}

int conversation_rename(struct db *db, const char *id, const char *user_id,
			const char *title, struct err *e)
{
	if (check_title(title, 1, e) < 0)
		return -1;
	if (db_run(db, e, "UPDATE conversations SET title = $3 WHERE id = $1"
		   " AND user_id = $2 AND deleted_at = 0", "ttt", id, user_id,
		   title) < 0)
		return -1;
	return expect_one(db, e);
}

static int keep_kind(void *data, const struct db_row *row, struct err *e)
{
	*(bool *)data = str_equal(db_text(row, 0), "run");
	return 0;
}

int conversation_mark_deleted(struct db *db, const char *id,
			      const char *user_id, struct err *e)
{
	bool run = false;

	if (db_run(db, e, "UPDATE conversations SET deleted_at = $3"
		   " WHERE id = $1 AND user_id = $2 AND deleted_at = 0"
		   " AND kind = 'chat'", "ttn", id, user_id,
		   clock_now_ms()) < 0)
		return -1;
	if (db_changed(db) == 1)
		return 0;
	if (db_query(db, e, keep_kind, &run, "SELECT kind FROM conversations"
		     " WHERE id = $1 AND user_id = $2 AND deleted_at = 0",
		     "tt", id, user_id) < 0)
		return -1;
	return run ? err_tell(e, ERR_CONFLICT, "error_conversation_run",
			      "a run's conversation is part of its history") :
		     err_set(e, ERR_MISSING, "no such conversation");
}

int conversation_restore(struct db *db, const char *id, const char *user_id,
			 int64_t since, struct err *e)
{
	if (db_run(db, e, "UPDATE conversations SET deleted_at = 0"
		   " WHERE id = $1 AND user_id = $2 AND deleted_at >= $3"
		   " AND deleted_at > " CONDEMNED, "ttn", id, user_id, since) < 0)
		return -1;
	return expect_one(db, e);
}

int conversation_condemn(struct db *db, const char *id, struct err *e)
{
	if (db_run(db, e, "UPDATE conversations SET deleted_at = " CONDEMNED
		   " WHERE id = $1 AND deleted_at <> 0", "t", id) < 0)
		return -1;
	return expect_one(db, e);
}

static int purge(struct db *db, const char *id, struct err *e)
{
	bool kept;

	if (attempt_keep(db, id, &kept, e) < 0 ||
	    db_run(db, e, "DELETE FROM shares WHERE subject_id = $1", "t",
		   id) < 0 ||
	    db_run(db, e, "DELETE FROM renderings WHERE subject = $1", "t",
		   id) < 0)
		return -1;
	if (kept)
		return db_run(db, e, "UPDATE conversations SET kind = 'run',"
			      " state = 'idle', deleted_at = 0 WHERE id = $1",
			      "t", id);
	return db_run(db, e, "DELETE FROM conversations WHERE id = $1", "t",
		      id);
}

int conversation_purge(struct db *db, const char *id, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	return db_end(db, purge(db, id, e), e);
}

int conversation_set_mode(struct db *db, const char *id, const char *mode,
			  struct err *e)
{
	if (check_mode(mode, e) < 0)
		return -1;
	if (db_run(db, e, "UPDATE conversations SET mode = $2"
		   " WHERE id = $1 AND deleted_at = 0", "tt", id, mode) < 0)
		return -1;
	return expect_one(db, e);
}

int conversation_set_model(struct db *db, const char *id, const char *model,
			   struct err *e)
{
	if (check_model(model, e) < 0)
		return -1;
	if (db_run(db, e, "UPDATE conversations SET model = $2"
		   " WHERE id = $1 AND deleted_at = 0", "tt", id, model) < 0)
		return -1;
	return expect_one(db, e);
}

int conversation_set_effort(struct db *db, const char *id, const char *effort,
			    struct err *e)
{
	if (!conversation_effort_known(effort))
		return err_tell(e, ERR_INPUT, "error_effort", "no such effort");
	if (db_run(db, e, "UPDATE conversations SET effort = $2"
		   " WHERE id = $1 AND deleted_at = 0", "tt", id, effort) < 0)
		return -1;
	return expect_one(db, e);
}

const char *const conversation_efforts[EFFORTS] = {
	"low", "medium", "high", "xhigh", "max",
};

bool conversation_effort_known(const char *effort)
{
	return !*effort || table_find(conversation_efforts, effort);
}
