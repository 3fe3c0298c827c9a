/* The log: logfmt lines on stderr, one event each, bytes escaped. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Names the program in every line; debug lines only when debug is not 0. */
void log_start(const char *program, int debug);

/*
 * One line: time, level, program, event, then key/value pairs of const char *
 * ended by NULL; a NULL value is left out. Never tokens, prompts or bodies.
 */
void log_event(enum log_level level, const char *event, ...)
	__attribute__((sentinel));

/* log_event with kind= and error= from e, then pairs. */
void log_failure(const char *event, const struct err *e, ...)
	__attribute__((sentinel));

#endif
