#include "config.h"
#include "gateway/fair_queue.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/hash.h"

#define BUCKETS 256
#define MINUTE_MS 60000

struct fair_queue_user {
	LIST_ENTRY(fair_queue_user) in_bucket;
	TAILQ_ENTRY(fair_queue_user) in_turn;		/* while calls wait */
	TAILQ_HEAD(, queue_place) waiting;
	char id[ID_SIZE];
	int64_t entered, calling;
	int64_t minute, begun;		/* start of the minute; calls within it */
};

struct fair_queue {
	struct fair_queue_limits limits;
	fair_queue_may *may;
	fair_queue_turn *turn;
	void *data;
	int64_t calling, waiting;
	bool serving;
	TAILQ_HEAD(, fair_queue_user) turns;
	LIST_HEAD(, fair_queue_user) buckets[BUCKETS];
};

struct fair_queue *fair_queue_new(const struct fair_queue_limits *limits,
				  fair_queue_may *may,
				  fair_queue_turn *turn, void *data)
{
	struct fair_queue *l = alloc_checked(calloc(1, sizeof(*l)));

	l->limits = *limits;
	l->may = may;
	l->turn = turn;
	l->data = data;
	TAILQ_INIT(&l->turns);
	return l;
}

void fair_queue_free(struct fair_queue *l)
{
	struct fair_queue_user *u;
	size_t i;

	if (!l)
		return;
	for (i = 0; i < BUCKETS; i++) {
		while ((u = LIST_FIRST(&l->buckets[i]))) {
			LIST_REMOVE(u, in_bucket);
			free(u);
		}
	}
	free(l);
}

static size_t bucket_of(const char *id)
{
	return hash_text(id) % BUCKETS;
}

/* Also evicts idle users whose minute has ended. */
static struct fair_queue_user *find_user(struct fair_queue *l, const char *id,
					 int64_t now)
{
	struct fair_queue_user *u, *next, *found = NULL;
	size_t b = bucket_of(id);

	for (u = LIST_FIRST(&l->buckets[b]); u; u = next) {
		next = LIST_NEXT(u, in_bucket);
		if (!strcmp(u->id, id)) {
			found = u;
		} else if (!u->entered && now - u->minute >= MINUTE_MS) {
			LIST_REMOVE(u, in_bucket);
			free(u);
		}
	}
	if (found)
		return found;
	u = alloc_checked(calloc(1, sizeof(*u)));
	memcpy(u->id, id, ID_SIZE);
	u->minute = now;
	TAILQ_INIT(&u->waiting);
	LIST_INSERT_HEAD(&l->buckets[b], u, in_bucket);
	return u;
}

enum fair_queue_verdict fair_queue_enter(struct fair_queue *l,
					 struct queue_place *p, const char user_id[ID_SIZE],
					 int64_t now, void *data, int64_t *retry_ms)
{
	struct fair_queue_user *u = find_user(l, user_id, now);

	if (now - u->minute >= MINUTE_MS) {
		u->minute = now;
		u->begun = 0;
	}
	if (u->entered >= l->limits.user_calls)
		return FAIR_QUEUE_BUSY;
	if (u->begun >= l->limits.user_calls_per_minute) {
		*retry_ms = u->minute + MINUTE_MS - now;
		return FAIR_QUEUE_OFTEN;
	}
	u->begun++;
	u->entered++;
	p->user = u;
	p->state = QUEUE_PLACE_ENTERED;
	p->data = data;
	return FAIR_QUEUE_GOOD;
}

bool fair_queue_wait(struct fair_queue *l, struct queue_place *p, int64_t now)
{
	struct fair_queue_user *u = p->user;

	if (l->waiting >= l->limits.waiting)
		return false;
	if (TAILQ_EMPTY(&u->waiting))
		TAILQ_INSERT_TAIL(&l->turns, u, in_turn);
	TAILQ_INSERT_TAIL(&u->waiting, p, next);
	p->state = QUEUE_PLACE_WAITING;
	p->since = now;
	l->waiting++;
	return true;
}

static void stop_waiting(struct fair_queue *l, struct queue_place *p)
{
	struct fair_queue_user *u = p->user;

	TAILQ_REMOVE(&u->waiting, p, next);
	l->waiting--;
	if (TAILQ_EMPTY(&u->waiting))
		TAILQ_REMOVE(&l->turns, u, in_turn);
}

/* The first in turn among those with the fewest calls at the service. */
static struct fair_queue_user *choose(struct fair_queue *l)
{
	int64_t share = (l->limits.calls + 1) / 2;
	struct fair_queue_user *u, *best = NULL;

	TAILQ_FOREACH(u, &l->turns, in_turn) {
		if (u->calling < share && (!best || u->calling < best->calling))
			best = u;
		if (best && !best->calling)
			break;
	}
	return best;
}

static void give_turn(struct fair_queue *l, struct fair_queue_user *u)
{
	struct queue_place *p = TAILQ_FIRST(&u->waiting);

	stop_waiting(l, p);
	if (!TAILQ_EMPTY(&u->waiting)) {
		TAILQ_REMOVE(&l->turns, u, in_turn);
		TAILQ_INSERT_TAIL(&l->turns, u, in_turn);
	}
	p->state = QUEUE_PLACE_CALLING;
	u->calling++;
	l->calling++;
	l->turn(p->data);
}

void fair_queue_serve(struct fair_queue *l)
{
	struct fair_queue_user *u;

	if (l->serving)
		return;
	l->serving = true;
	while (l->calling < l->limits.calls && !TAILQ_EMPTY(&l->turns) &&
	       l->may(l->data)) {
		u = choose(l);
		if (!u)
			break;
		give_turn(l, u);
	}
	l->serving = false;
}

void fair_queue_leave(struct fair_queue *l, struct queue_place *p, int64_t now)
{
	struct fair_queue_user *u = p->user;

	if (!u)
		return;
	if (p->state == QUEUE_PLACE_WAITING)
		stop_waiting(l, p);
	if (p->state == QUEUE_PLACE_CALLING) {
		u->calling--;
		l->calling--;
	}
	u->entered--;
	p->user = NULL;
	if (!u->entered && now - u->minute >= MINUTE_MS) {
		LIST_REMOVE(u, in_bucket);
		free(u);
	}
}

int64_t fair_queue_calling(const struct fair_queue *l)
{
	return l->calling;
}

int64_t fair_queue_waiting(const struct fair_queue *l)
{
	return l->waiting;
}
