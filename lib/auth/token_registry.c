#include "config.h"
#include "auth/token_registry.h"

#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/hash.h"
#include "core/str.h"

#define LOOK_MS 1000		/* interval for checking that Redis still has them */
#define AGAIN_MS INT64_C(3600000)
#define BUCKETS 256

#define TTL_TEXT_(s) #s
#define TTL_TEXT(s) TTL_TEXT_(s)
#define TTL TTL_TEXT(86400)
_Static_assert(GATEWAY_TOKEN_TTL_S == 86400, "TTL above");

/*
 * KEYS: the token, the account's set, our mark, and for a workspace's token
 * the account's logins: it is only valid while one of them lives (an expired
 * login leaves its name in the set). "again": tokens that the pages revoked
 * stay revoked, unless the mark shows that Redis lost everything. The name
 * first: revoking all of an account's tokens must find every one.
 */
static const char put_script[] =
	"local any = not KEYS[4]"
	" if KEYS[4] then"
	" for _, h in ipairs(redis.call('SMEMBERS', KEYS[4])) do"
	" any = any or redis.call('EXISTS', 'session:' .. h) == 1 end end"
	" if ARGV[3] == 'again' and redis.call('EXISTS', KEYS[1]) == 0"
	" and redis.call('EXISTS', KEYS[3]) == 1 then any = false end"
	" if not any then"
	" redis.call('DEL', KEYS[1]) redis.call('SREM', KEYS[2], ARGV[1])"
	" return false end"
	" redis.call('SADD', KEYS[2], ARGV[1])"
	" redis.call('EXPIRE', KEYS[2], " TTL ")"
	" redis.call('SET', KEYS[1], ARGV[2], 'EX', " TTL ")"
	" return 'OK'";
/* A script, so that it runs after the puts before it (kv_async_script). */
static const char mark_script[] =
	"redis.call('SET', KEYS[1], '1', 'EX', " TTL ")"
	" return 'OK'";
static const char end_script[] =
	"redis.call('DEL', KEYS[1])"
	" redis.call('SREM', KEYS[2], ARGV[1])"
	" return 'OK'";
/*
 * ARGV: tokens created since the request. A run's token is revoked only by its
 * hash.
 */
static const char end_user_script[] =
	"local keep = {}"
	" for _, h in ipairs(ARGV) do keep[h] = true end"
	" for _, h in ipairs(redis.call('SMEMBERS', KEYS[1])) do"
	" local what = redis.call('GET', 'token:' .. h)"
	" if what and string.sub(what, 1, 6) == '1 run ' then keep[h] = true end"
	" if not keep[h] then redis.call('DEL', 'token:' .. h)"
	" redis.call('SREM', KEYS[1], h) end end"
	" return 'OK'";

/* A token that should be valid. */
struct token {
	LIST_ENTRY(token) next;
	struct token_registry *all;
	char hash[TOKEN_SIZE];
	struct gateway_token what;
	bool good;		/* confirmed by Redis */
	int asked;		/* answers that are pending */
	bool over;		/* freed by the last of them */
	token_registry_done *done;
	void *data;
};

/* A revocation: of one token, or (hash "") all of an account. */
struct ending {
	TAILQ_ENTRY(ending) next;
	struct token_registry *all;
	char id[ID_SIZE], hash[TOKEN_SIZE], user_id[ID_SIZE];
	bool asked;
};

struct token_registry {
	uv_timer_t *timer;
	struct kv_async *kv;
	LIST_HEAD(, token) buckets[BUCKETS];
	TAILQ_HEAD(, ending) endings;
	char mark[14 + ID_SIZE];	/* a key that disappears when Redis loses everything */
	bool looking, closed;
	int64_t again_at;		/* clock_mono_ms */
	token_registry_ended *ended;
	void *data;
};

static unsigned bucket(const char *hash)
{
	return hash_text(hash) % BUCKETS;
}

static struct token *find_token(const struct token_registry *t, const char *hash)
{
	struct token *k;

	LIST_FOREACH(k, &t->buckets[bucket(hash)], next) {
		if (str_equal(k->hash, hash))
			return k;
	}
	return NULL;
}

static void free_when_over(struct token *k)
{
	if (k->over && !k->asked)
		talloc_free(k);
}

static void call_done(struct token *k, const struct err *e)
{
	token_registry_done *done = k->done;
	void *data = k->data;

	k->done = NULL;
	if (done)
		done(data, e);
}

