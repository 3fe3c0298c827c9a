#include "config.h"
#include "bridge/tokens.h"

#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"

#define LOOK_MS 1000		/* whether Redis still has them */
#define AGAIN_MS INT64_C(3600000)
#define BUCKETS 256

#define TTL_TEXT_(s) #s
#define TTL_TEXT(s) TTL_TEXT_(s)
#define TTL TTL_TEXT(86400)
_Static_assert(GATEWAY_TOKEN_TTL_S == 86400, "TTL above");

/* The name first: no token may be missed when all of an account are ended. */
static const char put_script[] =
	"redis.call('SADD', KEYS[2], ARGV[1])"
	" redis.call('EXPIRE', KEYS[2], " TTL ")"
	" redis.call('SET', KEYS[1], ARGV[2], 'EX', " TTL ")"
	" return 'OK'";
static const char end_script[] =
	"redis.call('DEL', KEYS[1])"
	" redis.call('SREM', KEYS[2], ARGV[1])"
	" return 'OK'";
static const char end_user_script[] =
	"for _, h in ipairs(redis.call('SMEMBERS', KEYS[1])) do"
	" redis.call('DEL', 'token:' .. h) end"
	" redis.call('DEL', KEYS[1])"
	" return 'OK'";

/* A token that is to be good. */
struct token {
	LIST_ENTRY(token) next;
	struct tokens *all;
	char hash[TOKEN_SIZE];
	struct gateway_token what;
	bool good;		/* Redis said so */
	int asked;		/* answers that are due */
	bool over;		/* freed by the last of them */
	tokens_done *done;
	void *data;
};

/* Something that is to be no more: one token, or (hash "") all of an account. */
struct ending {
	TAILQ_ENTRY(ending) next;
	struct tokens *all;
	char hash[TOKEN_SIZE], user_id[ID_SIZE];
	bool asked;
};

struct tokens {
	uv_timer_t *timer;
	struct kv_async *kv;
	LIST_HEAD(, token) buckets[BUCKETS];
	TAILQ_HEAD(, ending) endings;
	char mark[14 + ID_SIZE];	/* key that goes when Redis loses all */
	bool looking, closed;
	int64_t again_at;		/* clock_mono_ms */
};

static unsigned bucket(const char *hash)
{
	unsigned n = 0;

	return sscanf(hash, "%2x", &n) == 1 ? n % BUCKETS : 0;
}

static struct token *find(const struct tokens *t, const char *hash)
{
	struct token *k;

	LIST_FOREACH(k, &t->buckets[bucket(hash)], next) {
		if (str_equal(k->hash, hash))
			return k;
	}
	return NULL;
}

static void settle(struct token *k)
{
	if (k->over && !k->asked)
		talloc_free(k);
}

static void tell(struct token *k, const struct err *e)
{
	tokens_done *done = k->done;
	void *data = k->data;

	k->done = NULL;
	if (done)
		done(data, e);
}

static void on_put(void *data, const char *value, const struct err *e)
{
	struct token *k = data;

	if (!k->over && !k->all->closed) {
		k->good = !e;
		tell(k, e);	/* who may end it */
	}
	k->asked--;
	settle(k);
}

static void put(struct token *k)
{
	char key[GATEWAY_TOKEN_KEY_SIZE], set[GATEWAY_TOKENS_KEY_SIZE];
	char text[GATEWAY_TOKEN_TEXT_MAX];
	const char *const args[] = { key, set, k->hash, text };

	gateway_token_key_of_hash(k->hash, key);
	gateway_tokens_key(k->what.user_id, set);
	gateway_token_format(&k->what, text);
	k->asked++;
	kv_async_script(k->all->kv, put_script, 2, 4, args, on_put, k);
}

static void put_all(struct tokens *t, const char *user_id, bool good_too)
{
	struct token *k;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		LIST_FOREACH(k, &t->buckets[i], next) {
			if ((!k->good && !k->asked) ||
			    (good_too && (!user_id ||
					  str_equal(user_id, k->what.user_id))))
				put(k);
		}
	}
}

static void on_end(void *data, const char *value, const struct err *e)
{
	struct ending *d = data;
	struct tokens *t = d->all;

	d->asked = false;
	if (e || t->closed)
		return;
	TAILQ_REMOVE(&t->endings, d, next);
	/* What began after it was asked, and came before it was done. */
	if (!d->hash[0])
		put_all(t, d->user_id, true);
	talloc_free(d);
}

static void end(struct ending *d)
{
	char key[GATEWAY_TOKEN_KEY_SIZE], set[GATEWAY_TOKENS_KEY_SIZE];
	const char *const one[] = { key, set, d->hash }, *const all[] = { set };

	d->asked = true;
	gateway_tokens_key(d->user_id, set);
	if (d->hash[0]) {
		gateway_token_key_of_hash(d->hash, key);
		kv_async_script(d->all->kv, end_script, 2, 3, one, on_end, d);
	} else {
		kv_async_script(d->all->kv, end_user_script, 1, 1, all, on_end, d);
	}
}

