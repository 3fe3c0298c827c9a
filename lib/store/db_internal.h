/* The interface of database drivers, and the two steps of db_open for tests. */
#ifndef STORE_DB_INTERNAL_H
#define STORE_DB_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

enum db_type { DB_NULL, DB_TEXT, DB_NUMBER, DB_BYTES };

struct db_arg {
	enum db_type type;
	const void *bytes;	/* text or bytes; borrowed */
	size_t len;
	int64_t number;
};

struct db_statement {
	const char *sql;
	const struct db_arg *args;
	size_t nargs;
	int (*each)(void *data, const struct db_row *row, struct err *e);
	void *data;		/* passed to each; each NULL: rows are ignored */
};

struct db_search;

struct db_driver {
	/* What a migration needs besides its text in this driver's own SQL; NULL: nothing. */
	const char *(*migration)(int64_t number);
	const struct db_search *search;
	/* Gives the connection (child of ctx, closed with it). */
	void *(*open)(const void *ctx, const char *path, struct err *e);
	/* *changed: rows changed. */
	int (*run)(void *connection, const struct db_statement *st,
		   int64_t *changed, struct err *e);
	/* Several statements without arguments. */
	int (*script)(void *connection, const char *sql, struct err *e);
	int (*begin)(void *connection, bool relaxed, struct err *e);
	int (*commit)(void *connection, struct err *e);
	void (*rollback)(void *connection);
	void (*shrink)(void *connection);
	const char *(*text)(const void *cursor, int column);
	int64_t (*number)(const void *cursor, int column);
	const void *(*bytes)(const void *cursor, int column, size_t *n);
};

struct db_row {
	const struct db_driver *driver;
	void *cursor;
};

extern const struct db_driver sqlite_driver;

/* How this store searches. */
const struct db_search *db_search(const struct db *db);

/* The two steps of db_open; up_to: the last migration to run. */
struct db *db_connect(const void *ctx, const char *path, struct err *e) must_check;
int db_migrate(struct db *db, int64_t up_to, struct err *e) must_check;

#endif
