#include "config.h"
#include "shim/shim_session.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "shim/cgroup.h"
#include "shim/file_writers.h"
#include "shim/paths.h"
#include "shim/processes.h"
#include "shim/shim_session_internal.h"
#include "shim/subreaper.h"

#define READS_AT_ONCE 4		/* chunks per turn, so that other sessions get theirs */
#define REPORTS_AT_ONCE 64
#define DRAIN_MAX (2 << 20)	/* bytes read after Claude's end */
#define TOOLS_MS 10000
#define ORPHANS_MS 1000		/* all sessions wait while a dead subreaper's tools are killed */
#define OOM_POLL_MS 500
#define LAST_WORDS_MS 2000
#define LAST_GRACE_MS 3000
#define END_SESSION "{\"type\":\"control_request\",\"request_id\":" \
	"\"gongbang-end\",\"request\":{\"subtype\":\"end_session\"}}\n"

enum { STAGE_OPEN, STAGE_ASKED, STAGE_TERM, STAGE_KILL, STAGE_STUCK };

static struct shim_session *sessions;
static unsigned nsessions;
static struct timer oom_poll;
static void (*all_ended)(void);
static const struct shim_limits *limits;
static char chunk[CHUNK];

static void poll_oom(struct timer *t)
{
	struct shim_session *s;

	for (s = sessions; s; s = s->next)
		shim_session_check_oom(s);
	if (sessions)
		event_loop_timer(t, OOM_POLL_MS);
}

static void order(struct shim_session *s, char what)
{
	if (s->subreaper.fd >= 0)
		(void)!send(s->subreaper.fd, &what, 1, MSG_NOSIGNAL);
}

static void answer_all(struct exchange **list, int status, const char *text)
{
	struct exchange *x;

	while ((x = *list)) {
		*list = x->next;
		x->gone = NULL;
		exchange_answer(x, status, "%s", text);
	}
}

static void leave_list(struct exchange *x)
{
	struct exchange **at;

	for (at = x->work; *at && *at != x; at = &(*at)->next)
		;
	if (*at)
		*at = x->next;
}

static void join_list(struct exchange *x, struct exchange **list)
{
	struct exchange **at;

	for (at = list; *at; at = &(*at)->next)
		;
	*at = x;
	x->next = NULL;
	x->work = list;
	x->gone = leave_list;
}

static void destroy(struct shim_session *s)
{
	struct shim_session **at;

	for (at = &sessions; *at && *at != s; at = &(*at)->next)
		;
	if (*at) {
		*at = s->next;
		nsessions--;
	}
	if (s->own_home)
		path_own_home_remove(s->id);
	shim_session_drop_inputs(s);
	event_loop_close(&s->out);
	event_loop_close(&s->err);
	event_loop_close(&s->subreaper);
	event_loop_cancel(&s->retry);
	event_loop_cancel(&s->tools);
	event_loop_cancel(&s->stage);
	buf_release(&s->unsaved);
	log_file_close(s->log);
	free(s);
	if (all_ended && !sessions)
		all_ended();
}

/* Reads stdout into the log; false when there is no more for now. */
static bool read_output(struct shim_session *s)
{
	ssize_t n;

	if (s->out.fd < 0 || s->unsaved.len || shim_session_log_is_full(s, limits->log_kept))
		return false;
	n = read(s->out.fd, chunk, sizeof(chunk));
	if (n < 0)
		return errno == EINTR;
	if (n == 0) {
		event_loop_close(&s->out);
		return false;
	}
	shim_session_save_output(s, chunk, (size_t)n);
	return true;
}

static bool read_errors(struct shim_session *s)
{
	char text[STDERR_TAIL];
	size_t drop;
	ssize_t n;

	if (s->err.fd < 0)
		return false;
	n = read(s->err.fd, text, sizeof(text));
	if (n < 0)
		return errno == EINTR;
	if (n == 0) {
		event_loop_close(&s->err);
		return false;
	}
	drop = s->tail_len + (size_t)n > STDERR_TAIL ?
	       s->tail_len + (size_t)n - STDERR_TAIL : 0;
	memmove(s->tail, s->tail + drop, s->tail_len - drop);
	s->tail_len -= drop;
	memcpy(s->tail + s->tail_len, text, (size_t)n);
	s->tail_len += (size_t)n;
	return true;
}

