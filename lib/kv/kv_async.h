/*
 * Redis on a libuv loop, for a program that may not block. Connects at once
 * and again after every loss, waiting 0.1 s to 2 s, doubled each time. What
 * may change behind a key is told over the bridge's control socket, so there
 * is no subscription here. The program ignores SIGPIPE.
 */
#ifndef KV_KV_ASYNC_H
#define KV_KV_ASYNC_H

#include <stdint.h>
#include <uv.h>

#include "core/err.h"

struct kv_async;

#define KV_ARGS_MAX 64	/* of a command or script */

/*
 * value: borrowed, NULL when absent. e is NULL, or says why there is no answer
 * (ERR_UNAVAILABLE "error_redis"); then value is NULL too.
 */
typedef void kv_async_done(void *data, const char *value, const struct err *e);

/* Keeps loop. Gives: free it, then run the loop until its handles are closed. */
struct kv_async *kv_async_new(uv_loop_t *loop, const char *socket_path);

/*
 * Every done still due is called, with ERR_UNAVAILABLE, before this returns;
 * it must not ask again. Not from inside a done.
 */
void kv_async_free(struct kv_async *kv);

/*
 * done is called exactly once, within 1 s, never from inside this call.
 * When Redis is away: at the loop's next turn. Key is borrowed.
 */
void kv_async_get(struct kv_async *kv, const char *key, kv_async_done *done,
		  void *data);

/*
 * Any command. value: the answer as text (a number's digits, a status's word;
 * of a list, and of lists in it, all that is not nil, each with a line's end);
 * NULL for nil. An error answer comes as ERR_UNAVAILABLE "error_redis" with
 * Redis' words. done NULL: nobody waits. args are borrowed. As kv_async_get.
 */
void kv_async_run(struct kv_async *kv, kv_async_done *done, void *data,
		  size_t n, const char *const *args);

/*
 * A script; args: its keys, then the others; as kv_async_run. It goes by its
 * name (EVALSHA), and whole when Redis does not know that. text: kept for good,
 * and known by its address. Scripts are done in the order in which they were
 * asked, also when Redis loses them (SCRIPT FLUSH) meanwhile; a command that is
 * no script may then come before one that was asked earlier.
 */
void kv_async_script(struct kv_async *kv, const char *text, size_t nkeys,
		     size_t n, const char *const *args,
		     kv_async_done *done, void *data);

/*
 * Connections begun so far. One more than before: Redis may have started anew,
 * and what it holds may be older than what it answered (appendfsync everysec).
 */
uint64_t kv_async_links(const struct kv_async *kv);

/* No done with that data is called any more (its owner goes away). */
void kv_async_forget(struct kv_async *kv, const void *data);

#endif
