#include "config.h"
#include "spending/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/hash.h"
#include "core/str.h"
#include "spending/spent.h"
#include "time/period.h"

#define DAY_MS INT64_C(86400000)
#define YEAR_MIN 2000

void tally_add(struct tally *to, const struct tally *one)
{
	to->usage.input += one->usage.input;
	to->usage.output += one->usage.output;
	to->usage.cache_write_5m += one->usage.cache_write_5m;
	to->usage.cache_write_1h += one->usage.cache_write_1h;
	to->usage.cache_read += one->usage.cache_read;
	to->cost += one->cost;
	to->unpriced += one->unpriced;
	to->counted += one->counted;
	to->calls += one->calls;
	to->unmetered += one->unmetered;
}

/* from: the start for a sum that has no time of its own. */
static struct tally tally_of(const struct prices *p, const struct usage_sum *s,
			     int64_t from)
{
	struct spent sum = { 0 };

	spent_add(&sum, p, s, from);
	return (struct tally){
		.usage = s->usage, .cost = sum.cost, .unpriced = sum.unpriced,
		.counted = sum.counted, .calls = s->calls,
		.unmetered = s->unmetered,
	};
}

/* "2026-11" -> its year and month; false if malformed. */
static bool split(const char *month, int64_t *year, int64_t *number)
{
	struct err e = { 0 };
	char text[5];

	if (strlen(month) != 7 || month[4] != '-' ||
	    strspn(month, "0123456789") != 4 ||
	    strspn(month + 5, "0123456789") != 2)
		return false;
	memcpy(text, month, 4);
	text[4] = '\0';
	return str_parse_number(text, YEAR_MIN, 9999, year, &e) == 0 &&
	       str_parse_number(month + 5, 1, 12, number, &e) == 0;
}

/* The days between two midnights of the zone, whatever their lengths. */
static void fill_days(const char *zone, struct report_month *out)
{
	int64_t first = clock_days(out->year, out->number, 1), at = out->from;
	struct period p;
	int n;

	for (n = 0; at < out->to && n < REPORT_DAYS; n++) {
		period_at(zone, at, &p);
		memcpy(out->days[n].day, p.day, sizeof(p.day));
		out->days[n].from = p.day_from;
		out->days[n].number = atoi(p.day + 8);
		/* 1970 began on a Thursday */
		out->days[n].weekday = (int)((first + out->days[n].number + 3) %
					     7);
		at = p.day_to;
	}
	out->ndays = n;
}

int report_month_at(const char *zone, const char *month, int64_t now_ms,
		    struct report_month *out, struct err *e)
{
	int64_t year, number, at = now_ms;
	struct period p;

	if (month && *month) {
		if (!split(month, &year, &number))
			return err_tell(e, ERR_INPUT, "error_month",
					"no month; write it as 2026-11");
		/* a time within that month in every zone */
		at = DAY_MS * clock_days(year, (int)number, 15);
	}
	period_at(zone, at, &p);
	if (!split(p.month, &year, &number))
		return err_set(e, ERR_INTERNAL, "the clock is wrong");
	memset(out, 0, sizeof(*out));
	memcpy(out->month, p.month, sizeof(out->month));
	out->year = year;
	out->number = (int)number;
	out->from = p.month_from;
	out->to = p.month_to;
	fill_days(zone, out);
	return 0;
}

void report_month_step(const char month[8], int by, char out[8])
{
	int64_t year = YEAR_MIN, number = 1, all;

	if (!split(month, &year, &number))
		err_abort("no month");
	all = year * 12 + number - 1 + by;
	/* Four digits hold every year that split accepts, and the next. */
	snprintf(out, 8, "%04u-%02u", (unsigned)(all / 12) % 10000,
		 (unsigned)(all % 12) + 1);
}

struct loading {
	struct report *report;
	const struct prices *prices;
	const struct report_month *month;
	enum report_by by;
	int day;
	size_t size, slots;	/* index into lines, and into the table below */
	uint32_t *table;	/* open addressing: 1 + index in lines */
};

/* Includes the NUL, which separates it from the next. */
static uint32_t hash(uint32_t h, const char *s)
{
	return hash_32(h, s, strlen(s) + 1);
}

static uint32_t hash_line(const struct report_line *l)
{
	return hash(hash(hash(hash(HASH_32_OFFSET, l->user_id), l->kind),
			 l->subject_id), l->model);
}

static bool same(const struct report_line *a, const struct report_line *b)
{
	return str_equal(a->user_id, b->user_id) &&
	       str_equal(a->kind, b->kind) &&
	       str_equal(a->subject_id, b->subject_id) &&
	       str_equal(a->model, b->model);
}

static void index_line(struct loading *l, uint32_t index)
{
	size_t at = hash_line(&l->report->lines[index]) & (l->slots - 1);

	while (l->table[at])
		at = (at + 1) & (l->slots - 1);
	l->table[at] = index + 1;
}

