/*
 * The gateway: the only way from a workspace to the model service. It replaces
 * a workspace's token with the real key, counts the tokens of each reply, and
 * enforces budgets and the kill switch. One libuv loop.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "core/settings.h"

struct gateway;

/*
 * Opens everything it needs and resumes what an earlier gateway left. Keeps
 * settings. Gives.
 */
struct gateway *gateway_new(const struct settings *s, struct err *e) must_check;

/*
 * Serves until SIGTERM or SIGINT: then it accepts no new calls, gives those in
 * flight some seconds, cuts and books the rest. SIGHUP rereads keys and
 * prices.
 */
void gateway_run(struct gateway *g);

void gateway_free(struct gateway *g);

#endif