static void finish(struct shim_session *s)
{
	auto_buf line = BUF_INIT(8 * STDERR_TAIL);
	struct err e = { 0 };
	size_t round;

	/* While the disk is full, the retry timer returns here. */
	if (!shim_session_flush(s))
		return;
	if (!s->exit_written) {
		for (round = 0; round < DRAIN_MAX / CHUNK && read_output(s);)
			round++;
		if (s->unsaved.len)
			return;
		for (round = 0; round < DRAIN_MAX / CHUNK && read_errors(s);)
			round++;
		shim_session_exit_line(&line, s, "exit");
		s->exit_written = true;
		shim_session_save_line(s, line.data, line.len);
		if (s->unsaved.len)
			return;
	}
	(void)!log_file_mark(s->log, false, &e);
	if (s->purge) {
		log_file_drop(s->log);
		if (path_purge(s->id, &e) < 0)
			answer_all(&s->end_waiters, 500, e.text);
	}
	answer_all(&s->end_waiters, 200, "ended");
	answer_all(&s->tool_waiters, 200, "ended 0");
	destroy(s);
}

static void ready_out(struct watch *w, uint32_t events)
{
	struct shim_session *s = owner_of(w, struct shim_session, out);
	int i;

	for (i = 0; i < READS_AT_ONCE && read_output(s); i++)
		;
}

static void ready_err(struct watch *w, uint32_t events)
{
	read_errors(owner_of(w, struct shim_session, err));
}

static void retry(struct timer *t)
{
	struct shim_session *s = owner_of(t, struct shim_session, retry);

	if (s->ended)
		finish(s);
	else
		shim_session_flush(s);
}

/* The subreaper has ended: with a report if Claude ended first. */
static void subreaper_ended(struct shim_session *s)
{
	event_loop_close(&s->subreaper);
	event_loop_cancel(&s->stage);
	event_loop_cancel(&s->tools);
	if (!s->reported) {
		s->signal = SIGKILL;
		processes_sweep(SWEEP_MARKED, getpid(), 0, s->id, ORPHANS_MS);
	}
	s->ended = true;
	shim_session_drop_inputs(s);
	finish(s);
}

static void tools_ended(struct shim_session *s, int count)
{
	struct exchange *x = s->tool_waiters;

	if (!x)
		return;
	leave_list(x);
	x->gone = NULL;
	exchange_answer(x, 200, "ended %d", count);
	if (!s->tool_waiters)
		event_loop_cancel(&s->tools);
}

static void handle_report(struct shim_session *s,
			  const struct subreaper_report *r)
{
	switch (r->what) {
	case SUBREAPER_CLAUDE_ENDED:
		s->reported = true;
		s->code = r->code;
		s->signal = r->signal;
		break;
	case SUBREAPER_TOOLS_ENDED:
		tools_ended(s, (int)r->count);
		break;
	case SUBREAPER_UNNAMED:
		file_writers_miss();
		break;
	case SUBREAPER_OPENED:
		file_writers_note(s->id, r->at, r->paths);
		break;
	case SUBREAPER_MOVED:
		file_writers_move(r->paths, r->paths + strlen(r->paths) + 1);
		break;
	}
}

static void ready_subreaper(struct watch *w, uint32_t events)
{
	struct shim_session *s = owner_of(w, struct shim_session, subreaper);
	const size_t head = offsetof(struct subreaper_report, paths);
	struct subreaper_report r;
	ssize_t n;
	int i;

	for (i = 0; i < REPORTS_AT_ONCE; i++) {
		n = recv(w->fd, &r, sizeof(r), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < (ssize_t)head) {
			subreaper_ended(s);
			return;
		}
		handle_report(s, &r);
	}
}

static void tools_late(struct timer *t)
{
	struct shim_session *s = owner_of(t, struct shim_session, tools);

	answer_all(&s->tool_waiters, 503, "the tools did not end in time");
}

static void next_stage(struct timer *t)
{
	struct shim_session *s = owner_of(t, struct shim_session, stage);

	s->stage_now++;
	if (s->stage_now == STAGE_TERM) {
		order(s, SUBREAPER_TERM);
		event_loop_timer(t, LAST_GRACE_MS);
	} else if (s->stage_now == STAGE_KILL) {
		order(s, SUBREAPER_KILL);
		event_loop_timer(t, limits->stuck_ms);
	} else if (s->stage_now == STAGE_STUCK) {
		kill(s->subreaper_pid, SIGKILL);
	}
}

static struct shim_session *make(const char *id)
{
	struct shim_session *s = alloc_checked(calloc(1, sizeof(*s)));

	memcpy(s->id, id, sizeof(s->id));
	s->in = (struct watch){ .fd = -1, .ready = shim_session_write_input };
	s->out = (struct watch){ .fd = -1, .ready = ready_out };
	s->err = (struct watch){ .fd = -1, .ready = ready_err };
	s->subreaper = (struct watch){ .fd = -1, .ready = ready_subreaper };
	s->retry.fire = retry;
	s->tools.fire = tools_late;
	s->stage.fire = next_stage;
	buf_init(&s->unsaved, 2 * CHUNK);
	s->oom_before = s->oom_seen = cgroup_oom_kills();
	return s;
}

