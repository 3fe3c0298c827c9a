/*
 * The sessions of process 1. Each is a subreaper with Claude below it; Claude's
 * output is appended to the session's log, with lines of our own in between:
 * {"type":"gongbang","subtype":"start","at":MS}, with "lost":true after a hole
 *   that no trim made: the log before it is lost
 * {"type":"gongbang","subtype":"oom","at":MS,"kills":N} when the workspace's
 *   count of out-of-memory kills rose (it may have been another session's), and
 * {"type":"gongbang","subtype":"exit","at":MS,"code":N,"signal":N,"oom":N,
 *  "reason":"exit"|"container","stderr":"tail"} at the end.
 * On a full disk Claude's output waits in its pipe until there is room.
 */
#ifndef SHIM_SHIM_SESSION_H
#define SHIM_SHIM_SESSION_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"
#include "shim/link_server.h"
#include "shim/shim_limits.h"
#include "shim/start_request.h"

#define SHIM_SESSION_INPUT_MAX (32 << 20)
#define SHIM_SESSION_INPUTS_MAX 64	/* queued for one session's stdin */

struct shim_session;

/* Call first. Borrowed for good. */
void shim_session_limit(const struct shim_limits *limits);

/* Call before anything else: logs with a running marker get their exit line. */
int shim_session_recover(struct err *e) must_check;

/* NULL: not running. */
struct shim_session *shim_session_find(const char *id);

/* Running, and not being ended. */
bool shim_session_is_open(const struct shim_session *s);

/* ERR_UNAVAILABLE: no process or disk space available. */
int shim_session_start(const char *id, const struct start_request *start,
		       struct err *e) must_check;

/* INT, TERM or KILL to Claude alone. ERR_INPUT for another name. */
int shim_session_signal(struct shim_session *s, const char *name,
			struct err *e) must_check;

/* Writes x's body (taken) to stdin, then answers; 409 when Claude ended first. */
void shim_session_input(struct shim_session *s, struct exchange *x);

/* Kills the tools, then answers "ended N". */
void shim_session_end_tools(struct shim_session *s, struct exchange *x);

/*
 * TERM, KILL after the grace; x (may be NULL) is answered when all processes
 * have ended.
 */
void shim_session_end(struct shim_session *s, int64_t grace_ms, bool purge,
		      struct exchange *x);

/* Every session: end_session on stdin, TERM, KILL; done() once none is left. */
void shim_session_end_all(void (*done)(void));

/* How many run, how many wait for a full disk. */
void shim_session_count(unsigned *running, unsigned *blocked);

#endif
