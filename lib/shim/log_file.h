/*
 * A session's log: the bytes its process wrote, at <folder>/log. An offset in
 * it identifies an event permanently: bytes are only appended, and space
 * before `first` is freed by punching a hole.
 *
 * A marker file "running" exists beside it while our process writes it.
 */
#ifndef SHIM_LOG_FILE_H
#define SHIM_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/id.h"

struct log_file;

/*
 * Embedded in its owner; woken() is called after bytes arrived or the log was
 * removed.
 */
struct log_file_reader {
	int64_t at;		/* the next byte's offset */
	void (*woken)(struct log_file_reader *r);
	struct log_file *log;
	struct log_file_reader *next;
};

/* One object per log, reference-counted: each open needs a log_file_close. */
struct log_file *log_file_open(const char *id, bool create,
			       struct err *e) must_check;
void log_file_close(struct log_file *j);

int64_t log_file_size(const struct log_file *j);
int64_t log_file_first(const struct log_file *j);

/* Appends; returns the bytes written, fewer when the disk is full. */
size_t log_file_append(struct log_file *j, const void *bytes, size_t n);

/* True when it ends with a newline, so that a line of our own may follow. */
bool log_file_at_line_start(const struct log_file *j);

/* Frees the space before to. ERR_INPUT beyond the end. */
int log_file_trim(struct log_file *j, int64_t to, struct err *e) must_check;

/*
 * The next byte gets offset to: the gap is a hole. Does nothing when the log
 * is as long.
 */
int log_file_skip(struct log_file *j, int64_t to, struct err *e) must_check;

/* Sets or removes the marker. */
int log_file_mark(struct log_file *j, bool running, struct err *e) must_check;

/*
 * ERR_INPUT beyond the end, ERR_LIMIT in the hole. The reader keeps the log
 * open.
 */
int log_file_attach(struct log_file *j, struct log_file_reader *r, int64_t from,
		    struct err *e) must_check;
void log_file_detach(struct log_file_reader *r);

/*
 * Bytes from r->at on: 0 none yet, -1 no more: removed, trimmed beyond r->at,
 * unreadable.
 */
int log_file_read(struct log_file_reader *r, void *out, size_t size);

/* The log is removed: every reader ends after the last byte. */
void log_file_drop(struct log_file *j);

/* Calls each(id, running marker, bytes in the log) for all logs. */
int log_file_list(void (*each)(void *data, const char *id, bool marked,
			       int64_t size), void *data, struct err *e) must_check;

#endif
