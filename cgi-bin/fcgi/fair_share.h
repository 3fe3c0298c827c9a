/*
 * No user's requests take more than half of the threads: further ones wait until
 * one of that user's has ended, while those of others are served.
 */
#ifndef FAIR_SHARE_H
#define FAIR_SHARE_H

#include <stddef.h>
#include <stdint.h>

struct fair_share;

/* For that many threads; at most `waiting` requests wait. Gives: fair_share_free. */
struct fair_share *fair_share_new(size_t threads, size_t waiting);
void fair_share_free(struct fair_share *f);

enum fair_share_verdict {
	FAIR_SHARE_SERVE,	/* now; then fair_share_end */
	FAIR_SHARE_WAITS,	/* request is kept: fair_share_end returns it */
	FAIR_SHARE_FULL,	/* too many wait */
};

/* caller: whose request it is. At most `threads` are served at once. */
enum fair_share_verdict fair_share_begin(struct fair_share *f, uint64_t caller,
					 void *request) __attribute__((warn_unused_result));

/*
 * One of the caller's was served. Returns their next request that waited, which
 * must be served now; NULL if there is none.
 */
void *fair_share_end(struct fair_share *f, uint64_t caller);

#endif
