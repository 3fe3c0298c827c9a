/* Shared by recorder.c and recorder_parts.c only. */
#ifndef SESSION_RECORDER_INTERNAL_H
#define SESSION_RECORDER_INTERNAL_H

#include <sys/queue.h>

#include "session/recorder.h"
#include "session/session_internal.h"

struct live_part {
	TAILQ_ENTRY(live_part) next;
	struct part part;
	struct part *texts;	/* owns part's texts; NULL at first */
	bool streaming;		/* text still arrives in deltas */
	bool answered;		/* an answer is being sent to Claude */
	uint64_t version, saved;
	size_t bytes;		/* size of its data */
};

struct seen {
	TAILQ_ENTRY(seen) next;
	struct seen_message m;
	bool in_flight;
};

struct recorder {
	uv_timer_t timer;
	TAILQ_HEAD(live_parts, live_part) parts;
	TAILQ_HEAD(, seen) seen;
	uint64_t version;
	int64_t offset;		/* stored offset of the log */
	char state[12];		/* stored state */
	int dirty;		/* parts to be recorded */
	size_t dirty_bytes;	/* size of their data */
	bool recording, stuck, touched, mode_changed, mode_in_flight;
	int64_t waiting_at;	/* clock_mono_ms of the newest open question; 0 none */
};

/* ---- recorder_parts.c ---- */

/* NULL if no part has that log offset. */
struct live_part *live_part_find(const struct session *s, int64_t at);
/* It changed since it was recorded, and no more text will come. */
bool live_part_dirty(const struct live_part *m);
/* Adds a dirty part to the recorder's counts (n 1), or removes it (n -1). */
void live_part_count(struct session *s, const struct live_part *m, int n);
/* Frees a part that has ended and is recorded. */
void live_part_drop_if_done(struct session *s, struct live_part *m);

#endif
