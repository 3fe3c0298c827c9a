#include "config.h"
#include "spending/budget_zone.h"

#include <string.h>

#include "core/str.h"

/* A name that is too long is not a zone either. */
static void copy_zone(char out[65], const char *zone, const char *preset)
{
	if (!str_copy(out, 65, *zone ? zone : preset))
		out[0] = '\0';
}

void budget_zone_of(const struct user *u, const char *preset,
		    struct budget_zone *out)
{
	memset(out, 0, sizeof(*out));
	copy_zone(out->zone, u ? u->timezone : "", preset);
	copy_zone(out->before, u && u->budget_timezone_until ?
		  u->budget_timezone : out->zone, preset);
	out->until = u ? u->budget_timezone_until : 0;
}

const char *budget_zone_name(const struct budget_zone *z, int64_t now_ms)
{
	return now_ms < z->until ? z->before : z->zone;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void budget_zone_period(const struct budget_zone *z, int64_t now_ms,
			struct period *out)
{
	struct period old;

	period_at(budget_zone_name(z, now_ms), now_ms, out);
	if (now_ms < z->until || (out->month_from >= z->until &&
				  out->day_from >= z->until))
		return;
	period_at(z->before, z->until - 1, &old);
	if (out->month_from < z->until)
		out->month_from = strcmp(out->month, old.month) > 0 ? z->until :
				  earlier(out->month_from, old.month_from);
	if (out->day_from < z->until)
		out->day_from = strcmp(out->day, old.day) > 0 ? z->until :
				earlier(out->day_from, old.day_from);
}

int64_t budget_zone_end(const struct user *u, const char *preset,
			int64_t now_ms)
{
	struct budget_zone z;
	struct period p;

	budget_zone_of(u, preset, &z);
	budget_zone_period(&z, now_ms, &p);
	return p.month_to;
}
