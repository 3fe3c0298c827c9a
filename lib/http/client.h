/* Calls to the bridge: HTTP/1.1 over its control socket. Blocks; any thread. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "core/buf.h"

/*
 * One request with an empty body. method "GET" or "POST"; path begins with "/";
 * the whole call ends in deadline_ms. Appends the answer's body to body_out,
 * whatever the status. ERR_UNAVAILABLE "error_bridge" when nobody answers in
 * time; ERR_LIMIT past body_out's cap.
 */
int client_call(const char *socket_path, const char *method, const char *path,
		long deadline_ms, struct buf *body_out, int *status,
		struct err *e) must_check;

#endif
