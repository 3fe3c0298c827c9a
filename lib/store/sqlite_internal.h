/* Shared by sqlite.c (the driver), sqlite_open.c and sqlite_search.c only. */
#ifndef STORE_SQLITE_INTERNAL_H
#define STORE_SQLITE_INTERNAL_H

#include <sqlite3.h>
#include <stdint.h>

#include "core/err.h"

/* Opens a connection and applies all pragmas; gives. */
sqlite3 *sqlite_open(const char *path, struct err *e) must_check;

/* Converts SQLite's last failure into e. Always -1. */
int sqlite_fail(sqlite3 *db, int rc, struct err *e);

/* ---- sqlite_search.c ---- */

/* Registers the SQL function that its triggers call; an SQLite code. */
int sqlite_search_open(sqlite3 *db);
/* struct db_driver's. */
const char *sqlite_migration(int64_t number);

#endif
