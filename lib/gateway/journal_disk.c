/* The journal's segments: appended lines, synchronized and removed in the thread pool. */
#include "config.h"
#include "gateway/journal_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#define TICK_MS 1000
#define NAME_SIZE 32
#define TRIES_MAX 100

static void write_name(int64_t number, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "segment-%020lld", (long long)number);
}

void journal_detach(struct journal *j, struct entry *e)
{
	struct segment *s = e->segment;

	e->segment = NULL;
	if (!s || --s->entries || s == j->current)
		return;
	TAILQ_REMOVE(&j->segments, s, next);
	TAILQ_INSERT_TAIL(&j->dead, s, next);
	journal_arm(j);
}

/* Writes the whole line, or nothing that a reader would accept. */
static bool append(struct journal *j, struct entry *e, enum call_line kind)
{
	char line[1 + CALL_LINE_MAX];
	size_t n = call_line_format(kind, &e->call, line + 1) + j->torn;
	ssize_t done;

	line[0] = '\n';
	do {
		done = write(j->fd, line + !j->torn, n);
	} while (done < 0 && errno == EINTR);
	if (done > 0) {
		j->current->bytes += done;
		j->bytes += done;
		j->dirty = true;
	}
	if (done != (ssize_t)n) {
		j->torn |= done > 0;
		if (done >= 0)
			errno = ENOSPC;
		return false;
	}
	j->torn = false;
	if (e->segment != j->current) {
		journal_detach(j, e);
		e->segment = j->current;
		j->current->entries++;
	}
	return true;
}

static void retire(struct journal *j)
{
	struct segment *s = j->current;

	j->old_fds = alloc_checked(talloc_realloc(j, j->old_fds, int,
						  j->n_old_fds + 1));
	j->old_fds[j->n_old_fds++] = j->fd;
	if (!s->entries) {
		TAILQ_REMOVE(&j->segments, s, next);
		TAILQ_INSERT_TAIL(&j->dead, s, next);
	}
}

/* Creates the file with the next number; an existing one is not ours. */
static int create(struct journal *j)
{
	char name[NAME_SIZE];
	int fd, tries = 0;

	for (;;) {
		write_name(j->next_number, name);
		fd = openat(j->folder_fd, name, O_WRONLY | O_CREAT | O_EXCL |
			    O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd >= 0 || errno != EEXIST || ++tries == TRIES_MAX)
			return fd;
		j->next_number++;
	}
}

/*
 * Starts a segment. Open calls move into it, so that a long call does not hold
 * every segment filled since it began.
 */
static bool rotate(struct journal *j)
{
	struct segment *s;
	struct entry *e;
	int fd = create(j);

	if (fd < 0)
		return j->current;	/* a full segment is better than none */
	s = alloc_checked(talloc_zero(j, struct segment));
	s->number = j->next_number++;
	TAILQ_INSERT_TAIL(&j->segments, s, next);
	if (j->current)
		retire(j);
	j->current = s;
	j->fd = fd;
	j->torn = false;
	j->folder_dirty = true;
	TAILQ_FOREACH(e, &j->open, next) {
		if (e->segment && !append(j, e, LINE_REPORT))
			break;
	}
	return true;
}

bool journal_write(struct journal *j, struct entry *e, enum call_line kind)
{
	bool good = (j->current && j->current->bytes < j->segment_max) ||
		    rotate(j);

	good = good && append(j, e, kind);
	journal_arm(j);
	return good;
}

/* ---- fdatasync, which waits for the disk, in the thread pool ---- */

struct sync {
	uv_work_t work;
	struct journal *j;
	int fd, folder_fd;
	int *old_fds;
	size_t n_old_fds;
	struct segments dead;
	bool folder;
	bool failed;
};

static void remove_all(struct sync *s)
{
	struct segment *dead;
	char name[NAME_SIZE];

	TAILQ_FOREACH(dead, &s->dead, next) {
		write_name(dead->number, name);
		unlinkat(s->folder_fd, name, 0);
	}
}

/*
 * A segment is removed once its contents are safe in another one or in the
 * ledger.
 */
static void sync_work(uv_work_t *work)
{
	struct sync *s = work->data;
	size_t i;

	for (i = 0; i < s->n_old_fds; i++) {
		s->failed |= fdatasync(s->old_fds[i]) < 0;
		close(s->old_fds[i]);
	}
	if (s->fd >= 0)
		s->failed |= fdatasync(s->fd) < 0;
	if (s->folder)
		s->failed |= fsync(s->folder_fd) < 0;
	if (!s->failed)
		remove_all(s);
}

static void end_sync(struct journal *j, struct sync *s)
{
	struct segment *dead;

	while ((dead = TAILQ_FIRST(&s->dead))) {
		TAILQ_REMOVE(&s->dead, dead, next);
		if (s->failed) {
			TAILQ_INSERT_TAIL(&j->dead, dead, next);
			continue;
		}
		j->bytes -= dead->bytes;
		talloc_free(dead);
	}
	j->dirty |= s->failed;
	j->folder_dirty |= s->failed && s->folder;
	talloc_free(s);
}

static struct sync *new_sync(struct journal *j)
{
	struct sync *s = alloc_checked(talloc_zero(NULL, struct sync));

	s->work.data = s;
	s->j = j;
	s->fd = j->fd;
	s->folder_fd = j->folder_fd;
	s->folder = j->folder_dirty;
	s->old_fds = talloc_move(s, &j->old_fds);
	s->n_old_fds = j->n_old_fds;
	TAILQ_INIT(&s->dead);
	TAILQ_CONCAT(&s->dead, &j->dead, next);
	j->n_old_fds = 0;
	j->dirty = j->folder_dirty = false;
	return s;
}

static void synced(uv_work_t *work, int status)
{
	struct sync *s = work->data;
	struct journal *j = s->j;

	j->sync = NULL;
	end_sync(j, s);
	journal_arm(j);
}

void journal_sync(struct journal *j)
{
	if (j->sync || (!j->dirty && !j->n_old_fds && TAILQ_EMPTY(&j->dead)))
		return;
	j->sync = new_sync(j);
	uv_queue_work(j->loop, &j->sync->work, sync_work, synced);
}

static void on_tick(uv_timer_t *timer)
{
	struct journal *j = timer->data;

	journal_write_again(j);
	journal_sync(j);
	journal_arm(j);
}

void journal_arm(struct journal *j)
{
	bool need = j->dirty || j->n_old_fds || j->n_unwritten ||
		    !TAILQ_EMPTY(&j->dead);

	if (need && !uv_is_active((uv_handle_t *)j->tick))
		uv_timer_start(j->tick, on_tick, TICK_MS, 0);
}

void journal_sync_last(struct journal *j, bool nothing)
{
	struct sync *s;

	if (nothing)
		TAILQ_CONCAT(&j->dead, &j->segments, next);
	s = new_sync(j);
	sync_work(&s->work);
	end_sync(j, s);
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
}
