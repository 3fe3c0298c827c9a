/* gongbang.fcgi as a FastCGI server: a listening socket, threads, an orderly end. */
#ifndef FCGI_SERVER_H
#define FCGI_SERVER_H

#include "web/app.h"

/*
 * Serves until SIGTERM or SIGINT, then lets requests in progress finish
 * (SERVER_GRACE_MS at most). listener: a socket that listens already, or -1 to
 * bind the setting pages_socket.
 */
int server_run(const struct site *site, int listener, struct err *e) must_check;

#define SERVER_GRACE_MS 10000

#endif
