/* Parts in memory until they are recorded, and the batches that record them. */
#ifndef SESSION_RECORDER_H
#define SESSION_RECORDER_H

#include "session/session.h"

struct recorder;

struct recorder *recorder_new(struct session *s);
/*
 * Closes its timer; session_handle_over() follows. The session frees the
 * struct.
 */
void recorder_close(struct session *s);

/* ---- the parts ---- */

/*
 * The stored position: offset of the log, state, and (recorder_load) the open
 * parts.
 */
void recorder_resume(struct session *s, int64_t offset, const char *state);
void recorder_load(struct session *s, const struct part *p);
/* Adds or replaces a part, recorded by one of the next batches. Copied. */
void recorder_add(struct session *s, const struct part *p);
/* Claude has read that message; `at`: offset in the log. */
void recorder_add_seen(struct session *s, const char *id, int64_t at);
/* That is not stored yet. */
bool recorder_has_seen(const struct session *s, const char *id);

/*
 * Iterates over the parts in memory in the log's order: starts with NULL,
 * returns NULL at the end. Borrowed until one is added.
 */
const struct part *recorder_next(const struct session *s, const struct part *before);
/* NULL if there is none at that offset. Borrowed as above. */
const struct part *recorder_find(const struct session *s, int64_t at);
/* It runs or waits. */
bool part_open(const struct part *p);

/*
 * An answer to that part (recorder_find) is being sent to Claude, or was lost.
 */
void recorder_set_answered(struct session *s, int64_t at, bool answered);
bool recorder_answered(const struct session *s, int64_t at);
/* A part waits, answered or not. */
bool recorder_waiting(const struct session *s);
/* A question was added, answered, or loaded. */
void recorder_asked(struct session *s);

/* ---- the batches ---- */

/* The turn ended, or the mode changed: records although no part did. */
void recorder_note_turn(struct session *s);
void recorder_note_mode(struct session *s);
/* The current mode is not stored yet. */
bool recorder_mode_unsaved(const struct session *s);
/* Records changes soon; now: at the loop's next turn. */
void recorder_touch(struct session *s, bool now);
/* Everything below this log offset is recorded. */
int64_t recorder_offset(const struct session *s);
/* Too much is unrecorded: log reading pauses. */
bool recorder_pressed(const struct session *s);
/* The store refused the last batch. */
bool recorder_stuck(const struct session *s);
/* A batch is in progress. */
bool recorder_busy(const struct session *s);
/* Every part and message is recorded. */
bool recorder_clean(const struct session *s);

#endif
