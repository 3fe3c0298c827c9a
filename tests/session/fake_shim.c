#include "config.h"
#include "fake_shim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "core/str.h"
#include "workspace/start_slots.h"
#include "workspace/workspace.h"

struct link {
	int dummy;
};

struct link_stream {
	TAILQ_ENTRY(link_stream) next;
	char method[8], path[256];
	char *body;
	size_t n;
	const struct link_response_events *ev;
	void *data;
	bool log, held, deaf;
	size_t at;
};

struct workspace {
	enum workspace_state state;
	struct err error;
	void (*changed)(void *data);
	void *data;
};

struct workspace_watch {
	struct workspace *w;
};

struct start {
	const struct start_events *ev;
	void *data;
	int place;
};

struct fake fake;
static struct start the_start;
static struct link the_link;
static struct workspace the_workspace;
static struct workspace_watch the_watch = { &the_workspace };
static TAILQ_HEAD(, link_stream) streams = TAILQ_HEAD_INITIALIZER(streams);

int64_t __real_clock_mono_ms(void);
int64_t __wrap_clock_mono_ms(void);

int64_t __wrap_clock_mono_ms(void)
{
	return __real_clock_mono_ms() + fake.skipped;
}

uint64_t __real_uv_hrtime(void);
uint64_t __wrap_uv_hrtime(void);

/* By this the session measures what decoding costs: nothing, on the slowest machine too. */
uint64_t __wrap_uv_hrtime(void)
{
	return fake.costly ? __real_uv_hrtime() : 1;
}

static void check(int r)
{
	if (r < 0)
		abort();
}

static void drop(struct link_stream *s)
{
	TAILQ_REMOVE(&streams, s, next);
	free(s->body);
	free(s);
}

void fake_reset(void)
{
	struct link_stream *s;

	while ((s = TAILQ_FIRST(&streams)))
		drop(s);
	buf_release(&fake.log);
	buf_release(&fake.input);
	memset(&fake, 0, sizeof(fake));
	buf_init(&fake.log, 64 << 20);
	buf_init(&fake.input, 64 << 20);
	fake.changes = "";
	fake.file = "what is in it";
	fake.urgent = true;
	fake.stretch = 1;
	the_workspace = (struct workspace){ .state = WORKSPACE_STOPPED };
	the_start.place = START_UNCOUNTED;
}

static void tell(void)
{
	if (the_workspace.changed)
		the_workspace.changed(the_workspace.data);
}

void fake_ready(void)
{
	the_workspace.state = WORKSPACE_READY;
	tell();
}

void fake_workspace(enum workspace_state state)
{
	the_workspace.state = state;
	tell();
}

void fake_lose(void)
{
	the_workspace.state = WORKSPACE_LINKING;
	tell();
	if (!TAILQ_EMPTY(&streams))
		abort();	/* they were to be let go of */
}

void fake_say(const char *fmt, ...)
{
	struct err e = { 0 };
	static char line[256 << 10];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(line, sizeof(line), fmt, ap) >= (int)sizeof(line))
		err_abort("a line too long");
	va_end(ap);
	check(buf_add_text(&fake.log, line, &e));
	check(buf_add_text(&fake.log, "\n", &e));
}

void fake_exit(int code, int signal, const char *stderr_tail)
{
	fake.running = false;
	fake_say("{\"type\":\"gongbang\",\"subtype\":\"exit\",\"at\":2,\"code\":%d,"
		 "\"signal\":%d,\"oom\":0,\"reason\":\"exit\",\"stderr\":\"%s\"}",
		 code, signal, stderr_tail);
}

static void answer(struct link_stream *s, int status, const char *body)
{
	const struct link_response_events *ev = s->ev;
	void *data = s->data;

	drop(s);
	if (ev->status)
		ev->status(data, status);
	if (ev->body && *body)
		ev->body(data, body, strlen(body));
	if (ev->end)
		ev->end(data, NULL);
}

static void list(struct link_stream *s)
{
	char line[128] = "", id[64] = "";
	const char *at = getenv("FAKE_SESSION");

	snprintf(id, sizeof(id), "%s", at ? at : "");
	if (fake.has_log)
		snprintf(line, sizeof(line), "%s %s %zu\n", id,
			 fake.running ? "running" : "ended", fake.log.len);
	answer(s, 200, line);
}

