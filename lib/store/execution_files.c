/* The files of a run in the workspace, as of its end. */
#include "config.h"
#include "store/executions.h"

#include <string.h>
#include <talloc.h>

int execution_file_add(struct db *db, const char *execution_id,
		       const struct execution_file *f, struct err *e)
{
	return db_run(db, e, "INSERT INTO execution_files (execution_id, path,"
		      " size, made, kept, content, changed_at, own)"
		      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
		      " ON CONFLICT (execution_id, path) DO UPDATE SET"
		      " size = excluded.size, made = excluded.made,"
		      " kept = excluded.kept, content = excluded.content,"
		      " changed_at = excluded.changed_at, own = excluded.own",
		      "ttnnnbnn", execution_id, f->path, f->size,
		      (int64_t)f->made, (int64_t)f->kept,
		      f->kept ? f->content : NULL,
		      f->kept ? (size_t)f->size : (size_t)0, f->changed_at,
		      (int64_t)f->owner);
}

int execution_files_room(struct db *db, const char *user_id, int64_t account_max,
			 int64_t *left, struct err *e)
{
	int64_t used = 0;

	if (db_query(db, e, db_keep_number, &used, "SELECT"
		     " (SELECT coalesce(sum(f.size), 0) FROM execution_files f"
		     "  JOIN executions x ON x.id = f.execution_id"
		     "  WHERE x.user_id = $1 AND f.kept = 1)"
		     " + (SELECT coalesce(sum(recorded_bytes), 0)"
		     "  FROM conversations WHERE user_id = $1)", "t",
		     user_id) < 0)
		return -1;
	*left = account_max - used;
	return 0;
}

int execution_file_claim(struct db *db, const char *execution_id,
			 const char *path, struct err *e)
{
	return db_run(db, e, "UPDATE execution_files SET own = 1"
		      " WHERE execution_id = $1 AND path = $2 AND own = 0",
		      "tt", execution_id, path);
}

#define COLUMNS "path, size, made, kept, own, changed_at"

struct listing {
	int (*each)(void *data, const struct execution_file *f, struct err *e);
	void *data;
};

static void read_row(struct execution_file *f, const struct db_row *row)
{
	f->path = db_text(row, 0);
	f->size = db_number(row, 1);
	f->made = db_number(row, 2) != 0;
	f->kept = db_number(row, 3) != 0;
	f->own = db_number(row, 4) > 0;
	f->changed_at = db_number(row, 5);
}

static int list_row(void *data, const struct db_row *row, struct err *e)
{
	struct listing *l = data;
	struct execution_file f = { 0 };

	read_row(&f, row);
	return l->each(l->data, &f, e);
}

int execution_file_each(struct db *db, const char *execution_id,
			int (*each)(void *data, const struct execution_file *f,
				    struct err *e),
			void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, "SELECT " COLUMNS
			" FROM execution_files WHERE execution_id = $1"
			" ORDER BY own > 0 DESC, path", "t", execution_id);
}

struct loading {
	const void *ctx;
	struct execution_file *file;
};

static int keep_row(void *data, const struct db_row *row, struct err *e)
{
	struct loading *l = data;
	struct execution_file *f =
		alloc_checked(talloc_zero(l->ctx, struct execution_file));
	const void *bytes;
	size_t n;

	read_row(f, row);
	f->path = db_own(f, f->path);
	bytes = db_bytes(row, 6, &n);
	if (f->kept && (int64_t)n != f->size) {
		talloc_free(f);
		return err_set(e, ERR_INTERNAL, "file of a run: %zu bytes", n);
	}
	if (f->kept) {
		f->content = alloc_checked(talloc_memdup(f, n ? bytes : "",
							 n ? n : 1));
	}
	l->file = f;
	return 0;
}

struct execution_file *execution_file_load(struct db *db, const void *ctx,
					   const char *execution_id,
					   const char *path, struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_row, &l, "SELECT " COLUMNS ","
		     " content FROM execution_files WHERE execution_id = $1"
		     " AND path = $2", "tt", execution_id, path) < 0)
		return NULL;
	if (!l.file)
		err_set(e, ERR_MISSING, "no such file of a run");
	return l.file;
}
