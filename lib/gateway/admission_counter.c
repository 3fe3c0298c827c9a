/* Counters: which ones a call needs, and their sums from ledger and journal. */
#include "config.h"
#include "gateway/admission_internal.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"

void counter_refer(struct counter *c)
{
	c->refs++;
}

void counter_release(struct admission *a, struct counter *c)
{
	const char *const args[] = { "DEL", c->key };

	if (--c->refs)
		return;
	LIST_REMOVE(c, next);
	if (a->ready)
		kv_async_run(a->kv, NULL, NULL, 2, args);
	talloc_free(c);
}

/* Marks all for loading; an in-flight load remains valid. */
void counters_drop(struct admission *a)
{
	struct counter *c;

	LIST_FOREACH(c, &a->counters, next)
		c->loaded = false;
}

static struct counter *find_counter(struct admission *a, const char *key)
{
	struct counter *c;

	LIST_FOREACH(c, &a->counters, next) {
		if (str_equal(c->key, key))
			return c;
	}
	c = alloc_checked(talloc_zero(a, struct counter));
	if (!str_copy(c->key, sizeof(c->key), key))
		err_abort("key of a counter is too long");
	LIST_INSERT_HEAD(&a->counters, c, next);
	return c;
}

struct counter *counter_of_run(struct admission *a,
			       const struct gateway_token *t)
{
	struct counter *c;
	char key[128];

	snprintf(key, sizeof(key), "spent:run:%s", t->subject_id);
	c = find_counter(a, key);
	memcpy(c->user_id, t->user_id, ID_SIZE);
	memcpy(c->subject_id, t->subject_id, ID_SIZE);
	counter_refer(c);
	return c;
}

static void replace(struct admission *a, struct counter **at,
		    const char *user_id, const char *name, int64_t from,
		    int64_t to)
{
	struct counter *c, *old = *at;
	char key[128];

	snprintf(key, sizeof(key), "spent:%s:%s:%lld",
		 *user_id ? user_id : BUDGET_ALL, name,
		 (long long)(from / 1000));
	c = find_counter(a, key);
	if (!str_copy(c->user_id, sizeof(c->user_id), user_id))
		err_abort("id of a user is too long");
	c->from = from;
	c->to = to;
	counter_refer(c);
	*at = c;
	if (old)
		counter_release(a, old);
}

static bool same_zone(const struct budget_zone *a, const struct budget_zone *b)
{
	return a->until == b->until && str_equal(a->zone, b->zone) &&
	       str_equal(a->before, b->before);
}

/* Switches to the current counters; those of a past day or month are released. */
static void turn_over(struct admission *a, struct scope *s,
		      const char *user_id, const struct budget_zone *zone,
		      int64_t now)
{
	if (s->day && same_zone(&s->zone, zone) && now >= s->period.day_from &&
	    now < s->period.day_to)
		return;
	s->zone = *zone;
	budget_zone_period(zone, now, &s->period);
	replace(a, &s->day, user_id, s->period.day, s->period.day_from,
		s->period.day_to);
	replace(a, &s->month, user_id, s->period.month, s->period.month_from,
		s->period.month_to);
}

void scope_release(struct admission *a, struct scope *s)
{
	if (s->day)
		counter_release(a, s->day);
	if (s->month)
		counter_release(a, s->month);
	s->day = s->month = NULL;
}

static void add_need(struct ask *q, struct counter *c, int scope, int period,
		     int64_t tokens, int64_t cost, int64_t resets_at)
{
	q->limits[q->n++] = (struct limit){ .counter = c, .scope = scope,
		.period = period, .tokens = tokens, .cost = cost,
		.resets_at = resets_at };
}

static void add_scope(struct ask *q, const struct scope *s, int scope,
		      const struct budget *b)
{
	add_need(q, s->day, scope, OVER_DAY, b->day_tokens, b->day_cost,
		 s->period.day_to);
	add_need(q, s->month, scope, OVER_MONTH, b->month_tokens,
		 b->month_cost, s->period.month_to);
}

void limits_fill(struct ask *q, struct account *c, struct cached_token *h,
		 int64_t now)
{
	struct admission *a = q->a;
	const struct gateway_token *t = &h->token;
	struct budget_zone installation;

	q->n = 0;
	if (h->run)
		add_need(q, h->run, OVER_RUN, OVER_LIFE, t->tokens_max,
			 t->cost_max, 0);
	budget_zone_of(NULL, a->zone, &installation);
	turn_over(a, &c->scope, c->user_id, &c->zone, now);
	turn_over(a, &a->installation, "", &installation, now);
	add_scope(q, &c->scope, OVER_USER, &c->budget);
	add_scope(q, &a->installation, OVER_ALL, &a->budget);
}

