/*
 * What a link may ask for; the table in shim_api.c is the whole of it.
 *
 * POST   /sessions/<id>               body as in shim/start_request.h; 201 started,
 *                                     200 runs already, 409 is ending
 * GET    /sessions/<id>/log?from=N    the log's bytes from N on; never ends by
 *                                     itself, but when the log is removed.
 *                                     404 no log; 410 "first <N>": N is in the
 *                                     hole; 416 N is past the end
 * POST   /sessions/<id>/input         whole lines for stdin, 32 MB; 200 once
 *                                     all is written, 409 not running
 * POST   /sessions/<id>/signal?name=  INT, TERM, KILL
 * POST   /sessions/<id>/tools/end     200 "ended <count>"
 * POST   /sessions/<id>/trim?to=N     gives back the space before N
 * DELETE /sessions/<id>?grace=S&purge=1  200 when all of it has ended
 * GET    /sessions                    "<id> running|ended <log bytes>" a line
 * GET    /changes?since=MS            shim/shim_changes.h; 503: later
 * GET    /files/<path>?max=N          a regular file's bytes; the path is
 *                                     percent-encoded, its slashes too. 404,
 *                                     409 a link or no file, 413 more than N
 * GET    /health                      lines "key value", shim/cgroup.h
 *
 * Refusals are a line of text: 400 wrong, 404 no such, 405, 409 not in this
 * state, 413 too large, 431, 503 try later (no process, full disk).
 */
#ifndef SHIM_SHIM_API_H
#define SHIM_SHIM_API_H

#include "shim/link_server.h"

extern const struct link_server_route api_routes[];

#endif
