#include "config.h"
#include "workspace/workspace.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/hash.h"
#include "core/str.h"
#include "workspace/workspace_internal.h"

#define ADOPT_AGAIN_MS 30000
#define ADOPT_EACH_MS 20		/* between the checks of two adopted workspaces */

struct workspace_watch {
	TAILQ_ENTRY(workspace_watch) link;
	struct workspace *w;
	void (*changed)(void *data);	/* NULL: removed during notification */
	void *data;
};

/* A pending listing; a child of the engine that outlives neither. */
struct workspace_adoption {
	struct workspaces *all;
};

static void sweep(struct workspace *w)
{
	struct workspace_watch *watch, *next;

	for (watch = TAILQ_FIRST(&w->watches); watch; watch = next) {
		next = TAILQ_NEXT(watch, link);
		if (watch->changed)
			continue;
		TAILQ_REMOVE(&w->watches, watch, link);
		talloc_free(watch);
	}
}

void workspace_tell(struct workspace *w)
{
	struct workspace_watch *watch;

	w->telling++;
	TAILQ_FOREACH(watch, &w->watches, link) {
		if (watch->changed)
			watch->changed(watch->data);
	}
	if (--w->telling == 0)
		sweep(w);
}

void workspace_set_state(struct workspace *w, enum workspace_state state)
{
	if (w->state == state)
		return;
	w->state = state;
	workspace_tell(w);
}

struct workspace_watch *workspace_watch(struct workspace *w,
					void (*changed)(void *data), void *data)
{
	struct workspace_watch *watch =
		alloc_checked(talloc_zero(w, struct workspace_watch));

	watch->w = w;
	watch->changed = changed;
	watch->data = data;
	TAILQ_INSERT_TAIL(&w->watches, watch, link);
	return watch;
}

void workspace_unwatch(struct workspace_watch *watch)
{
	struct workspace *w = watch->w;

	watch->changed = NULL;
	if (!w->telling)
		sweep(w);
}

/* On its way to READY or to STOPPED it is checked again a period later. */
static void idle(uv_timer_t *t)
{
	struct workspace *w = t->data;

	if (w->holds)
		return;
	if (w->state == WORKSPACE_READY || (w->running && !w->step))
		workspace_stop(w);
	else if (w->step || w->task != TASK_NONE)
		workspace_arm_idle(w);
}

void workspace_arm_idle(struct workspace *w)
{
	int64_t s = settings_number(w->all->settings, SET_WORKSPACE_IDLE);

	if (!w->all->closed && !w->holds)
		uv_timer_start(&w->timers->idle, idle, (uint64_t)s * 1000, 0);
}

static void timer_gone(uv_handle_t *h)
{
	struct workspace_timers *t = (struct workspace_timers *)uv_handle_get_data(h);

	if (--t->open == 0)
		talloc_free(t);
}

static void close_timers(struct workspace *w)
{
	struct workspace_timers *t = w->timers;
	uv_handle_t *all[] = {
		(uv_handle_t *)&t->retry, (uv_handle_t *)&t->idle,
		(uv_handle_t *)&t->beat, (uv_handle_t *)&t->boost,
	};
	size_t i;

	w->timers = NULL;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		uv_handle_set_data(all[i], t);
		uv_close(all[i], timer_gone);
	}
}

static void open_timers(struct workspace *w)
{
	struct workspace_timers *t =
		alloc_checked(talloc_zero(NULL, struct workspace_timers));

	w->timers = t;
	t->open = 4;
	uv_timer_init(w->all->loop, &t->retry);
	uv_timer_init(w->all->loop, &t->idle);
	uv_timer_init(w->all->loop, &t->beat);
	uv_timer_init(w->all->loop, &t->boost);
	t->retry.data = t->idle.data = t->beat.data = t->boost.data = w;
	/* Our handles do not keep an otherwise idle loop running. */
	uv_unref((uv_handle_t *)&t->idle);
	uv_unref((uv_handle_t *)&t->boost);
}

static unsigned bucket_of(const char *user_id)
{
	return hash_text(user_id) % BUCKETS;
}

