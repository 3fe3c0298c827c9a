/* Shared by sqlite.c (the driver) and sqlite_open.c only. */
#ifndef STORE_SQLITE_INTERNAL_H
#define STORE_SQLITE_INTERNAL_H

#include <sqlite3.h>

#include "core/err.h"

/* Opens a connection and applies all pragmas; gives. */
sqlite3 *sqlite_open(const char *path, struct err *e) must_check;

/* Converts SQLite's last failure into e. Always -1. */
int sqlite_fail(sqlite3 *db, int rc, struct err *e);

#endif
