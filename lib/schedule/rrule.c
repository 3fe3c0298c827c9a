/* Days as recurrence rules: RFC 5545 text, parsed and iterated by libical. */
#include "config.h"
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "schedule/recurrence.h"

#define TEXT_MAX 512
#define COMMON_DAYS (((1u << 28) - 1) << 1)	/* every month has them */

static const char *const weekdays[] = { "SU", "MO", "TU", "WE", "TH", "FR",
					"SA" };

/* Of months, in a leap year. */
static const int lengths[] = { 0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30,
			       31 };

void rule_add(struct recurrence *r, const char *text)
{
	struct icalrecurrencetype rule = icalrecurrencetype_from_string(text);

	if (rule.freq == ICAL_NO_RECURRENCE || r->nrules == RULES_MAX)
		err_abort("a recurrence rule of ours is wrong");
	r->rules[r->nrules++] = rule;
}

static void add_numbers(struct buf *out, const char *name, uint32_t bits)
{
	const char *before = name;
	struct err e = { 0 };
	int i;

	for (i = 1; i < 32; i++) {
		if (!(bits & 1u << i))
			continue;
		if (buf_addf(out, &e, "%s%d", before, i) < 0)
			err_abort("a recurrence rule is too long");
		before = ",";
	}
}

static void add_weekdays(struct buf *out, uint32_t bits)
{
	const char *before = ";BYDAY=";
	struct err e = { 0 };
	int i;

	for (i = 0; i < 7; i++) {
		if (!(bits & 1u << i))
			continue;
		if (buf_addf(out, &e, "%s%s", before, weekdays[i]) < 0)
			err_abort("a recurrence rule is too long");
		before = ",";
	}
}

/*
 * The frequency with which libical reaches the next day soonest: walk() begins
 * in one of the months already. The last days of February may be years away.
 */
static const char *frequency(const struct recurrence *r, uint32_t days,
			     uint32_t of_week)
{
	if (days != CRON_DAYS)
		return r->months != CRON_MONTHS && !(days & COMMON_DAYS) ?
		       "YEARLY" : "MONTHLY";
	if (of_week != CRON_WEEKDAYS)
		return r->months != CRON_MONTHS ? "MONTHLY" : "WEEKLY";
	return "DAILY";
}

static void add_rule(struct recurrence *r, uint32_t days, uint32_t of_week)
{
	bool some_of_week = of_week != CRON_WEEKDAYS;
	auto_buf text = BUF_INIT(TEXT_MAX);
	struct err e = { 0 };

	if (buf_addf(&text, &e, "FREQ=%s", frequency(r, days, of_week)) < 0)
		err_abort("a recurrence rule is too long");
	if (r->months != CRON_MONTHS)
		add_numbers(&text, ";BYMONTH=", r->months);
	if (days != CRON_DAYS)
		add_numbers(&text, ";BYMONTHDAY=", days);
	if (some_of_week)
		add_weekdays(&text, of_week);
	rule_add(r, buf_text(&text));
}

/* Whether one of the months has, in some year, one of the days. */
static bool comes(uint32_t months, uint32_t days)
{
	int month, day;

	for (month = 1; month <= 12; month++) {
		for (day = 1; day <= lengths[month]; day++) {
			if (months & 1u << month && days & 1u << day)
				return true;
		}
	}
	return false;
}

int rules_of_cron(const struct cron *c, struct recurrence *out, struct err *e)
{
	bool every = c->days == CRON_DAYS || c->weekdays == CRON_WEEKDAYS;

	out->minutes = c->minutes;
	out->hours = c->hours;
	out->wild = c->wild;
	out->months = c->months;
	out->nrules = 0;
	if (c->either && every) {
		add_rule(out, CRON_DAYS, CRON_WEEKDAYS);
	} else if (c->either) {
		add_rule(out, CRON_DAYS, c->weekdays);
		if (comes(c->months, c->days))
			add_rule(out, c->days, CRON_WEEKDAYS);
	} else if (comes(c->months, c->days)) {
		add_rule(out, c->days, c->weekdays);
	} else {
		return err_tell(e, ERR_INPUT, "error_schedule_never",
				"no month has that day: it would never run");
	}
	return 0;
}

/* A day, or the first one of the next month that has any. */
static struct icaltimetype walk_from(const struct recurrence *r, int64_t from)
{
	struct icaltimetype day = { .is_date = 1 };
	struct clock_date date;

	clock_date(from * 86400, &date);
	day.year = (int)date.year;
	day.month = date.month;
	day.day = date.day;
	while (!(r->months & 1u << day.month)) {
		day.day = 1;
		day.year += day.month == 12;
		day.month = day.month % 12 + 1;
	}
	return day;
}

/* The rule starts near the day asked for, so iterating stays short. */
static int64_t walk(const struct icalrecurrencetype *rule,
		    struct icaltimetype day)
{
	icalrecur_iterator *i = icalrecur_iterator_new(*rule, day);

	if (!i)
		return NEVER;
	day = icalrecur_iterator_next(i);
	icalrecur_iterator_free(i);
	return icaltime_is_null_time(day) ? NEVER :
	       clock_days(day.year, day.month, day.day);
}

int64_t recurrence_day(const struct recurrence *r, int64_t from)
{
	const struct icaltimetype first = walk_from(r, from);
	int64_t best = NEVER, day;
	size_t i;

	for (i = 0; i < r->nrules; i++) {
		day = walk(&r->rules[i], first);
		if (day >= from && day < best)
			best = day;
	}
	return best;
}
