/* Time zones: TZif files (RFC 8536) of the system's tzdata, without tzset(). */
#ifndef TIME_ZONE_H
#define TIME_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define ZONE_NAME_SIZE 12

struct zone;

struct zone_time {
	int32_t offset;			/* seconds east of UTC */
	char name[ZONE_NAME_SIZE];	/* "KST", "+0530" */
};

/*
 * "Asia/Seoul" -> its zone, good for the process's life; NULL when the IANA
 * list has no such name, or its file cannot be read. A later call may give
 * another one: the files are renewed. Any thread.
 */
const struct zone *zone_find(const char *name);
/* The name is in the list; true, too, while the list itself cannot be read: nobody knows better. */
bool zone_listed(const char *name);
/* Another number when a zone that was found is another one by now: looks at the files. */
uint64_t zone_generation(void);

/* What the zone's clocks say at a moment (seconds since 1970, UTC). */
void zone_at(const struct zone *z, int64_t utc, struct zone_time *out);

/* A TZif file's bytes; ERR_INPUT when malformed. Gives (child of ctx). */
struct zone *zone_parse(const void *ctx, const void *bytes, size_t n,
			struct err *e) must_check;

/*
 * The rule for times after a file's last transition: a POSIX TZ string with
 * RFC 8536's extension, "EST5EDT,M3.2.0,M11.1.0".
 */
struct zone_day {
	char form;	/* 'M': month, week, weekday; 'J': 1..365; 'N': 0..365 */
	int month, week, day;
	int32_t time;	/* seconds after local midnight, may be negative */
};

struct zone_rule {
	struct zone_time standard, summer;
	bool has_summer;
	struct zone_day from, to;	/* summer time's */
};

int zone_rule_parse(const char *text, struct zone_rule *out, struct err *e) must_check;
void zone_rule_at(const struct zone_rule *r, int64_t utc, struct zone_time *out);

#endif
