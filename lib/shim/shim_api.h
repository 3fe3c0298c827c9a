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
 * GET    /changes?since=MS&session=   shim/shim_changes.h; 503: later
 * GET    /sessions/<id>/written?since=MS&until=MS&most=N
 *                                     the same, at once, of files that the
 *                                     session's processes wrote
 * POST   /sessions/<id>/wrote?path=&since=MS&until=MS  Claude's own call wrote
 *                                     that file in that time
 * GET    /terminals                   lines, see terminal_list()
 * POST   /terminals/<id>?rows=&cols=&name=&folder=
 *                                     a login shell; 201 started, 200 runs
 *                                     already. Texts are percent-encoded
 * GET    /terminals/<id>/io           records as in shim/shim_terminal.h; ends with
 *                                     the shell. 404 it has ended
 * POST   /terminals/<id>/input        bytes, 64 KB; 413 the program reads none
 * POST   /terminals/<id>/resize?rows=&cols=
 * POST   /terminals/<id>/name?to=
 * DELETE /terminals/<id>              hangs up, and kills after 2 s
 * GET    /health                      lines "key value", shim/cgroup.h
 *
 * Files of the workspace. A <path> is relative to the home and percent-encoded,
 * its slashes too (%2F); it has no empty, "." or ".." segment. The same form is
 * used in to=, in records and in answers (there with "/" as it is). Symbolic
 * links are followed where they stay inside; what leads outside does not exist
 * (404), nor do the platform's own folders. A version names a file's content:
 * 16 hex digits, other ones after every change.
 *
 * A record is a line "<kind> <bytes> <mtime, UTC ms> <version> <name>"; kind:
 * folder, file, link-folder, link-file (a link to one), link (to nothing that
 * exists here), other (fifo, socket, device).
 *
 * GET    /stat, /stat/<path>          one record; without a path the home's, as "."
 * GET    /list, /list/<path>?from=I&count=N
 *                                     a line "entries <all> <version>", then
 *                                     the folder's records from the I-th on
 *                                     (from 0), at most N (10000, which is
 *                                     also the maximum): folders first, then
 *                                     by name, bytewise. At most 100000 names
 *                                     are read
 * GET    /files/<path>?offset=O&length=N&last=N&max=N
 *                                     a regular file's bytes; last: the last N.
 *                                     Fields before the body: "version",
 *                                     "size" (the whole file's), "mtime" (UTC
 *                                     ms), "type" (shim/file_type.h). 409 not
 *                                     a regular file, 413 more than max, 416
 *                                     O is beyond the end (with the fields).
 *                                     A file that shrinks meanwhile resets
 *                                     the stream
 * POST   /save/<path>?size=N&version=V
 *                                     the body (N bytes, at most 8 MB) becomes the file's
 *                                     content if its version is still V; "none":
 *                                     if nothing has that name. Atomic, mode
 *                                     kept. 200 "version <V>", 409 changed
 * POST   /folders/<path>              makes a folder; 201, 409 the name is taken
 * POST   /move/<path>?to=<path>&free=1
 *                                     renames or moves; 409 the name is taken,
 *                                     with free=1 another is found: "a (1).txt".
 *                                     200 "path <path>"
 * DELETE /files/<path>                into the trash, a folder with all below
 *                                     it; 200 "trash <id>"
 * GET    /trash                       lines "<id> <bytes> <deleted, UTC ms>
 *                                     <folder|file> <path>", newest first
 * POST   /trash/<id>/restore          back, under a free name: 200 "path <path>"
 * DELETE /trash/<id>, /trash          for good
 * GET    /uploads/<id>                200 "size <bytes so far>"; id: a UUID. 404
 *                                     nothing yet: 0
 * POST   /uploads/<id>?offset=O       appends the body, which is written as it
 *                                     comes: what arrived of a broken request
 *                                     stays. 200 "size <bytes>"; 409 "size
 *                                     <bytes>": O is not the end; 413 more
 *                                     than 2 GB
 * POST   /uploads/<id>/finish?to=<path>&size=N
 *                                     makes it a file, under a free name, in
 *                                     folders that are made if missing: 201
 *                                     "path <path>"; 409 "size <bytes>": not N
 * DELETE /uploads/<id>                gives it up. Parts untouched for a day
 *                                     are removed by later uploads
 * GET    /archive, /archive/<path>    a zip of the folder or file, made while
 *                                     it is read; regular files and folders
 *                                     only
 *
 * Refusals are a line of text: 400 malformed, 404 not found, 405, 409 not in
 * this state, 413 too large, 431, 503 try later (no process, full disk; for
 * files a full disk is 507).
 */
#ifndef SHIM_SHIM_API_H
#define SHIM_SHIM_API_H

#include "shim/link_server.h"

extern const struct link_server_route api_routes[];

#endif
