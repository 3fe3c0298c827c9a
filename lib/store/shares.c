#include "config.h"
#include "store/shares.h"

#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"

#define COLUMNS "s.id, s.user_id, s.kind, s.subject_id, s.title, s.author," \
	" s.anyone, s.tools, s.files, s.views, s.created_at, s.expires_at"

static int check_room(struct db *db, const char *user_id, int64_t bytes,
		      struct err *e)
{
	int64_t links = 0, used = 0;

	if (db_query(db, e, db_keep_number, &links, "SELECT count(*)"
		     " FROM shares WHERE user_id = $1", "t", user_id) < 0 ||
	    db_query(db, e, db_keep_number, &used, "SELECT"
		     " coalesce(CAST(sum(bytes) AS BIGINT), 0) FROM shares"
		     " WHERE user_id = $1", "t", user_id) < 0)
		return -1;
	if (links >= SHARES_MAX)
		return err_tell(e, ERR_LIMIT, "error_share_many",
				"%d links", SHARES_MAX);
	if (used + bytes > SHARES_BYTES_MAX)
		return err_tell(e, ERR_LIMIT, "error_share_full",
				"%d bytes of links", SHARES_BYTES_MAX);
	return 0;
}

static int add(struct db *db, const struct share *s, const char *secret_hash,
	       const struct share_file *files, size_t nfiles, struct err *e)
{
	int64_t bytes = (int64_t)strlen(s->html);
	size_t i;

	for (i = 0; i < nfiles; i++)
		bytes += (int64_t)files[i].size;
	if (db_run(db, e, "DELETE FROM shares WHERE expires_at <= $1", "n",
		   s->created_at) < 0 ||
	    check_room(db, s->user_id, bytes, e) < 0 ||
	    db_run(db, e, "INSERT INTO shares (id, user_id, kind, subject_id,"
		   " secret_hash, title, author, anyone, tools, files, html,"
		   " bytes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5,"
		   " $6, $7, $8, $9, $10, $11, $12, $13, $14)",
		   "tttttttnnntnnn", s->id, s->user_id, s->kind, s->subject_id,
		   secret_hash, s->title, s->author, (int64_t)s->anyone,
		   (int64_t)s->tools, (int64_t)s->files, s->html, bytes,
		   s->created_at, s->expires_at) < 0)
		return -1;
	for (i = 0; i < nfiles; i++) {
		if (db_run(db, e, "INSERT INTO share_files (share_id, path,"
			   " content) VALUES ($1, $2, $3)", "ttb", s->id,
			   files[i].path, files[i].content, files[i].size) < 0)
			return -1;
	}
	return 0;
}

int share_add(struct db *db, struct share *s, const char *secret_hash,
	      const struct share_file *files, size_t nfiles, struct err *e)
{
	id_new(s->id);
	if (db_begin(db, e) < 0)
		return -1;
	return db_end(db, add(db, s, secret_hash, files, nfiles, e), e);
}

static int read_row(struct share *s, const struct db_row *row, struct err *e)
{
	if (!str_copy(s->id, ID_SIZE, db_text(row, 0)) ||
	    !str_copy(s->user_id, ID_SIZE, db_text(row, 1)))
		return err_set(e, ERR_INTERNAL, "a link's ids are too long");
	s->kind = db_text(row, 2);
	s->subject_id = db_text(row, 3);
	s->title = db_text(row, 4);
	s->author = db_text(row, 5);
	s->anyone = db_number(row, 6) != 0;
	s->tools = db_number(row, 7) != 0;
	s->files = db_number(row, 8) != 0;
	s->views = db_number(row, 9);
	s->created_at = db_number(row, 10);
	s->expires_at = db_number(row, 11);
	s->html = "";
	return 0;
}

struct loading {
	const void *ctx;
	void *out;
};

