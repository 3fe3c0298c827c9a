#include "config.h"
#include "shim/shim_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/percent.h"
#include "core/str.h"
#include "shim/paths.h"
#include "shim/subreaper.h"
#include "shim/terminal_internal.h"

#define CHUNK (64 << 10)	/* read in a turn, so that others get theirs */
#define DRAIN_MAX (2 << 20)	/* bytes read after the shell's end */
#define HOLD_MS 1000
#define HANGUP_MS 2000		/* from the hang-up to SIGKILL */
#define JUMP_MIN (64 << 10)	/* bytes that are worth a jump when a key interrupts */
#define PATH_TEXT 4096

static struct terminal *terminals;
static unsigned nterminals;
static const struct shim_limits *limits;

void terminal_limit(const struct shim_limits *most)
{
	limits = most;
}

struct terminal *terminal_find(const char *id)
{
	struct terminal *t;

	for (t = terminals; t && !str_equal(t->id, id); t = t->next)
		;
	return t;
}

/* ---- output ---- */

static void set_events(struct terminal *t)
{
	event_loop_change(&t->pty, (t->paused ? 0 : EPOLLIN) |
			  (t->input.len ? EPOLLOUT : 0));
}

static void held_up(struct timer *timer)
{
	struct terminal *t = owner_of(timer, struct terminal, hold);

	terminal_jump(t, TERMINAL_LOW);
	terminal_read_on(t);
}

void terminal_read_on(struct terminal *t)
{
	if (!t->paused || terminal_room(t) < TERMINAL_HIGH - TERMINAL_LOW)
		return;
	t->paused = false;
	event_loop_cancel(&t->hold);
	set_events(t);
}

