/*
 * The bridge: browsers' WebSockets on one side, workspaces and their sessions
 * on the other, on one libuv loop.
 */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include "core/settings.h"

struct bridge;

/*
 * Opens everything it needs and resumes what an earlier bridge left. Keeps
 * settings. Gives.
 */
struct bridge *bridge_new(const struct settings *s, struct err *e) must_check;

/*
 * Serves until SIGTERM or SIGINT; then flushes its recorders, closes the
 * sockets (1001) and returns, within 3 s.
 */
void bridge_run(struct bridge *b);

/* A socket or a handshake ended: for the bridge's own files. */
void bridge_left(struct bridge *b);

void bridge_free(struct bridge *b);

#endif
