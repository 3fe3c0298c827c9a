#include "config.h"
#include "shim/shim_session.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "shim/cgroup.h"
#include "shim/paths.h"
#include "shim/processes.h"
#include "shim/shim_session_internal.h"
#include "shim/subreaper.h"

#define READS_AT_ONCE 4		/* chunks, then the others get their turn */
#define DRAIN_MAX (2 << 20)	/* bytes read after Claude's end */
#define TOOLS_MS 10000
#define ORPHANS_MS 1000		/* all sessions wait for a dead keeper's tools */
#define OOM_POLL_MS 500
#define LAST_WORDS_MS 2000
#define LAST_GRACE_MS 3000
#define END_SESSION "{\"type\":\"control_request\",\"request_id\":" \
	"\"gongbang-end\",\"request\":{\"subtype\":\"end_session\"}}\n"

enum { STAGE_OPEN, STAGE_ASKED, STAGE_TERM, STAGE_KILL, STAGE_STUCK };

static struct session *sessions;
static unsigned nsessions;
static struct timer oom_poll;
static void (*all_ended)(void);
static const struct shim_limits *limits;
static char chunk[CHUNK];

static void poll_oom(struct timer *t)
{
	struct session *s;

	for (s = sessions; s; s = s->next)
		session_check_oom(s);
	if (sessions)
		loop_timer(t, OOM_POLL_MS);
}