struct workspace *workspace_get(struct workspaces *all,
				const char user_id[ID_SIZE])
{
	unsigned bucket = bucket_of(user_id);
	struct workspace *w;

	LIST_FOREACH(w, &all->buckets[bucket], link_bucket) {
		if (str_equal(w->user_id, user_id))
			return w;
	}
	w = alloc_checked(talloc_zero(all, struct workspace));
	w->all = all;
	if (!str_copy(w->user_id, sizeof(w->user_id), user_id))
		err_abort("a user's id is not an id");
	workspace_container_name(w->user_id, w->name);
	snprintf(w->volume, sizeof(w->volume), "gongbang-%s", w->user_id);
	TAILQ_INIT(&w->watches);
	buf_init(&w->answer, 65536);
	workspace_health_clear(w);
	open_timers(w);
	LIST_INSERT_HEAD(&all->buckets[bucket], w, link_bucket);
	return w;
}

void workspace_ensure_as(struct workspace *w, enum start_class class)
{
	bool stuck = str_equal(w->error.key, "error_workspace_link");
	bool waits = w->since != 0;

	if (w->all->closed || w->removing)
		return;
	if (!waits || class < w->class)
		w->class = class;
	if (w->start)
		start_hurry(w->start, class);
	if (w->state == WORKSPACE_STOPPING)
		w->again = true;
	if (w->state != WORKSPACE_STOPPED && w->state != WORKSPACE_FAILED)
		return;
	stuck = stuck && w->state == WORKSPACE_FAILED;
	w->failures = 0;
	w->quiet = false;
	w->error = (struct err){ 0 };
	workspace_schedule(w, stuck ? TASK_RESTART : TASK_ENSURE, 0);
	workspace_arm_idle(w);
	workspace_set_state(w, WORKSPACE_STARTING);
}

void workspace_ensure(struct workspace *w)
{
	workspace_ensure_as(w, START_PERSON);
}

int workspace_place(const struct workspace *w)
{
	return start_place(w->start);
}

bool workspace_place_short(const struct workspace *w)
{
	return start_short(w->start);
}

void workspace_restart(struct workspace *w)
{
	if (w->all->closed || w->removing || w->state == WORKSPACE_STOPPING ||
	    w->state == WORKSPACE_STOPPED)
		return;
	w->failures = 0;
	w->quiet = false;
	w->class = START_PERSON;
	w->error = (struct err){ 0 };
	workspace_schedule(w, TASK_RESTART, 0);
	workspace_set_state(w, WORKSPACE_STARTING);
}

enum workspace_state workspace_state(const struct workspace *w)
{
	return w->state;
}

const struct err *workspace_error(const struct workspace *w)
{
	return &w->error;
}

const char *workspace_user(const struct workspace *w)
{
	return w->user_id;
}

struct link *workspace_link(struct workspace *w)
{
	return w->state == WORKSPACE_READY && !w->broken ? w->link : NULL;
}

const char *workspace_address(const struct workspace *w)
{
	return w->address;
}

const char *workspace_token_hash(const struct workspace *w)
{
	return w->token_hash;
}

void workspaces_on_move(struct workspaces *all,
			void (*moved)(void *data, struct workspace *w,
				      enum workspace_move move),
			void *data)
{
	all->moved = moved;
	all->moved_data = data;
}

void workspace_moved(struct workspace *w, enum workspace_move move)
{
	if (move == WORKSPACE_DOWN)
		w->address[0] = w->token_hash[0] = '\0';
	if (w->all->moved && !w->all->closed)
		w->all->moved(w->all->moved_data, w, move);
}

const struct workspace_health *workspace_health(const struct workspace *w)
{
	return &w->health;
}

void workspace_hold(struct workspace *w)
{
	if (w->holds++ == 0 && !w->all->closed)
		uv_timer_stop(&w->timers->idle);
}

