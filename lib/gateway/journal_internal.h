/* Shared by the journal's files: its lines, segments and calls. */
#ifndef GATEWAY_JOURNAL_INTERNAL_H
#define GATEWAY_JOURNAL_INTERNAL_H

#include <sys/queue.h>

#include "gateway/journal.h"
#include "ledger/call_line.h"

struct segment {
	TAILQ_ENTRY(segment) next;
	int64_t number;		/* in its file name */
	int64_t bytes;
	size_t entries;		/* calls whose last line is in it */
	size_t damaged;		/* unreadable lines */
};

struct entry {
	LIST_ENTRY(entry) same;		/* of one bucket */
	TAILQ_ENTRY(entry) next;	/* open or ended */
	struct segment *segment;	/* holds its last line; NULL: none */
	struct usage_call call;
	char model[CALL_MODEL_SIZE];
	bool ended;
	bool booking;		/* in the batch sent to the ledger */
	bool unwritten;		/* its end is not on disk */
	bool earlier;		/* an earlier gateway's */
};

TAILQ_HEAD(entries, entry);
TAILQ_HEAD(segments, segment);
#define JOURNAL_BUCKETS 4096
#define JOURNAL_BOOK_MS 50		/* wait, so that more rows share the transaction */
struct batch;
struct sync;

struct journal {
	uv_loop_t *loop;
	struct jobs *jobs;
	struct ledger_client *ledger;
	char *folder;
	int folder_fd, lock_fd;
	int64_t cap, segment_max, again_ms;
	LIST_HEAD(, entry) buckets[JOURNAL_BUCKETS];
	struct entries open, ended;
	size_t n_open, n_ended, n_unwritten, n_earlier;

	struct segments segments;	/* by number */
	struct segment *current;	/* NULL: none yet */
	int64_t next_number;
	int fd;				/* of current, -1 */
	int64_t bytes;			/* of all, including those to be removed */
	bool torn;			/* the last line is incomplete */
	bool dirty, folder_dirty;	/* not synchronized */
	struct segments dead;		/* to be removed after the next fdatasync */
	int *old_fds;			/* to be synchronized and closed then */
	size_t n_old_fds;
	struct sync *sync;		/* a job in the thread pool */

	uv_timer_t *tick, *book;	/* freed when closed */
	struct batch *batch;		/* a batch is at the ledger */
	struct err trouble;		/* why rows are not in the ledger; kind ERR_NONE: nothing
					 * is wrong */
	void (*resumed)(void *data);
	void *resumed_data;
	void (*booked)(void *data, size_t n);
	void *booked_data;
};

/* journal_disk.c: false and errno when it could not be written. */
bool journal_write(struct journal *j, struct entry *e, enum call_line kind);
/* The entry's last line is not needed any more. */
void journal_detach(struct journal *j, struct entry *e);
/* Schedules: synchronize, remove, retry writes that failed. */
void journal_arm(struct journal *j);
void journal_sync(struct journal *j);
/*
 * Writes and synchronizes for the last time, blocking; nothing: no call is
 * left, so no segment is needed.
 */
void journal_sync_last(struct journal *j, bool nothing);

/* journal_replay.c: reads every segment of the folder. */
int journal_replay(struct journal *j, struct err *e) must_check;

/* journal_book.c */
/* Sends a batch to the ledger, unless one is there. */
void journal_book(struct journal *j);
/* Does so in ms, unless that is scheduled. */
void journal_book_soon(struct journal *j, uint64_t ms);
/* The journal closes: a batch at the ledger frees itself. */
void journal_book_leave(struct journal *j);

/* journal.c */
struct entry *journal_find(struct journal *j, const char *id);
struct entry *journal_add(struct journal *j, const struct usage_call *call);
void journal_forget(struct journal *j, struct entry *e);
void journal_set_ended(struct journal *j, struct entry *e);
/* Writes ends that could not be written before. */
void journal_write_again(struct journal *j);

#endif
