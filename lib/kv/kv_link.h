/* Attaches hiredis to a libuv loop; for kv_async.c only. */
#ifndef KV_KV_LINK_H
#define KV_KV_LINK_H

#include <hiredis/async.h>
#include <uv.h>

/* The loop reads and writes for context until hiredis frees it; -1 if its socket cannot be watched. */
int kv_link_attach(uv_loop_t *loop, redisAsyncContext *context);

#endif