void workspace_release(struct workspace *w)
{
	if (!w->holds)
		err_abort("a workspace released more often than held");
	if (--w->holds)
		return;
	workspace_arm_idle(w);
	/* No longer waits for its turn. */
	if (start_place(w->start)) {
		workspace_leave_queue(w);
		w->task = TASK_NONE;
		workspace_set_state(w, WORKSPACE_STOPPED);
	}
}

void workspace_stop(struct workspace *w)
{
	if (w->all->closed || w->removing)
		return;
	w->again = false;
	if (w->state == WORKSPACE_STOPPING)
		return;
	w->failures = 0;
	workspace_leave_queue(w);
	workspace_schedule(w, TASK_STOP, 0);
	workspace_set_state(w, WORKSPACE_STOPPING);
}

bool workspace_remove(struct workspace *w)
{
	if (w->all->closed || w->state == WORKSPACE_REMOVED ||
	    (w->removing && w->state == WORKSPACE_STOPPING))
		return false;
	w->removing = true;
	w->again = false;
	workspace_leave_queue(w);
	workspace_schedule(w, TASK_REMOVE, 0);
	workspace_set_state(w, WORKSPACE_STOPPING);
	return true;
}

static void adopt(struct workspaces *all);

static void adopt_again(uv_timer_t *t)
{
	adopt(t->data);
}

static void listed(void *data, const char *const *user_ids, size_t n,
		   const struct err *e)
{
	struct workspace_adoption *a = data;
	struct workspaces *all = a->all;
	size_t i;

	talloc_free(a);
	if (!all)
		return;
	if (e) {
		uv_timer_start(all->adopt_timer, adopt_again, ADOPT_AGAIN_MS, 0);
		return;
	}
	for (i = 0; i < n; i++) {
		struct workspace *w;

		if (!id_valid(user_ids[i]))
			continue;
		w = workspace_get(all, user_ids[i]);
		w->running = true;
		workspace_arm_idle(w);
		workspace_boost_adopt(w, (int64_t)i * ADOPT_EACH_MS);
	}
}

static int forget_adoption(struct workspace_adoption *a)
{
	if (a->all)
		a->all->adoption = NULL;
	return 0;
}

static void adopt(struct workspaces *all)
{
	struct workspace_adoption *a;

	a = alloc_checked(talloc_zero(all->engine, struct workspace_adoption));
	a->all = all;
	all->adoption = a;
	talloc_set_destructor(a, forget_adoption);
	engine_list(all->engine, settings_text(all->settings, SET_INSTANCE),
		    listed, a);
}

static int release(struct workspaces *all)
{
	workspaces_close(all);
	return 0;
}

struct workspaces *workspaces_new(const void *ctx, uv_loop_t *loop,
				  struct engine *eng, const struct settings *s)
{
	struct workspaces *all =
		alloc_checked(talloc_zero(ctx, struct workspaces));
	size_t i;

	all->loop = loop;
	all->engine = eng;
	all->settings = s;
	for (i = 0; i < BUCKETS; i++)
		LIST_INIT(&all->buckets[i]);
	all->adopt_timer = talloc_zero(NULL, uv_timer_t);
	uv_timer_init(loop, all->adopt_timer);
	uv_unref((uv_handle_t *)all->adopt_timer);
	all->adopt_timer->data = all;
	all->starts = starts_new(all);
	TAILQ_INIT(&all->boosts);
	talloc_set_destructor(all, release);
	adopt(all);
	return all;
}

static void timer_freed(uv_handle_t *h)
{
	talloc_free(h);
}

void workspaces_close(struct workspaces *all)
{
	struct workspace *w;
	size_t i;

	if (all->closed)
		return;
	all->closed = true;
	if (all->adoption)
		all->adoption->all = NULL;
	uv_close((uv_handle_t *)all->adopt_timer, timer_freed);
	for (i = 0; i < BUCKETS; i++) {
		LIST_FOREACH(w, &all->buckets[i], link_bucket) {
			workspace_set_state(w, WORKSPACE_STOPPED);
			workspace_steps_close(w);
			workspace_boost_close(w);
			close_timers(w);
		}
	}
	starts_close(all->starts);
}
