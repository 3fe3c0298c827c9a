#include "config.h"
#include "workspace/start_slots.h"

#include <sys/queue.h>

#include <talloc.h>
#include <uv.h>

#include "core/clock.h"
#include "core/host.h"
#include "workspace/workspace_internal.h"

#define EACH 3			/* at once, per processor: a start also waits for the engine and
				 * the model */
#define HOLD_MS 10000		/* a start that hangs blocks others no longer than this */
#define PATIENCE_MS 60000
#define AGAIN_MS 30000
#define MEMORY_MS 1000		/* between two checks while memory is short */
#define START_MIB 192		/* memory that a recent start will still take */
#define STRETCH_MAX 4

struct start {
	TAILQ_ENTRY(start) link;
	struct starts *line;
	struct start_ticket *ticket;
	const struct start_events *ev;
	void *data;
	int place;		/* 0: it is its turn */
	bool news;		/* needs a callback */
};

struct starts {
	struct workspaces *all;
	struct start_queue *line;
	TAILQ_HEAD(, start) all_starts;
	uv_timer_t *timer;
	int64_t reserve;	/* MiB */
	bool memory_short;
};

static void run(uv_timer_t *timer);

static void run_soon(struct starts *l)
{
	if (!l->all->closed)
		uv_timer_start(l->timer, run, 0, 0);
}

struct starts *starts_new(struct workspaces *all)
{
	struct starts *l = talloc_zero(all, struct starts);
	int64_t places = settings_number(all->settings, SET_STARTS_AT_ONCE);
	struct start_limits limits = {
		.places = places ? (int)places : EACH * host_processors(),
		.hold = HOLD_MS,
		.patience = PATIENCE_MS,
		.again = AGAIN_MS,
	};

	l->all = all;
	TAILQ_INIT(&l->all_starts);
	l->line = start_queue_new(l, &limits);
	l->reserve = settings_number(all->settings, SET_START_MEMORY_RESERVE);
	l->timer = alloc_checked(talloc_zero(NULL, uv_timer_t));
	uv_timer_init(all->loop, l->timer);
	uv_unref((uv_handle_t *)l->timer);
	l->timer->data = l;
	return l;
}

static void timer_freed(uv_handle_t *h)
{
	talloc_free(h);
}

void starts_close(struct starts *l)
{
	uv_close((uv_handle_t *)l->timer, timer_freed);
}

/* Recent starts have not used their memory yet. */
static bool short_of_memory(const struct starts *l, int64_t now)
{
	int64_t wanted = l->reserve +
			 START_MIB * (start_queue_held(l->line, now) + 1);

	return l->reserve && start_queue_waits(l->line) &&
	       host_memory_left() < wanted;
}

static void place_changed(void *owner, int place)
{
	struct start *s = owner;

	s->news |= s->place != place;
	s->place = place;
}

/*
 * Callbacks may leave or join, and so may others: restart from the front each
 * time.
 */
static void notify_owners(struct starts *l)
{
	struct start *s;

	for (;;) {
		TAILQ_FOREACH(s, &l->all_starts, link) {
			if (s->news)
				break;
		}
		if (!s)
			return;
		s->news = false;
		s->ev->moved(s->data);
	}
}

static void look_at_memory(struct starts *l, int64_t now)
{
	bool is = short_of_memory(l, now);
	struct start *s;

	if (is == l->memory_short)
		return;
	l->memory_short = is;
	TAILQ_FOREACH(s, &l->all_starts, link)
		s->news |= s->place != 0;
}

static void arm(struct starts *l, int64_t now)
{
	int64_t due = start_queue_due(l->line, now);

	if (l->memory_short && (!due || due > now + MEMORY_MS))
		due = now + MEMORY_MS;
	if (due && !uv_is_active((uv_handle_t *)l->timer))
		uv_timer_start(l->timer, run, (uint64_t)(due - now), 0);
}

static void run(uv_timer_t *timer)
{
	struct starts *l = timer->data;
	int64_t now = clock_mono_ms();
	struct start *s;

	for (;;) {
		look_at_memory(l, now);
		s = l->memory_short ? NULL : start_queue_next(l->line, now);
		if (!s)
			break;
		s->place = 0;
		s->news = false;
		s->ev->turn(s->data);
	}
	if (l->all->closed)
		return;
	start_queue_places(l->line, now, place_changed);
	notify_owners(l);
	if (!l->all->closed)
		arm(l, now);
}

struct start *start_join(struct workspaces *all, const struct start_request *rq,
			 const struct start_events *ev, void *data)
{
	struct starts *l = all->starts;
	struct start *s = alloc_checked(talloc_zero(l, struct start));

	s->line = l;
	s->ev = ev;
	s->data = data;
	s->place = START_UNCOUNTED;
	s->ticket = start_queue_join(l->line, rq, s);
	TAILQ_INSERT_TAIL(&l->all_starts, s, link);
	run_soon(l);
	return s;
}

void start_leave(struct start *s)
{
	struct starts *l;

	if (!s)
		return;
	l = s->line;
	start_queue_leave(s->ticket);
	TAILQ_REMOVE(&l->all_starts, s, link);
	talloc_free(s);
	run_soon(l);
}

void start_hurry(struct start *s, enum start_class class)
{
	start_ticket_hurry(s->ticket, class);
	run_soon(s->line);
}

bool start_urgent(const struct start *s)
{
	return s && start_ticket_urgent(s->ticket, clock_mono_ms());
}

int start_place(const struct start *s)
{
	return s ? s->place : 0;
}

bool start_short(const struct start *s)
{
	return s && s->place && s->line->memory_short;
}

int64_t start_deadline(int64_t ms)
{
	double busy = host_load();

	busy = busy < 1 ? 1 : busy > STRETCH_MAX ? STRETCH_MAX : busy;
	return (int64_t)((double)ms * busy);
}
