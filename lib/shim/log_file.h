/*
 * A session's log: the bytes its process wrote, at <folder>/log. The offset in
 * it is the event number for ever: bytes are only added at the end, and space
 * before `first` is given back by punching a hole.
 *
 * A marker file "running" stands beside it while a process of ours writes it.
 */
#ifndef SHIM_LOG_FILE_H
#define SHIM_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/id.h"

struct journal;

/* Embedded in its owner; woken() is called after bytes came or the log went. */
struct journal_reader {
	int64_t at;		/* the next byte's offset */
	void (*woken)(struct journal_reader *r);
	struct journal *journal;
	struct journal_reader *next;
};

/* One object a log, counted: each open wants its journal_close. */
struct journal *journal_open(const char *id, bool create, struct err *e) must_check;
void journal_close(struct journal *j);

int64_t journal_size(const struct journal *j);
int64_t journal_first(const struct journal *j);

/* Appends; returns the bytes taken, fewer when the disk is full. */
size_t journal_append(struct journal *j, const void *bytes, size_t n);

/* True when a line of our own may stand at the end. */
bool journal_at_line_start(const struct journal *j);

/* Gives back the space before to. ERR_INPUT past the end. */
int journal_trim(struct journal *j, int64_t to, struct err *e) must_check;

/* The next byte is `to`'s: what lies between is a hole. Nothing when the log is as long. */
int journal_skip(struct journal *j, int64_t to, struct err *e) must_check;

/* Sets or removes the marker. */
int journal_mark(struct journal *j, bool running, struct err *e) must_check;

/* ERR_INPUT past the end, ERR_LIMIT in the hole. The reader holds the journal open. */
int journal_attach(struct journal *j, struct journal_reader *r, int64_t from,
		   struct err *e) must_check;
void journal_detach(struct journal_reader *r);

/* Bytes from r->at on: 0 none yet, -1 no more: removed, trimmed past r->at, unreadable. */
int journal_read(struct journal_reader *r, void *out, size_t size);

/* The log is removed: every reader gets its end after the last byte. */
void journal_drop(struct journal *j);

/* Calls each(id, running marker, bytes in the log) for all logs there are. */
int journal_list(void (*each)(void *data, const char *id, bool marked,
			      int64_t size), void *data, struct err *e) must_check;

#endif
