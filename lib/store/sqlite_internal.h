/* Between sqlite.c (the driver) and sqlite_open.c. */
#ifndef STORE_SQLITE_INTERNAL_H
#define STORE_SQLITE_INTERNAL_H

#include <sqlite3.h>

#include "core/err.h"

/* A connection with all its settings made; gives. */
sqlite3 *sqlite_open(const char *path, struct err *e) must_check;

/* SQLite's last failure as ours. Always -1. */
int sqlite_fail(sqlite3 *db, int rc, struct err *e);

#endif
