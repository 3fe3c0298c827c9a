#include "config.h"
#include "gateway/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/str.h"
#include "gateway/journal_internal.h"

#define SEGMENT_MAX (1 << 20)	/* bytes; an eighth of a small cap */

/* ---- calls ---- */

static size_t bucket_of(const char *id)
{
	return hash_text(id) % JOURNAL_BUCKETS;
}

struct entry *journal_find(struct journal *j, const char *id)
{
	struct entry *e;

	LIST_FOREACH(e, &j->buckets[bucket_of(id)], same) {
		if (str_equal(e->call.id, id))
			return e;
	}
	return NULL;
}

static void set_call(struct entry *e, const struct usage_call *call)
{
	size_t n = strlen(call->model);

	e->call = *call;
	call_line_normalize(&e->call);
	n = utf8_prefix(call->model, n, sizeof(e->model) - 1);
	memcpy(e->model, call->model, n);
	e->model[n] = '\0';
	e->call.model = e->model;
}

struct entry *journal_add(struct journal *j, const struct usage_call *call)
{
	struct entry *e = alloc_checked(talloc_zero(j, struct entry));

	set_call(e, call);
	LIST_INSERT_HEAD(&j->buckets[bucket_of(call->id)], e, same);
	TAILQ_INSERT_TAIL(&j->open, e, next);
	j->n_open++;
	return e;
}

void journal_set_ended(struct journal *j, struct entry *e)
{
	TAILQ_REMOVE(&j->open, e, next);
	TAILQ_INSERT_TAIL(&j->ended, e, next);
	e->ended = true;
	j->n_open--;
	j->n_ended++;
}

void journal_forget(struct journal *j, struct entry *e)
{
	journal_detach(j, e);
	LIST_REMOVE(e, same);
	TAILQ_REMOVE(e->ended ? &j->ended : &j->open, e, next);
	if (e->ended)
		j->n_ended--;
	else
		j->n_open--;
	j->n_unwritten -= e->unwritten;
	j->n_earlier -= e->earlier;
	talloc_free(e);
}

void journal_write_again(struct journal *j)
{
	struct entry *e;

	TAILQ_FOREACH(e, &j->ended, next) {
		if (!j->n_unwritten)
			return;
		if (!e->unwritten)
			continue;
		if (!journal_write(j, e, LINE_END))
			return;
		e->unwritten = false;
		j->n_unwritten--;
	}
}

/* Whether there is room for one more line per call whose end is not on disk. */
static bool has_room(const struct journal *j, size_t more)
{
	size_t due = j->n_open + j->n_unwritten + more;

	return j->bytes + (int64_t)due * CALL_LINE_MAX <= j->cap;
}

int journal_begin(struct journal *j, const struct usage_call *call,
		  struct err *e)
{
	struct entry *entry;

	if (!has_room(j, 2)) {
		journal_sync(j);
		return err_tell(e, ERR_UNAVAILABLE, "error_gateway_journal",
				"journal %s is full: %zu rows wait for the"
				" records%s%.80s", j->folder, j->n_ended,
				j->trouble.kind ? ": " : "", j->trouble.text);
	}
	entry = journal_add(j, call);
	if (journal_write(j, entry, LINE_BEGIN))
		return 0;
	err_tell(e, ERR_UNAVAILABLE, "error_gateway_journal",
		 "journal %s: %s", j->folder, strerror(errno));
	journal_forget(j, entry);
	return -1;
}

void journal_report(struct journal *j, const char *id, const char *model,
		    const struct usage *u)
{
	struct entry *e = journal_find(j, id);
	struct usage_call call;

	if (!e || e->ended)
		return;
	call = e->call;
	call.model = model;
	call.usage = *u;
	set_call(e, &call);
	if (has_room(j, 1))
		journal_write(j, e, LINE_REPORT);
}

void journal_end(struct journal *j, const struct usage_call *call)
{
	struct entry *e = journal_find(j, call->id);

	if (!e)
		e = journal_add(j, call);
	if (e->ended)
		return;
	set_call(e, call);
	journal_set_ended(j, e);
	e->unwritten = !journal_write(j, e, LINE_END);
	j->n_unwritten += e->unwritten;
	journal_arm(j);
	journal_book_soon(j, JOURNAL_BOOK_MS);
}

/* ---- start and stop ---- */

