/* A script's arguments, to be said again when Redis lost it; kv_async.c's own. */
#ifndef KV_KV_CALL_H
#define KV_KV_CALL_H

#include <stddef.h>

/* One block of the heap, texts and all. */
struct script_call {
	size_t nkeys, n;
	const char *args[];
};

/* Copies args. Gives: free(). */
struct script_call *script_call_new(size_t nkeys, size_t n, const char *const *args);

#endif
