/* Parts in memory until the store has them, and the batches that take them there. */
#ifndef SESSION_RECORDER_H
#define SESSION_RECORDER_H

#include "session/session.h"

struct recorder;

struct recorder *recorder_new(struct session *s);
/* Closes its timer; session_handle_over() follows. The struct goes with the session. */
void recorder_close(struct session *s);

/* ---- the parts ---- */

/* What the store has at `offset` of the log: that state, and (recorder_load) the parts that are open. */
void recorder_resume(struct session *s, int64_t offset, const char *state);
void recorder_load(struct session *s, const struct part *p);
/* New or changed: recorded by one of the next batches. Copied. */
void recorder_add(struct session *s, const struct part *p);
/* Claude has read that message: said at `at` of the log. */
void recorder_add_seen(struct session *s, const char *id, int64_t at);

/* Each part in memory in the log's order: NULL first, NULL past the last. Borrowed until one is added. */
const struct part *recorder_next(const struct session *s, const struct part *before);
/* NULL: none at that place of the log. Borrowed as above. */
const struct part *recorder_find(const struct session *s, int64_t at);
/* It still runs or waits. */
bool part_open(const struct part *p);

/* An answer to that part (recorder_find) is on its way to Claude; or it was lost. */
void recorder_set_answered(struct session *s, int64_t at, bool answered);
bool recorder_answered(const struct session *s, int64_t at);
/* Something waits, be its answer on its way or not. */
bool recorder_waiting(const struct session *s);
/* A question came, was answered, or was found when the session was read. */
void recorder_asked(struct session *s);

/* ---- the batches ---- */

/* The turn ended, or the mode changed: recorded though no part did. */
void recorder_note_turn(struct session *s);
void recorder_note_mode(struct session *s);
/* The current mode is newer than the store's. */
bool recorder_mode_unsaved(const struct session *s);
/* Records what is new soon; now: at the loop's next turn. */
void recorder_touch(struct session *s, bool now);
/* Bytes of the log behind which all is recorded. */
int64_t recorder_offset(const struct session *s);
/* So much is unrecorded that the log is read no further. */
bool recorder_pressed(const struct session *s);
/* The store refused the last batch. */
bool recorder_stuck(const struct session *s);
/* A batch is on its way. */
bool recorder_busy(const struct session *s);
/* The store has every part and message. */
bool recorder_clean(const struct session *s);

#endif