void limits_refer(struct ask *q)
{
	struct counter *c;
	size_t i;

	for (i = 0; i < q->n; i++) {
		c = q->limits[i].counter;
		counter_refer(c);
		c->reserved_tokens += q->tokens;
		c->reserved_cost += q->cost;
		q->limits[i].loads = c->loads;
	}
}

/* Releases the reservation; a load that still includes it is void. */
void limits_release(struct ask *q)
{
	size_t i;

	limits_lower(q, q->tokens, q->cost);
	for (i = 0; i < q->n; i++)
		counter_release(q->a, q->limits[i].counter);
	q->n = 0;
}

void limits_lower(struct ask *q, int64_t tokens, int64_t cost)
{
	struct counter *c;
	size_t i;

	for (i = 0; i < q->n; i++) {
		c = q->limits[i].counter;
		c->reserved_tokens -= tokens;
		c->reserved_cost -= cost;
		if (c->loads != q->limits[i].loads)
			c->loaded = false;
	}
}

static bool reserved_in(const struct grant *g, const struct counter *c)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		if (g->limits[i].counter == c)
			return true;
	}
	return false;
}

/* After a time-zone change the call also belongs to the new zone's day. */
static void book_elsewhere(const struct grant *g, struct counter *c,
			   int64_t tokens, int64_t cost)
{
	if (!c || reserved_in(g, c) || g->at < c->from || g->at >= c->to)
		return;
	c->loaded = false;
	c->late_tokens += tokens;
	c->late_cost += cost;
}

void counters_book(struct admission *a, const struct grant *g, int64_t tokens,
		   int64_t cost)
{
	struct account *account = account_find(a, g->user_id);
	struct counter *c;
	size_t i;

	for (i = 0; i < g->n; i++) {
		c = g->limits[i].counter;
		c->reserved_tokens -= g->tokens;
		c->reserved_cost -= g->cost;
		c->late_tokens += tokens;
		c->late_cost += cost;
	}
	if (account) {
		book_elsewhere(g, account->scope.day, tokens, cost);
		book_elsewhere(g, account->scope.month, tokens, cost);
	}
	for (i = 0; i < g->n; i++)
		counter_release(a, g->limits[i].counter);
}

/* ---- loads ---- */

struct fair_queue {
	char model[129];
	int64_t at;
	struct usage usage;
};

struct part {
	struct load *load;		/* parent of lines */
	struct counter *counter;	/* owned by the loop */
	char user_id[ID_SIZE], subject_id[ID_SIZE];
	struct usage_filter filter;
	bool by_quarter;
	struct fair_queue *lines;
	size_t n;
};

/* A journal row that may be in the ledger already. */
struct row {
	char user_id[ID_SIZE], subject_id[ID_SIZE];
	struct fair_queue line;
};

struct load {
	struct task task;
	struct part parts[LIMITS_MAX];
	size_t n;
	struct row *rows;
	char (*ids)[ID_SIZE];	/* of rows */
	bool *booked;
	size_t n_rows, room;
	uint64_t tables;	/* version of the price table when the load began */
};

static void fill_line(struct fair_queue *l, const char *model, int64_t at,
		      const struct usage *u)
{
	size_t n = utf8_prefix(model, strlen(model), sizeof(l->model) - 1);

	memcpy(l->model, model, n);
	l->model[n] = '\0';
	l->at = at;
	l->usage = *u;
}

/* Costs are computed on the loop because the price table belongs to it. */
static int keep_sum(void *data, const struct usage_sum *s, struct err *e)
{
	struct part *p = data;

	p->lines = alloc_checked(talloc_realloc(p->load, p->lines,
						struct fair_queue,
				       p->n + 1));
	fill_line(&p->lines[p->n++], s->model,
		  s->quarter ? s->quarter : p->filter.from, &s->usage);
	return 0;
}

/* Only we add to the ledger, and through this queue: nothing changes in between. */
static int load_work(void *data, struct db *db, struct err *e)
{
	struct load *l = data;
	size_t i;

	if (ledger_client_booked(l->task.ledger, (const char (*)[ID_SIZE])l->ids,
				 l->n_rows, l->booked, e) < 0)
		return -1;
	for (i = 0; i < l->n; i++) {
		if (ledger_client_sums(l->task.ledger, &l->parts[i].filter,
				       l->parts[i].by_quarter, keep_sum,
				       &l->parts[i], e) < 0)
			return -1;
	}
	return 0;
}

static void add_line(const struct admission *a, const struct fair_queue *l,
		     int64_t sum[2])
{
	sum[0] += usage_tokens(&l->usage);
	sum[1] += prices_counted(a->prices, l->model, &l->usage, l->at);
}

static bool covers(const struct part *p, const char *user_id,
		   const char *subject_id, int64_t at)
{
	return (!*p->user_id || str_equal(p->user_id, user_id)) &&
	       (!*p->subject_id || str_equal(p->subject_id, subject_id)) &&
	       at >= p->filter.from && (!p->filter.to || at < p->filter.to);
}

