/*
 * Chooses the conversation that gives up its place when a workspace runs as
 * many Claude processes as it may.
 */
#ifndef BRIDGE_YIELD_H
#define BRIDGE_YIELD_H

#include <stdbool.h>
#include <stdint.h>

enum holder_does {
	HOLDER_WORKS,		/* never gives way by itself */
	HOLDER_IDLE,
	HOLDER_WAITS,		/* for its user's answer */
};

struct holder {
	enum holder_does does;
	bool watched;		/* a page shows it */
	int64_t since;		/* clock_mono_ms; start of idling or waiting */
};

struct holder_facts {
	bool run;
	bool watched;
	bool rests;		/* session_may_rest */
	int64_t idle_since;	/* clock_mono_ms; set while it rests */
	int64_t waiting_since;	/* clock_mono_ms; 0: it has no open question */
};

/* Between two turns it still works while one of its sub-agents does. */
struct holder yield_holder(const struct holder_facts *f);

/*
 * The longest idle one; else, of those that have waited patience_ms for their
 * user, the longest waiting one, unwatched before watched. patience_ms < 0:
 * none that waits. Returns the index; -1: none.
 */
int yield_choose(const struct holder *h, int n, int64_t now, int64_t patience_ms);

#endif
