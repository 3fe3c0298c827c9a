/* The scripts of the demonstration model: which words lead to which reply. */
#ifndef DEMO_DEMO_SCRIPT_H
#define DEMO_DEMO_SCRIPT_H

#include <stdbool.h>

#include "demo/demo_reply.h"
#include "demo/demo_turn.h"

/*
 * Fills r (after demo_reply_init) with the reply to t. first: this client sent
 * these words for the first time, so a transient error fails.
 */
void demo_script_play(struct demo_reply *r, const struct demo_turn *t,
		      bool first);

#endif
