#include "config.h"
#include "shim/shim_changes.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/percent.h"
#include "core/str.h"
#include "shim/event_loop.h"
#include "shim/paths.h"
#include "shim/seccomp.h"

#define LOOKS_MAX 8		/* at once */
#define MEMORY_MAX (128u << 20)	/* per folder: all its names are in memory at once */

struct scan {
	struct watch pipe;
	struct exchange *x;
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

static bool left_out(const FTSENT *entry)
{
	return entry->fts_name[0] == '.' ||
	       str_equal(entry->fts_name, "node_modules") ||
	       str_equal(entry->fts_name, "__pycache__");
}

static bool is_made(const char *path, int64_t since_ms)
{
	struct statx more;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &more) < 0 ||
	    !(more.stx_mask & STATX_BTIME))
		return false;
	return more.stx_btime.tv_sec * 1000 +
	       more.stx_btime.tv_nsec / 1000000 >= since_ms;
}

/* Every change of content, name or rights updates ctime; no process can set it. */
static int64_t changed_ms(const struct stat *st)
{
	return (int64_t)st->st_ctim.tv_sec * 1000 +
	       st->st_ctim.tv_nsec / 1000000;
}

static int write_entry(int out, const FTSENT *entry, size_t skip, int64_t since_ms)
{
	auto_buf line = BUF_INIT(64 << 10);
	struct err e = { 0 };

	if (buf_addf(&line, &e, "%s %" PRId64 " %" PRId64 " ",
		     is_made(entry->fts_path, since_ms) ? "made" : "changed",
		     (int64_t)entry->fts_statp->st_size,
		     changed_ms(entry->fts_statp)) < 0)
		return -1;
	if (percent_add(&line, entry->fts_path + skip, "/", &e) < 0)
		return -1;
	if (buf_add(&line, "\n", 1, &e) < 0)
		return -1;
	return write(out, line.data, line.len) == (ssize_t)line.len ? 0 : -1;
}

static void walk(int out, int64_t since_ms)
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
			   changed_ms(entry->fts_statp) >= since_ms) {
			rc = write_entry(out, entry, skip, since_ms);
			told++;
		}
	}
}

static _Noreturn void scan(int out, int64_t since_ms)
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
	walk(out, since_ms);
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

static int start_scan(struct scan *l, int64_t since_ms, struct err *e)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, ERR_UNAVAILABLE, "no pipe");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	pid = fork();
	if (pid == 0)
		scan(ends[1], since_ms);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err_set(e, ERR_UNAVAILABLE, "no process");
	}
	l->pipe.ready = heard;
	return event_loop_watch(&l->pipe, ends[0], EPOLLIN, e);
}

void shim_changes_begin(struct exchange *x, int64_t since_ms)
{
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
	if (start_scan(l, since_ms, &e) < 0) {
		forget(l);
		exchange_fail(x, &e);
		return;
	}
	x->work = l;
	x->gone = gone;
}
