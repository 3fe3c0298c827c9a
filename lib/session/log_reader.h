/* The session's log at the shim: whether there is one, and its bytes into the decoder. */
#ifndef SESSION_LOG_READER_H
#define SESSION_LOG_READER_H

#include "session/session.h"

struct log_reader;

struct log_reader *log_reader_new(struct session *s);

/* Continues the work that is due: asks what the shim has, opens the log, decodes what had to wait. */
void log_reader_step(struct session *s);
/* When log_reader_step may have something to do, clock_mono_ms; 0: not by itself. */
int64_t log_reader_due(const struct session *s);
/* The link is gone. */
void log_reader_link_lost(struct session *s);
/* The next byte that the decoder needs. */
void log_reader_seek(struct session *s, int64_t offset);
/* The session was read from the store, which has all before that. */
void log_reader_resume(struct session *s, int64_t offset);
/* The store took a batch. */
void log_reader_recorded(struct session *s);

/* What the shim said of the log is doubtful: it is asked again by the next step. */
void log_reader_doubt(struct session *s);
/* As that, in so many ms. */
void log_reader_list_again(struct session *s, int64_t wait_ms);
/* The shim was asked what it has of this session, and answered. */
bool log_reader_listed(const struct session *s);
/* It is being asked. */
bool log_reader_listing(const struct session *s);
/* Offset at which a log restarts after the shim lost it; 0: none was lost. */
int64_t log_reader_restart_at(const struct session *s);
/* There is a log again: Claude has been started. */
void log_reader_started(struct session *s);
/* The decoder is where it stood when the shim was asked what runs, or before. */
bool log_reader_in_backlog(const struct session *s);
/* All that the log held when the shim was asked has been decoded; false before it answered. */
bool log_reader_caught_up(const struct session *s);

#endif