static void end_new(struct tokens *t, const char *hash, const char *user_id)
{
	struct ending *d;

	TAILQ_FOREACH(d, &t->endings, next) {
		if (!d->asked && str_equal(d->hash, hash) &&
		    str_equal(d->user_id, user_id))
			return;		/* Redis is away, and it waits already */
	}
	d = talloc_zero(t, struct ending);
	d->all = t;
	if (!str_copy(d->hash, sizeof(d->hash), hash) ||
	    !str_copy(d->user_id, sizeof(d->user_id), user_id))
		err_abort("a token's names too long");
	TAILQ_INSERT_TAIL(&t->endings, d, next);
	end(d);
}

static void mark(struct tokens *t)
{
	const char *const args[] = { "SET", t->mark, "1", "EX", TTL };

	kv_async_run(t->kv, NULL, NULL, 5, args);
}

/* Gone: Redis was emptied, or began anew without what it had. */
static void on_look(void *data, const char *value, const struct err *e)
{
	struct tokens *t = data;

	t->looking = false;
	if (e || t->closed)
		return;
	put_all(t, NULL, !value);
	if (!value)
		mark(t);
}

static void on_timer(uv_timer_t *timer)
{
	struct tokens *t = timer->data;
	int64_t now = clock_mono_ms();
	struct ending *d;

	TAILQ_FOREACH(d, &t->endings, next) {
		if (!d->asked)
			end(d);
	}
	if (now >= t->again_at) {
		t->again_at = now + AGAIN_MS;
		put_all(t, NULL, true);
		mark(t);
	} else if (!t->looking) {
		t->looking = true;
		kv_async_get(t->kv, t->mark, on_look, t);
	}
}

struct tokens *tokens_new(const void *ctx, uv_loop_t *loop, struct kv_async *kv)
{
	struct tokens *t = talloc_zero(ctx, struct tokens);
	char id[ID_SIZE];
	size_t i;

	id_new(id);
	snprintf(t->mark, sizeof(t->mark), "bridge-tokens:%s", id);
	t->kv = kv;
	for (i = 0; i < BUCKETS; i++)
		LIST_INIT(&t->buckets[i]);
	TAILQ_INIT(&t->endings);
	t->timer = talloc_zero(NULL, uv_timer_t);
	uv_timer_init(loop, t->timer);
	t->timer->data = t;
	uv_timer_start(t->timer, on_timer, 0, LOOK_MS);
	return t;
}

static void free_timer(uv_handle_t *h)
{
	talloc_free(h);
}

void tokens_close(struct tokens *t)
{
	if (t->closed)
		return;
	t->closed = true;
	uv_close((uv_handle_t *)t->timer, free_timer);
}

static struct token *token_add(struct tokens *t, const char *hash)
{
	struct token *k = talloc_zero(t, struct token);

	k->all = t;
	if (!str_copy(k->hash, sizeof(k->hash), hash))
		err_abort("a token's hash too long");
	LIST_INSERT_HEAD(&t->buckets[bucket(hash)], k, next);
	return k;
}

static void take_out(struct token *k)
{
	LIST_REMOVE(k, next);
	k->over = true;
	k->done = NULL;
	settle(k);
}

static bool same(const struct gateway_token *a, const struct gateway_token *b)
{
	return a->kind == b->kind && str_equal(a->user_id, b->user_id) &&
	       str_equal(a->subject_id, b->subject_id) &&
	       str_equal(a->address, b->address) &&
	       a->tokens_max == b->tokens_max && a->cost_max == b->cost_max;
}

void tokens_put(struct tokens *t, const char *hash,
		const struct gateway_token *what, tokens_done *done, void *data)
{
	struct token *k = find(t, hash);

	if (!what->address[0])
		err_abort("a token that is good from everywhere");
	if (k && k->good && !done && same(&k->what, what))
		return;
	if (!k)
		k = token_add(t, hash);
	k->what = *what;
	k->done = done;
	k->data = data;
	put(k);
}

void tokens_forget(struct tokens *t, const void *data)
{
	struct token *k;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		LIST_FOREACH(k, &t->buckets[i], next) {
			if (k->data == data)
				k->done = NULL;
		}
	}
}

bool tokens_has(const struct tokens *t, const char *hash)
{
	return find(t, hash) != NULL;
}

void tokens_end(struct tokens *t, const char *hash, const char *user_id)
{
	struct token *k = find(t, hash);

	if (k)
		take_out(k);
	end_new(t, hash, user_id);
}

void tokens_end_user(struct tokens *t, const char *user_id)
{
	struct token *k, *next;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		for (k = LIST_FIRST(&t->buckets[i]); k; k = next) {
			next = LIST_NEXT(k, next);
			if (str_equal(k->what.user_id, user_id))
				take_out(k);
		}
	}
	end_new(t, "", user_id);
}
