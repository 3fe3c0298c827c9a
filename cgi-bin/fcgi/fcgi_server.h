/*
 * gongbang.fcgi as a FastCGI server: a listening socket, threads, a graceful
 * stop.
 */
#ifndef FCGI_SERVER_H
#define FCGI_SERVER_H

#include "web/app.h"

/*
 * Serves until SIGTERM or SIGINT, then lets requests in progress finish
 * (FCGI_SERVER_GRACE_MS at most). listener: a socket that listens already, or -1 to
 * bind the setting pages_socket.
 */
int fcgi_server_run(const struct app *app, int listener,
		    struct err *e) must_check;

#define FCGI_SERVER_GRACE_MS 10000

#endif
