/*
 * Limits what one address, which is one workspace, may use of the
 * demonstration model, so that others get their share. Thread-safe.
 */
#ifndef DEMO_DEMO_SHARE_H
#define DEMO_DEMO_SHARE_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define SHARES 256

struct demo_share {
	atomic_int streams;
	atomic_size_t bytes;
};

/* All zero at first. */
struct shares {
	struct demo_share all, each[SHARES];
};

/*
 * One slot per low address byte; addresses of different /24s may share one.
 * Never NULL.
 */
struct demo_share *demo_share_of(struct shares *s,
				 struct MHD_Connection *connection);

/* Both count in any case and must be undone; false beyond a limit. */
bool demo_share_take_bytes(struct shares *s, struct demo_share *mine, size_t n);
bool demo_share_take_stream(struct shares *s, struct demo_share *mine);

void demo_share_give_bytes(struct shares *s, struct demo_share *mine, size_t n);
void demo_share_give_stream(struct shares *s, struct demo_share *mine);

#endif
