#include "config.h"
#include "kv/kv.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>
#include <talloc.h>

#include "core/str.h"
#include "kv/kv_internal.h"

/* Together the 1 s that kv.h promises. */
#define CONNECT_MS 300
#define ANSWER_MS 700
#define ARGS_MAX 8

struct kv {
	char *path;
	redisContext *link;
};

#define auto_reply __attribute__((cleanup(free_reply))) redisReply

static void free_reply(redisReply **r)
{
	if (*r)
		freeReplyObject(*r);
}

static void drop_link(struct kv *kv)
{
	if (kv->link)
		redisFree(kv->link);
	kv->link = NULL;
}

static int close_kv(struct kv *kv)
{
	drop_link(kv);
	return 0;
}

struct kv *kv_new(const void *ctx, const char *socket_path)
{
	struct kv *kv = talloc_zero(ctx, struct kv);

	if (!kv || !(kv->path = talloc_strdup(kv, socket_path)))
		err_abort("out of memory");
	talloc_set_destructor(kv, close_kv);
	return kv;
}

/* No bytes may arrive between commands: if any do, the connection is broken. */
static bool stale(const redisContext *link)
{
	struct pollfd p = { .fd = link->fd, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

static int fail_away(struct kv *kv, const char *why, struct err *e)
{
	err_tell(e, ERR_UNAVAILABLE, "error_redis", "redis at %s: %s",
		 kv->path, why);
	drop_link(kv);
	return -1;
}

static int log_in(struct kv *kv, struct err *e)
{
	const char *const *words = kv_login_words();
	auto_reply *r = NULL;

	if (!words)
		return 0;
	r = redisCommandArgv(kv->link, 3, (const char **)words, NULL);
	if (!r || r->type == REDIS_REPLY_ERROR)
		return fail_away(kv, r ? r->str : kv->link->errstr, e);
	return 0;
}

static int connect_kv(struct kv *kv, struct err *e)
{
	const struct timeval wait = { .tv_usec = CONNECT_MS * 1000 };
	const struct timeval answer = { .tv_usec = ANSWER_MS * 1000 };

	if (kv->link && stale(kv->link))
		drop_link(kv);
	if (kv->link)
		return 0;
	kv->link = redisConnectUnixWithTimeout(kv->path, wait);
	if (!kv->link)
		err_abort("out of memory");
	if (kv->link->err || redisSetTimeout(kv->link, answer) != REDIS_OK)
		return fail_away(kv, kv->link->errstr, e);
	return log_in(kv, e);
}

/* Redis answers, but cannot serve now. */
static bool cannot_serve(const char *text)
{
	static const char *const words[] = { "LOADING", "OOM", "MISCONF",
		"READONLY", "BUSY ", "MASTERDOWN", "NOREPLICAS" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_starts(text, words[i]))
			return true;
	}
	return false;
}

static redisReply *send_command(struct kv *kv, const char *const *args, struct err *e)
{
	size_t lengths[ARGS_MAX];
	redisReply *r;
	int n;

	for (n = 0; args[n]; n++)
		lengths[n] = strlen(args[n]);
	if (connect_kv(kv, e) < 0)
		return NULL;
	r = redisCommandArgv(kv->link, n, (const char **)args, lengths);
	if (!r) {
		fail_away(kv, kv->link->err == REDIS_ERR_IO ? "no answer" :
			  kv->link->errstr, e);
		return NULL;
	}
	if (r->type != REDIS_REPLY_ERROR)
		return r;
	if (cannot_serve(r->str))
		err_tell(e, ERR_UNAVAILABLE, "error_redis", "redis: %s",
			 r->str);
	else
		err_set(e, ERR_INTERNAL, "redis %s: %s", args[0], r->str);
	freeReplyObject(r);
	return NULL;
}

static int run_command(struct kv *kv, const char *const *args, struct err *e)
{
	auto_reply *r = send_command(kv, args, e);

	return r ? 0 : -1;
}

struct decimal {
	char text[24];
};

static const char *decimal(struct decimal *d, int64_t n)
{
	snprintf(d->text, sizeof(d->text), "%lld", (long long)n);
	return d->text;
}

int kv_set(struct kv *kv, const char *key, const char *value, int64_t ttl_s,
	   struct err *e)
{
	struct decimal ttl = { "" };
	const char *const args[] = { "SET", key, value, "EX",
				     decimal(&ttl, ttl_s), NULL };

	return run_command(kv, args, e);
}

/* A text, or NULL for none, in *out. */
static int ask_text(struct kv *kv, const void *ctx, const char *const *args,
		    char **out, struct err *e)
{
	auto_reply *r = send_command(kv, args, e);

	if (!r)
		return -1;
	if (r->type == REDIS_REPLY_NIL) {
		*out = NULL;
		return 0;
	}
	if (r->type != REDIS_REPLY_STRING)
		return err_set(e, ERR_INTERNAL, "redis %s: no string", args[0]);
	*out = talloc_strndup(ctx, r->str, (size_t)r->len);
	if (!*out)
		err_abort("out of memory");
	return 0;
}

int kv_get(struct kv *kv, const void *ctx, const char *key, char **out,
	   struct err *e)
{
	const char *const args[] = { "GET", key, NULL };

	return ask_text(kv, ctx, args, out, e);
}

int kv_info(struct kv *kv, const void *ctx, const char *section, char **out,
	    struct err *e)
{
	const char *const args[] = { "INFO", section, NULL };

	if (ask_text(kv, ctx, args, out, e) < 0)
		return -1;
	return *out ? 0 : err_set(e, ERR_INTERNAL, "redis INFO: nothing");
}

int kv_delete(struct kv *kv, const char *key, struct err *e)
{
	const char *const args[] = { "DEL", key, NULL };

	return run_command(kv, args, e);
}

int kv_expire(struct kv *kv, const char *key, int64_t ttl_s, struct err *e)
{
	struct decimal ttl = { "" };
	const char *const args[] = { "EXPIRE", key, decimal(&ttl, ttl_s),
				     NULL };

	return run_command(kv, args, e);
}

/* One script, so that no counter ever lacks its expiry. */
int kv_count(struct kv *kv, const char *key, int64_t ttl_s, int64_t *count,
	     int64_t *left_s, struct err *e)
{
	static const char script[] =
		"local n = redis.call('INCR', KEYS[1])\n"
		"local left = redis.call('TTL', KEYS[1])\n"
		"if left < 0 then\n"
		"  redis.call('EXPIRE', KEYS[1], ARGV[1])\n"
		"  left = tonumber(ARGV[1])\n"
		"end\n"
		"return {n, left}";
	struct decimal ttl = { "" };
	const char *const args[] = { "EVAL", script, "1", key,
				     decimal(&ttl, ttl_s), NULL };
	auto_reply *r = send_command(kv, args, e);

	if (!r)
		return -1;
	if (r->type != REDIS_REPLY_ARRAY || r->elements != 2 ||
	    r->element[0]->type != REDIS_REPLY_INTEGER ||
	    r->element[1]->type != REDIS_REPLY_INTEGER)
		return err_set(e, ERR_INTERNAL, "redis EVAL: no two numbers");
	*count = r->element[0]->integer;
	*left_s = r->element[1]->integer;
	return 0;
}

int kv_uncount(struct kv *kv, const char *key, struct err *e)
{
	static const char script[] =
		"if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then\n"
		"  redis.call('DECR', KEYS[1])\n"
		"end";
	const char *const args[] = { "EVAL", script, "1", key, NULL };

	return run_command(kv, args, e);
}

int kv_set_add(struct kv *kv, const char *key, const char *member,
	       int64_t ttl_s, struct err *e)
{
	static const char script[] =
		"redis.call('SADD', KEYS[1], ARGV[1])\n"
		"redis.call('EXPIRE', KEYS[1], ARGV[2])";
	struct decimal ttl = { "" };
	const char *const args[] = { "EVAL", script, "1", key, member,
				     decimal(&ttl, ttl_s), NULL };

	return run_command(kv, args, e);
}

int kv_set_remove(struct kv *kv, const char *key, const char *member,
		  struct err *e)
{
	const char *const args[] = { "SREM", key, member, NULL };

	return run_command(kv, args, e);
}

int kv_set_each(struct kv *kv, const char *key,
		int (*each)(void *data, const char *member, struct err *e),
		void *data, struct err *e)
{
	const char *const args[] = { "SMEMBERS", key, NULL };
	auto_reply *r = send_command(kv, args, e);
	size_t i;

	if (!r)
		return -1;
	if (r->type != REDIS_REPLY_ARRAY)
		return err_set(e, ERR_INTERNAL, "redis SMEMBERS: no array");
	for (i = 0; i < r->elements; i++) {
		if (r->element[i]->type == REDIS_REPLY_STRING &&
		    each(data, r->element[i]->str, e) < 0)
			return -1;
	}
	return 0;
}

int kv_wake(struct kv *kv, const char *key, struct err *e)
{
	const char *const args[] = { "EVAL", KV_WAKE_SCRIPT, "1", key, NULL };

	return run_command(kv, args, e);
}
