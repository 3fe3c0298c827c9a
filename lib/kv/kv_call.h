/* A copy of a script's arguments, to resend when Redis lost the script; for kv_async.c only. */
#ifndef KV_KV_CALL_H
#define KV_KV_CALL_H

#include <stddef.h>

/* One heap block, texts included. */
struct script_call {
	size_t nkeys, n;
	const char *args[];
};

/* Copies args. Gives (free()). */
struct script_call *script_call_new(size_t nkeys, size_t n, const char *const *args);

#endif