static void start(struct link_stream *s)
{
	bool was = fake.running;
	size_t i;

	if (fake.refuse_start) {
		answer(s, fake.refuse_start, "no\n");
		return;
	}

	fake.args[0] = '\0';
	for (i = 0; i < s->n; i += strlen(s->body + i) + 1) {
		strncat(fake.args, s->body + i, sizeof(fake.args) / 2);
		strcat(fake.args, " ");
	}
	if (!was) {
		fake.starts++;
		fake.running = fake.has_log = true;
		fake_say("{\"type\":\"gongbang\",\"subtype\":\"start\",\"at\":1}");
	}
	answer(s, was ? 200 : 201, "");
}

static void take_input(struct link_stream *s)
{
	struct err e = { 0 };
	char *body, *line, *rest;

	if (fake.refuse_input || !fake.running) {
		fake.refuse_input -= fake.refuse_input > 0;
		answer(s, 409, "not running\n");
		return;
	}
	body = strndup(s->body, s->n);
	check(buf_add(&fake.input, s->body, s->n, &e));
	answer(s, 200, "");
	for (rest = body; (line = strsep(&rest, "\n")); ) {
		if (*line && fake.on_line)
			fake.on_line(line);
	}
	free(body);
}

static void serve(struct link_stream *s)
{
	if (str_starts(s->path, "/changes?since=")) {
		fake.looks++;
		if (!fake.silent)
			answer(s, 200, fake.changes);
		else
			s->deaf = true;
	} else if (str_starts(s->path, "/files/")) {
		fake.reads++;
		answer(s, 200, fake.file);
	} else if (strstr(s->path, "/written?")) {
		snprintf(fake.written_asked, sizeof(fake.written_asked), "%s",
			 s->path);
		answer(s, fake.written ? 200 : 404,
		       fake.written ? fake.written : "no\n");
	} else if (strstr(s->path, "/wrote?")) {
		snprintf(fake.wrote, sizeof(fake.wrote), "%s", s->path);
		answer(s, 200, "noted");
	} else if (str_equal(s->path, "/sessions")) {
		list(s);
	} else if (fake.mute && !strstr(s->path, "/input")) {
		s->deaf = true;
	} else if (str_equal(s->method, "DELETE")) {
		fake.deletes++;
		fake.purges += strstr(s->path, "purge=1") != NULL;
		if (fake.running && fake.on_end)
			fake.on_end();
		if (fake.running)
			fake_exit(143, 15, "");
		answer(s, 200, "");
	} else if (strstr(s->path, "/input")) {
		take_input(s);
	} else if (strstr(s->path, "/tools/end")) {
		fake.tools_ends++;
		answer(s, 200, "");
	} else if (strstr(s->path, "/trim")) {
		fake.trimmed = atoll(strstr(s->path, "to=") + 3);
		answer(s, 200, "");
	} else {
		start(s);
	}
}

/* In small pieces, so that lines come cut in half. */
static bool stream_log(struct link_stream *s)
{
	size_t n = fake.log.len - s->at;

	if (s->held || !n)
		return false;
	if (!s->at || s->ev->status)
		s->ev->status(s->data, 200);
	if (n > 700)
		n = 700;
	fake.sent = s->at += n;
	s->held = !s->ev->body(s->data, fake.log.data + s->at - n, n);
	return true;
}

static bool move_line(void)
{
	if (!fake.in_line || the_start.place == fake.place)
		return false;
	the_start.place = fake.place;
	if (fake.place)
		the_start.ev->moved(the_start.data);
	else
		the_start.ev->turn(the_start.data);
	return true;
}

bool fake_pump(void)
{
	struct link_stream *s;

	if (move_line())
		return true;
	TAILQ_FOREACH(s, &streams, next) {
		if (s->deaf)
			continue;
		if (!s->log) {
			serve(s);
			return true;
		}
		if (!fake.has_log) {
			answer(s, 404, "no log\n");
			return true;
		}
		if (stream_log(s))
			return true;
	}
	return false;
}

/*
 * A timer so near is one of "now" (rounding makes a millisecond of it), the
 * nearest of the real ones is 50 ms away.
 */
#define NOW_MS 10
#define SETTLE_MS 60000

static bool awaited(const uv_loop_t *loop, const struct jobs *jobs)
{
	int ms = uv_loop_alive(loop) ? uv_backend_timeout(loop) : -1;

	return jobs_left(jobs) || (ms >= 0 && ms <= NOW_MS);
}

