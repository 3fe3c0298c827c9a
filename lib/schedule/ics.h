/*
 * A calendar that other programs can subscribe to: iCalendar (RFC 5545),
 * through libical.
 */
#ifndef SCHEDULE_ICS_H
#define SCHEDULE_ICS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

struct ics;

/* Texts are UTF-8 and may be hostile: they are escaped, control bytes left out. */
struct ics_event {
	const char *uid;	/* stable for an event */
	const char *summary;
	const char *url;	/* "" none */
	int64_t start, end;	/* UTC ms; end is at least a minute after start */
	bool tentative;		/* planned, not started yet */
};

/*
 * name: shown by the subscriber's program; now: UTC ms, the stamp of all
 * events. Gives (child of ctx).
 */
struct ics *ics_new(const void *ctx, const char *name, int64_t now);

void ics_add(struct ics *c, const struct ics_event *event);

/* Lines end with CRLF and are folded at 75 bytes. ERR_LIMIT beyond out's cap. */
int ics_format(struct ics *c, struct buf *out, struct err *e) must_check;

#endif
