#include "config.h"
#include "store/projects.h"

#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "core/unicode.h"

/* A path below the home: no empty, "." or ".." segment, nothing of the platform's own. */
static bool folder_valid(const char *folder)
{
	const char *at = folder;
	size_t n;

	if (!*folder)
		return true;
	if (strlen(folder) > PROJECT_FOLDER_MAX ||
	    !unicode_name_valid(folder, PROJECT_FOLDER_MAX) ||
	    str_starts(folder, ".gongbang"))
		return false;
	for (;; at += n + 1) {
		n = strcspn(at, "/");
		if (!n || (n == 1 && at[0] == '.') ||
		    (n == 2 && at[0] == '.' && at[1] == '.'))
			return false;
		if (!at[n])
			return true;
	}
}

static int check(const struct project *p, struct err *e)
{
	size_t n = strlen(p->instructions);

	if (!unicode_name_valid(p->name, PROJECT_NAME_MAX))
		return err_tell(e, ERR_INPUT, "error_project_name",
				"a name is 1 to %d characters", PROJECT_NAME_MAX);
	if (!folder_valid(p->folder))
		return err_tell(e, ERR_INPUT, "error_project_folder",
				"no path below the home");
	if (n > PROJECT_INSTRUCTIONS_MAX || !utf8_valid(p->instructions, n))
		return err_tell(e, ERR_INPUT, "error_project_instructions",
				"instructions of %zu bytes", n);
	return 0;
}

static int create(struct db *db, const struct project *p, const char *id,
		  struct err *e)
{
	int64_t n = 0;

	if (db_query(db, e, db_keep_number, &n, "SELECT count(*) FROM projects"
		     " WHERE user_id = $1 AND deleted_at = 0", "t",
		     p->user_id) < 0)
		return -1;
	if (n >= PROJECTS_MAX)
		return err_tell(e, ERR_LIMIT, "error_projects",
				"%lld projects", (long long)n);
	return db_run(db, e, "INSERT INTO projects (id, user_id, name, folder,"
		      " instructions, created_at) VALUES ($1, $2, $3, $4, $5,"
		      " $6)", "tttttn", id, p->user_id, p->name, p->folder,
		      p->instructions, clock_now_ms());
}

int project_create(struct db *db, const struct project *p, char id[ID_SIZE],
		   struct err *e)
{
	char fresh[ID_SIZE];

	if (check(p, e) < 0 || db_begin(db, e) < 0)
		return -1;
	id_new(fresh);
	if (db_end(db, create(db, p, fresh, e), e) < 0)
		return -1;
	memcpy(id, fresh, ID_SIZE);
	return 0;
}

static int expect_one(struct db *db, const char *what, struct err *e)
{
	return db_changed(db) == 1 ? 0 :
	       err_set(e, ERR_MISSING, "no such %s", what);
}

int project_save(struct db *db, const struct project *p, struct err *e)
{
	if (check(p, e) < 0 ||
	    db_run(db, e, "UPDATE projects SET name = $3, folder = $4,"
		   " instructions = $5 WHERE id = $1 AND user_id = $2"
		   " AND deleted_at = 0", "ttttt", p->id, p->user_id, p->name,
		   p->folder, p->instructions) < 0)
		return -1;
	return expect_one(db, "project", e);
}

static int read_row(struct project *p, const struct db_row *row, struct err *e)
{
	*p = (struct project){
		.name = db_text(row, 2), .folder = db_text(row, 3),
		.instructions = db_text(row, 4), .deleted_at = db_number(row, 5),
	};
	return str_copy(p->id, ID_SIZE, db_text(row, 0)) &&
	       str_copy(p->user_id, ID_SIZE, db_text(row, 1)) ? 0 :
	       err_set(e, ERR_INTERNAL, "id is too long");
}

struct loading {
	const void *ctx;
	struct project *project;
};

static int keep_row(void *data, const struct db_row *row, struct err *e)
{
	struct loading *l = data;
	struct project *p = alloc_checked(talloc(l->ctx, struct project));

	if (read_row(p, row, e) < 0) {
		talloc_free(p);
		return -1;
	}
	p->name = db_own(p, p->name);
	p->folder = db_own(p, p->folder);
	p->instructions = db_own(p, p->instructions);
	l->project = p;
	return 0;
}

