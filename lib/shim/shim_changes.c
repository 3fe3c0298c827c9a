#include "config.h"
#include "shim/shim_changes.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/id.h"
#include "core/str.h"
#include "shim/event_loop.h"
#include "shim/file_writers.h"
#include "shim/paths.h"
#include "shim/seccomp.h"
#include "shim/shim_written.h"

#define LOOKS_MAX 8		/* at once */
#define MEMORY_MAX (128u << 20)	/* per folder: all its names are in memory at once */

struct scan {
	struct watch pipe;
	struct exchange *x;
};

/* Whose changes are listed; session "": everybody's. */
struct wanted {
	char session[ID_SIZE];
	int64_t since;		/* UTC ms */
};

static int looks;
static volatile sig_atomic_t late;

/* ---- the scanning process ---- */

static void too_late(int signo)
{
	late = 1;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int write_entry(int out, const FTSENT *entry, size_t skip,
		       const struct wanted *w)
{
	auto_buf line = BUF_INIT(64 << 10);
	const char *path = entry->fts_path + skip, *whose = NULL;
	struct err e = { 0 };

	if (*w->session)
		whose = file_writer_words[
			file_writers_find(w->session, path,
					  changes_ms(entry->fts_statp), w->since)];
	if (changes_line(&line, changes_made(AT_FDCWD, entry->fts_path, w->since),
			 whose, entry->fts_statp, path, &e) < 0)
		return -1;
	return write(out, line.data, line.len) == (ssize_t)line.len ? 0 : -1;
}

static bool left_out(const FTSENT *entry)
{
	return changes_leave_out(entry->fts_name, entry->fts_namelen);
}

static void walk(int out, const struct wanted *w)
{
	char *const roots[] = { (char *)(uintptr_t)path_home(), NULL };
	size_t skip = strlen(roots[0]) + 1;
	int told = 0, rc = 0;
	FTSENT *entry;
	FTS *tree;

	tree = fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, by_name);
	while (tree && !late && rc == 0 && told < SHIM_CHANGES_MAX &&
	       (entry = fts_read(tree))) {
		if (entry->fts_level > 0 && left_out(entry)) {
			fts_set(tree, entry, FTS_SKIP);
		} else if (entry->fts_info == FTS_D &&
			   entry->fts_level > SHIM_CHANGES_DEPTH) {
			fts_set(tree, entry, FTS_SKIP);
		} else if (entry->fts_info == FTS_F &&
			   S_ISREG(entry->fts_statp->st_mode) &&
			   changes_ms(entry->fts_statp) >= w->since) {
			rc = write_entry(out, entry, skip, w);
			told++;
		}
	}
}

static _Noreturn void scan(int out, const struct wanted *w)
{
	const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };
	struct sigaction alarmed = { .sa_handler = too_late };
	sigset_t none;

	seccomp_filter_processes();
	setpriority(PRIO_PROCESS, 0, 10);
#ifdef __SANITIZE_ADDRESS__	/* a covered folder's files would count */
	(void)memory;
#else
	setrlimit(RLIMIT_DATA, &memory);
#endif
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigaction(SIGALRM, &alarmed, NULL);
	alarm(SHIM_CHANGES_S);
	walk(out, w);
	_exit(0);
}

/* ---- process 1 ---- */

static void forget(struct scan *l)
{
	event_loop_close(&l->pipe);
	looks--;
	free(l);
}

/* The scanning child gets SIGPIPE and exits. */
static void gone(struct exchange *x)
{
	forget(x->work);
}

/* A truncated line is dropped. */
static void finish(struct exchange *x)
{
	while (x->answer.len && x->answer.data[x->answer.len - 1] != '\n')
		x->answer.len--;
	x->gone = NULL;
	forget(x->work);
	exchange_answer_text(x);
}

static void heard(struct watch *w, uint32_t events)
{
	struct scan *l = owner_of(w, struct scan, pipe);
	struct err full = { 0 };
	char bytes[4096];
	ssize_t n = read(w->fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || buf_add(&l->x->answer, bytes, (size_t)n, &full) < 0)
		finish(l->x);
}

static int start_scan(struct scan *l, const struct wanted *w,
		      struct err *e)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, ERR_UNAVAILABLE, "no pipe");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	pid = fork();
	if (pid == 0)
		scan(ends[1], w);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err_set(e, ERR_UNAVAILABLE, "no process");
	}
	l->pipe.ready = heard;
	return event_loop_watch(&l->pipe, ends[0], EPOLLIN, e);
}

void shim_changes_begin(struct exchange *x, const char *session,
			int64_t since_ms)
{
	struct wanted w = { .since = since_ms };
	struct err e = { 0 };
	struct scan *l;

	if (looks >= LOOKS_MAX) {
		exchange_answer(x, 503, "too many look at once");
		return;
	}
	l = alloc_checked(calloc(1, sizeof(*l)));
	l->pipe.fd = -1;
	l->x = x;
	looks++;
	if (*session)
		memcpy(w.session, session, ID_SIZE);
	if (start_scan(l, &w, &e) < 0) {
		forget(l);
		exchange_fail(x, &e);
		return;
	}
	x->work = l;
	x->gone = gone;
}
