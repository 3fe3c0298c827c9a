/*
 * Requests that a link accepts; the table in shim_api.c is complete.
 *
 * POST   /sessions/<id>               body as in shim/start_request.h; 201 started,
 *                                     200 running already, 409 ending
 * GET    /sessions/<id>/log?from=N    the log's bytes from N on; ends only when
 *                                     the log is removed. 404 no log;
 *                                     410 "first <N>": N is in the hole;
 *                                     416 N is beyond the end
 * POST   /sessions/<id>/input         whole lines for stdin, 32 MB; 200 once
 *                                     all is written, 409 not running
 * POST   /sessions/<id>/signal?name=  INT, TERM, KILL
 * POST   /sessions/<id>/tools/end     200 "ended <count>"
 * POST   /sessions/<id>/trim?to=N     frees the space before N
 * DELETE /sessions/<id>?grace=S&purge=1  200 once all processes have ended
 * GET    /sessions                    lines "<id> running|ended <log bytes>"
 * GET    /changes?since=MS            shim/shim_changes.h; 503: later
 * GET    /files/<path>?max=N          a regular file's bytes; the path is
 *                                     percent-encoded, including slashes. 404,
 *                                     409 not a regular file, 413 more than N
 * GET    /health                      lines "key value", shim/cgroup.h
 *
 * Refusals are a line of text: 400 malformed, 404 not found, 405, 409 not in
 * this state, 413 too large, 431, 503 try later (no process, full disk).
 */
#ifndef SHIM_SHIM_API_H
#define SHIM_SHIM_API_H

#include "shim/link_server.h"

extern const struct link_server_route api_routes[];

#endif
