#include "config.h"
#include "workspace/start_queue.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <talloc.h>

#include "core/err.h"
#include "core/str.h"

#define REMEMBER 8		/* turns for which a user without a start is remembered */

struct user {
	LIST_ENTRY(user) link;
	char id[ID_SIZE];
	int64_t tag;		/* of its last start */
	int64_t paid;		/* the tag its container had, for its first Claude; 0 none */
	int tickets, held;
};

struct start_ticket {
	TAILQ_ENTRY(start_ticket) link;
	struct start_queue *line;
	struct user *user;
	enum start_class class;
	int64_t since, tag;
	uint64_t serial;
	int64_t turn_at;	/* when it got its place */
	bool container, began;
	bool again;		/* of a user who just had a start */
	void *owner;
};

struct start_queue {
	struct start_limits limits;
	int64_t tag;		/* of the last one that began */
	uint64_t serial;
	int runs_held;		/* places that runs have, when last checked */
	TAILQ_HEAD(, start_ticket) tickets;
	LIST_HEAD(, user) users;
};

struct start_queue *start_queue_new(const void *ctx,
				    const struct start_limits *limits)
{
	struct start_queue *l =
		alloc_checked(talloc_zero(ctx, struct start_queue));

	l->limits = *limits;
	TAILQ_INIT(&l->tickets);
	LIST_INIT(&l->users);
	return l;
}

static void forget_users(struct start_queue *l)
{
	struct user *u, *next;

	for (u = LIST_FIRST(&l->users); u; u = next) {
		next = LIST_NEXT(u, link);
		if (u->tickets || u->tag + REMEMBER > l->tag)
			continue;
		LIST_REMOVE(u, link);
		talloc_free(u);
	}
}

static struct user *user_get(struct start_queue *l, const char *id)
{
	struct user *u;

	LIST_FOREACH(u, &l->users, link) {
		if (str_equal(u->id, id))
			return u;
	}
	forget_users(l);
	u = alloc_checked(talloc_zero(l, struct user));
	if (!str_copy(u->id, sizeof(u->id), id))
		err_abort("a user's id is not an id");
	LIST_INSERT_HEAD(&l->users, u, link);
	return u;
}

/* A prestart costs its user no turn: it only uses spare capacity. */
static int64_t take_tag(struct start_queue *l, const struct start_ticket *t)
{
	struct user *u = t->user;
	int64_t tag = u->paid;

	if (t->class == START_AHEAD)
		return l->tag;
	if (tag && !t->container) {
		u->paid = 0;
		return tag;
	}
	u->tag = (u->tag > l->tag ? u->tag : l->tag) + 1;
	return u->tag;
}

/* Another Claude than the one that belongs to a container that just started. */
static bool is_again(const struct start_queue *l, const struct user *u,
		     bool container)
{
	return !container && !u->paid && u->tag && u->tag + REMEMBER > l->tag;
}

struct start_ticket *start_queue_join(struct start_queue *l,
				      const struct start_request *rq,
				      void *owner)
{
	struct start_ticket *t =
		alloc_checked(talloc_zero(l, struct start_ticket));

	t->line = l;
	t->user = user_get(l, rq->user_id);
	t->user->tickets++;
	t->class = rq->class;
	t->since = rq->since;
	t->container = rq->container;
	t->owner = owner;
	t->serial = ++l->serial;
	t->again = is_again(l, t->user, rq->container);
	t->tag = take_tag(l, t);
	TAILQ_INSERT_TAIL(&l->tickets, t, link);
	return t;
}

void start_queue_leave(struct start_ticket *t)
{
	struct user *u = t->user;

	u->tickets--;
	u->held -= t->began;
	TAILQ_REMOVE(&t->line->tickets, t, link);
	talloc_free(t);
}

void start_ticket_hurry(struct start_ticket *t, enum start_class class)
{
	bool ahead = t->class == START_AHEAD;

	if (class >= t->class)
		return;
	t->class = class;
	if (ahead && !t->began)
		t->tag = take_tag(t->line, t);
}

static bool holds(const struct start_queue *l, const struct start_ticket *t,
		  int64_t now)
{
	return t->began && now - t->turn_at < l->limits.hold;
}

static int count_held(const struct start_queue *l, int64_t now, bool runs)
{
	const struct start_ticket *t;
	int n = 0;

	TAILQ_FOREACH(t, &l->tickets, link)
		n += holds(l, t, now) && (!runs || t->class == START_RUN);
	return n;
}