static void take_out(struct token *k)
{
	LIST_REMOVE(k, next);
	k->over = true;
	k->done = NULL;
	free_when_over(k);
}

/* No value: the user has no login, or the token was revoked elsewhere. */
static void on_put(void *data, const char *value, const struct err *e)
{
	struct token *k = data;
	bool refused = !e && !value;
	struct err ended = { 0 };

	k->asked--;
	if (k->over || k->all->closed || (refused && k->asked)) {
		free_when_over(k);
		return;
	}
	k->good = !e && value;
	if (refused)
		err_set(&ended, ERR_AUTH, "a token that has ended");
	k->asked++;		/* the callback may revoke it */
	call_done(k, refused ? &ended : e);
	k->asked--;
	if (refused && !k->over)
		take_out(k);
	else
		free_when_over(k);
}

static void send_put(struct token *k, bool again)
{
	char key[GATEWAY_TOKEN_KEY_SIZE], set[GATEWAY_TOKENS_KEY_SIZE];
	char text[GATEWAY_TOKEN_TEXT_MAX], logins[16 + ID_SIZE];
	const char *how = again ? "again" : "new";
	const char *const all[] = { key, set, k->all->mark, logins, k->hash,
				    text, how };
	const char *const rest[] = { key, set, k->all->mark, k->hash, text,
				     how };
	bool person = k->what.kind == GATEWAY_TOKEN_WORKSPACE;

	gateway_token_key_of_hash(k->hash, key);
	gateway_tokens_key(k->what.user_id, set);
	gateway_token_format(&k->what, text);
	snprintf(logins, sizeof(logins), "logins:%s", k->what.user_id);
	k->asked++;
	if (person)
		kv_async_script(k->all->kv, put_script, 4, 7, all, on_put, k);
	else
		kv_async_script(k->all->kv, put_script, 3, 6, rest, on_put, k);
}

/* Puts tokens that are not valid yet, and (again) those that are. */
static void put_all(struct token_registry *t, bool again)
{
	struct token *k;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		LIST_FOREACH(k, &t->buckets[i], next) {
			if (k->good ? again : !k->asked)
				send_put(k, k->good);
		}
	}
}

static void on_end(void *data, const char *value, const struct err *e)
{
	struct ending *d = data;
	struct token_registry *t = d->all;

	d->asked = false;
	if (e || t->closed)
		return;
	TAILQ_REMOVE(&t->endings, d, next);
	if (t->ended)
		t->ended(t->data, d->id);
	talloc_free(d);
}

/* After the set's name: tokens that stay. No account has this many. */
static size_t list_kept(const struct token_registry *t, const char *user_id,
			const char *args[KV_ARGS_MAX])
{
	const struct token *k;
	size_t n = 1, i;

	for (i = 0; i < BUCKETS; i++) {
		LIST_FOREACH(k, &t->buckets[i], next) {
			if (n < KV_ARGS_MAX &&
			    str_equal(user_id, k->what.user_id))
				args[n++] = k->hash;
		}
	}
	return n;
}

static void revoke_token(struct ending *d)
{
	char key[GATEWAY_TOKEN_KEY_SIZE], set[GATEWAY_TOKENS_KEY_SIZE];
	const char *const one[] = { key, set, d->hash };
	const char *all[KV_ARGS_MAX] = { set };

	d->asked = true;
	gateway_tokens_key(d->user_id, set);
	if (d->hash[0]) {
		gateway_token_key_of_hash(d->hash, key);
		kv_async_script(d->all->kv, end_script, 2, 3, one, on_end, d);
	} else {
		kv_async_script(d->all->kv, end_user_script, 1,
				list_kept(d->all, d->user_id, all), all,
				on_end, d);
	}
}

/* Read from the store again, while Redis is away. */
static bool is_pending(const struct token_registry *t, const char *id)
{
	const struct ending *d;

	TAILQ_FOREACH(d, &t->endings, next) {
		if (str_equal(d->id, id))
			return true;
	}
	return false;
}

/* A pending revocation covers a later identical one. */
static bool waits_already(struct token_registry *t, const char *hash,
			  const char *user_id)
{
	struct ending *d;

	TAILQ_FOREACH(d, &t->endings, next) {
		if (!d->asked && str_equal(d->hash, hash) &&
		    str_equal(d->user_id, user_id))
			return true;
	}
	return false;
}