/* Bytes read; 0: try again later, -1: the PTY has ended. */
static ssize_t read_some(struct terminal *t, size_t most)
{
	static char chunk[CHUNK];
	size_t used = 0;
	ssize_t n = 0;

	/* The kernel gives at most a page at once. */
	while (used < most && used < sizeof(chunk)) {
		n = read(t->pty.fd, chunk + used,
			 (most < sizeof(chunk) ? most : sizeof(chunk)) - used);
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	if (used) {
		emulator_feed(t->emulator, chunk, used);
		terminal_output(t, chunk, used);
		return (ssize_t)used;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static void read_output(struct terminal *t)
{
	size_t room = terminal_room(t);

	if (!room) {
		t->paused = true;
		set_events(t);
		event_loop_timer(&t->hold, HOLD_MS);
	} else if (read_some(t, room) < 0) {
		/* The shell closed it; the subreaper tells when it has ended. */
		event_loop_close(&t->pty);
	}
}

/* ---- input ---- */

static void write_input(struct terminal *t)
{
	ssize_t n;

	while (t->input.len && t->pty.fd >= 0) {
		n = write(t->pty.fd, t->input.data, t->input.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_drop(&t->input, (size_t)n);
	}
	if (!t->input.len)
		buf_release(&t->input);
	set_events(t);
}

/* Whether it is a key that interrupts, as the terminal is set. */
static bool interrupts(const struct terminal *t, const char *bytes, size_t n)
{
	struct termios mode;
	size_t i;

	if (tcgetattr(t->pty.fd, &mode) < 0 || !(mode.c_lflag & ISIG))
		return false;
	for (i = 0; i < n; i++) {
		cc_t c = (cc_t)bytes[i];

		if (c == mode.c_cc[VINTR] || c == mode.c_cc[VQUIT] ||
		    c == mode.c_cc[VSUSP])
			return true;
	}
	return false;
}

int terminal_input(struct terminal *t, const char *bytes, size_t n,
		   struct err *e)
{
	if (t->pty.fd < 0)
		return 0;
	if (n <= TERMINAL_INPUT_MAX && interrupts(t, bytes, n))
		terminal_jump(t, JUMP_MIN);
	if (buf_add(&t->input, bytes, n, e) < 0)
		return err_set(e, ERR_LIMIT, "the program does not read its input");
	write_input(t);
	return 0;
}

static void answer(void *data, const char *bytes, size_t n)
{
	struct terminal *t = data;
	struct err full = { 0 };

	/* Without room the question stays open, as on a line that is cut. */
	(void)!buf_add(&t->input, bytes, n, &full);
}

static void ready(struct watch *w, uint32_t events)
{
	struct terminal *t = owner_of(w, struct terminal, pty);

	if (events & EPOLLOUT)
		write_input(t);
	if (w->fd >= 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_output(t);
	if (t->input.len)
		write_input(t);
}

/* ---- the end ---- */

static void destroy(struct terminal *t)
{
	event_loop_close(&t->pty);
	event_loop_close(&t->subreaper);
	event_loop_cancel(&t->hold);
	event_loop_cancel(&t->kill);
	emulator_free(t->emulator);
	buf_release(&t->input);
	free(t->ring);
	free(t);
}

void terminal_release_unused(struct terminal *t)
{
	if (t->ended && !t->viewers)
		destroy(t);
}

static void finish(struct terminal *t)
{
	struct terminal **at;
	size_t drained = 0;
	ssize_t n;

	/* A viewer too far behind for the last output gets a snapshot. */
	while (t->pty.fd >= 0 && drained < DRAIN_MAX) {
		if (!terminal_room(t))
			terminal_jump(t, TERMINAL_LOW);
		n = read_some(t, terminal_room(t));
		if (n <= 0)
			break;
		drained += (size_t)n;
	}
	event_loop_close(&t->pty);
	event_loop_close(&t->subreaper);
	event_loop_cancel(&t->hold);
	event_loop_cancel(&t->kill);
	for (at = &terminals; *at != t; at = &(*at)->next)
		;
	*at = t->next;
	nterminals--;
	t->ended = true;
	terminal_wake(t);
	terminal_release_unused(t);
}

static void reported(struct watch *w, uint32_t events)
{
	struct terminal *t = owner_of(w, struct terminal, subreaper);
	const size_t head = offsetof(struct subreaper_report, paths);
	struct subreaper_report r;
	ssize_t n = recv(w->fd, &r, sizeof(r), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n >= (ssize_t)head && r.what != SUBREAPER_CLAUDE_ENDED)
		return;
	t->code = n > 0 ? r.code : 0;
	t->signal = n > 0 ? r.signal : 9;	/* the subreaper was killed */
	finish(t);
}

static void order(struct terminal *t, char what)
{
	if (t->subreaper.fd >= 0)
		(void)!send(t->subreaper.fd, &what, 1, MSG_NOSIGNAL);
}

static void too_late(struct timer *timer)
{
	order(owner_of(timer, struct terminal, kill), SUBREAPER_KILL);
}

void terminal_end(struct terminal *t)
{
	order(t, SUBREAPER_HUP);
	event_loop_timer(&t->kill, HANGUP_MS);
}

void terminal_end_all(void)
{
	struct terminal *t;

	for (t = terminals; t; t = t->next)
		terminal_end(t);
}

/* ---- the start ---- */

static void set_size(struct terminal *t)
{
	struct winsize size = {
		.ws_row = (unsigned short)emulator_rows(t->emulator),
		.ws_col = (unsigned short)emulator_cols(t->emulator),
	};

	ioctl(t->pty.fd, TIOCSWINSZ, &size);
}

/* The program's end; -1 with an error. */
static int open_pair(int *ours, struct err *e)
{
	int theirs, unlock = 0;

	*ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (*ours < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "open a pseudo terminal");
	ioctl(*ours, TIOCSPTLCK, &unlock);
	theirs = ioctl(*ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (theirs < 0) {
		err_errno(e, ERR_UNAVAILABLE, errno, "open a pseudo terminal");
		close(*ours);
	}
	return theirs;
}

static void prepare_line(int fd)
{
	struct termios mode;

	/* Erases whole characters, not bytes. */
	if (tcgetattr(fd, &mode) == 0) {
		mode.c_iflag |= IUTF8;
		tcsetattr(fd, TCSANOW, &mode);
	}
}

static void shell(const char *id, const char *folder, int line, int report)
{
	struct start_request start = {
		.args = { (char[]){ "/bin/bash" }, (char[]){ "-l" } },
		.nargs = 2,
		.env = { (char[]){ "TERM=xterm-256color" },
			 (char[]){ "COLORTERM=truecolor" } },
		.nenv = 2,
		.folder = folder,
	};

	subreaper_exec(id, &start, (int[]){ line, line, line, report });
}

static int spawn(struct terminal *t, const char *folder, struct err *e)
{
	int ours, theirs, pair[2], errnum;

	path_open_home();
	theirs = open_pair(&ours, e);
	if (theirs < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		err_errno(e, ERR_UNAVAILABLE, errno, "make a socket");
		close(ours);
		close(theirs);
		return -1;
	}
	prepare_line(theirs);
	t->subreaper_pid = fork();
	if (!t->subreaper_pid)
		shell(t->id, folder, theirs, pair[1]);
	errnum = errno;
	close(theirs);
	close(pair[1]);
	if (t->subreaper_pid < 0) {
		close(ours);
		close(pair[0]);
		return err_errno(e, ERR_UNAVAILABLE, errnum, "start a process");
	}
	return event_loop_watch(&t->pty, ours, EPOLLIN, e) |
	       event_loop_watch(&t->subreaper, pair[0], EPOLLIN, e);
}

int terminal_rename(struct terminal *t, const char *name, struct err *e)
{
	const char *at;

	if (!utf8_valid(name, strlen(name)) || strlen(name) > TERMINAL_NAME_MAX)
		return err_set(e, ERR_INPUT, "a name is at most %d bytes of UTF-8",
			       TERMINAL_NAME_MAX);
	for (at = name; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return err_set(e, ERR_INPUT, "a control character in a name");
	}
	memcpy(t->name, name, strlen(name) + 1);
	return 0;
}

int terminal_start(const char *id, const struct terminal_start *start,
		   struct err *e)
{
	struct terminal *t;

	if (nterminals >= limits->terminals)
		return err_set(e, ERR_LIMIT, "%u terminals run already", nterminals);
	t = alloc_checked(calloc(1, sizeof(*t)));
	t->pty.fd = t->subreaper.fd = -1;
	t->pty.ready = ready;
	t->subreaper.ready = reported;
	t->hold.fire = held_up;
	t->kill.fire = too_late;
	t->started = clock_now_ms();
	buf_init(&t->input, TERMINAL_UNREAD_MAX);
	t->emulator = emulator_new(start->rows, start->cols, answer, t);
	if (!str_copy(t->id, sizeof(t->id), id) ||
	    terminal_rename(t, start->name, e) < 0 ||
	    spawn(t, start->folder, e) < 0) {
		destroy(t);
		return err_wrap(e, "start a terminal");
	}
	set_size(t);
	t->next = terminals;
	terminals = t;
	nterminals++;
	return 0;
}

void terminal_resize(struct terminal *t, int rows, int cols)
{
	int old_rows = emulator_rows(t->emulator);
	int old_cols = emulator_cols(t->emulator);

	emulator_resize(t->emulator, rows, cols);
	if (old_rows == emulator_rows(t->emulator) &&
	    old_cols == emulator_cols(t->emulator))
		return;
	set_size(t);
	terminal_jump(t, 0);
}

/* ---- the list ---- */

static void add_field(struct buf *out, const char *text)
{
	struct err full = { 0 };

	if (buf_add_text(out, " ", &full) < 0)
		return;
	if (!*text)
		(void)!buf_add_text(out, "-", &full);
	else
		(void)!percent_add(out, text, "/", &full);
}

/* What runs in the foreground. */
static void find_program(const struct terminal *t, char out[64])
{
	pid_t group = tcgetpgrp(t->pty.fd);
	char path[64];
	ssize_t n;
	int fd;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)group);
	fd = group > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	n = read(fd, out, 63);
	close(fd);
	out[n > 0 ? n - 1 : 0] = '\0';
}

/* As its program says (OSC 7), else the shell's own. */
static void find_folder(const struct terminal *t, char out[PATH_TEXT])
{
	char path[64];
	pid_t shell = 0;
	ssize_t n;

	if (str_copy(out, PATH_TEXT, emulator_folder(t->emulator)) && *out)
		return;
	ioctl(t->pty.fd, TIOCGSID, &shell);
	snprintf(path, sizeof(path), "/proc/%d/cwd", (int)shell);
	n = shell > 0 ? readlink(path, out, PATH_TEXT - 1) : -1;
	out[n > 0 ? n : 0] = '\0';
}

static int list_one(const struct terminal *t, struct buf *out, struct err *e)
{
	char program[64], folder[PATH_TEXT];

	find_program(t, program);
	find_folder(t, folder);
	if (buf_addf(out, e, "%s %d %d %" PRId64 " %u", t->id,
		     emulator_rows(t->emulator), emulator_cols(t->emulator),
		     t->started, t->nviewers) < 0)
		return -1;
	add_field(out, program);
	add_field(out, t->name);
	add_field(out, folder);
	add_field(out, emulator_title(t->emulator));
	return buf_add_text(out, "\n", e);
}

int terminal_list(struct buf *out, struct err *e)
{
	const struct terminal *t;

	for (t = terminals; t; t = t->next) {
		if (list_one(t, out, e) < 0)
			return -1;
	}
	return 0;
}
