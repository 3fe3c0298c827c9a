/* hiredis on a libuv loop; kv_async.c's own. */
#ifndef KV_KV_LINK_H
#define KV_KV_LINK_H

#include <hiredis/async.h>
#include <uv.h>

/* context is read and written as the loop sees fit until hiredis frees it; -1 when its socket cannot be watched. */
int kv_link_attach(uv_loop_t *loop, redisAsyncContext *context);

#endif
