#include "config.h"
#include "schedule/cron.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_BYTES 1000
#define NAME_LENGTH 3	/* letters of a month or a weekday */
#define BLANKS " \t"

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const struct field {
	const char *name;
	int low, high;
	const char *names;	/* of low and the values after it, without blanks */
	const char *example;
} fields[FIELDS] = {
	[MINUTE] = { "minute", 0, 59, "", "0, 5-10 or */15" },
	[HOUR] = { "hour", 0, 23, "", "8, 9-17 or */2" },
	[DAY] = { "day of the month", 1, 31, "", "1, 1-7 or 1,15" },
	[MONTH] = { "month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec",
		    "1, JAN or 3-5" },
	[WEEKDAY] = { "day of the week", 0, 7, "sunmontuewedthufrisat",
		      "1, MON-FRI or 6,7" },
};

static const struct {
	const char *name, *line;
} shortcuts[] = {
	{ "@hourly", "0 * * * *" }, { "@daily", "0 0 * * *" },
	{ "@midnight", "0 0 * * *" }, { "@weekly", "0 0 * * 0" },
	{ "@monthly", "0 0 1 * *" }, { "@yearly", "0 0 1 1 *" },
	{ "@annually", "0 0 1 1 *" },
};

#define SHORTCUTS (sizeof(shortcuts) / sizeof(shortcuts[0]))

static int wrong(const struct field *f, struct err *e)
{
	return err_tell(e, ERR_INPUT, "error_schedule_cron",
			"cron line: the %s must be %d to %d, such as %s",
			f->name, f->low, f->high, f->example);
}

/* A number, or one of the names; *s moves behind it. */
static bool read_value(const struct field *f, const char **s, int *out)
{
	size_t i, n = strlen(f->names) / NAME_LENGTH;
	int value = 0, digits;

	for (digits = 0; isdigit((unsigned char)**s) && digits < 4; digits++)
		value = value * 10 + *(*s)++ - '0';
	*out = value;
	if (digits)
		return true;
	for (i = 0; i < n; i++) {
		if (strncasecmp(f->names + i * NAME_LENGTH, *s, NAME_LENGTH))
			continue;
		*s += NAME_LENGTH;
		*out = f->low + (int)i;
		return true;
	}
	return false;
}

/* "/n" behind a * or a range; 1 when there is none. */
static bool read_step(const char **s, int *out)
{
	static const struct field plain = { .names = "" };

	*out = 1;
	if (**s != '/')
		return true;
	(*s)++;
	return read_value(&plain, s, out) && *out > 0;
}

/* "*", "a", "a-b": the first and last value, and the step. */
static bool read_range(const struct field *f, const char **s, uint64_t *bits)
{
	int from = f->low, to = f->high, step = 1, i;

	if (**s == '*') {
		(*s)++;
		if (!read_step(s, &step))
			return false;
	} else {
		if (!read_value(f, s, &from))
			return false;
		to = from;
		if (**s == '-') {
			(*s)++;
			if (!read_value(f, s, &to) || !read_step(s, &step))
				return false;
		}
	}
	if (from < f->low || to > f->high || from > to)
		return false;
	for (i = from; i <= to; i += step)
		*bits |= UINT64_C(1) << i;
	return true;
}

/* One field, up to a blank or the end. */
static int read_field(const struct field *f, const char **s, uint64_t *bits,
		      bool *star, struct err *e)
{
	*bits = 0;
	*s += strspn(*s, BLANKS);
	*star = **s == '*';
	if (!**s)
		return err_tell(e, ERR_INPUT, "error_schedule_cron",
				"cron line: the %s is missing; write five"
				" fields: minute, hour, day of the month,"
				" month, day of the week", f->name);
	for (;;) {
		if (!read_range(f, s, bits))
			return wrong(f, e);
		if (**s != ',')
			break;
		(*s)++;
	}
	if (**s && !strchr(BLANKS, **s))
		return wrong(f, e);
	return 0;
}

static int read_fields(const char *s, struct cron *out, struct err *e)
{
	uint64_t bits[FIELDS];
	bool star[FIELDS];
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		if (read_field(&fields[i], &s, &bits[i], &star[i], e) < 0)
			return -1;
	}
	s += strspn(s, BLANKS);
	if (*s)
		return err_tell(e, ERR_INPUT, "error_schedule_cron",
				"cron line: more than five fields; leave out"
				" what follows the day of the week");
	*out = (struct cron){
		.minutes = bits[MINUTE],
		.hours = (uint32_t)bits[HOUR],
		.days = (uint32_t)bits[DAY],
		.months = (uint32_t)bits[MONTH],
		.weekdays = (uint32_t)(bits[WEEKDAY] | bits[WEEKDAY] >> 7) &
			    CRON_WEEKDAYS,
		.wild = star[MINUTE] || star[HOUR],
		.either = !star[DAY] && !star[WEEKDAY],
	};
	return 0;
}

static int read_shortcut(const char *s, struct cron *out, struct err *e)
{
	size_t n = strcspn(s, BLANKS), i;

	for (i = 0; i < SHORTCUTS && !s[n + strspn(s + n, BLANKS)]; i++) {
		if (strlen(shortcuts[i].name) == n &&
		    strncasecmp(shortcuts[i].name, s, n) == 0)
			return read_fields(shortcuts[i].line, out, e);
	}
	return err_tell(e, ERR_INPUT, "error_schedule_cron",
			"cron line: of words with @ use @hourly, @daily,"
			" @weekly, @monthly or @yearly");
}

int cron_parse(const char *line, struct cron *out, struct err *e)
{
	if (strlen(line) > LINE_MAX_BYTES)
		return err_tell(e, ERR_INPUT, "error_schedule_cron",
				"cron line: longer than %d bytes",
				LINE_MAX_BYTES);
	line += strspn(line, BLANKS);
	return *line == '@' ? read_shortcut(line, out, e) :
			      read_fields(line, out, e);
}