static int begin_log(struct shim_session *s, int64_t from, struct err *e)
{
	char line[96];
	bool lost;
	int n;

	s->log = log_file_open(s->id, true, e);
	if (!s->log || log_file_mark(s->log, true, e) < 0)
		return -1;
	lost = log_file_size(s->log) < from;
	if (lost && log_file_skip(s->log, from, e) < 0)
		return -1;
	s->line_start = log_file_at_line_start(s->log);
	n = snprintf(line, sizeof(line), "{\"type\":\"gongbang\",\"subtype\":"
		     "\"start\",\"at\":%" PRId64 "%s}\n", clock_now_ms(),
		     lost ? ",\"lost\":true" : "");
	shim_session_save_line(s, line, (size_t)n);
	/* Better to refuse now than to start with a log that cannot be written. */
	if (s->unsaved.len)
		return err_set(e, ERR_UNAVAILABLE, "the disk is full");
	return 0;
}

int shim_session_start(const char *id, const struct start_request *start,
		       struct err *e)
{
	struct err ignored = { 0 };
	struct shim_session *s;

	if (all_ended)
		return err_set(e, ERR_UNAVAILABLE, "the workspace is stopping");
	if (nsessions >= limits->sessions)
		return err_set(e, ERR_UNAVAILABLE, "%u sessions run already",
			       nsessions);
	s = make(id);
	if (begin_log(s, start->from, e) < 0 || shim_session_spawn(s, start,
								   e) < 0) {
		if (s->log)
			(void)!log_file_mark(s->log, false, &ignored);
		destroy(s);
		return err_wrap(e, "start a session");
	}
	s->next = sessions;
	sessions = s;
	nsessions++;
	oom_poll.fire = poll_oom;
	if (!oom_poll.set)
		event_loop_timer(&oom_poll, OOM_POLL_MS);
	return 0;
}

int shim_session_signal(struct shim_session *s, const char *name, struct err *e)
{
	static const struct { const char *name; char order; } names[] = {
		{ "INT", SUBREAPER_INT }, { "TERM", SUBREAPER_TERM },
		{ "KILL", SUBREAPER_KILL },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (str_equal(name, names[i].name)) {
			order(s, names[i].order);
			return 0;
		}
	}
	return err_set(e, ERR_INPUT, "name is INT, TERM or KILL");
}

void shim_session_end_tools(struct shim_session *s, struct exchange *x)
{
	join_list(x, &s->tool_waiters);
	order(s, SUBREAPER_END_TOOLS);
	event_loop_timer(&s->tools, TOOLS_MS);
}

void shim_session_end(struct shim_session *s, int64_t grace_ms, bool purge,
		      struct exchange *x)
{
	s->purge |= purge;
	if (x)
		join_list(x, &s->end_waiters);
	if (s->ended || s->stage_now >= STAGE_TERM)
		return;
	s->stage_now = STAGE_TERM;
	order(s, SUBREAPER_TERM);
	event_loop_timer(&s->stage, grace_ms);
}

void shim_session_end_all(void (*done)(void))
{
	struct shim_session *s;

	all_ended = done;
	for (s = sessions; s; s = s->next) {
		if (s->stage_now == STAGE_TERM)
			event_loop_timer(&s->stage, LAST_GRACE_MS);
		if (s->stage_now != STAGE_OPEN)
			continue;
		/* Never into the middle of another line. */
		if (!s->inputs && s->in.fd >= 0)
			(void)!write(s->in.fd, END_SESSION,
				     sizeof(END_SESSION) - 1);
		s->stage_now = STAGE_ASKED;
		event_loop_timer(&s->stage, LAST_WORDS_MS);
	}
	if (!sessions)
		done();
}

static void close_log(void *data, const char *id, bool marked, int64_t size)
{
	auto_buf line = BUF_INIT(8 * STDERR_TAIL);
	struct shim_session *s;
	struct err e = { 0 };

	if (!marked)
		return;
	s = make(id);
	s->log = log_file_open(id, false, &e);
	if (s->log) {
		s->line_start = log_file_at_line_start(s->log);
		shim_session_exit_line(&line, s, "container");
		shim_session_save_line(s, line.data, line.len);
		if (!s->unsaved.len)
			(void)!log_file_mark(s->log, false, &e);
	}
	destroy(s);
}

void shim_session_limit(const struct shim_limits *most)
{
	limits = most;
}

int shim_session_recover(struct err *e)
{
	return log_file_list(close_log, NULL, e);
}

struct shim_session *shim_session_find(const char *id)
{
	struct shim_session *s;

	for (s = sessions; s && !str_equal(s->id, id); s = s->next)
		;
	return s;
}

bool shim_session_is_open(const struct shim_session *s)
{
	return !s->ended && s->stage_now == STAGE_OPEN;
}

void shim_session_count(unsigned *running, unsigned *blocked)
{
	struct shim_session *s;

	*running = nsessions;
	*blocked = 0;
	for (s = sessions; s; s = s->next)
		*blocked += s->unsaved.len != 0;
}
