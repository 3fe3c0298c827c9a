/*
 * Which session's processes opened which file of the workspace for writing, and
 * when: what write_notifier named, and what Claude's own calls name. A file
 * belongs to the session that opened it last before its last change. Bounded:
 * of many files the ones not opened for longest are forgotten.
 */
#ifndef SHIM_FILE_WRITERS_H
#define SHIM_FILE_WRITERS_H

#include <stdbool.h>
#include <stdint.h>

#define FILE_WRITERS_MAX 12000
#define FILE_WRITERS_TEXT_MAX (2u << 20)	/* bytes of all paths */

enum file_writer {
	FILE_WRITER_OWN,
	FILE_WRITER_OTHER,	/* another session */
	FILE_WRITER_NONE,	/* no process of a session */
	FILE_WRITER_UNKNOWN,	/* this session or another, or it was forgotten */
};

/* "own", "other", "none", "unknown" */
extern const char *const file_writer_words[];

/* Processes of this session are not named: from now on nothing is certain. */
void file_writers_miss(void);

/* It opened that path (below the home) at that time, UTC ms. */
void file_writers_note(const char *session, int64_t at, const char *path);

/* A folder was moved, with everything that was written in it. */
void file_writers_move(const char *from, const char *to);

/*
 * Whose a file is that was last changed then; both UTC ms. since: opened
 * earlier, another process may have changed it.
 */
enum file_writer file_writers_find(const char *session, const char *path,
				   int64_t changed, int64_t since);

/*
 * Files that the session opened from since to until, the last one first, until
 * each returns false.
 */
void file_writers_each(const char *session, int64_t since, int64_t until,
		       bool (*each)(void *data, const char *path), void *data);

#endif
