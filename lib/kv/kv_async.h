/*
 * Redis on a libuv loop, for programs that may not block. Connects at once and
 * reconnects after a loss with a backoff of 0.1 s to 2 s. Has no subscriptions:
 * changes are announced over the bridge's control socket. The program must ignore
 * SIGPIPE.
 */
#ifndef KV_KV_ASYNC_H
#define KV_KV_ASYNC_H

#include <stdint.h>
#include <uv.h>

#include "core/err.h"

struct kv_async;

#define KV_ARGS_MAX 64	/* arguments of a command or script */

/*
 * value: borrowed, NULL if absent. e: NULL, or why there is no reply
 * (ERR_UNAVAILABLE "error_redis"); value is NULL then.
 */
typedef void kv_async_done(void *data, const char *value, const struct err *e);

/* Keeps loop. Gives; after kv_async_free, run the loop until its handles are closed. */
struct kv_async *kv_async_new(uv_loop_t *loop, const char *socket_path);

/*
 * Calls every pending done with ERR_UNAVAILABLE before it returns; they must not
 * send new requests. Do not call it from a done.
 */
void kv_async_free(struct kv_async *kv);

/*
 * Gets a key's value. done is called exactly once, within 1 s and never from
 * inside this call; at the loop's next turn if Redis cannot be reached. Borrows
 * key.
 */
void kv_async_get(struct kv_async *kv, const char *key, kv_async_done *done,
		  void *data);

/*
 * Runs any command; done as for kv_async_get, or NULL. value: the reply as text
 * (a number's digits, a status's word; for nested lists, all elements that are not
 * nil, one per line); NULL for nil. An error reply becomes ERR_UNAVAILABLE
 * "error_redis" with Redis' message. Borrows args.
 */
void kv_async_run(struct kv_async *kv, kv_async_done *done, void *data,
		  size_t n, const char *const *args);

/*
 * Runs a script; as kv_async_run, with args: its keys, then the other arguments.
 * Sends EVALSHA, and the text if Redis does not know it. text must be static; it
 * is identified by its address. Scripts run in the order of these calls, even if
 * Redis loses them meanwhile (SCRIPT FLUSH); then a plain command may overtake an
 * earlier script.
 */
void kv_async_script(struct kv_async *kv, const char *text, size_t nkeys,
		     size_t n, const char *const *args,
		     kv_async_done *done, void *data);

/*
 * Number of connections so far. If it grew, Redis may have restarted with data
 * older than its last replies (appendfsync everysec).
 */
uint64_t kv_async_links(const struct kv_async *kv);

/* Cancels every done with that data, because its owner is being freed. */
void kv_async_forget(struct kv_async *kv, const void *data);

#endif
