/*
 * The sessions of process 1. Each is a keeper with Claude below it; what
 * Claude writes is appended to the session's journal, beside lines of ours:
 * {"type":"gongbang","subtype":"start","at":MS}, with "lost":true after a hole
 * that no trim made: the log before it is lost
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

#define SESSIONS_MAX 64		/* running at once */
#define SESSION_INPUT_MAX (32 << 20)
#define SESSION_INPUTS_MAX 64	/* waiting for one session's stdin */

struct session;

/* First of all. Borrowed for ever. */
void session_limit(const struct shim_limits *limits);

/* Before any other call: logs whose marker says that they ran get their exit line. */
int session_recover(struct err *e) must_check;

/* NULL: not running. */
struct session *session_find(const char *id);
const char *session_id(const struct session *s);

/* Running, and not being ended. */
bool session_is_open(const struct session *s);

/* ERR_UNAVAILABLE: no process or no disk space to be had. */
int session_start(const char *id, const struct start *start, struct err *e) must_check;

/* INT, TERM or KILL to Claude alone. ERR_INPUT for another name. */
int session_signal(struct session *s, const char *name, struct err *e) must_check;

/* Writes x's body (taken) to stdin, then answers; 409 when Claude ended first. */
void session_input(struct session *s, struct exchange *x);

/* Kills the tools, then answers "ended N". */
void session_end_tools(struct session *s, struct exchange *x);

/* TERM, KILL after the grace; x (may be NULL) is answered when all is over. */
void session_end(struct session *s, int64_t grace_ms, bool purge, struct exchange *x);

/* Every session: end_session on stdin, TERM, KILL; done() once none is left. */
void session_end_all(void (*done)(void));

/* How many run, how many wait for a full disk. */
void session_count(unsigned *running, unsigned *blocked);

#endif
