/* Whose page a request comes from: one policy for pages and WebSockets. */
#ifndef HTTP_ORIGIN_H
#define HTTP_ORIGIN_H

#include <stdbool.h>

/* A Host header, with any port, is one of these names, which spaces part. */
bool origin_host_known(const char *host, const char *names);

/*
 * An Origin header names the site that a Host header names; default ports
 * count as none. secure: the request came by TLS, so its page must have. No
 * Origin is not ours: who may leave it out asks before.
 */
bool origin_ours(const char *origin, const char *host, bool secure);

#endif
