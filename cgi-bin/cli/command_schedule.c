/* gongbang schedule next: prints the next times of a cron expression. */
#include "config.h"
#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/str.h"
#include "schedule/schedule.h"
#include "time/zone.h"

#define COUNT_PRESET 5
#define COUNT_MAX 10000
#define FROM_MAX INT64_C(253370764799)	/* the end of 9998 */

/* A numeric option, or its default. */
static int number(const struct call *c, enum option option, const char *name,
		  int64_t min, int64_t max, int64_t *out, struct err *e)
{
	const char *text = c->options[option];

	if (!text || str_parse_number(text, min, max, out, e) == 0)
		return 0;
	return err_wrap(e, "%s", name);
}

static void print_run(const struct zone *zone, int64_t seconds)
{
	struct clock_date d;
	struct zone_time t;
	long minutes;

	zone_at(zone, seconds, &t);
	clock_date(seconds + t.offset, &d);
	minutes = labs(t.offset) / 60;
	printf("%" PRId64 " %04" PRId64 "-%02d-%02d %02d:%02d:%02d"
	       " %c%02ld:%02ld %s\n", seconds, d.year, d.month, d.day, d.hour,
	       d.minute, d.second, t.offset < 0 ? '-' : '+', minutes / 60,
	       minutes % 60, t.name);
}

int command_schedule_next(const struct call *c, struct err *e)
{
	const char *preset = settings_text(c->settings, SET_DEFAULT_TIMEZONE);
	const char *given = c->options[OPTION_ZONE];
	const struct schedule s = {
		.frequency = FREQUENCY_CRON,
		.cron = c->options[OPTION_CRON],
		.timezone = given ? given : preset,
	};
	int64_t from = clock_now_ms() / 1000, count = COUNT_PRESET, at, i;
	struct recurrence *r;

	if (!s.cron)
		return err_set(e, ERR_INPUT, "give a cron expression, such as"
			       " --cron \"0 8 * * 1-5\"");
	if (number(c, OPTION_FROM, "--from", 0, FROM_MAX, &from, e) < 0 ||
	    number(c, OPTION_COUNT, "--count", 1, COUNT_MAX, &count, e) < 0)
		return -1;
	r = recurrence_new(c->ctx, &s, e);
	if (!r)
		return -1;
	for (at = from * 1000, i = 0; i < count; i++) {
		at = recurrence_next(r, at);
		if (!at)
			break;
		print_run(zone_find(s.timezone), at / 1000);
	}
	return 0;
}
