/* The SQLite driver: write-ahead log, cached prepared statements. */
#include "config.h"
#include "store/sqlite_internal.h"

#include <errno.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "store/db_internal.h"
#include "store/search_internal.h"

#define CACHE_SIZE 64

struct connection {
	sqlite3 *db;
	sqlite3_stmt *cache[CACHE_SIZE];
	unsigned next;		/* the slot to replace next */
	bool relaxed;
};

int sqlite_fail(sqlite3 *db, int rc, struct err *e)
{
	const char *text = sqlite3_errmsg(db);
	int os = sqlite3_system_errno(db);

	switch (rc & 0xff) {
	case SQLITE_FULL:
	case SQLITE_READONLY:
		return err_tell(e, ERR_UNAVAILABLE, "error_disk_full",
				"%s", text);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_tell(e, ERR_UNAVAILABLE, "error_busy", "%s", text);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return err_tell(e, ERR_UNAVAILABLE,
				os == ENOSPC || os == EDQUOT || os == EROFS ?
				"error_disk_full" : "error_store", "%s%s%s",
				text, os ? ": " : "", os ? strerror(os) : "");
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(e, ERR_INTERNAL, "the file is damaged or not a"
			       " database; restore a backup: %s", text);
	case SQLITE_TOOBIG:
		return err_set(e, ERR_LIMIT, "%s", text);
	case SQLITE_CONSTRAINT:
		switch (rc) {
		case SQLITE_CONSTRAINT_UNIQUE:
		case SQLITE_CONSTRAINT_PRIMARYKEY:
		case SQLITE_CONSTRAINT_FOREIGNKEY:
			return err_set(e, ERR_CONFLICT, "%s", text);
		}
		return err_set(e, ERR_INTERNAL, "%s", text);
	case SQLITE_NOMEM:
		err_abort("out of memory");
	}
	return err_set(e, ERR_INTERNAL, "%s", text);
}

static int close_connection(struct connection *c)
{
	size_t i;

	for (i = 0; i < CACHE_SIZE; i++)
		sqlite3_finalize(c->cache[i]);
	sqlite3_close(c->db);
	return 0;
}

static void *open_connection(const void *ctx, const char *path, struct err *e)
{
	sqlite3 *db = sqlite_open(path, e);
	struct connection *c;

	if (!db)
		return NULL;
	c = alloc_checked(talloc_zero(ctx, struct connection));
	c->db = db;
	talloc_set_destructor(c, close_connection);
	return c;
}

/* An idle prepared statement, or a new one, which replaces the oldest slot. */
static sqlite3_stmt *prepare(struct connection *c, const char *sql,
			     bool *kept, struct err *e)
{
	sqlite3_stmt *st = NULL, **slot;
	size_t i;
	int rc;

	*kept = true;
	for (i = 0; i < CACHE_SIZE && c->cache[i]; i++) {
		st = c->cache[i];
		if (!sqlite3_stmt_busy(st) && str_equal(sqlite3_sql(st), sql))
			return st;
	}
	rc = sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
				&st, NULL);
	if (rc != SQLITE_OK) {
		sqlite_fail(c->db, rc, e);
		return NULL;
	}
	slot = i < CACHE_SIZE ? &c->cache[i] :
	       &c->cache[c->next++ % CACHE_SIZE];
	if (*slot && sqlite3_stmt_busy(*slot)) {
		*kept = false;
		return st;
	}
	sqlite3_finalize(*slot);
	*slot = st;
	return st;
}

/* By name: SQLite numbers "$2" by first appearance, not by its digits. */
static void bind(sqlite3_stmt *st, const struct db_arg *args, size_t n)
{
	char name[24];
	size_t i;
	int at;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "$%zu", i + 1);
		at = sqlite3_bind_parameter_index(st, name);
		if (!at)
			err_abort("SQL does not use all its arguments");
		switch (args[i].type) {
		case DB_NULL:
			sqlite3_bind_null(st, at);
			break;
		case DB_TEXT:
			sqlite3_bind_text64(st, at, args[i].bytes, args[i].len,
					    SQLITE_STATIC, SQLITE_UTF8);
			break;
		case DB_NUMBER:
			sqlite3_bind_int64(st, at, args[i].number);
			break;
		case DB_BYTES:
			sqlite3_bind_blob64(st, at, args[i].bytes, args[i].len,
					    SQLITE_STATIC);
			break;
		}
	}
}

