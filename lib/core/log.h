/* The log: logfmt lines on stderr, one per event, control bytes escaped. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Sets the program's name for every line; debug lines are written only if debug is not 0. */
void log_start(const char *program, int debug);

/*
 * Writes one line: time, level, program, event, then key/value pairs of
 * const char * ended by NULL; a pair with a NULL value is omitted. Never log
 * tokens, prompts or bodies.
 */
void log_event(enum log_level level, const char *event, ...)
	__attribute__((sentinel));

/* As log_event, with kind= and error= from e before the pairs. */
void log_failure(const char *event, const struct err *e, ...)
	__attribute__((sentinel));

#endif
