/*
 * Parses the shim's reply to GET /changes (shim/shim_changes.h): hostile, one
 * line per file.
 */
#ifndef SESSION_CHANGED_FILES_H
#define SESSION_CHANGED_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANGED_FILES_MAX 500		/* later lines are ignored */
#define CHANGED_FILES_PATH_MAX 1024	/* bytes of a path */
#define CHANGED_FILES_NAME_MAX (3 * CHANGED_FILES_PATH_MAX)	/* percent-encoded */

/* shim/file_writers.h */
enum change_whose {
	CHANGE_UNTOLD,		/* nothing is known */
	CHANGE_OWN,		/* the session's that was asked about */
	CHANGE_OTHERS,		/* another session's, or of no session's processes */
	CHANGE_UNKNOWN,		/* that session's, or another's */
};

#define CHANGED_FILES_VERSION 16	/* hex digits */

struct change {
	bool made;		/* else changed */
	enum change_whose whose;
	char version[CHANGED_FILES_VERSION + 1];	/* "" unknown */
	int64_t size;
	int64_t changed_at;	/* UTC ms; 0: unknown */
	char path[CHANGED_FILES_PATH_MAX + 1];	/* relative, no "." or ".."; UTF-8 without control bytes unless any */
	char name[CHANGED_FILES_NAME_MAX + 1];	/* the same, percent-encoded */
};

/*
 * Skips malformed lines, and paths that may not be stored; with any_name only
 * those that name nothing below the home. A path may appear twice.
 */
void changed_files_each(const char *text, size_t n, bool any_name,
			void (*each)(void *data,
				     const struct change *c), void *data);

/* A path as above, which may be stored and shown. */
bool changed_files_path_valid(const char *path, size_t n);

#endif
