/* POSIX TZ strings, as in the footer of a TZif file (RFC 8536, section 3.3.1). */
#include "config.h"
#include "time/zone.h"

#include <ctype.h>
#include <string.h>

#define DAY 86400

/* Up to 3 digits, 0..max; -1 when there are none or too many. */
static int read_number(const char **s, int max)
{
	int n = 0, digits = 0;

	for (; isdigit((unsigned char)**s) && digits < 4; (*s)++, digits++)
		n = n * 10 + (**s - '0');
	return digits && n <= max ? n : -1;
}

/* [+-]h[h][h][:mm[:ss]] in seconds. */
static int read_time(const char **s, int max_hours, int32_t *out)
{
	int32_t sign = 1, part[3] = { 0 };
	int i;

	if (**s == '-' || **s == '+')
		sign = *(*s)++ == '-' ? -1 : 1;
	for (i = 0; i < 3; i++) {
		part[i] = read_number(s, i ? 59 : max_hours);
		if (part[i] < 0)
			return -1;
		if (**s != ':')
			break;
		if (i < 2)
			(*s)++;
	}
	*out = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
	return 0;
}

static int read_name(const char **s, char out[ZONE_NAME_SIZE])
{
	bool quoted = **s == '<';
	size_t n = 0;

	*s += quoted;
	while (isalpha((unsigned char)**s) ||
	       (quoted && (isdigit((unsigned char)**s) || **s == '+' ||
			   **s == '-'))) {
		if (n == ZONE_NAME_SIZE - 1)
			return -1;
		out[n++] = *(*s)++;
	}
	out[n] = '\0';
	if (quoted && *(*s)++ != '>')
		return -1;
	return n < 3 ? -1 : 0;
}

static int read_day(const char **s, struct zone_day *d)
{
	d->form = 'N';
	if (**s == 'M' || **s == 'J')
		d->form = *(*s)++;
	if (d->form == 'M') {
		d->month = read_number(s, 12);
		if (d->month < 1 || *(*s)++ != '.')
			return -1;
		d->week = read_number(s, 5);
		if (d->week < 1 || *(*s)++ != '.')
			return -1;
		d->day = read_number(s, 6);
	} else {
		d->day = read_number(s, 365);
	}
	if (d->day < (d->form == 'J'))
		return -1;
	d->time = 7200;
	if (**s != '/')
		return 0;
	(*s)++;
	return read_time(s, 167, &d->time);
}

static int read_rule(const char *s, struct zone_rule *r)
{
	if (read_name(&s, r->standard.name) < 0 ||
	    read_time(&s, 24, &r->standard.offset) < 0)
		return -1;
	r->standard.offset = -r->standard.offset;
	if (!*s)
		return 0;
	r->has_summer = true;
	if (read_name(&s, r->summer.name) < 0)
		return -1;
	r->summer.offset = r->standard.offset + 3600;
	if (*s != ',') {
		if (read_time(&s, 24, &r->summer.offset) < 0)
			return -1;
		r->summer.offset = -r->summer.offset;
	}
	if (*s++ != ',' || read_day(&s, &r->from) < 0 ||
	    *s++ != ',' || read_day(&s, &r->to) < 0)
		return -1;
	return *s ? -1 : 0;
}

int zone_rule_parse(const char *text, struct zone_rule *out, struct err *e)
{
	struct zone_rule r = { 0 };

	if (read_rule(text, &r) < 0)
		return err_set(e, ERR_INPUT, "bad zone rule \"%.60s\"", text);
	*out = r;
	return 0;
}

static bool leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to 1 January of the year. */
static int64_t year_days(int64_t year)
{
	int64_t y = year - 1;	/* years are after 0 here: see zone_rule_at */

	return y * 365 + y / 4 - y / 100 + y / 400 - 719162;
}

static int64_t day_of(const struct zone_day *d, int64_t year)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243,
				      273, 304, 334, 365 };
	int64_t start = year_days(year), first, last;
	int weekday;

	if (d->form == 'J')	/* 29 February is never counted */
		return start + d->day - 1 + (leap(year) && d->day >= 60);
	if (d->form == 'N')
		return start + d->day;
	first = start + before[d->month - 1] + (leap(year) && d->month > 2);
	last = start + before[d->month] + (leap(year) && d->month > 1) - 1;
	weekday = (int)((first + 4) % 7);	/* 1970-01-01 was a Thursday */
	if (weekday < 0)
		weekday += 7;
	first += (d->day - weekday + 7) % 7 + 7 * (d->week - 1);
	return first > last ? first - 7 : first;
}

void zone_rule_at(const struct zone_rule *r, int64_t utc,
		  struct zone_time *out)
{
	int64_t year, from, to, local = utc + r->standard.offset;
	bool summer;

	*out = r->standard;
	/* Years 1 to 9999; outside of them there is no daylight saving time. */
	if (!r->has_summer || local < -62135596800 || local > 253402300799)
		return;
	year = 1970 + local / (DAY * 365.2425);
	while (year_days(year) * DAY > local)
		year--;
	while (year_days(year + 1) * DAY <= local)
		year++;
	from = day_of(&r->from, year) * DAY + r->from.time - r->standard.offset;
	to = day_of(&r->to, year) * DAY + r->to.time - r->summer.offset;
	summer = from < to ? utc >= from && utc < to :
			     utc >= from || utc < to;
	if (summer)
		*out = r->summer;
}
