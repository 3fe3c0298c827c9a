/* Where a WebSocket handshake may come from: our own pages only (RFC 6455, section 10.2). */
#ifndef BRIDGE_ORIGIN_H
#define BRIDGE_ORIGIN_H

#include <stdbool.h>

/* host: a Host header, port or not. names: server_names, parted by spaces. */
bool origin_host_known(const char *host, const char *names);

/* origin is scheme://host exactly; proto: "https" or "http" as nginx saw it. */
bool origin_matches(const char *origin, const char *proto, const char *host);

#endif
