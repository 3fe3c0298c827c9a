/*
 * The record store behind a driver table; sqlite.c is the first driver.
 * SQL is the subset that SQLite and PostgreSQL share. A struct db is used by
 * one thread at a time. Times are UTC milliseconds, ids UUIDv7 text.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct db;
struct db_row;

/*
 * Opens the store; creates the file if necessary (mode 0660, the folder's group)
 * and runs pending migrations, each in a transaction; safe in several processes at
 * once. Gives (child of ctx).
 */
struct db *db_open(const void *ctx, const char *path, struct err *e) must_check;

/*
 * Arguments are typed by fmt: t text (NULL allowed), n int64_t, b bytes
 * (const void *, size_t). Placeholders are $1, $2, ...
 * ERR_UNAVAILABLE "error_disk_full" if the disk is full or read-only, "error_busy"
 * if a lock is held over 5 s; ERR_CONFLICT for a violated unique or foreign key.
 */
int db_run(struct db *db, struct err *e, const char *sql, const char *fmt, ...) must_check;
/* Rows changed by the last db_run. */
int64_t db_changed(const struct db *db);

/* Calls each() for every row; -1 from it stops with its error. */
int db_query(struct db *db, struct err *e,
	     int (*each)(void *data, const struct db_row *row, struct err *e),
	     void *data, const char *sql, const char *fmt, ...) must_check;

/* Columns from 0. Text is borrowed during the call, NULL for null. */
const char *db_text(const struct db_row *row, int column);
int64_t db_number(const struct db_row *row, int column);
/* The bytes of a column written with b; *n may be 0. */
const void *db_bytes(const struct db_row *row, int column, size_t *n);
/* An each() for db_query: stores the first column in an int64_t. */
int db_keep_number(void *data, const struct db_row *row, struct err *e);
/* Copies a column's text so that it outlives the row. Gives (child of ctx). */
const char *db_own(const void *ctx, const char *text);

/*
 * Transactions are atomic and do not nest. When db_commit (or a db_run outside a
 * transaction) returns, the data is on disk. After db_begin_relaxed it survives a
 * crash of every process but not of the machine: for data that can be read again
 * from elsewhere.
 */
int db_begin(struct db *db, struct err *e) must_check;
int db_begin_relaxed(struct db *db, struct err *e) must_check;
int db_commit(struct db *db, struct err *e) must_check;
void db_rollback(struct db *db);
/* Commits if rc is 0, else rolls back. Returns 0 if it was committed, else -1. */
int db_end(struct db *db, int rc, struct err *e) must_check;

/* Frees cached memory. */
void db_shrink(struct db *db);

#endif
