/*
 * Redis, for programs that may block: sessions, counters. (The bridge uses
 * kv_async.h.) Keys and values are any text of any length. hiredis writes
 * with write(2): the program ignores SIGPIPE.
 */
#ifndef KV_KV_H
#define KV_KV_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct kv;

/* Connects on first use and again after a failure; a deadline of 1 s on each. Gives (child of ctx). One thread at a time. */
struct kv *kv_new(const void *ctx, const char *socket_path);

/* Each: ERR_UNAVAILABLE "error_redis" when Redis is away. */
int kv_set(struct kv *kv, const char *key, const char *value, int64_t ttl_s, struct err *e) must_check;
/* *out: gives (child of ctx), NULL when absent. */
int kv_get(struct kv *kv, const void *ctx, const char *key, char **out, struct err *e) must_check;
int kv_delete(struct kv *kv, const char *key, struct err *e) must_check;
int kv_expire(struct kv *kv, const char *key, int64_t ttl_s, struct err *e) must_check;
/* Redis on itself: a section of INFO, as lines "name:value\r\n". Gives (child of ctx). */
int kv_info(struct kv *kv, const void *ctx, const char *section, char **out, struct err *e) must_check;
/* Adds one to a counter that lives ttl_s from its first increment; *count after, *left_s of its life. */
int kv_count(struct kv *kv, const char *key, int64_t ttl_s, int64_t *count, int64_t *left_s, struct err *e) must_check;
/* Takes one back from such a counter; never below 0, never a new one. */
int kv_uncount(struct kv *kv, const char *key, struct err *e) must_check;
/* Sets of names (an account's logins); ttl_s counts from the last add. */
int kv_set_add(struct kv *kv, const char *key, const char *member, int64_t ttl_s, struct err *e) must_check;
int kv_set_remove(struct kv *kv, const char *key, const char *member, struct err *e) must_check;
int kv_set_each(struct kv *kv, const char *key,
		int (*each)(void *data, const char *member, struct err *e),
		void *data, struct err *e) must_check;

/*
 * Wakes who waits for the list (BLPOP), or who looks next: an element more, of
 * which a few stay for a minute. A stream of that name, of earlier versions, goes.
 */
int kv_wake(struct kv *kv, const char *key, struct err *e) must_check;
#define KV_WAKE_SCRIPT \
	"if redis.call('TYPE', KEYS[1]).ok == 'stream' then" \
	" redis.call('DEL', KEYS[1]) end" \
	" redis.call('RPUSH', KEYS[1], '1') redis.call('LTRIM', KEYS[1], -4, -1)" \
	" redis.call('EXPIRE', KEYS[1], 60) return 1"

#endif
