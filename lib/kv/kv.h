/*
 * Redis for programs that may block: sessions, counters. (Daemons use
 * kv_async.h.) Keys and values are texts of any length. The program must ignore
 * SIGPIPE, because hiredis writes with write(2).
 */
#ifndef KV_KV_H
#define KV_KV_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct kv;

/* Connects on first use and again after a failure; each call has a deadline of 1 s. Gives (child of ctx). For one thread at a time. */
struct kv *kv_new(const void *ctx, const char *socket_path);

/* Each: ERR_UNAVAILABLE "error_redis" if Redis cannot be reached. */
int kv_set(struct kv *kv, const char *key, const char *value, int64_t ttl_s, struct err *e) must_check;
/* Gives *out (child of ctx); NULL if absent. */
int kv_get(struct kv *kv, const void *ctx, const char *key, char **out, struct err *e) must_check;
int kv_delete(struct kv *kv, const char *key, struct err *e) must_check;
int kv_expire(struct kv *kv, const char *key, int64_t ttl_s, struct err *e) must_check;
/* A section of INFO as lines "name:value\r\n". Gives *out (child of ctx). */
int kv_info(struct kv *kv, const void *ctx, const char *section, char **out, struct err *e) must_check;
/* Increments a counter that expires ttl_s after its first increment. *count: new value; *left_s: until it expires. */
int kv_count(struct kv *kv, const char *key, int64_t ttl_s, int64_t *count, int64_t *left_s, struct err *e) must_check;
/* Decrements such a counter; not below 0, and creates none. */
int kv_uncount(struct kv *kv, const char *key, struct err *e) must_check;
/* Sets of names (an account's logins); they expire ttl_s after the last add. */
int kv_set_add(struct kv *kv, const char *key, const char *member, int64_t ttl_s, struct err *e) must_check;
int kv_set_remove(struct kv *kv, const char *key, const char *member, struct err *e) must_check;
int kv_set_each(struct kv *kv, const char *key,
		int (*each)(void *data, const char *member, struct err *e),
		void *data, struct err *e) must_check;

/*
 * Wakes a program that waits for the list (BLPOP) by pushing an element; the
 * list keeps four for a minute. Deletes a stream of that name, left by earlier
 * versions.
 */
int kv_wake(struct kv *kv, const char *key, struct err *e) must_check;
#define KV_WAKE_SCRIPT \
	"if redis.call('TYPE', KEYS[1]).ok == 'stream' then" \
	" redis.call('DEL', KEYS[1]) end" \
	" redis.call('RPUSH', KEYS[1], '1') redis.call('LTRIM', KEYS[1], -4, -1)" \
	" redis.call('EXPIRE', KEYS[1], 60) return 1"

#endif