void fake_settle(uv_loop_t *loop, struct jobs *jobs)
{
	uint64_t end = __real_uv_hrtime() + SETTLE_MS * UINT64_C(1000000);
	int idle = 0;

	while (idle < 2) {	/* what the last callbacks asked for is seen by the next turn */
		bool busy = fake_pump();

		if (__real_uv_hrtime() > end)
			abort();
		uv_run(loop, UV_RUN_NOWAIT);
		idle = busy || awaited(loop, jobs) ? 0 : idle + 1;
		if (!busy && !idle)
			uv_sleep(1);
	}
}

/* ---- lib/link ---- */

struct link_stream *link_request(struct link *l, const struct link_request *rq,
				 const struct link_response_events *ev, void *data,
				 struct err *e)
{
	const char *from = strstr(rq->path, "/log?from=");
	struct link_stream *s;

	if (fake.no_link)
		return NULL;
	s = calloc(1, sizeof(*s));
	snprintf(s->method, sizeof(s->method), "%s", rq->method);
	snprintf(s->path, sizeof(s->path), "%s", rq->path);
	s->n = rq->body_len;
	s->body = malloc(s->n + 1);
	if (s->n)
		memcpy(s->body, rq->body, s->n);
	s->body[s->n] = '\0';
	s->ev = ev;
	s->data = data;
	s->log = from != NULL;
	s->at = from ? (size_t)atoll(from + 10) : 0;
	TAILQ_INSERT_TAIL(&streams, s, next);
	return s;
}

void link_stream_consume(struct link_stream *s, size_t n)
{
	s->held = false;
}

void link_stream_cancel(struct link_stream *s)
{
	drop(s);
}

/* ---- lib/workspace ---- */

struct workspace *workspace_get(struct workspaces *all,
				const char user_id[ID_SIZE])
{
	return &the_workspace;
}

void workspace_ensure(struct workspace *w)
{
	if (w->state == WORKSPACE_STOPPED)
		w->state = WORKSPACE_STARTING;
}

void workspace_ensure_as(struct workspace *w, enum start_class class)
{
	workspace_ensure(w);
}

int workspace_place(const struct workspace *w)
{
	return 0;
}

bool workspace_place_short(const struct workspace *w)
{
	return false;
}

struct start *start_join(struct workspaces *all, const struct start_request *rq,
			 const struct start_events *ev, void *data)
{
	if (fake.in_line)
		abort();	/* one session, one start */
	fake.in_line = true;
	fake.since = rq->since;
	the_start = (struct start){ ev, data, START_UNCOUNTED };
	return &the_start;
}

void start_leave(struct start *s)
{
	if (s)
		fake.in_line = false;
}

void start_hurry(struct start *s, enum start_class class)
{
}

bool start_urgent(const struct start *s)
{
	return s && fake.urgent;
}

int start_place(const struct start *s)
{
	return s ? s->place : 0;
}

bool start_short(const struct start *s)
{
	return false;
}

int64_t start_deadline(int64_t ms)
{
	return ms * fake.stretch;
}

enum workspace_state workspace_state(const struct workspace *w)
{
	return w->state;
}

const char *workspace_address(const struct workspace *w)
{
	return "172.30.0.9";
}

const struct err *workspace_error(const struct workspace *w)
{
	return &w->error;
}

struct link *workspace_link(struct workspace *w)
{
	return w->state == WORKSPACE_READY ? &the_link : NULL;
}

struct workspace_watch *workspace_watch(struct workspace *w,
					void (*changed)(void *data), void *data)
{
	w->changed = changed;
	w->data = data;
	return &the_watch;
}

void workspace_unwatch(struct workspace_watch *watch)
{
	watch->w->changed = NULL;
}

static void note_boost(const char *what)
{
	strncat(fake.boosts, what, sizeof(fake.boosts) - 1 - strlen(fake.boosts));
}

void workspace_boost(struct workspace *w, const void *asker)
{
	note_boost("+");
}

void workspace_boost_end(struct workspace *w, const void *asker)
{
	note_boost("-");
}

void workspace_hold(struct workspace *w)
{
}

bool workspace_disk_is_out(const struct workspace *w)
{
	return false;
}

bool workspace_disk_is_full(const struct workspace *w)
{
	return fake.disk_full;
}

void workspace_release(struct workspace *w)
{
}