void token_registry_end(struct token_registry *t, const char *id,
			const char *hash,
			const char *user_id)
{
	struct ending *d;

	if (is_pending(t, id))
		return;
	if (waits_already(t, hash, user_id)) {
		if (t->ended)
			t->ended(t->data, id);
		return;
	}
	d = talloc_zero(t, struct ending);
	d->all = t;
	if (!str_copy(d->id, sizeof(d->id), id) ||
	    !str_copy(d->hash, sizeof(d->hash), hash) ||
	    !str_copy(d->user_id, sizeof(d->user_id), user_id))
		err_abort("a token's names too long");
	TAILQ_INSERT_TAIL(&t->endings, d, next);
	revoke_token(d);
}

static void mark_logins(struct token_registry *t)
{
	const char *const args[] = { t->mark };

	kv_async_script(t->kv, mark_script, 1, 1, args, NULL, NULL);
}

/* Gone: Redis was emptied, or restarted without its data. */
static void on_look(void *data, const char *value, const struct err *e)
{
	struct token_registry *t = data;

	t->looking = false;
	if (e || t->closed)
		return;
	put_all(t, !value);
	if (!value)
		mark_logins(t);
}

void token_registry_renew(struct token_registry *t)
{
	put_all(t, true);
	mark_logins(t);
}

static void on_timer(uv_timer_t *timer)
{
	struct token_registry *t = timer->data;
	int64_t now = clock_mono_ms();
	struct ending *d;

	TAILQ_FOREACH(d, &t->endings, next) {
		if (!d->asked)
			revoke_token(d);
	}
	if (now >= t->again_at) {
		t->again_at = now + AGAIN_MS;
		token_registry_renew(t);
	} else if (!t->looking) {
		t->looking = true;
		kv_async_get(t->kv, t->mark, on_look, t);
	}
}

struct token_registry *token_registry_new(const void *ctx, uv_loop_t *loop,
					  struct kv_async *kv)
{
	struct token_registry *t = talloc_zero(ctx, struct token_registry);
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

void token_registry_on_ended(struct token_registry *t,
			     token_registry_ended *ended, void *data)
{
	t->ended = ended;
	t->data = data;
}

void token_registry_close(struct token_registry *t)
{
	if (t->closed)
		return;
	t->closed = true;
	uv_close((uv_handle_t *)t->timer, free_timer);
}

static struct token *token_add(struct token_registry *t, const char *hash)
{
	struct token *k = talloc_zero(t, struct token);

	k->all = t;
	if (!str_copy(k->hash, sizeof(k->hash), hash))
		err_abort("a token's hash too long");
	LIST_INSERT_HEAD(&t->buckets[bucket(hash)], k, next);
	return k;
}

static bool same(const struct gateway_token *a, const struct gateway_token *b)
{
	return a->kind == b->kind && str_equal(a->user_id, b->user_id) &&
	       str_equal(a->subject_id, b->subject_id) &&
	       str_equal(a->address, b->address) &&
	       a->tokens_max == b->tokens_max && a->cost_max == b->cost_max;
}

void token_registry_put(struct token_registry *t, const char *hash,
			const struct gateway_token *what, token_registry_done *done, void *data)
{
	struct token *k = find_token(t, hash);

	if (!what->address[0])
		err_abort("a token that is good from everywhere");
	/* The user may have logged in again meanwhile. */
	if (k && k->good && !done && same(&k->what, what) &&
	    what->kind != GATEWAY_TOKEN_WORKSPACE)
		return;
	if (!k)
		k = token_add(t, hash);
	k->what = *what;
	k->done = done;
	k->data = data;
	send_put(k, false);
}

void token_registry_forget(struct token_registry *t, const void *data)
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

bool token_registry_has(const struct token_registry *t, const char *hash)
{
	return find_token(t, hash) != NULL;
}

void token_registry_drop(struct token_registry *t, const char *hash)
{
	struct token *k = find_token(t, hash);

	if (k)
		take_out(k);
}

void token_registry_drop_user(struct token_registry *t, const char *user_id)
{
	struct token *k, *next;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		for (k = LIST_FIRST(&t->buckets[i]); k; k = next) {
			next = LIST_NEXT(k, next);
			if (str_equal(k->what.user_id, user_id) &&
			    k->what.kind != GATEWAY_TOKEN_RUN)
				take_out(k);
		}
	}
}
