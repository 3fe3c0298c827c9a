/* Books ended calls in the ledger, in batches on a thread. */
#include "config.h"
#include "gateway/journal.h"

#include <fcntl.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "core/log.h"
#include "gateway/journal_internal.h"

#define BATCH_MAX LEDGER_ROWS_MAX	/* rows per transaction */
#define PROBES 8		/* rows that are tried individually before the ledger counts as
				 * away */
#define ASIDE "refused"		/* file for rows that the ledger refuses */

enum outcome {
	ROW_PENDING,
	ROW_BOOKED,
	ROW_DOUBTED,	/* wrong if the ledger judged another row, else it is away */
	ROW_WRONG,
};

/* Separate talloc tree: another thread uses it. */
struct batch {
	struct journal *journal;	/* NULL: closed meanwhile */
	struct ledger_client *ledger;
	struct entry *entries[BATCH_MAX];
	struct usage_call calls[BATCH_MAX];
	char models[BATCH_MAX][CALL_MODEL_SIZE];
	enum outcome outcomes[BATCH_MAX];
	size_t n;
};

static void replace_outcome(struct batch *b, enum outcome from, enum outcome to)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->outcomes[i] == from)
			b->outcomes[i] = to;
	}
}

static enum outcome try_row(struct batch *b, size_t i, struct err *e)
{
	struct err why = { 0 };

	if (ledger_client_add(b->ledger, &b->calls[i], 1, &why) == 0)
		return ROW_BOOKED;
	if (why.kind == ERR_INPUT)
		return ROW_WRONG;
	*e = why;
	return why.kind == ERR_UNAVAILABLE ? ROW_PENDING : ROW_DOUBTED;
}

/*
 * Tries each row by itself while the ledger answers; a ledger that only
 * returns doubtful errors counts as away.
 */
static void try_rows(struct batch *b, struct err *e)
{
	bool judged = false;
	size_t i;

	for (i = 0; i < b->n && (judged || i < PROBES); i++) {
		b->outcomes[i] = try_row(b, i, e);
		if (b->outcomes[i] == ROW_PENDING)
			break;
		judged |= b->outcomes[i] != ROW_DOUBTED;
	}
	replace_outcome(b, ROW_DOUBTED, judged ? ROW_WRONG : ROW_PENDING);
}

static int book_work(void *data, struct db *db, struct err *e)
{
	struct batch *b = data;
	size_t i;

	if (ledger_client_add(b->ledger, b->calls, b->n, e) == 0) {
		replace_outcome(b, ROW_PENDING, ROW_BOOKED);
		return 0;
	}
	/*
	 * Other jobs wait behind this one: when the ledger is away, do not try
	 * again.
	 */
	if (e->kind == ERR_UNAVAILABLE)
		return -1;
	try_rows(b, e);
	for (i = 0; i < b->n; i++) {
		if (b->outcomes[i] == ROW_PENDING)
			return -1;
	}
	return 0;
}

/*
 * A row that the ledger never takes must not block the others: it moves to a
 * separate file.
 */
static void set_aside(struct journal *j, const struct usage_call *c)
{
	int fd = openat(j->folder_fd, ASIDE, O_WRONLY | O_CREAT | O_APPEND |
			O_CLOEXEC | O_NOFOLLOW, 0600);
	char line[CALL_LINE_MAX];
	size_t n = call_line_format(LINE_END, c, line);
	bool kept = fd >= 0 && write(fd, line, n) == (ssize_t)n;

	if (fd >= 0)
		close(fd);
	log_event(LOG_ERROR, "ledger_row_set_aside", "call", c->id, "user", c->user_id,
		  "model", c->model, "kept", kept ? ASIDE : "no", NULL);
}

static void tell_resumed(struct journal *j)
{
	void (*done)(void *data) = j->resumed;

	if (!done || j->n_earlier)
		return;
	j->resumed = NULL;
	done(j->resumed_data);
}

/* Returns how many rows are done with. */
static size_t finish_rows(struct journal *j, struct batch *b)
{
	size_t i, n = 0;

	for (i = 0; i < b->n; i++) {
		if (b->outcomes[i] == ROW_PENDING) {
			b->entries[i]->booking = false;
			continue;
		}
		if (b->outcomes[i] == ROW_WRONG)
			set_aside(j, &b->calls[i]);
		journal_forget(j, b->entries[i]);
		n++;
	}
	return n;
}

static void book_done(void *data, const struct err *e)
{
	struct batch *b = data;
	struct journal *j = b->journal;
	size_t n;

	if (!j) {
		talloc_free(b);
		return;
	}
	j->batch = NULL;
	j->trouble = e ? *e : (struct err){ .kind = ERR_NONE };
	n = finish_rows(j, b);
	talloc_free(b);
	if (j->n_ended)
		journal_book_soon(j, e ? j->again_ms : n == BATCH_MAX ? 0 : JOURNAL_BOOK_MS);
	if (n && j->booked)
		j->booked(j->booked_data, n);
	tell_resumed(j);
}

void journal_book(struct journal *j)
{
	struct batch *b;
	struct entry *e;

	if (j->batch || !j->n_ended)
		return;
	b = alloc_checked(talloc(NULL, struct batch));	/* large, and mostly unused */
	b->journal = j;
	b->ledger = j->ledger;
	b->n = 0;
	TAILQ_FOREACH(e, &j->ended, next) {
		if (b->n == BATCH_MAX)
			break;
		e->booking = true;
		b->entries[b->n] = e;
		b->calls[b->n] = e->call;
		memcpy(b->models[b->n], e->model, CALL_MODEL_SIZE);
		b->calls[b->n].model = b->models[b->n];
		b->outcomes[b->n] = ROW_PENDING;
		b->n++;
	}
	j->batch = b;
	jobs_add(j->jobs, book_work, book_done, b);
}

static void on_book(uv_timer_t *timer)
{
	struct journal *j = timer->data;

	journal_book(j);
	tell_resumed(j);
}

void journal_book_soon(struct journal *j, uint64_t ms)
{
	if (!uv_is_active((uv_handle_t *)j->book) && !j->batch)
		uv_timer_start(j->book, on_book, ms, 0);
}

void journal_book_leave(struct journal *j)
{
	if (j->batch)
		j->batch->journal = NULL;
}
