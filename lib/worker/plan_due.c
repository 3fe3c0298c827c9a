/* Turns occurrences that are due into rows, exactly one each. */
#include "config.h"
#include "worker/plan.h"
#include "worker/plan_internal.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"

#define SLOTS_MAX 2000		/* per transaction */
#define MINUTE INT64_C(60000)

/* A due agent, with the fields of its definition that decide. */
struct due {
	struct due_agent agent;
	struct plan_rule *rule;		/* NULL: it cannot be computed, */
	char broken[240];		/* and why; */
	bool away;			/* or only not now: a temporary failure */
	struct plan_past *past;		/* NULL: not edited since it was due */
	enum overlap overlap;
	enum missed missed;
	int64_t window, jitter;		/* ms */
};

struct batch {
	struct planner *planner;
	int64_t now;
	struct due *due;
	size_t n, limit;
	int64_t *slots;			/* SLOTS_MAX */
	size_t room;			/* slots left */
	int64_t claimed;
	bool more;
	char (*queued)[ID_SIZE], (*asked)[ID_SIZE];
	size_t nqueued, nasked;
};

static char (*keep_id(struct batch *b, char (*list)[ID_SIZE], size_t *n,
		      const char *id))[ID_SIZE]
{
	if (*n % 64 == 0)
		list = alloc_checked(talloc_realloc_size(b, list,
						(*n + 64) * ID_SIZE));
	memcpy(list[(*n)++], id, ID_SIZE);
	return list;
}

static void read_definition(struct batch *b, struct due *d,
			    const char *definition)
{
	struct err e = { 0 };
	struct definition *read = definition_parse(b, definition,
						   strlen(definition), &e);

	if (read) {
		d->overlap = read->overlap;
		d->missed = read->missed;
		d->window = read->window_minutes * MINUTE;
		d->jitter = read->jitter_minutes * MINUTE;
		d->rule = plan_rule_find(b->planner->cache, b, &read->schedule,
					 &e);
	}
	d->away = !d->rule && e.kind == ERR_UNAVAILABLE;
	if (!d->rule)
		memcpy(d->broken, e.text, sizeof(d->broken));
	talloc_free(read);
}

static int gather(void *data, const struct due_agent *a, struct err *e)
{
	struct batch *b = data;
	struct due *d = &b->due[b->n++];

	(void)e;
	d->agent = *a;
	read_definition(b, d, a->definition);
	d->agent.definition = NULL;
	return 0;
}

/* Occurrences up to `until`; *next: the first one after it. */
static size_t list_slots(struct batch *b, const struct due *d, int64_t until,
			 int64_t *next)
{
	int64_t slot = d->agent.next_run_at;
	size_t n = 0;

	while (slot && slot <= until && n < b->room) {
		b->slots[n++] = slot;
		if (d->past)
			slot = plan_past_next(d->past, slot);
		else
			slot = d->rule ? plan_rule_next(d->rule, slot) : 0;
	}
	*next = slot;
	return n;
}

static int ask_to_end(void *data, const char *conversation_id, struct err *e)
{
	struct batch *b = data;

	(void)e;
	b->asked = keep_id(b, b->asked, &b->nasked, conversation_id);
	return 0;
}

static void set(struct slot *s, const char *status, const char *reason)
{
	s->status = status;
	s->reason = reason;
}

/* Applies the agent's overlap rule against its unfinished runs. */
static int decide_overlap(struct batch *b, const struct due *d, struct slot *s,
			  struct err *e)
{
	struct db *db = b->planner->db;
	int64_t waiting, running;

	set(s, "queued", "");
	if (open_count(db, d->agent.id, &waiting, &running, e) < 0)
		return -1;
	switch (d->overlap) {
	case OVERLAP_SKIP:
		if (waiting || running)
			set(s, "skipped", "overlap");
		break;
	case OVERLAP_QUEUE:
		if (waiting)
			set(s, "skipped", "overlap");
		break;
	case OVERLAP_CANCEL:
		if (waiting || running)
			return open_cancel(db, d->agent.id, "overlap", b->now,
					   ask_to_end, b, e);
		break;
	}
	return 0;
}

/* latest: the last of the occurrences that are due. */
static int decide(struct batch *b, const struct due *d, struct slot *s,
		  bool latest, struct err *e)
{
	const int64_t late = b->now - s->planned_at;

	if (d->agent.deleted) {
		set(s, "cancelled", "deleted");
	} else if (d->agent.paused || s->planned_at <= d->agent.resumed_at) {
		set(s, "skipped", "paused");
	} else if (!d->rule) {
		set(s, "failed", "start");
		s->detail = d->broken;
	} else if (late > LATE_MS && d->missed == MISSED_RUN &&
		   late > d->window) {
		set(s, "missed", "window");
	} else if (late > LATE_MS && (d->missed == MISSED_SKIP || !latest)) {
		set(s, "missed", "late");
	} else {
		return decide_overlap(b, d, s, e);
	}
	return 0;
}

