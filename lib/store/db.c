#include "config.h"
#include "store/db.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "store/db_internal.h"
#include "store/migrations.h"

#define ARGS_MAX 16

struct db {
	const struct db_driver *driver;
	void *connection;
	int64_t changed;
	bool in_transaction;
};

struct db *db_connect(const void *ctx, const char *path, struct err *e)
{
	struct db *db = alloc_checked(talloc_zero(ctx, struct db));

	db->driver = &sqlite_driver;
	db->connection = db->driver->open(db, path, e);
	if (!db->connection) {
		talloc_free(db);
		return NULL;
	}
	return db;
}

static size_t gather(struct db_arg *args, const char *fmt, va_list ap)
{
	size_t n;

	for (n = 0; fmt[n]; n++) {
		assert(n < ARGS_MAX);
		switch (fmt[n]) {
		case 't':
			args[n].bytes = va_arg(ap, const char *);
			args[n].type = args[n].bytes ? DB_TEXT : DB_NULL;
			if (args[n].bytes)
				args[n].len = strlen(args[n].bytes);
			break;
		case 'n':
			args[n].type = DB_NUMBER;
			args[n].number = va_arg(ap, int64_t);
			break;
		case 'b':
			args[n].type = DB_BYTES;
			args[n].bytes = va_arg(ap, const void *);
			args[n].len = va_arg(ap, size_t);
			break;
		default:
			err_abort("bad argument type for SQL");
		}
	}
	return n;
}

static int run(struct db *db, struct db_statement *st, const char *fmt,
	       va_list ap, struct err *e)
{
	struct db_arg args[ARGS_MAX] = { 0 };

	st->args = args;
	st->nargs = gather(args, fmt, ap);
	return db->driver->run(db->connection, st, &db->changed, e);
}

int db_run(struct db *db, struct err *e, const char *sql, const char *fmt, ...)
{
	struct db_statement st = { .sql = sql };
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = run(db, &st, fmt, ap, e);
	va_end(ap);
	return rc;
}

int64_t db_changed(const struct db *db)
{
	return db->changed;
}

int db_query(struct db *db, struct err *e,
	     int (*each)(void *data, const struct db_row *row, struct err *e),
	     void *data, const char *sql, const char *fmt, ...)
{
	struct db_statement st = { .sql = sql, .each = each, .data = data };
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = run(db, &st, fmt, ap, e);
	va_end(ap);
	return rc;
}

const char *db_text(const struct db_row *row, int column)
{
	return row->driver->text(row->cursor, column);
}

int64_t db_number(const struct db_row *row, int column)
{
	return row->driver->number(row->cursor, column);
}

const void *db_bytes(const struct db_row *row, int column, size_t *n)
{
	return row->driver->bytes(row->cursor, column, n);
}

static int begin(struct db *db, bool relaxed, struct err *e)
{
	assert(!db->in_transaction);
	if (db->driver->begin(db->connection, relaxed, e) < 0)
		return -1;
	db->in_transaction = true;
	return 0;
}

int db_begin(struct db *db, struct err *e)
{
	return begin(db, false, e);
}

int db_begin_relaxed(struct db *db, struct err *e)
{
	return begin(db, true, e);
}

int db_commit(struct db *db, struct err *e)
{
	assert(db->in_transaction);
	if (db->driver->commit(db->connection, e) < 0) {
		db_rollback(db);
		return -1;
	}
	db->in_transaction = false;
	return 0;
}

void db_rollback(struct db *db)
{
	if (db->in_transaction)
		db->driver->rollback(db->connection);
	db->in_transaction = false;
}

int db_end(struct db *db, int rc, struct err *e)
{
	if (rc == 0)
		return db_commit(db, e);
	db_rollback(db);
	return -1;
}

int db_keep_number(void *data, const struct db_row *row, struct err *e)
{
	*(int64_t *)data = db_number(row, 0);
	return 0;
}

static int schema_number(struct db *db, int64_t *number, struct err *e)
{
	return db_query(db, e, db_keep_number, number,
			"SELECT coalesce(max(number), 0)"
			" FROM schema_migrations", "");
}

static int is_applied(struct db *db, const struct migration *m, bool *applied,
		      struct err *e)
{
	int64_t n = 0;

	if (db_query(db, e, db_keep_number, &n, "SELECT count(*)"
		     " FROM schema_migrations WHERE number = $1", "n",
		     m->number) < 0)
		return -1;
	*applied = n > 0;
	return 0;
}

/* Checked again inside: another process may have migrated first. */
static int migrate_one(struct db *db, const struct migration *m, struct err *e)
{
	const char *own;
	bool applied;

	if (is_applied(db, m, &applied, e) < 0)
		return -1;
	if (applied)
		return 0;
	if (db_begin(db, e) < 0)
		return -1;
	if (is_applied(db, m, &applied, e) < 0)
		goto undo;
	if (applied) {
		db_rollback(db);
		return 0;
	}
	own = db->driver->migration(m->number);
	if (db->driver->script(db->connection, m->sql, e) < 0 ||
	    (own && db->driver->script(db->connection, own, e) < 0) ||
	    db_run(db, e, "INSERT INTO schema_migrations (number, name, at)"
		   " VALUES ($1, $2, $3)", "ntn",
		   m->number, m->name, clock_now_ms()) < 0)
		goto undo;
	return db_commit(db, e);

undo:
	db_rollback(db);
	return err_wrap(e, "migration %s", m->name);
}

int db_migrate(struct db *db, int64_t up_to, struct err *e)
{
	int64_t number = 0, newest = migrations[migrations_count - 1].number;
	size_t i;

	if (db_run(db, e, "CREATE TABLE IF NOT EXISTS schema_migrations ("
		   "number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL,"
		   " at BIGINT NOT NULL)", "") < 0 ||
	    schema_number(db, &number, e) < 0)
		return -1;
	if (number > newest)
		return err_set(e, ERR_INTERNAL, "schema %lld is newer than"
			       " this program's %lld: install the newer one",
			       (long long)number, (long long)newest);
	for (i = 0; i < migrations_count; i++) {
		if (migrations[i].number <= up_to &&
		    migrate_one(db, &migrations[i], e) < 0)
			return -1;
	}
	return 0;
}

struct db *db_open(const void *ctx, const char *path, struct err *e)
{
	struct db *db = db_connect(ctx, path, e);

	if (!db)
		return NULL;
	if (db_migrate(db, INT64_MAX, e) < 0) {
		err_wrap(e, "database %s", path);
		talloc_free(db);
		return NULL;
	}
	return db;
}

const char *db_own(const void *ctx, const char *text)
{
	char *copy = alloc_checked(talloc_strdup(ctx, text));

	return copy;
}

const struct db_search *db_search(const struct db *db)
{
	return db->driver->search;
}

void db_shrink(struct db *db)
{
	db->driver->shrink(db->connection);
}
