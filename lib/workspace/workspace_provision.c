/*
 * Creates and starts a container step by step. Every step may be repeated, by
 * us or by another bridge: a taken name means inspect again.
 */
#include "config.h"
#include "workspace/workspace_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"

#define STOP_GRACE_S 5
#define FAILURES_MAX 5
#define CONFLICTS_MAX 3
#define BACKOFF_MS 500
#define BACKOFF_MAX_MS 30000
#define STEADY_MS 10000		/* READY this long proves that it works */

typedef void next_step(struct workspace *w, const struct container_state *s,
		       const struct err *e);

/* A child of the engine: freed with it if it is never answered. */
struct workspace_step {
	struct workspace *w;		/* NULL: the caller is gone */
	next_step *next;
};

static int forget(struct workspace_step *step)
{
	if (step->w)
		step->w->step = NULL;
	return 0;
}

static struct workspace_step *step_new(struct workspace *w, next_step *next)
{
	struct workspace_step *step;

	step = alloc_checked(talloc_zero(w->all->engine,
					 struct workspace_step));
	step->w = w;
	step->next = next;
	talloc_set_destructor(step, forget);
	w->step = step;
	return step;
}

static void stop(struct workspace *w);
static void remove_all(struct workspace *w);

static void seen(void *data, const struct container_state *s,
		 const struct err *e)
{
	struct workspace_step *step = data;
	struct workspace *w = step->w;
	next_step *next = step->next;

	talloc_free(step);
	if (!w)
		return;
	if (w->task == TASK_REMOVE) {	/* also found before the call */
		remove_all(w);
		return;
	}
	if (w->task == TASK_STOP) {	/* stop was requested meanwhile */
		stop(w);
		return;
	}
	if (w->task == TASK_RESTART) {
		workspace_task_run(w);
		return;
	}
	next(w, s, e);
}

static void done(void *data, const struct err *e)
{
	seen(data, NULL, e);
}

static void run_task(uv_timer_t *t)
{
	workspace_task_run(t->data);
}

void workspace_schedule(struct workspace *w, enum workspace_task task,
			int64_t delay_ms)
{
	w->task = task;
	uv_timer_start(&w->timers->retry, run_task, (uint64_t)delay_ms, 0);
}

