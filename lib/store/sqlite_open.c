/* Opens a SQLite file that several system users of one group share. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "store/casefold.h"
#include "store/sqlite_internal.h"

#define BUSY_MS 5000
#define PATH_BYTES 4096

static int fail_path(struct err *e, const char *path)
{
	int bad = errno;

	if (bad == ENOSPC || bad == EDQUOT || bad == EROFS)
		return err_tell(e, ERR_UNAVAILABLE, "error_disk_full",
				"%s: %s", path, strerror(bad));
	return err_errno(e, ERR_UNAVAILABLE, bad, "database %s"
			 " (see the setting database)", path);
}

/*
 * SQLite gives its -wal and -shm files this file's mode, whatever the umask,
 * so the mode is set once, here. If root (the command line) creates the file,
 * it gets the folder's owner.
 */
static int share(int fd, const char *path, struct err *e)
{
	char folder[PATH_BYTES];
	struct stat st;

	if (fchmod(fd, 0660) < 0 || !str_copy(folder, sizeof(folder), path) ||
	    stat(dirname(folder), &st) < 0)
		return fail_path(e, path);
	if (fchown(fd, geteuid() ? (uid_t)-1 : st.st_uid, st.st_gid) < 0 &&
	    errno != EPERM)
		return fail_path(e, path);
	return 0;
}

/*
 * Created under a temporary name and linked, so that no process opens it
 * before it is shared.
 */
static int make_file(const char *path, struct err *e)
{
	char fresh[PATH_BYTES];
	int fd, rc;

	/*
	 * SQLite's error for a read-only disk would only be that it cannot
	 * open it.
	 */
	if (access(path, R_OK | W_OK) == 0)
		return 0;
	if (errno != ENOENT)
		return fail_path(e, path);
	if (snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path) >=
	    (int)sizeof(fresh))
		return err_set(e, ERR_INPUT, "database: path too long");
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return fail_path(e, path);
	rc = share(fd, path, e);
	if (rc == 0 && link(fresh, path) < 0 && errno != EEXIST)
		rc = fail_path(e, path);
	unlink(fresh);
	close(fd);
	return rc;
}

/* SQL lower(): SQLite's own handles ASCII only. */
static void lower(sqlite3_context *out, int n, sqlite3_value **arg)
{
	const char *s = (const char *)sqlite3_value_text(arg[0]);
	size_t len = (size_t)sqlite3_value_bytes(arg[0]);
	char *to;

	if (!s)
		return;
	to = sqlite3_malloc64(4 * len + 1);
	if (!to) {
		sqlite3_result_error_nomem(out);
		return;
	}
	len = casefold_lower(to, s, len);
	sqlite3_result_text64(out, to, len, sqlite3_free, SQLITE_UTF8);
}

/*
 * The switch to WAL does not call the busy handler when two processes race for
 * it.
 */
static int use_wal(sqlite3 *db, struct err *e)
{
	const struct timespec nap = { .tv_nsec = 20 * 1000 * 1000 };
	int64_t deadline = clock_mono_ms() + BUSY_MS;
	int rc;

	for (;;) {
		rc = sqlite3_exec(db, "PRAGMA journal_mode = WAL",
				  NULL, NULL, NULL);
		if ((rc & 0xff) != SQLITE_BUSY || clock_mono_ms() > deadline)
			break;
		nanosleep(&nap, NULL);
	}
	return rc == SQLITE_OK ? 0 : sqlite_fail(db, rc, e);
}

/* The schema is trusted, because its triggers write the search index. */
static int set_up(sqlite3 *db, struct err *e)
{
	int rc;

	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BUSY_MS);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	rc = sqlite3_create_function(db, "lower", 1, SQLITE_UTF8 |
				     SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
				     NULL, lower, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite_search_open(db);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA foreign_keys = ON;"
				  "PRAGMA synchronous = FULL;"
				  "PRAGMA temp_store = MEMORY;"
				  "PRAGMA journal_size_limit = 16777216",
				  NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return sqlite_fail(db, rc, e);
	return use_wal(db, e);
}

sqlite3 *sqlite_open(const char *path, struct err *e)
{
	sqlite3 *db = NULL;
	int rc;

	if (make_file(path, e) < 0)
		return NULL;
	rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE |
			     SQLITE_OPEN_NOMUTEX, NULL);
	if (!db)
		err_abort("out of memory");
	if (rc != SQLITE_OK)
		sqlite_fail(db, rc, e);
	if (rc != SQLITE_OK || set_up(db, e) < 0) {
		err_wrap(e, "database %s", path);
		sqlite3_close(db);
		return NULL;
	}
	return db;
}
