/* Reads the session's log from the shim and feeds the decoder. */
#ifndef SESSION_LOG_READER_H
#define SESSION_LOG_READER_H

#include "session/session.h"

struct log_reader;

struct log_reader *log_reader_new(struct session *s);

/*
 * Continues the due work: asks the shim for its logs, opens the log, decodes
 * bytes that waited.
 */
void log_reader_step(struct session *s);
/* When log_reader_step is due, clock_mono_ms; 0: not by time. */
int64_t log_reader_due(const struct session *s);
/* The link failed. */
void log_reader_link_lost(struct session *s);
/* Offset of the next byte for the decoder. */
void log_reader_seek(struct session *s, int64_t offset);
/* The session was loaded; everything below `offset` is stored. */
void log_reader_resume(struct session *s, int64_t offset);
/* A batch was recorded. */
void log_reader_recorded(struct session *s);

/*
 * The shim's statement about the log is doubtful: asks again at the next step.
 */
void log_reader_doubt(struct session *s);
/* The same, in `ms` milliseconds. */
void log_reader_list_again(struct session *s, int64_t wait_ms);
/* The shim was asked for this session, and answered. */
bool log_reader_listed(const struct session *s);
/* The request is in progress. */
bool log_reader_listing(const struct session *s);
/* Offset at which a log restarts after the shim lost it; 0: none was lost. */
int64_t log_reader_restart_at(const struct session *s);
/* The log exists again: Claude was started. */
void log_reader_started(struct session *s);
/*
 * The decoder is still within the log that existed when the shim was last
 * asked.
 */
bool log_reader_in_backlog(const struct session *s);
/* The decoder has all of that log; false before the shim answered. */
bool log_reader_caught_up(const struct session *s);

#endif