static int lock_folder(struct journal *j, struct err *e)
{
	if (mkdir(j->folder, 0700) < 0 && errno != EEXIST)
		return err_errno(e, ERR_UNAVAILABLE, errno, "journal %s",
				 j->folder);
	j->folder_fd = open(j->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->folder_fd >= 0)
		j->lock_fd = openat(j->folder_fd, "lock", O_RDWR | O_CREAT |
				    O_CLOEXEC | O_NOFOLLOW, 0600);
	if (j->lock_fd < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "journal %s",
				 j->folder);
	if (flock(j->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(e, ERR_CONFLICT, "journal %s: another gateway"
			       " has it", j->folder);
	return err_errno(e, ERR_UNAVAILABLE, errno, "journal %s: lock",
			 j->folder);
}

static int close_files(struct journal *j)
{
	size_t i;

	for (i = 0; i < j->n_old_fds; i++)
		close(j->old_fds[i]);
	if (j->fd >= 0)
		close(j->fd);
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	if (j->folder_fd >= 0)
		close(j->folder_fd);
	return 0;
}

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

static uv_timer_t *new_timer(struct journal *j)
{
	uv_timer_t *timer = alloc_checked(calloc(1, sizeof(*timer)));

	uv_timer_init(j->loop, timer);
	timer->data = j;
	return timer;
}

static void drop(struct journal *j)
{
	uv_close((uv_handle_t *)j->tick, free_handle);
	uv_close((uv_handle_t *)j->book, free_handle);
	talloc_free(j);
}

static struct journal *new_journal(const void *ctx, uv_loop_t *loop,
				   struct jobs *jobs,
				   struct ledger_client *ledger,
				   const char *folder)
{
	struct journal *j = talloc_zero(ctx, struct journal);

	if (!j || !(j->folder = talloc_strdup(j, folder)))
		err_abort("out of memory");
	j->loop = loop;
	j->jobs = jobs;
	j->ledger = ledger;
	j->folder_fd = j->lock_fd = j->fd = -1;
	j->next_number = 1;
	TAILQ_INIT(&j->open);
	TAILQ_INIT(&j->ended);
	TAILQ_INIT(&j->segments);
	TAILQ_INIT(&j->dead);
	j->tick = new_timer(j);
	j->book = new_timer(j);
	talloc_set_destructor(j, close_files);
	return j;
}

struct journal *journal_open(const void *ctx, uv_loop_t *loop,
			     struct jobs *jobs, struct ledger_client *ledger,
			     const struct journal_options *o,
			     struct err *e)
{
	struct journal *j = new_journal(ctx, loop, jobs, ledger, o->folder);

	j->cap = o->cap;
	j->again_ms = o->again_ms;
	j->segment_max = o->cap / 8 < SEGMENT_MAX ? o->cap / 8 : SEGMENT_MAX;
	if (lock_folder(j, e) < 0 || journal_replay(j, e) < 0) {
		drop(j);
		return NULL;
	}
	journal_book_soon(j, 0);
	return j;
}

void journal_when_resumed(struct journal *j, void (*done)(void *data),
			  void *data)
{
	j->resumed = done;
	j->resumed_data = data;
	journal_book_soon(j, 0);
}

void journal_on_booked(struct journal *j,
		       void (*booked)(void *data, size_t n), void *data)
{
	j->booked = booked;
	j->booked_data = data;
}

size_t journal_pending(const struct journal *j)
{
	return j->n_ended;
}

int64_t journal_bytes(const struct journal *j)
{
	return j->bytes;
}

void journal_each_pending(const struct journal *j,
			  void (*each)(void *data,
				       const struct usage_call *call),
			  void *data)
{
	const struct entry *e;

	TAILQ_FOREACH(e, &j->ended, next)
		each(data, &e->call);
}

const struct err *journal_trouble(const struct journal *j)
{
	return j->trouble.kind ? &j->trouble : NULL;
}

static void wake(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

void journal_close(struct journal *j, int64_t deadline_ms)
{
	uv_timer_t *deadline = new_timer(j);
	bool late = false;

	j->resumed = NULL;
	j->booked = NULL;
	deadline->data = &late;
	uv_timer_start(deadline, wake, (uint64_t)deadline_ms, 0);
	journal_write_again(j);
	journal_book(j);
	while ((j->n_ended && !late) || j->sync)
		uv_run(j->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)deadline, free_handle);
	journal_book_leave(j);
	journal_sync_last(j, !j->n_ended && !j->n_open);
	drop(j);
}