/* At most half full, so a search ends soon. */
static void grow(struct loading *l)
{
	struct report *r = l->report;
	uint32_t i;

	l->size = l->size ? 2 * l->size : 64;
	l->slots = 2 * l->size;
	r->lines = talloc_realloc(r, r->lines, struct report_line,
				  (unsigned)l->size);
	talloc_free(l->table);
	l->table = talloc_zero_array(r, uint32_t, (unsigned)l->slots);
	if (!r->lines || !l->table)
		err_abort("out of memory");
	for (i = 0; i < r->n; i++)
		index_line(l, i);
}

static struct report_line *line_of(struct loading *l,
				   const struct report_line *key)
{
	struct report *r = l->report;
	size_t at;

	if (r->n == l->size)
		grow(l);
	for (at = hash_line(key) & (l->slots - 1); l->table[at];
	     at = (at + 1) & (l->slots - 1)) {
		if (same(&r->lines[l->table[at] - 1], key))
			return &r->lines[l->table[at] - 1];
	}
	r->lines[r->n] = (struct report_line){
		.user_id = db_own(r, key->user_id),
		.kind = db_own(r, key->kind),
		.subject_id = db_own(r, key->subject_id),
		.model = db_own(r, key->model),
		.name = db_own(r, key->name),
		.subject = key->subject,
	};
	l->table[at] = (uint32_t)++r->n;
	return &r->lines[r->n - 1];
}

/* Sums arrive in order of time, so the day only advances. */
static void add_to_day(struct loading *l, int64_t at, const struct tally *t)
{
	while (l->day + 1 < l->month->ndays &&
	       at >= l->month->days[l->day + 1].from)
		l->day++;
	tally_add(&l->report->days[l->day], t);
}

static int add_sum(void *data, const struct usage_sum *s, struct err *e)
{
	struct loading *l = data;
	const struct tally t = tally_of(l->prices, s, l->month->from);
	const struct report_line key = {
		.user_id = l->by == REPORT_BY_USER ? s->user_id : "",
		.kind = s->kind, .subject_id = s->subject_id,
		.model = l->by == REPORT_BY_MODEL ? s->model : "",
		.name = s->name, .subject = s->subject,
	};

	(void)e;
	tally_add(&l->report->all, &t);
	tally_add(&line_of(l, &key)->tally, &t);
	if (l->by != REPORT_BY_SUBJECT)
		add_to_day(l, s->quarter, &t);
	return 0;
}

static int by_tokens(const void *a, const void *b)
{
	const struct report_line *x = a, *y = b;
	int64_t m = tally_tokens(&x->tally), n = tally_tokens(&y->tally);
	int order;

	if (m != n)
		return m < n ? 1 : -1;
	order = strcmp(x->subject_id, y->subject_id);
	if (order == 0)
		order = strcmp(x->user_id, y->user_id);
	return order ? order : strcmp(x->model, y->model);
}

struct report *report_load(const void *ctx, struct db *db,
			   const struct prices *p, const char *user_id,
			   const struct report_month *m, enum report_by by,
			   struct err *e)
{
	const unsigned sums[] = {
		[REPORT_BY_MODEL] = USAGE_BY_QUARTER,
		[REPORT_BY_SUBJECT] = USAGE_BY_SUBJECT | USAGE_BY_AGENT |
			USAGE_NAMES |
			(prices_change(p, m->from, m->to) ? USAGE_BY_DAY : 0),
		[REPORT_BY_USER] = USAGE_BY_QUARTER | USAGE_BY_USER,
	};
	const struct usage_filter filter = { .user_id = user_id,
					     .from = m->from, .to = m->to };
	struct report *r = talloc_zero(ctx, struct report);
	struct loading l = { .report = r, .prices = p, .month = m, .by = by };

	if (!r)
		err_abort("out of memory");
	if (usage_each(db, &filter, sums[by], add_sum, &l, e) < 0) {
		talloc_free(r);
		return NULL;
	}
	talloc_free(l.table);
	if (r->n)
		qsort(r->lines, r->n, sizeof(r->lines[0]), by_tokens);
	return r;
}

struct passing {
	const struct prices *prices;
	int64_t at;
	int (*each)(void *data, const struct report_line *l, struct err *e);
	void *data;
};

static int pass_on(void *data, const struct usage_sum *s, struct err *e)
{
	struct passing *p = data;
	const struct report_line line = {
		.user_id = s->user_id, .kind = s->kind,
		.subject_id = s->subject_id, .model = s->model,
		.name = s->name, .subject = s->subject,
		.tally = tally_of(p->prices, s, p->at),
	};

	return p->each(p->data, &line, e);
}

int report_each(struct db *db, const struct prices *p, const char *user_id,
		const struct report_month *m, int day,
		int (*each)(void *data, const struct report_line *l,
			    struct err *e),
		void *data, struct err *e)
{
	const struct usage_filter filter = {
		.user_id = user_id, .from = m->days[day].from,
		.to = day + 1 < m->ndays ? m->days[day + 1].from : m->to,
	};
	struct passing passing = { p, filter.from, each, data };

	return usage_each(db, &filter, USAGE_BY_USER | USAGE_BY_SUBJECT |
			  USAGE_BY_AGENT | USAGE_NAMES, pass_on, &passing, e);
}
