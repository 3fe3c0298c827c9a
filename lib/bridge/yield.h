/* Which conversation gives its place to another one, when a workspace has as many Claude processes as it may. */
#ifndef BRIDGE_YIELD_H
#define BRIDGE_YIELD_H

#include <stdbool.h>
#include <stdint.h>

enum holder_does {
	HOLDER_WORKS,		/* never gives way by itself */
	HOLDER_IDLE,
	HOLDER_WAITS,		/* for its person's answer */
};

struct holder {
	enum holder_does does;
	bool watched;		/* a page shows it */
	int64_t since;		/* clock_mono_ms; of idling and waiting */
};

struct holder_facts {
	bool run;
	bool watched;
	bool rests;		/* session_may_rest */
	int64_t idle_since;	/* clock_mono_ms; read when it rests */
	int64_t waiting_since;	/* clock_mono_ms; 0: it asks its person nothing */
};

/* Between two turns it works, too, as long as a sub-agent of it does. */
struct holder yield_holder(const struct holder_facts *f);

/*
 * The longest idle one; else, of those that have waited patience_ms for their
 * person, the longest waiting one, unwatched before watched. patience_ms < 0:
 * none that waits. The index; -1: none.
 */
int yield_choose(const struct holder *h, int n, int64_t now, int64_t patience_ms);

#endif