static int keep_share(void *data, const struct db_row *row, struct err *e)
{
	struct loading *l = data;
	struct share *s = alloc_checked(talloc_zero(l->ctx, struct share));

	if (read_row(s, row, e) < 0) {
		talloc_free(s);
		return -1;
	}
	s->kind = db_own(s, s->kind);
	s->subject_id = db_own(s, s->subject_id);
	s->title = db_own(s, s->title);
	s->author = db_own(s, s->author);
	s->html = db_own(s, db_text(row, 12));
	l->out = s;
	return 0;
}

struct share *share_load(struct db *db, const void *ctx, const char *secret_hash,
			 int64_t now, struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_share, &l, "SELECT " COLUMNS ", s.html"
		     " FROM shares s JOIN users u ON u.id = s.user_id"
		     " WHERE s.secret_hash = $1 AND s.expires_at > $2"
		     " AND u.disabled_at = 0 AND NOT EXISTS (SELECT 1"
		     " FROM conversations c WHERE c.id = s.subject_id"
		     " AND c.deleted_at > 0)", "tn", secret_hash, now) < 0)
		return NULL;
	if (!l.out)
		err_tell(e, ERR_MISSING, "error_share_gone", "no such link");
	return l.out;
}

struct listing {
	int (*each)(void *data, const struct share *s, struct err *e);
	void *data;
};

static int list_share(void *data, const struct db_row *row, struct err *e)
{
	struct listing *l = data;
	struct share s;

	if (read_row(&s, row, e) < 0)
		return -1;
	return l->each(l->data, &s, e);
}

int share_each(struct db *db, const char *user_id, const char *subject_id,
	       int64_t now,
	       int (*each)(void *data, const struct share *s, struct err *e),
	       void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_share, &l, "SELECT " COLUMNS
			" FROM shares s WHERE s.user_id = $1"
			" AND ($2 = '' OR s.subject_id = $2)"
			" AND s.expires_at > $3 ORDER BY s.created_at DESC",
			"ttn", user_id, subject_id, now);
}

int share_remove(struct db *db, const char *user_id, const char *id,
		 struct err *e)
{
	if (db_run(db, e, "DELETE FROM shares WHERE id = $1 AND user_id = $2",
		   "tt", id, user_id) < 0)
		return -1;
	return db_changed(db) ? 0 : err_tell(e, ERR_MISSING, "error_share_gone",
					     "no such link");
}

int share_view(struct db *db, const char *id, struct err *e)
{
	return db_run(db, e, "UPDATE shares SET views = views + 1"
		      " WHERE id = $1", "t", id);
}

struct file_listing {
	int (*each)(void *data, const struct share_file *f, struct err *e);
	void *data;
};

static int list_file(void *data, const struct db_row *row, struct err *e)
{
	struct file_listing *l = data;
	const struct share_file f = {
		.path = db_text(row, 0), .size = (size_t)db_number(row, 1),
	};

	return l->each(l->data, &f, e);
}

int share_file_each(struct db *db, const char *id,
		    int (*each)(void *data, const struct share_file *f,
				struct err *e),
		    void *data, struct err *e)
{
	struct file_listing l = { each, data };

	return db_query(db, e, list_file, &l, "SELECT path, length(content)"
			" FROM share_files WHERE share_id = $1 ORDER BY path",
			"t", id);
}

static int keep_file(void *data, const struct db_row *row, struct err *e)
{
	struct loading *l = data;
	struct share_file *f =
		alloc_checked(talloc_zero(l->ctx, struct share_file));
	const void *bytes = db_bytes(row, 1, &f->size);

	(void)e;
	f->path = db_own(f, db_text(row, 0));
	f->content = alloc_checked(talloc_memdup(f, f->size ? bytes : "",
						 f->size ? f->size : 1));
	l->out = f;
	return 0;
}

struct share_file *share_file_load(struct db *db, const void *ctx, const char *id,
				   const char *path, struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_file, &l, "SELECT path, content"
		     " FROM share_files WHERE share_id = $1 AND path = $2",
		     "tt", id, path) < 0)
		return NULL;
	if (!l.out)
		err_tell(e, ERR_MISSING, "error_share_gone", "no such file");
	return l.out;
}