static int64_t backoff(int failures)
{
	int64_t ms = BACKOFF_MS;

	while (--failures > 0 && ms < BACKOFF_MAX_MS)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

/* An administrator has to repair these: retrying does not help. */
static bool needs_operator(const struct err *e)
{
	return str_equal(e->key, "error_no_image") ||
	       str_equal(e->key, "error_no_network");
}

static void set_error(struct workspace *w, const struct err *e)
{
	bool entering = w->state == WORKSPACE_LINKING ||
			w->state == WORKSPACE_READY;

	w->error = *e;
	if (w->error.key[0])
		return;
	if (!str_copy(w->error.key, sizeof(w->error.key),
		      entering ? "error_workspace_link" : "error_workspace_start"))
		err_abort("error key too long");
}

void workspace_failed(struct workspace *w, const struct err *e)
{
	bool was_ready = w->state == WORKSPACE_READY;
	enum workspace_task task = TASK_ENSURE;

	set_error(w, e);
	/* A retry waits for its turn like the first attempt. */
	start_leave(w->start);
	w->start = NULL;
	workspace_boost_ready(w);
	if (was_ready && clock_mono_ms() - w->ready_at >= STEADY_MS)
		w->failures = 0;
	else
		w->failures++;
	if (was_ready && !w->holds) {
		w->task = TASK_NONE;
		workspace_moved(w, WORKSPACE_MOVES);	/* it may have been removed */
		workspace_set_state(w, WORKSPACE_STOPPED);
	} else if (w->failures >= FAILURES_MAX || needs_operator(e)) {
		w->quiet = true;
		w->task = TASK_NONE;
		if (w->holds)
			workspace_schedule(w, TASK_ENSURE, BACKOFF_MAX_MS);
		workspace_set_state(w, WORKSPACE_FAILED);
	} else {
		if (w->outdated && w->running && w->failures >= 3)
			task = TASK_REPLACE;
		workspace_schedule(w, task,
				   w->failures ? backoff(w->failures) : 0);
		if (was_ready)
			workspace_set_state(w, WORKSPACE_LINKING);
	}
	/* The callbacks may have requested something else. */
	workspace_leave(w);
}

static void progress(struct workspace *w, enum workspace_state state)
{
	w->quiet = false;
	workspace_set_state(w, state);
}

static void create(struct workspace *w);
static void inspect(struct workspace *w);

static void started(struct workspace *w, const struct container_state *s,
		    const struct err *e);

static void removed(struct workspace *w, const struct container_state *s,
		    const struct err *e)
{
	if (e && e->kind != ERR_MISSING) {
		workspace_failed(w, e);
		return;
	}
	w->running = false;
	workspace_moved(w, WORKSPACE_DOWN);
	create(w);
}

static void replace(struct workspace *w)
{
	w->replaced = true;
	progress(w, WORKSPACE_CREATING);
	workspace_moved(w, WORKSPACE_MOVES);
	engine_remove(w->all->engine, w->name, done, step_new(w, removed));
}

static void start(struct workspace *w)
{
	progress(w, WORKSPACE_STARTING);
	workspace_moved(w, WORKSPACE_MOVES);
	engine_start(w->all->engine, w->name, done, step_new(w, started));
}

/* An existing container starts like a new one. */
static void start_again(struct workspace *w)
{
	if (start_urgent(w->start))
		workspace_boost(w, NULL);
	start(w);
}

static void up(struct workspace *w, const struct container_state *s)
{
	memcpy(w->address, s->address, sizeof(w->address));
	memcpy(w->token_hash, s->token_hash, sizeof(w->token_hash));
	workspace_moved(w, WORKSPACE_UP);
	workspace_enter(w);
}

/* Just started: inspect its address. */
static void located(struct workspace *w, const struct container_state *s,
		    const struct err *e)
{
	struct err ended = { 0 };

	if (!e)
		workspace_boost_seen(w, s);
	if (!e && !s->running) {
		w->running = false;
		workspace_moved(w, WORKSPACE_DOWN);
		err_set(&ended, ERR_UNAVAILABLE, "it ended at once, with %d",
			s->exit_code);
		e = &ended;
	}
	if (e)
		workspace_failed(w, e);
	else
		up(w, s);
}

/*
 * An existing container that does not start (its network was recreated, say)
 * is recreated: everything worth keeping is in the volume.
 */
static void started(struct workspace *w, const struct container_state *s,
		    const struct err *e)
{
	if (!e) {
		w->running = true;
		engine_inspect(w->all->engine, w->name, seen,
			       step_new(w, located));
	} else if (!w->fresh && !w->replaced && e->kind != ERR_CONFLICT &&
		   !str_equal(e->key, "error_engine")) {
		replace(w);
	} else {
		workspace_failed(w, e);
	}
}

static void created(struct workspace *w, const struct container_state *s,
		    const struct err *e)
{
	if (!e) {
		w->fresh = true;
		w->outdated = false;
		start(w);
	} else if (e->kind == ERR_CONFLICT && w->conflicts++ < CONFLICTS_MAX) {
		inspect(w);
	} else {
		workspace_failed(w, e);
	}
}

static void create(struct workspace *w)
{
	struct container_spec *spec = workspace_spec_new(w, w->all->settings,
							 w->user_id);

	workspace_spec_token(spec);
	spec->boosted = workspace_boost_new(w);
	progress(w, WORKSPACE_CREATING);
	engine_create(w->all->engine, spec, done, step_new(w, created));
	talloc_free(spec);
}

static bool same_spec(const struct workspace *w)
{
	struct container_spec *spec = workspace_spec_new(w, w->all->settings,
							 w->user_id);
	char hash[65];

	container_spec_hash(spec, hash);
	talloc_free(spec);
	return str_equal(hash, w->seen.spec_hash);
}

/* A missing image is no reason to remove a container that was created from it. */
static void compared(struct workspace *w, const struct container_state *s,
		     const struct err *e)
{
	if (e) {
		workspace_failed(w, e);
		return;
	}
	w->outdated = !same_spec(w) ||
		      (s->exists && !str_equal(s->image_id, w->seen.image_id));
	if (w->running)
		up(w, &w->seen);
	else if (w->outdated && s->exists && !w->replaced)
		replace(w);
	else
		start_again(w);
}

static void inspected(struct workspace *w, const struct container_state *s,
		      const struct err *e)
{
	if (e) {
		workspace_failed(w, e);
		return;
	}
	w->seen = *s;
	w->running = s->exists && s->running;
	workspace_boost_seen(w, s);
	if (!w->running)
		workspace_moved(w, WORKSPACE_DOWN);
	if (!s->exists)
		create(w);
	else
		engine_image(w->all->engine,
			     settings_text(w->all->settings, SET_IMAGE), seen,
			     step_new(w, compared));
}

static void inspect(struct workspace *w)
{
	engine_inspect(w->all->engine, w->name, seen, step_new(w, inspected));
}

static void unstuck(struct workspace *w, const struct container_state *s,
		    const struct err *e)
{
	if (e && e->kind != ERR_MISSING)
		workspace_failed(w, e);
	else
		inspect(w);	/* found stopped */
}

static void stopped(struct workspace *w, const struct container_state *s,
		    const struct err *e)
{
	if (e && e->kind != ERR_MISSING) {
		set_error(w, e);
		if (++w->failures < FAILURES_MAX)
			workspace_schedule(w, TASK_STOP, backoff(w->failures));
		else
			workspace_set_state(w, WORKSPACE_FAILED);
		return;
	}
	w->running = false;
	workspace_moved(w, WORKSPACE_DOWN);
	workspace_set_state(w, WORKSPACE_STOPPED);
	if (w->again && w->state == WORKSPACE_STOPPED)
		workspace_ensure(w);
	w->again = false;
}

static void stop(struct workspace *w)
{
	w->task = TASK_NONE;
	workspace_leave(w);
	workspace_moved(w, WORKSPACE_MOVES);
	engine_stop(w->all->engine, w->name, STOP_GRACE_S, done,
		    step_new(w, stopped));
}

static void volume_removed(struct workspace *w, const struct container_state *s,
			   const struct err *e)
{
	if (e && e->kind != ERR_MISSING) {
		set_error(w, e);
		workspace_set_state(w, WORKSPACE_FAILED);
	} else {
		workspace_set_state(w, WORKSPACE_REMOVED);
	}
}

static void container_removed(struct workspace *w,
			      const struct container_state *s,
			      const struct err *e)
{
	if (e && e->kind != ERR_MISSING) {
		set_error(w, e);
		workspace_set_state(w, WORKSPACE_FAILED);
		return;
	}
	w->running = false;
	workspace_moved(w, WORKSPACE_DOWN);
	engine_remove_volume(w->all->engine, w->volume, done,
			     step_new(w, volume_removed));
}

static void remove_all(struct workspace *w)
{
	w->task = TASK_NONE;
	workspace_leave(w);
	workspace_moved(w, WORKSPACE_MOVES);
	engine_remove(w->all->engine, w->name, done,
		      step_new(w, container_removed));
}

static void restart(struct workspace *w)
{
	workspace_moved(w, WORKSPACE_MOVES);
	engine_stop(w->all->engine, w->name, STOP_GRACE_S, done,
		    step_new(w, unstuck));
}

static void begin_task(struct workspace *w, enum workspace_task task)
{
	w->fresh = w->replaced = false;
	w->conflicts = 0;
	if (!w->quiet)
		workspace_set_state(w, WORKSPACE_STARTING);
	workspace_leave(w);
	if (task == TASK_REPLACE)
		replace(w);
	else if (task == TASK_RESTART)
		restart(w);
	else
		inspect(w);
}

void workspace_leave_queue(struct workspace *w)
{
	start_leave(w->start);
	w->start = NULL;
	w->since = 0;
}

static void turn(void *data)
{
	workspace_task_run(data);
}

static void moved(void *data)
{
	workspace_tell(data);
}

/* Everything except a stop and a removal waits for its turn. */
static bool has_turn(struct workspace *w)
{
	static const struct start_events events = { turn, moved };
	const struct start_request rq = {
		.user_id = w->user_id,
		.class = w->class,
		.since = w->since ? w->since : clock_mono_ms(),
		.container = true,
	};

	if (!w->start)
		w->start = start_join(w->all, &rq, &events, w);
	w->since = rq.since;
	return !start_place(w->start);
}

void workspace_task_run(struct workspace *w)
{
	enum workspace_task task = w->task;

	if (w->step || task == TASK_NONE)
		return;		/* the step's end handles a stop */
	if (task == TASK_REMOVE) {
		remove_all(w);
		return;
	}
	if (task != TASK_STOP && !has_turn(w))
		return;
	w->task = TASK_NONE;
	if (task == TASK_STOP)
		stop(w);
	else
		begin_task(w, task);
}

void workspace_steps_close(struct workspace *w)
{
	if (w->step)
		w->step->w = NULL;
	w->step = NULL;
	w->task = TASK_NONE;
	workspace_leave(w);
	workspace_leave_queue(w);
	buf_release(&w->answer);
}