static void sum_part(const struct load *l, const struct part *p,
		     int64_t sum[2])
{
	const struct row *r;
	size_t i;

	sum[0] = p->counter->late_tokens;
	sum[1] = p->counter->late_cost;
	for (i = 0; i < p->n; i++)
		add_line(l->task.a, &p->lines[i], sum);
	for (i = 0; i < l->n_rows; i++) {
		r = &l->rows[i];
		if (!l->booked[i] &&
		    covers(p, r->user_id, r->subject_id, r->line.at))
			add_line(l->task.a, &r->line, sum);
	}
}

static void fail(struct load *l, const struct err *e)
{
	struct counter *c;
	size_t i;

	for (i = 0; i < l->n; i++) {
		c = l->parts[i].counter;
		c->failed_at = clock_mono_ms();
		c->failure = *e;
	}
}

static void use(struct load *l)
{
	struct counter *counters[LIMITS_MAX];
	int64_t sums[LIMITS_MAX][2];
	size_t i;

	for (i = 0; i < l->n; i++) {
		counters[i] = l->parts[i].counter;
		sum_part(l, &l->parts[i], sums[i]);
		counters[i]->loaded = true;
		counters[i]->loads++;
	}
	/*
	 * Redis processes requests in order: later admissions find the
	 * counters there.
	 */
	redis_load(l->task.a, l->n, counters, sums);
}

static void load_done(void *data, const struct err *e)
{
	struct load *l = data;
	struct admission *a = l->task.a;
	size_t i;

	if (a) {
		LIST_REMOVE(&l->task, next);
		for (i = 0; i < l->n; i++)
			l->parts[i].counter->loading = false;
		if (e)
			fail(l, e);
		else if (l->tables == a->tables)
			use(l);
		for (i = 0; i < l->n; i++)
			counter_release(a, l->parts[i].counter);
	}
	talloc_free(l);
	if (a)
		admission_wake(a);
}

static bool concerns(const struct load *l, const struct usage_call *call)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (covers(&l->parts[i], call->user_id, call->subject_id, call->at))
			return true;
	}
	return false;
}

static void make_room(struct load *l)
{
	if (l->n_rows < l->room)
		return;
	l->room = l->room ? 2 * l->room : 64;
	l->rows = alloc_checked(talloc_realloc(l, l->rows, struct row, l->room));
	l->ids = alloc_checked(talloc_realloc_size(l, l->ids, l->room * ID_SIZE));
	l->booked = alloc_checked(talloc_realloc(l, l->booked, bool, l->room));
}

/* A full journal has very many rows: the loop copies only what the sums need. */
static void keep_row(void *data, const struct usage_call *call)
{
	struct load *l = data;
	struct row *r;

	if (!concerns(l, call))
		return;
	make_room(l);
	memcpy(l->ids[l->n_rows], call->id, ID_SIZE);
	l->booked[l->n_rows] = false;
	r = &l->rows[l->n_rows++];
	memcpy(r->user_id, call->user_id, ID_SIZE);
	memcpy(r->subject_id, call->subject_id, ID_SIZE);
	fill_line(&r->line, call->model, call->at, &call->usage);
}

static void add_part(struct load *l, struct counter *c)
{
	struct part *p = &l->parts[l->n++];

	p->load = l;
	p->counter = c;
	memcpy(p->user_id, c->user_id, ID_SIZE);
	memcpy(p->subject_id, c->subject_id, ID_SIZE);
	p->filter = (struct usage_filter){
		.user_id = *p->user_id ? p->user_id : NULL,
		.subject_id = *p->subject_id ? p->subject_id : NULL,
		.from = c->from, .to = c->to };
	p->by_quarter = prices_change(l->task.a->prices, c->from, c->to);
	c->loading = true;
	c->late_tokens = c->late_cost = 0;
	counter_refer(c);
}

static void load(struct ask *q)
{
	struct admission *a = q->a;
	struct load *l = alloc_checked(talloc_zero(NULL, struct load));
	struct counter *c;
	size_t i;

	l->task.a = a;
	l->tables = a->tables;
	for (i = 0; i < q->n; i++) {
		c = q->limits[i].counter;
		if (!c->loaded && !c->loading)
			add_part(l, c);
	}
	if (!l->n) {
		talloc_free(l);
		return;
	}
	if (a->journal)
		journal_each_pending(a->journal, keep_row, l);
	task_begin(a, &l->task, load_work, load_done);
}

enum known limits_check(struct ask *q, struct err *e)
{
	bool all = true;
	struct counter *c;
	size_t i;

	for (i = 0; i < q->n; i++) {
		c = q->limits[i].counter;
		if (c->loaded)
			continue;
		all = false;
		if (c->failed_at && c->failed_at >= q->begun) {
			*e = c->failure;
			return KNOWN_NOT;
		}
	}
	if (all)
		return KNOWN;
	load(q);
	return KNOWN_LATER;
}
