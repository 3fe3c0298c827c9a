/*
 * egress_socket: gongbang-egress asks, the egress policy answers (lines:
 * egress/helper_protocol.h).
 */
#ifndef EGRESS_EGRESS_SERVER_H
#define EGRESS_EGRESS_SERVER_H

#include <uv.h>

#include "egress/egress_policy.h"

#define EGRESS_CLIENTS_MAX 64
#define EGRESS_ANSWER_MS 4000	/* then "away": squid's helper waits 5 s */

struct egress_server;

/*
 * Binds path (mode 0666: access is limited by its folder; an existing file is
 * replaced). Keeps policy. Gives (child of ctx).
 */
struct egress_server *egress_server_new(const void *ctx, uv_loop_t *loop,
					const char *path,
					struct egress_policy *policy, struct err *e) must_check;
/* Closes every connection; the loop must run once more. */
void egress_server_close(struct egress_server *s);

#endif
