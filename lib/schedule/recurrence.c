/*
 * Computes the next occurrence: walks the zone's clock from change to change
 * (daylight saving time, DST, and others); between two changes local times and
 * UTC differ by a constant.
 */
#include "config.h"
#include "schedule/recurrence.h"

#define MINUTE 60
#define HOUR 3600
#define DAY 86400
#define HORIZON (40 * INT64_C(31622400))	/* seconds in 40 leap years */
#define LOOK (2 * DAY)		/* no zone's clock changes twice in that time */
#define MOVED_MAX (3 * HOUR)	/* cronie: a larger jump means the clock was set */
#define MOMENT_MAX INT64_C(253370764800)	/* 9999-01-01 */
#define STEPS_MAX 1000		/* more occurrences than any schedule has within the horizon */

static int64_t offset_at(const struct recurrence *r, int64_t utc)
{
	struct zone_time t;

	zone_at(r->zone, utc, &t);
	return t.offset;
}

/*
 * The first time in (from, to] whose offset differs from from's; to has
 * another one.
 */
static int64_t change(const struct recurrence *r, int64_t from, int64_t to)
{
	int64_t offset = offset_at(r, from), middle;

	while (from + 1 < to) {
		middle = from + (to - from) / 2;
		if (offset_at(r, middle) == offset)
			from = middle;
		else
			to = middle;
	}
	return to;
}

/* The first time of day, in minutes, at or after a minute; -1 for none. */
static int time_of_day(const struct recurrence *r, int64_t from)
{
	int64_t minute;

	for (minute = from; minute < DAY / MINUTE; minute++) {
		if (!(r->hours & 1u << minute / 60))
			minute += 59 - minute % 60;
		else if (r->minutes & UINT64_C(1) << minute % 60)
			return (int)minute;
	}
	return -1;
}

/* The first local time at or after one, by the rules alone. */
static int64_t local_next(const struct recurrence *r, int64_t from)
{
	int64_t in_day = (from % DAY + DAY) % DAY;	/* 1969, too */
	int64_t day = (from - in_day) / DAY, found;
	int minute;

	if (r->once)
		return r->once_at >= from ? r->once_at : NEVER;
	minute = time_of_day(r, (in_day + MINUTE - 1) / MINUTE);
	found = recurrence_day(r, minute < 0 ? day + 1 : day);
	if (found == NEVER)
		return NEVER;
	if (found > day)
		minute = time_of_day(r, 0);
	return found * DAY + (int64_t)minute * MINUTE;
}

/* State of the walk: a time, its offset, and the local time to continue from. */
struct walk {
	int64_t at, offset, from;
};

static void move(const struct recurrence *r, struct walk *w, int64_t at)
{
	w->at = at;
	w->offset = offset_at(r, at);
	w->from = at + w->offset;
}

/* Fixed times that the clock shows for the second time have run already. */
static void pass_repeated(const struct recurrence *r, struct walk *w)
{
	int64_t before, set_back, over;

	before = w->at - MOVED_MAX;
	set_back = offset_at(r, before) - w->offset;
	if (r->wild || set_back <= 0 || set_back > MOVED_MAX)
		return;
	over = change(r, before, w->at) + set_back;
	if (over > w->at)
		move(r, w, over);
}

/*
 * At a change: true when a fixed time fell into the skipped hour, and runs
 * now. Otherwise the walk continues behind the change, or behind the repeated
 * hour.
 */
static bool pass_change(const struct recurrence *r, struct walk *w, int64_t at,
			int64_t next)
{
	int64_t moved = offset_at(r, at) - w->offset;

	if (!r->wild && moved > 0 && (moved <= MOVED_MAX || r->once) &&
	    next < at + w->offset + moved)
		return true;
	if (!r->wild && moved < 0 && moved >= -MOVED_MAX)
		at -= moved;
	move(r, w, at);
	return false;
}

static int64_t search(const struct recurrence *r, struct walk *w)
{
	int64_t next = NEVER, end;
	bool stale = true;
	int i;

	for (i = 0; i < STEPS_MAX; i++) {
		if (stale || next < w->from)
			next = local_next(r, w->from);
		if (next == NEVER)
			return NEVER;
		end = w->at + LOOK;
		stale = offset_at(r, end) != w->offset;
		if (stale)
			end = change(r, w->at, end);
		if (next - w->offset < end)
			return next - w->offset;
		if (stale && pass_change(r, w, end, next))
			return end;
		if (!stale && end < next - w->offset - LOOK)
			end = next - w->offset - LOOK;
		if (!stale)
			move(r, w, end);
	}
	return NEVER;
}

int64_t recurrence_next(const struct recurrence *r, int64_t after)
{
	int64_t seconds = after < 0 ? -1 : after / 1000, found;
	struct walk w;

	if (seconds >= MOMENT_MAX || (!r->once && !r->nrules))
		return 0;
	move(r, &w, seconds);
	w.from += MINUTE - (w.from % MINUTE + MINUTE) % MINUTE;
	pass_repeated(r, &w);
	found = search(r, &w);
	if (found == NEVER || (!r->once && found > seconds + HORIZON))
		return 0;
	return found * 1000;
}

size_t recurrence_list(const struct recurrence *r, int64_t after, int64_t *out,
		       size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		out[i] = recurrence_next(r, after);
		if (!out[i])
			break;
		after = out[i];
	}
	return i;
}
