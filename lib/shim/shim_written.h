/*
 * The files that a session's processes wrote (shim/file_writers.h), without a
 * look at the whole tree; and the lines that describe changed files
 * (shim/shim_changes.h).
 */
#ifndef SHIM_SHIM_WRITTEN_H
#define SHIM_SHIM_WRITTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "shim/link_server.h"

/*
 * Answers x at once with lines about the files that the session's processes
 * opened for writing in that time (UTC ms) and that are its own, or its own or
 * another's; the last one first, most of them at most. If there are more, a last
 * line "more <number>" counts them.
 */
void shim_written_list(struct exchange *x, const char *session,
		       int64_t since_ms, int64_t until_ms, size_t most);

/*
 * Claude's own call, in that time, wrote that file: notes it if the file
 * changed since.
 */
void shim_written_note(const char *session, const char *path, int64_t since_ms,
		       int64_t until_ms);

/* ---- lines ---- */

/* A name of a file or folder, n bytes, that no list has. */
bool changes_leave_out(const char *name, size_t n);

/* The path (below at; "": at itself) was created since. */
bool changes_made(int at, const char *path, int64_t since_ms);

/*
 * UTC ms. Every change of content, name or rights updates ctime; no process can
 * set it.
 */
int64_t changes_ms(const struct stat *st);

/* whose: of file_writer_words, NULL: not said. */
int changes_line(struct buf *out, bool made, const char *whose,
		 const struct stat *st, const char *path,
		 struct err *e) must_check;

#endif
