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
 * Finds a zone by IANA name ("Asia/Seoul"); valid for the process's life. NULL
 * if the list has no such name or its file cannot be read. A later call may
 * return another zone, after tzdata was updated. Thread-safe.
 */
const struct zone *zone_find(const char *name);
/* True if the name is in the list, or the list cannot be read. */
bool zone_listed(const char *name);
/* A number that changes when the file of a zone in use has changed; checks the files. */
uint64_t zone_generation(void);

/* Local time in the zone at a moment (UTC seconds since 1970). */
void zone_at(const struct zone *z, int64_t utc, struct zone_time *out);

/* Parses the bytes of a TZif file; ERR_INPUT if malformed. Gives (child of ctx). */
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
	struct zone_day from, to;	/* start and end of daylight saving time */
};

int zone_rule_parse(const char *text, struct zone_rule *out, struct err *e) must_check;
void zone_rule_at(const struct zone_rule *r, int64_t utc, struct zone_time *out);

#endif
