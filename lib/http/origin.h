/* The Host and Origin policy, for pages and WebSockets alike. */
#ifndef HTTP_ORIGIN_H
#define HTTP_ORIGIN_H

#include <stdbool.h>

/* True if the Host header, with any port, is one of the names, separated by spaces. */
bool origin_host_known(const char *host, const char *names);

/*
 * True if the Origin header names the same site as the Host header; default
 * ports are ignored. secure: the request came over TLS, so the Origin must be
 * https. False without an Origin: check before if it is optional.
 */
bool origin_ours(const char *origin, const char *host, bool secure);

#endif