static void order(struct session *s, char what)
{
	if (s->keeper.fd >= 0)
		(void)!send(s->keeper.fd, &what, 1, MSG_NOSIGNAL);
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

static void destroy(struct session *s)
{
	struct session **at;

	for (at = &sessions; *at && *at != s; at = &(*at)->next)
		;
	if (*at) {
		*at = s->next;
		nsessions--;
	}
	if (s->own_home)
		place_own_home_remove(s->id);
	session_drop_inputs(s);
	loop_close(&s->out);
	loop_close(&s->err);
	loop_close(&s->keeper);
	loop_cancel(&s->retry);
	loop_cancel(&s->tools);
	loop_cancel(&s->stage);
	buf_release(&s->unsaved);
	journal_close(s->journal);
	free(s);
	if (all_ended && !sessions)
		all_ended();
}

/* Reads stdout into the log; false when there is no more for now. */
static bool read_output(struct session *s)
{
	ssize_t n;

	if (s->out.fd < 0 || s->unsaved.len || session_log_is_full(s, limits->log_kept))
		return false;
	n = read(s->out.fd, chunk, sizeof(chunk));
	if (n < 0)
		return errno == EINTR;
	if (n == 0) {
		loop_close(&s->out);
		return false;
	}
	session_save_output(s, chunk, (size_t)n);
	return true;
}

static bool read_errors(struct session *s)
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
		loop_close(&s->err);
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

static void finish(struct session *s)
{
	auto_buf line = BUF_INIT(8 * STDERR_TAIL);
	struct err e = { 0 };
	size_t round;

	/* Where the disk is full, the retry timer comes back here. */
	if (!session_flush(s))
		return;
	if (!s->exit_written) {
		for (round = 0; round < DRAIN_MAX / CHUNK && read_output(s);)
			round++;
		if (s->unsaved.len)
			return;
		for (round = 0; round < DRAIN_MAX / CHUNK && read_errors(s);)
			round++;
		session_exit_line(&line, s, "exit");
		s->exit_written = true;
		session_save_line(s, line.data, line.len);
		if (s->unsaved.len)
			return;
	}
	(void)!journal_mark(s->journal, false, &e);
	if (s->purge) {
		journal_drop(s->journal);
		if (place_purge(s->id, &e) < 0)
			answer_all(&s->end_waiters, 500, e.text);
	}
	answer_all(&s->end_waiters, 200, "ended");
	answer_all(&s->tool_waiters, 200, "ended 0");
	destroy(s);
}

static void ready_out(struct watch *w, uint32_t events)
{
	struct session *s = owner_of(w, struct session, out);
	int i;

	for (i = 0; i < READS_AT_ONCE && read_output(s); i++)
		;
}

static void ready_err(struct watch *w, uint32_t events)
{
	read_errors(owner_of(w, struct session, err));
}

static void retry(struct timer *t)
{
	struct session *s = owner_of(t, struct session, retry);

	if (s->ended)
		finish(s);
	else
		session_flush(s);
}

/* The keeper has gone: with a report when Claude did first. */
static void keeper_ended(struct session *s)
{
	loop_close(&s->keeper);
	loop_cancel(&s->stage);
	loop_cancel(&s->tools);
	if (!s->reported) {
		s->signal = SIGKILL;
		processes_sweep(SWEEP_MARKED, getpid(), 0, s->id, ORPHANS_MS);
	}
	s->ended = true;
	session_drop_inputs(s);
	finish(s);
}

static void ready_keeper(struct watch *w, uint32_t events)
{
	struct session *s = owner_of(w, struct session, keeper);
	struct keeper_report r;
	struct exchange *x;
	ssize_t n;

	n = recv(w->fd, &r, sizeof(r), 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != sizeof(r)) {
		keeper_ended(s);
	} else if (r.what == KEEPER_CLAUDE_ENDED) {
		s->reported = true;
		s->code = r.code;
		s->signal = r.signal;
	} else if ((x = s->tool_waiters)) {
		leave_list(x);
		x->gone = NULL;
		exchange_answer(x, 200, "ended %d", (int)r.count);
		if (!s->tool_waiters)
			loop_cancel(&s->tools);
	}
}

static void tools_late(struct timer *t)
{
	struct session *s = owner_of(t, struct session, tools);

	answer_all(&s->tool_waiters, 503, "the tools did not end in time");
}

static void next_stage(struct timer *t)
{
	struct session *s = owner_of(t, struct session, stage);

	s->stage_now++;
	if (s->stage_now == STAGE_TERM) {
		order(s, KEEPER_TERM);
		loop_timer(t, LAST_GRACE_MS);
	} else if (s->stage_now == STAGE_KILL) {
		order(s, KEEPER_KILL);
		loop_timer(t, limits->stuck_ms);
	} else if (s->stage_now == STAGE_STUCK) {
		kill(s->keeper_pid, SIGKILL);
	}
}

static struct session *make(const char *id)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		err_abort("out of memory");
	memcpy(s->id, id, sizeof(s->id));
	s->in = (struct watch){ .fd = -1, .ready = session_write_input };
	s->out = (struct watch){ .fd = -1, .ready = ready_out };
	s->err = (struct watch){ .fd = -1, .ready = ready_err };
	s->keeper = (struct watch){ .fd = -1, .ready = ready_keeper };
	s->retry.fire = retry;
	s->tools.fire = tools_late;
	s->stage.fire = next_stage;
	buf_init(&s->unsaved, 2 * CHUNK);
	s->oom_before = s->oom_seen = health_oom_kills();
	return s;
}

static int begin_log(struct session *s, int64_t from, struct err *e)
{
	char line[96];
	bool lost;
	int n;

	s->journal = journal_open(s->id, true, e);
	if (!s->journal || journal_mark(s->journal, true, e) < 0)
		return -1;
	lost = journal_size(s->journal) < from;
	if (lost && journal_skip(s->journal, from, e) < 0)
		return -1;
	s->line_start = journal_at_line_start(s->journal);
	n = snprintf(line, sizeof(line), "{\"type\":\"gongbang\",\"subtype\":"
		     "\"start\",\"at\":%" PRId64 "%s}\n", clock_now_ms(),
		     lost ? ",\"lost\":true" : "");
	session_save_line(s, line, (size_t)n);
	/* Refused now rather than begun with a log that cannot be written. */
	if (s->unsaved.len)
		return err_set(e, ERR_UNAVAILABLE, "the disk is full");
	return 0;
}

