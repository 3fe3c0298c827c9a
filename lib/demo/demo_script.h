/* The scripts of the demonstration model: which words lead to which answer. */
#ifndef DEMO_DEMO_SCRIPT_H
#define DEMO_DEMO_SCRIPT_H

#include <stdbool.h>

#include "demo/demo_reply.h"
#include "demo/demo_turn.h"

/*
 * Fills r (demo_reply_init was called) with the answer to t. first: these
 * words were not asked before by this caller, so an error that passes fails.
 */
void demo_script_play(struct demo_reply *r, const struct demo_turn *t,
		      bool first);

#endif