static int step(struct connection *c, sqlite3_stmt *st,
		const struct db_statement *what, int64_t *changed,
		struct err *e)
{
	struct db_row row = { .driver = &sqlite_driver, .cursor = st };
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (what->each && what->each(what->data, &row, e) < 0)
			return -1;
	}
	if (rc != SQLITE_DONE)
		return sqlite_fail(c->db, rc, e);
	*changed = sqlite3_changes64(c->db);
	return 0;
}

static int run(void *connection, const struct db_statement *what,
	       int64_t *changed, struct err *e)
{
	struct connection *c = connection;
	sqlite3_stmt *st;
	bool kept;
	int rc;

	st = prepare(c, what->sql, &kept, e);
	if (!st)
		return -1;
	bind(st, what->args, what->nargs);
	rc = step(c, st, what, changed, e);
	if (kept) {
		sqlite3_reset(st);
		sqlite3_clear_bindings(st);
	} else {
		sqlite3_finalize(st);
	}
	return rc;
}

static int script(void *connection, const char *sql, struct err *e)
{
	struct connection *c = connection;
	int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : sqlite_fail(c->db, rc, e);
}

static int plain(struct connection *c, const char *sql, struct err *e)
{
	const struct db_statement st = { .sql = sql };
	int64_t changed;

	return run(c, &st, &changed, e);
}

/* In WAL mode NORMAL skips the wait for the disk at commit, FULL does not. */
static void relax(struct connection *c, bool relaxed)
{
	if (c->relaxed == relaxed)
		return;
	c->relaxed = relaxed;
	sqlite3_exec(c->db, relaxed ? "PRAGMA synchronous = NORMAL" :
		     "PRAGMA synchronous = FULL", NULL, NULL, NULL);
}

/* IMMEDIATE: a transaction that reads before it writes cannot lose a race. */
static int begin(void *connection, bool relaxed, struct err *e)
{
	relax(connection, relaxed);
	if (plain(connection, "BEGIN IMMEDIATE", e) == 0)
		return 0;
	relax(connection, false);
	return -1;
}

static int commit(void *connection, struct err *e)
{
	if (plain(connection, "COMMIT", e) < 0)
		return -1;
	relax(connection, false);
	return 0;
}

/* After some failures (a full disk) SQLite has already rolled back. */
static void rollback(void *connection)
{
	struct connection *c = connection;
	struct err ignored = { 0 };

	if (!sqlite3_get_autocommit(c->db) &&
	    plain(c, "ROLLBACK", &ignored) < 0)
		err_abort("cannot roll back");
	relax(c, false);
}

static const char *column_text(const void *cursor, int column)
{
	return (const char *)sqlite3_column_text((sqlite3_stmt *)cursor,
						 column);
}

static int64_t column_number(const void *cursor, int column)
{
	return sqlite3_column_int64((sqlite3_stmt *)cursor, column);
}

static const void *column_bytes(const void *cursor, int column, size_t *n)
{
	const void *bytes = sqlite3_column_blob((sqlite3_stmt *)cursor, column);

	*n = (size_t)sqlite3_column_bytes((sqlite3_stmt *)cursor, column);
	return bytes;
}

static void shrink(void *connection)
{
	struct connection *c = connection;

	sqlite3_db_release_memory(c->db);
}

const struct db_driver sqlite_driver = {
	.migration = sqlite_migration,
	.search = &sqlite_search,
	.open = open_connection,
	.run = run,
	.script = script,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.shrink = shrink,
	.text = column_text,
	.number = column_number,
	.bytes = column_bytes,
};