/* Of many missed occurrences only the last raises a notification. */
static const char *event_of(const struct slot *s, bool latest)
{
	if (str_equal(s->status, "failed"))
		return "failure";
	if (str_equal(s->status, "missed"))
		return latest ? "skipped" : NULL;
	return str_equal(s->status, "skipped") &&
	       str_equal(s->reason, "overlap") ? "skipped" : NULL;
}

static int book_slot(struct batch *b, const struct due *d, int64_t at,
		     bool latest, struct err *e)
{
	struct slot s = {
		.agent_id = d->agent.id,
		.user_id = d->agent.user_id,
		.version = d->agent.version,
		.planned_at = at,
		.not_before = at,
		.detail = "",
		.now = b->now,
	};
	char id[ID_SIZE];
	const char *event;
	bool made;

	if (d->jitter)
		s.not_before += (int64_t)(plan_spread(d->agent.id, at) %
					  (uint64_t)(d->jitter + 1));
	if (decide(b, d, &s, latest, e) < 0 ||
	    slot_add(b->planner->db, &s, id, &made, e) < 0)
		return -1;
	if (!made)
		return 0;
	b->claimed++;
	if (str_equal(s.status, "queued"))
		b->queued = keep_id(b, b->queued, &b->nqueued, id);
	event = event_of(&s, latest);
	return event ? notice_raise(b->planner->db, d->agent.user_id,
				    d->agent.id, id, event, b->now, e) : 0;
}

/*
 * Pauses an agent whose schedule can no longer be computed: its user must
 * correct it.
 */
static int give_up(struct batch *b, const struct due *d, struct err *e)
{
	if (d->rule || d->agent.paused || d->agent.deleted)
		return 0;
	if (agent_pause(b->planner->db, d->agent.id, "failures", e) < 0)
		return -1;
	return notice_raise(b->planner->db, d->agent.user_id, d->agent.id, "",
			    "paused", b->now, e);
}

static int book_agent(struct batch *b, struct due *d, struct err *e)
{
	const bool over = d->agent.paused || d->agent.deleted;
	int64_t until = b->now, next;
	bool claimed, all;
	size_t n, i;

	if (d->away)
		return 0;	/* it remains due */
	if (d->agent.edited_at > d->agent.next_run_at) {
		d->past = plan_past_load(b->planner, b, &d->agent, e);
		if (!d->past)
			return -1;
	}
	/* Occurrences after the pause were never planned. */
	if (over && d->agent.updated_at < until)
		until = d->agent.updated_at;
	if (until < d->agent.next_run_at)
		until = d->agent.next_run_at;
	n = list_slots(b, d, until, &next);
	all = !next || next > until;
	b->room -= n;
	b->more = b->more || !all;
	if (all && over)
		next = 0;
	if (due_claim(b->planner->db, &d->agent, next, &claimed, e) < 0)
		return -1;
	for (i = 0; claimed && i < n; i++) {
		if (book_slot(b, d, b->slots[i], all && i + 1 == n, e) < 0)
			return err_wrap(e, "agent %s", d->agent.id);
	}
	return claimed ? give_up(b, d, e) : 0;
}

static int book_all(struct batch *b, struct err *e)
{
	size_t i;

	if (due_each(b->planner->db, b->now, (int)b->limit, gather, b, e) < 0)
		return -1;
	for (i = 0; i < b->n; i++)
		b->more |= b->n == b->limit && !b->due[i].away;
	for (i = 0; i < b->n; i++) {
		if (!b->room) {
			b->more = true;
			return 0;
		}
		if (book_agent(b, &b->due[i], e) < 0)
			return -1;
	}
	return 0;
}

static void notify(struct batch *b)
{
	struct planner *p = b->planner;
	size_t i;

	for (i = 0; p->queued && i < b->nqueued; i++)
		p->queued(p->data, b->queued[i]);
	for (i = 0; p->asked && i < b->nasked; i++)
		p->asked(p->data, b->asked[i]);
}

static int claim(struct batch *b, struct err *e)
{
	if (db_begin(b->planner->db, e) < 0)
		return -1;
	return db_end(b->planner->db, book_all(b, e), e);
}

int plan_due(struct planner *p, int64_t now, int limit, int64_t *claimed,
	     bool *more, struct err *e)
{
	struct batch *b = alloc_checked(talloc_zero(NULL, struct batch));
	int rc;

	plan_cache_trim(p->cache);
	b->planner = p;
	b->now = now;
	b->limit = (size_t)limit;
	b->room = SLOTS_MAX;
	b->due = alloc_checked(talloc_zero_array(b, struct due, b->limit));
	b->slots = alloc_checked(talloc_array(b, int64_t, SLOTS_MAX));
	rc = claim(b, e);
	if (rc == 0) {
		*claimed = b->claimed;
		*more = b->more;
		notify(b);
	}
	talloc_free(b);
	return rc;
}