struct project *project_load(struct db *db, const void *ctx, const char *id,
			     const char *user_id, bool deleted, struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_row, &l, "SELECT id, user_id, name, folder,"
		     " instructions, deleted_at FROM projects WHERE id = $1"
		     " AND user_id = coalesce($2, user_id)"
		     " AND (deleted_at = 0 OR $3 <> 0)", "ttn", id, user_id,
		     (int64_t)deleted) < 0)
		return NULL;
	if (!l.project)
		err_set(e, ERR_MISSING, "no such project");
	return l.project;
}

struct listing {
	int (*each)(void *data, const struct project *p, struct err *e);
	void *data;
};

static int list_row(void *data, const struct db_row *row, struct err *e)
{
	struct listing *l = data;
	struct project p;

	return read_row(&p, row, e) < 0 ? -1 : l->each(l->data, &p, e);
}

int project_each(struct db *db, const char *user_id,
		 int (*each)(void *data, const struct project *p, struct err *e),
		 void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, "SELECT id, user_id, name, folder,"
			" '', deleted_at FROM projects WHERE user_id = $1"
			" AND deleted_at = 0 ORDER BY name, id", "t", user_id);
}

/* Those that can no longer be restored. */
#define GONE "(SELECT id FROM projects WHERE user_id = $1" \
	     " AND deleted_at > 0 AND deleted_at < $2)"

static int mark_deleted(struct db *db, const char *id, const char *user_id,
			int64_t now, struct err *e)
{
	const int64_t before = now - PROJECT_UNDO_MS;

	if (db_run(db, e, "UPDATE conversations SET project_id = ''"
		   " WHERE user_id = $1 AND project_id IN " GONE, "tn", user_id,
		   before) < 0 ||
	    db_run(db, e, "DELETE FROM projects WHERE user_id = $1"
		   " AND deleted_at > 0 AND deleted_at < $2", "tn", user_id,
		   before) < 0 ||
	    db_run(db, e, "UPDATE projects SET deleted_at = $3 WHERE id = $1"
		   " AND user_id = $2 AND deleted_at = 0", "ttn", id, user_id,
		   now) < 0)
		return -1;
	return expect_one(db, "project", e);
}

int project_mark_deleted(struct db *db, const char *id, const char *user_id,
			 struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	return db_end(db, mark_deleted(db, id, user_id, clock_now_ms(), e), e);
}

int project_restore(struct db *db, const char *id, const char *user_id,
		    struct err *e)
{
	if (db_run(db, e, "UPDATE projects SET deleted_at = 0 WHERE id = $1"
		   " AND user_id = $2", "tt", id, user_id) < 0)
		return -1;
	return expect_one(db, "project", e);
}

#define OWN_CHAT \
	" WHERE id = $1 AND user_id = $2 AND kind = 'chat' AND deleted_at = 0"

int conversation_pin(struct db *db, const char *id, const char *user_id,
		     bool on, struct err *e)
{
	if (db_run(db, e, "UPDATE conversations SET pinned_at = $3" OWN_CHAT,
		   "ttn", id, user_id, on ? clock_now_ms() : 0) < 0)
		return -1;
	return expect_one(db, "conversation", e);
}

int conversation_archive(struct db *db, const char *id, const char *user_id,
			 bool on, struct err *e)
{
	if (db_run(db, e, "UPDATE conversations SET archived_at = $3" OWN_CHAT,
		   "ttn", id, user_id, on ? clock_now_ms() : 0) < 0)
		return -1;
	return expect_one(db, "conversation", e);
}

int conversation_move(struct db *db, const char *id, const char *user_id,
		      const char *project_id, struct err *e)
{
	struct project *p = NULL;
	int rc;

	if (*project_id) {
		p = project_load(db, NULL, project_id, user_id, false, e);
		if (!p)
			return -1;
	}
	rc = db_run(db, e, "UPDATE conversations SET project_id = $3, folder ="
		    " CASE WHEN recorded_bytes > 0 THEN folder ELSE $4 END"
		    OWN_CHAT, "tttt", id, user_id, project_id,
		    p ? p->folder : "");
	talloc_free(p);
	return rc < 0 ? -1 : expect_one(db, "conversation", e);
}
