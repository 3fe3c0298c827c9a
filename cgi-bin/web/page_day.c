/* Dates in a page's query. */
#include "config.h"
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "web/web.h"

#define DAY_MS INT64_C(86400000)

/* The zone's day with this name. */
static int day_of(const char *zone, const char *text, struct period *out,
		  struct err *e)
{
	int64_t year, month, day, noon;
	struct err bad = { 0 };
	char part[5];
	int half;

	if (strlen(text) != 10 || strspn(text, "0123456789") != 4 ||
	    strspn(text + 5, "0123456789") != 2 || text[4] != '-' ||
	    strspn(text + 8, "0123456789") != 2 || text[7] != '-')
		return err_tell(e, ERR_INPUT, "error_run_date", "no date");
	memcpy(part, text, 4);
	part[4] = '\0';
	if (str_parse_number(part, 1970, 9999, &year, &bad) < 0)
		return err_tell(e, ERR_INPUT, "error_run_date", "no year");
	month = (text[5] - '0') * 10 + text[6] - '0';
	day = (text[8] - '0') * 10 + text[9] - '0';
	if (month < 1 || month > 12 || day < 1)
		return err_tell(e, ERR_INPUT, "error_run_date", "no month");
	noon = clock_days(year, (int)month, (int)day) * DAY_MS + DAY_MS / 2;
	for (half = -1; half <= 1; half++) {
		period_at(zone, noon + half * DAY_MS / 2, out);
		if (str_equal(out->day, text))
			return 0;
	}
	return err_tell(e, ERR_INPUT, "error_run_date", "no such day");
}

int page_days(const struct request *r, int64_t *from, int64_t *to, int64_t *before,
	      struct err *e)
{
	const char *zone = context_of(r)->zone;
	const char *first = form_text(r->args, "from");
	const char *last = form_text(r->args, "to");
	struct period day;

	if (*first) {
		if (day_of(zone, first, &day, e) < 0)
			return -1;
		*from = day.day_from;
	}
	if (*last) {
		if (day_of(zone, last, &day, e) < 0)
			return -1;
		*to = day.day_to;
	}
	return page_number(r, "before", before, e);
}
