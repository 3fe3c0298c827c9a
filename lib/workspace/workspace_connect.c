/* Connects to a container: one exec of gongbang-shim link, and the link over it. */
#include "config.h"
#include "workspace/workspace_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"

#define ENTER_MS 15000
#define BEAT_MS 5000

static void lose(struct workspace *w, const struct err *e)
{
	if (w->broken)
		return;
	w->broken = true;
	w->error = *e;
	uv_timer_stop(&w->timers->beat);
}

/*
 * The link calls from within itself and must not be freed there: it is closed
 * in the loop's next iteration.
 */
static void fall(uv_timer_t *t)
{
	struct workspace *w = t->data;
	struct err e = w->error;

	if (w->state != WORKSPACE_STOPPING)
		workspace_failed(w, &e);
}

static void lose_later(struct workspace *w, const struct err *e)
{
	if (w->broken || w->task == TASK_STOP)
		return;
	lose(w, e);
	uv_timer_start(&w->timers->beat, fall, 0, 0);
}

static int write_bytes(void *data, const void *bytes, size_t n)
{
	struct workspace *w = data;
	struct err e = { 0 };

	return w->stream ? engine_stream_write(w->stream, bytes, n, &e) : -1;
}

static void link_up(void *data)
{
	workspace_entered(data);
}

static void link_down(void *data, const struct err *e)
{
	struct workspace *w = data;
	struct err told = *e;

	if (w->complaint[0])
		err_wrap(&told, "link (it said: %s)", w->complaint);
	else
		err_wrap(&told, "link");
	told.key[0] = '\0';
	lose_later(w, &told);
}

static const struct link_events link_events = {
	.send = write_bytes,
	.ready = link_up,
	.failed = link_down,
};

static void received(void *data, const void *bytes, size_t n)
{
	struct workspace *w = data;

	if (!w->broken)
		link_receive(w->link, bytes, n);
}

/* Its first bytes are kept for the log; users never see them. */
static void complained(void *data, const void *bytes, size_t n)
{
	struct workspace *w = data;
	size_t have = strlen(w->complaint);
	size_t room = sizeof(w->complaint) - 1 - have;

	memcpy(w->complaint + have, bytes, n < room ? n : room);
}

static void drained(void *data)
{
	struct workspace *w = data;

	if (!w->broken)
		link_send_more(w->link);
}

static void closed(void *data, int exit_code, const struct err *e)
{
	struct workspace *w = data;
	struct err told = { 0 };

	w->stream = NULL;
	if (e)
		told = *e;
	else
		err_set(&told, ERR_UNAVAILABLE, "its exec ended with %d%s%s",
			exit_code, w->complaint[0] ? ": " : "", w->complaint);
	lose_later(w, &told);
}

static const struct engine_stream_events stream_events = {
	.receive = received,
	.receive_error = complained,
	.closed = closed,
};

static void late(uv_timer_t *t)
{
	struct workspace *w = t->data;
	struct err e = { 0 };

	if (w->state == WORKSPACE_STOPPING)
		return;
	err_set(&e, ERR_UNAVAILABLE, "no greeting from its shim in time");
	lose(w, &e);
	workspace_failed(w, &e);
}

void workspace_enter(struct workspace *w)
{
	w->quiet = false;
	workspace_set_state(w, WORKSPACE_LINKING);
	if (w->all->closed || w->state != WORKSPACE_LINKING)
		return;
	w->broken = false;
	memset(w->complaint, 0, sizeof(w->complaint));
	w->stream = engine_exec(w->all->engine, w->name, workspace_enter_argv,
				&stream_events, w);
	engine_stream_on_drain(w->stream, drained);
	w->link = link_new(w, &link_events, w);
	uv_timer_start(&w->timers->beat, late,
		       (uint64_t)start_deadline(ENTER_MS), 0);
}

void workspace_leave(struct workspace *w)
{
	struct link *link = w->link;

	if (!link)
		return;
	uv_timer_stop(&w->timers->beat);
	w->link = NULL;
	w->asked = NULL;
	w->broken = false;
	if (w->stream)
		engine_stream_close(w->stream);
	w->stream = NULL;
	talloc_free(link);
	workspace_health_clear(w);
}

static void beat(uv_timer_t *t)
{
	workspace_beat(t->data);
}

static void be_ready(struct workspace *w)
{
	w->ready_at = clock_mono_ms();
	w->error = (struct err){ 0 };
	w->beats = w->waits = 0;
	workspace_leave_queue(w);
	workspace_boost_ready(w);
	uv_timer_start(&w->timers->beat, beat, 0, BEAT_MS);
	workspace_set_state(w, WORKSPACE_READY);
}

static void listing_status(void *data, int status)
{
	struct workspace *w = data;

	w->status = status;
}

static bool listing_body(void *data, const void *bytes, size_t n)
{
	struct workspace *w = data;
	struct err e = { 0 };

	if (buf_add(&w->answer, bytes, n, &e) < 0)
		w->status = 0;		/* this many must be in use */
	return true;
}

/* An outdated container is replaced only when no Claude runs in it. */
static void listing_end(void *data, const struct err *e)
{
	struct workspace *w = data;

	w->asked = NULL;
	if (w->broken || w->state != WORKSPACE_LINKING)
		return;
	if (!e && w->status == 200 && !strstr(buf_text(&w->answer), " running"))
		workspace_schedule(w, TASK_REPLACE, 0);
	else
		be_ready(w);
}

static const struct link_response_events listing = {
	.status = listing_status,
	.body = listing_body,
	.end = listing_end,
};

void workspace_entered(struct workspace *w)
{
	const struct link_request rq = { .method = "GET", .path = "/sessions" };
	struct err e = { 0 };

	if (w->state != WORKSPACE_LINKING)
		return;
	if (w->outdated) {
		buf_clear(&w->answer);
		w->status = 0;
		w->asked = link_request(w->link, &rq, &listing, w, &e);
	}
	if (!w->asked)
		be_ready(w);
}
