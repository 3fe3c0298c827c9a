/*
 * The gateway: the only way from a workspace to the model service. A token
 * becomes the real key, every token of a reply is counted, budgets and the
 * kill switch hold. One libuv loop.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "core/settings.h"

struct gateway;

/* Opens all it needs and takes up what an earlier gateway left. Keeps settings. Gives. */
struct gateway *gateway_new(const struct settings *s, struct err *e) must_check;

/*
 * Serves until SIGTERM or SIGINT: then no new calls, those in flight have some
 * seconds, what is left is cut and booked. SIGHUP reads keys and prices anew.
 */
void gateway_run(struct gateway *g);

void gateway_free(struct gateway *g);

#endif