int start_queue_held(const struct start_queue *l, int64_t now)
{
	return count_held(l, now, false);
}

bool start_queue_waits(const struct start_queue *l)
{
	const struct start_ticket *t;

	TAILQ_FOREACH(t, &l->tickets, link) {
		if (!t->began)
			return true;
	}
	return false;
}

/* Runs that have waited long enough start one at a time, not all before users. */
static enum start_class class_of(const struct start_queue *l,
				 const struct start_ticket *t, int64_t now)
{
	if (t->class != START_RUN || now - t->since < l->limits.patience)
		return t->class;
	return t->began || !l->runs_held ? START_PERSON : START_RUN;
}

bool start_ticket_urgent(const struct start_ticket *t, int64_t now)
{
	return class_of(t->line, t, now) == START_PERSON;
}

static bool gives_way(const struct start_ticket *t, int64_t now)
{
	return t->again && now - t->since < t->line->limits.again;
}

/* Negative when a comes before b. */
static int order(const struct start_ticket *a, const struct start_ticket *b,
		 int64_t now)
{
	int class = (int)class_of(a->line, a, now) -
		    (int)class_of(b->line, b, now);

	if (class)
		return class;
	class = (int)gives_way(a, now) - (int)gives_way(b, now);
	if (class)
		return class;
	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	if (a->since != b->since)
		return a->since < b->since ? -1 : 1;
	return a->serial < b->serial ? -1 : 1;
}

/* Half of the places, rounded up, while another user waits for one. */
static bool has_share(const struct start_queue *l, const struct user *u)
{
	return u->held >= (l->limits.places + 1) / 2;
}

static struct start_ticket *first(const struct start_queue *l, int64_t now,
				  bool sharing)
{
	struct start_ticket *t, *best = NULL;

	TAILQ_FOREACH(t, &l->tickets, link) {
		if (t->began || (sharing && has_share(l, t->user)))
			continue;
		if (!best || order(t, best, now) < 0)
			best = t;
	}
	return best;
}

void *start_queue_next(struct start_queue *l, int64_t now)
{
	int held = start_queue_held(l, now);
	struct start_ticket *t;

	if (held >= l->limits.places)
		return NULL;
	l->runs_held = count_held(l, now, true);
	t = first(l, now, true);
	if (!t)
		t = first(l, now, false);
	/* One place is reserved for starts that a user waits for. */
	if (!t || (t->class == START_AHEAD && held &&
		   held >= l->limits.places - 1))
		return NULL;
	t->began = true;
	t->turn_at = now;
	t->user->held++;
	if (t->container)
		t->user->paid = t->tag;
	if (t->tag > l->tag)
		l->tag = t->tag;
	return t->owner;
}

static void sooner(int64_t *due, int64_t at, int64_t now)
{
	if (at > now && (!*due || at < *due))
		*due = at;
}

int64_t start_queue_due(const struct start_queue *l, int64_t now)
{
	const struct start_ticket *t;
	int64_t due = 0;

	if (!start_queue_waits(l))
		return 0;
	TAILQ_FOREACH(t, &l->tickets, link) {
		if (t->began)
			sooner(&due, t->turn_at + l->limits.hold, now);
		else if (gives_way(t, now))
			sooner(&due, t->since + l->limits.again, now);
		else if (t->class == START_RUN)
			sooner(&due, t->since + l->limits.patience, now);
	}
	return due;
}

struct sorting {
	const struct start_ticket *t;
	int64_t now;
};

static int compare(const void *a, const void *b)
{
	const struct sorting *x = a, *y = b;

	return order(x->t, y->t, x->now);
}

void start_queue_places(struct start_queue *l, int64_t now,
			void (*each)(void *owner, int place))
{
	struct sorting *all;
	struct start_ticket *t;
	size_t n = 0, i = 0;

	TAILQ_FOREACH(t, &l->tickets, link)
		n += !t->began;
	if (!n)
		return;
	l->runs_held = count_held(l, now, true);
	all = alloc_checked(talloc_zero_array(l, struct sorting, (unsigned)n));
	TAILQ_FOREACH(t, &l->tickets, link) {
		if (!t->began)
			all[i++] = (struct sorting){ t, now };
	}
	qsort(all, n, sizeof(*all), compare);
	for (i = 0; i < n; i++)
		each(all[i].t->owner, (int)i + 1);
	talloc_free(all);
}
