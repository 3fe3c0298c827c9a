/*
 * The gateway's write-ahead journal: a call is written here before it goes
 * upstream, then what its reply reported, then its end. It consists of
 * segments, append-only files in a folder of the gateway's own; a line
 * survives a crash of the process at once and one of the machine after a
 * second (fdatasync). Calls that ended are moved into the ledger in batches,
 * after which their segment is removed. A new gateway books calls that an
 * earlier one left open as "interrupted", with the usage reported so far.
 * While the ledger is away the journal grows up to its cap; then it is full,
 * and no call may begin. A row that the ledger refuses as wrong, or for any
 * reason while it accepts others, is set aside: logged, and appended to the
 * folder's file "refused" as a journal line.
 */
#ifndef GATEWAY_JOURNAL_H
#define GATEWAY_JOURNAL_H

#include <uv.h>

#include "ledger/client.h"
#include "store/jobs.h"
#include "store/usage.h"

struct journal;

struct journal_options {
	const char *folder;
	int64_t cap;		/* bytes of it */
	int64_t again_ms;	/* until the ledger is asked again that did not take a batch */
};

/*
 * Reads what is in the folder (created if missing, mode 0700). Keeps ledger,
 * which only jobs use. ERR_CONFLICT: another gateway uses it. Gives (child of
 * ctx).
 */
struct journal *journal_open(const void *ctx, uv_loop_t *loop, struct jobs *jobs,
			     struct ledger_client *ledger,
			     const struct journal_options *options, struct err *e) must_check;

/* Called once everything an earlier gateway left is in the ledger. */
void journal_when_resumed(struct journal *j, void (*done)(void *data), void *data);

/*
 * Called after each batch with the number of rows done with (for tests and the
 * status). May be NULL.
 */
void journal_on_booked(struct journal *j, void (*booked)(void *data, size_t n), void *data);

/*
 * Writes the intent: id, user, kind, subject, at. ERR_UNAVAILABLE
 * "error_gateway_journal" when the journal or the disk is full: then nothing
 * may be sent upstream.
 */
int journal_begin(struct journal *j, const struct usage_call *call, struct err *e) must_check;
/*
 * Writes the usage so far, or the estimate if it is cut off now. A failed
 * write is only counted: the end repeats it.
 */
void journal_report(struct journal *j, const char *id, const char *model, const struct usage *u);
/*
 * Writes the end: the row for the ledger. Never fails: kept in memory until it
 * can be written.
 */
void journal_end(struct journal *j, const struct usage_call *call);

/* Rows of ended calls that are not in the ledger yet; bytes on disk. */
size_t journal_pending(const struct journal *j);
int64_t journal_bytes(const struct journal *j);

/*
 * Calls each for those rows; it must not use the journal. Texts are borrowed
 * during the call.
 */
void journal_each_pending(const struct journal *j, void (*each)(void *data, const struct usage_call *call), void *data);

/*
 * Why rows are not in the ledger yet; NULL when nothing is wrong. Borrowed
 * until the next loop iteration.
 */
const struct err *journal_trouble(const struct journal *j);

/*
 * Writes and books as much as possible within deadline_ms, running the loop
 * meanwhile (so not from inside one of its callbacks); no callback after it.
 * Frees j; then run the loop until its handles are closed.
 */
void journal_close(struct journal *j, int64_t deadline_ms);

#endif