int session_start(const char *id, const struct start *start, struct err *e)
{
	struct err ignored = { 0 };
	struct session *s;

	if (all_ended)
		return err_set(e, ERR_UNAVAILABLE, "the workspace is stopping");
	if (nsessions == SESSIONS_MAX)
		return err_set(e, ERR_UNAVAILABLE, "%d sessions run already",
			       SESSIONS_MAX);
	s = make(id);
	if (begin_log(s, start->from, e) < 0 || session_spawn(s, start, e) < 0) {
		if (s->journal)
			(void)!journal_mark(s->journal, false, &ignored);
		destroy(s);
		return err_wrap(e, "start a session");
	}
	s->next = sessions;
	sessions = s;
	nsessions++;
	oom_poll.fire = poll_oom;
	if (!oom_poll.set)
		loop_timer(&oom_poll, OOM_POLL_MS);
	return 0;
}

int session_signal(struct session *s, const char *name, struct err *e)
{
	static const struct { const char *name; char order; } names[] = {
		{ "INT", KEEPER_INT }, { "TERM", KEEPER_TERM },
		{ "KILL", KEEPER_KILL },
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

void session_end_tools(struct session *s, struct exchange *x)
{
	join_list(x, &s->tool_waiters);
	order(s, KEEPER_END_TOOLS);
	loop_timer(&s->tools, TOOLS_MS);
}

void session_end(struct session *s, int64_t grace_ms, bool purge,
		 struct exchange *x)
{
	s->purge |= purge;
	if (x)
		join_list(x, &s->end_waiters);
	if (s->ended || s->stage_now >= STAGE_TERM)
		return;
	s->stage_now = STAGE_TERM;
	order(s, KEEPER_TERM);
	loop_timer(&s->stage, grace_ms);
}

void session_end_all(void (*done)(void))
{
	struct session *s;

	all_ended = done;
	for (s = sessions; s; s = s->next) {
		if (s->stage_now == STAGE_TERM)
			loop_timer(&s->stage, LAST_GRACE_MS);
		if (s->stage_now != STAGE_OPEN)
			continue;
		/* Never into the middle of another line. */
		if (!s->inputs && s->in.fd >= 0)
			(void)!write(s->in.fd, END_SESSION,
				     sizeof(END_SESSION) - 1);
		s->stage_now = STAGE_ASKED;
		loop_timer(&s->stage, LAST_WORDS_MS);
	}
	if (!sessions)
		done();
}

static void close_log(void *data, const char *id, bool marked, int64_t size)
{
	auto_buf line = BUF_INIT(8 * STDERR_TAIL);
	struct session *s;
	struct err e = { 0 };

	if (!marked)
		return;
	s = make(id);
	s->journal = journal_open(id, false, &e);
	if (s->journal) {
		s->line_start = journal_at_line_start(s->journal);
		session_exit_line(&line, s, "container");
		session_save_line(s, line.data, line.len);
		if (!s->unsaved.len)
			(void)!journal_mark(s->journal, false, &e);
	}
	destroy(s);
}

void session_limit(const struct shim_limits *most)
{
	limits = most;
}

int session_recover(struct err *e)
{
	return journal_list(close_log, NULL, e);
}

struct session *session_find(const char *id)
{
	struct session *s;

	for (s = sessions; s && !str_equal(s->id, id); s = s->next)
		;
	return s;
}

const char *session_id(const struct session *s)
{
	return s->id;
}

bool session_is_open(const struct session *s)
{
	return !s->ended && s->stage_now == STAGE_OPEN;
}

void session_count(unsigned *running, unsigned *blocked)
{
	struct session *s;

	*running = nsessions;
	*blocked = 0;
	for (s = sessions; s; s = s->next)
		*blocked += s->unsaved.len != 0;
}
