#include "config.h"
#include "auth/login.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <string.h>
#include <talloc.h>

#include "core/digest.h"
#include "core/str.h"

#define SESSION "session:"
#define LOGINS_KEY_SIZE (7 + ID_SIZE)
#define TRIES_KEY_SIZE (14 + 64 + 1)

void login_key(const char token[TOKEN_SIZE], char out[LOGIN_KEY_SIZE])
{
	memcpy(out, SESSION, strlen(SESSION));
	digest_hex(token, strlen(token), out + strlen(SESSION));
}

static void logins_key(const char *user_id, char out[LOGINS_KEY_SIZE])
{
	snprintf(out, LOGINS_KEY_SIZE, "logins:%s", user_id);
}

static int join_key(const char *member, char out[LOGIN_KEY_SIZE],
		    struct err *e)
{
	if (!token_valid(member))
		return err_set(e, ERR_INTERNAL, "redis: no session's name");
	snprintf(out, LOGIN_KEY_SIZE, SESSION "%s", member);
	return 0;
}

struct sweep {
	struct kv *kv;
	const char *set;	/* logins:<user> */
	const char *keep;	/* key of a session, or NULL */
};

/* An expired session leaves its name in the account's set. */
static int sweep_ended(void *data, const char *member, struct err *e)
{
	struct sweep *s = data;
	char key[LOGIN_KEY_SIZE], *user_id;

	if (join_key(member, key, e) < 0 ||
	    kv_get(s->kv, NULL, key, &user_id, e) < 0)
		return -1;
	if (user_id) {
		talloc_free(user_id);
		return 0;
	}
	return kv_set_remove(s->kv, s->set, member, e);
}

static int sweep_all(void *data, const char *member, struct err *e)
{
	struct sweep *s = data;
	char key[LOGIN_KEY_SIZE];

	if (join_key(member, key, e) < 0)
		return -1;
	if (s->keep && str_equal(s->keep, key))
		return 0;
	if (kv_delete(s->kv, key, e) < 0)
		return -1;
	return kv_set_remove(s->kv, s->set, member, e);
}

/* Of the hash, which is salted: it does not help to guess passwords. */
static void mark_of(const struct user *u, char out[17])
{
	static const unsigned char purpose[] = "gongbang login";
	unsigned char hash[16];

	crypto_generichash(hash, sizeof(hash),
			   (const unsigned char *)u->password_hash,
			   strlen(u->password_hash), purpose,
			   sizeof(purpose) - 1);
	sodium_bin2hex(out, 17, hash, 8);
}

static int keep_session(struct kv *kv, const struct user *u, int64_t ttl_s,
			const char *key, struct err *e)
{
	char value[ID_SIZE + 17], mark[17];

	mark_of(u, mark);
	snprintf(value, sizeof(value), "%s %s", u->id, mark);
	return kv_set(kv, key, value, ttl_s, e);
}

int login_start(struct kv *kv, const struct user *u, int64_t ttl_s,
		char token[TOKEN_SIZE], struct err *e)
{
	char fresh[TOKEN_SIZE], key[LOGIN_KEY_SIZE], set[LOGINS_KEY_SIZE];
	struct sweep s = { .kv = kv, .set = set };

	token_new(fresh);
	login_key(fresh, key);
	logins_key(u->id, set);
	/* The name first: login_end_all must find every session. */
	if (kv_set_each(kv, set, sweep_ended, &s, e) < 0 ||
	    kv_set_add(kv, set, key + strlen(SESSION), ttl_s, e) < 0 ||
	    keep_session(kv, u, ttl_s, key, e) < 0)
		return -1;
	memcpy(token, fresh, TOKEN_SIZE);
	return 0;
}

int login_renew(struct kv *kv, const struct user *u, int64_t ttl_s,
		const char token[TOKEN_SIZE], struct err *e)
{
	char key[LOGIN_KEY_SIZE];

	login_key(token, key);
	return keep_session(kv, u, ttl_s, key, e);
}

bool login_parse(const char *value, struct login *out)
{
	struct login l;

	if (strlen(value) != ID_SIZE + 16 || value[ID_SIZE - 1] != ' ')
		return false;
	memcpy(l.user_id, value, ID_SIZE - 1);
	l.user_id[ID_SIZE - 1] = '\0';
	memcpy(l.mark, value + ID_SIZE, sizeof(l.mark));
	if (!id_valid(l.user_id))
		return false;
	*out = l;
	return true;
}

bool login_holds(const struct login *l, const struct user *u)
{
	char mark[17];

	mark_of(u, mark);
	return str_equal(l->user_id, u->id) && str_equal(l->mark, mark);
}

int login_find(struct kv *kv, const char *token, struct login *out,
	       struct err *e)
{
	char key[LOGIN_KEY_SIZE], *found = NULL;
	bool good;

	if (!token || !token_valid(token))
		return err_set(e, ERR_AUTH, "not logged in");
	login_key(token, key);
	if (kv_get(kv, NULL, key, &found, e) < 0)
		return -1;
	good = found && login_parse(found, out);
	talloc_free(found);
	return good ? 0 : err_set(e, ERR_AUTH, "login has ended");
}

int login_end(struct kv *kv, const char *token, struct err *e)
{
	char key[LOGIN_KEY_SIZE], set[LOGINS_KEY_SIZE];
	struct login l;

	if (login_find(kv, token, &l, e) < 0)
		return e->kind == ERR_AUTH ? 0 : -1;
	login_key(token, key);
	logins_key(l.user_id, set);
	if (kv_delete(kv, key, e) < 0)
		return -1;
	return kv_set_remove(kv, set, key + strlen(SESSION), e);
}

struct looking {
	struct kv *kv;
	bool any;
};

static int look_at(void *data, const char *member, struct err *e)
{
	struct looking *l = data;
	char key[LOGIN_KEY_SIZE], *user_id;

	if (l->any)
		return 0;
	if (join_key(member, key, e) < 0 ||
	    kv_get(l->kv, NULL, key, &user_id, e) < 0)
		return -1;
	l->any = user_id != NULL;
	talloc_free(user_id);
	return 0;
}

int login_any(struct kv *kv, const char *user_id, bool *any, struct err *e)
{
	char set[LOGINS_KEY_SIZE];
	struct looking l = { .kv = kv };

	logins_key(user_id, set);
	if (kv_set_each(kv, set, look_at, &l, e) < 0)
		return -1;
	*any = l.any;
	return 0;
}

int login_end_all(struct kv *kv, const char *user_id, const char *keep_token,
		  struct err *e)
{
	char set[LOGINS_KEY_SIZE], keep[LOGIN_KEY_SIZE];
	struct sweep s = { .kv = kv, .set = set };

	logins_key(user_id, set);
	if (keep_token && token_valid(keep_token)) {
		login_key(keep_token, keep);
		s.keep = keep;
	}
	return kv_set_each(kv, set, sweep_all, &s, e);
}

/* The counters, and the share of login_tries that each allows. */
enum counted { BY_BROWSER, BY_ADDRESS, BY_PAIR, BY_LOGIN, COUNTERS };
static const struct {
	const char *name;
	int64_t times;
} counters[COUNTERS] = {
	[BY_BROWSER] = { "browser", 1 },
	[BY_ADDRESS] = { "address", 4 },
	[BY_PAIR] = { "pair", 1 },
	[BY_LOGIN] = { "login", 10 },
};

struct tries {
	struct kv *kv;
	char keys[COUNTERS][TRIES_KEY_SIZE];
};

static void add_text(crypto_generichash_state *state, const char *text,
		     size_t n)
{
	crypto_generichash_update(state, (const unsigned char *)text, n);
	crypto_generichash_update(state, (const unsigned char *)"", 1);
}

/*
 * By hash: names of any length, and a password typed into the wrong field is
 * not stored.
 */
static void name_key(struct tries *t, enum counted what, const char *text,
		     const char *more)
{
	crypto_generichash_state state;
	unsigned char hash[32];
	size_t used;

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	add_text(&state, text, strlen(text));
	add_text(&state, more, strlen(more));
	crypto_generichash_final(&state, hash, sizeof(hash));
	used = (size_t)snprintf(t->keys[what], TRIES_KEY_SIZE, "tries:%s:",
				counters[what].name);
	sodium_bin2hex(t->keys[what] + used, 2 * sizeof(hash) + 1, hash,
		       sizeof(hash));
}

/* A customer has 2^64 IPv6 addresses, so only their first half counts. */
static const char *network_of(const char *address, char prefix[INET6_ADDRSTRLEN])
{
	struct in6_addr v6;

	if (inet_pton(AF_INET6, address, &v6) != 1 || IN6_IS_ADDR_V4MAPPED(&v6))
		return address;
	memset(v6.s6_addr + 8, 0, 8);
	return inet_ntop(AF_INET6, &v6, prefix, INET6_ADDRSTRLEN);
}

static void name_keys(struct tries *t, struct kv *kv,
		      const struct login_try *in)
{
	char prefix[INET6_ADDRSTRLEN], *login = user_fold_login(NULL, in->login);
	const char *network = network_of(in->address, prefix);

	t->kv = kv;
	name_key(t, BY_BROWSER, in->browser ? in->browser : "", "");
	name_key(t, BY_ADDRESS, network, "");
	name_key(t, BY_PAIR, network, login);
	name_key(t, BY_LOGIN, login, "");
	talloc_free(login);
}

/* ERR_LIMIT when the attempts are used up. */
static int count(const struct tries *t, enum counted what,
		 const struct settings *s, int64_t *wait_s, struct err *e)
{
	int64_t most = counters[what].times *
		       settings_number(s, SET_LOGIN_TRIES);
	int64_t n, left;

	if (kv_count(t->kv, t->keys[what], settings_number(s, SET_LOGIN_WINDOW),
		     &n, &left, e) < 0)
		return -1;
	if (n <= most)
		return 0;
	*wait_s = left > 0 ? left : 1;
	return err_tell(e, ERR_LIMIT, "error_too_many_tries", "too many tries"
			" to log in (%s); wait %lld s", counters[what].name,
			(long long)*wait_s);
}

int login_check(struct kv *kv, const struct settings *s,
		const struct login_try *in, int64_t *wait_s, struct err *e)
{
	struct err other = { 0 };
	struct tries t;

	name_keys(&t, kv, in);
	if (in->browser)
		return count(&t, BY_BROWSER, s, wait_s, e);
	if (count(&t, BY_ADDRESS, s, wait_s, e) < 0)
		return -1;
	if (count(&t, BY_PAIR, s, wait_s, e) == 0)
		return count(&t, BY_LOGIN, s, wait_s, e);
	if (e->kind == ERR_LIMIT &&
	    kv_uncount(kv, t.keys[BY_ADDRESS], &other) < 0)
		*e = other;
	return -1;
}

int login_succeeded(struct kv *kv, const struct login_try *in, struct err *e)
{
	struct tries t;

	name_keys(&t, kv, in);
	if (in->browser)
		return kv_delete(kv, t.keys[BY_BROWSER], e);
	if (kv_delete(kv, t.keys[BY_PAIR], e) < 0 ||
	    kv_uncount(kv, t.keys[BY_ADDRESS], e) < 0)
		return -1;
	return kv_uncount(kv, t.keys[BY_LOGIN], e);
}

#define CSRF_BYTES 32

static bool csrf_hash(const char *token, unsigned char hash[CSRF_BYTES])
{
	static const unsigned char purpose[] = "gongbang csrf";

	if (!token || !token_valid(token))
		return false;
	crypto_generichash(hash, CSRF_BYTES, purpose, sizeof(purpose) - 1,
			   (const unsigned char *)token, TOKEN_SIZE - 1);
	return true;
}

/* The second half of masked becomes itself XOR the first half, the pad. */
static void csrf_mask(unsigned char masked[2 * CSRF_BYTES])
{
	size_t i;

	for (i = 0; i < CSRF_BYTES; i++)
		masked[CSRF_BYTES + i] ^= masked[i];
}

void csrf_token(const char *token, char out[CSRF_TOKEN_SIZE])
{
	unsigned char masked[2 * CSRF_BYTES];

	out[0] = '\0';
	if (!csrf_hash(token, masked + CSRF_BYTES))
		return;
	randombytes_buf(masked, CSRF_BYTES);
	csrf_mask(masked);
	sodium_bin2hex(out, CSRF_TOKEN_SIZE, masked, sizeof(masked));
}

bool csrf_matches(const char *token, const char *given)
{
	unsigned char want[CSRF_BYTES], masked[2 * CSRF_BYTES];
	size_t n;

	if (!csrf_hash(token, want) || !given ||
	    strlen(given) != CSRF_TOKEN_SIZE - 1 ||
	    sodium_hex2bin(masked, sizeof(masked), given, CSRF_TOKEN_SIZE - 1,
			   NULL, &n, NULL) != 0 || n != sizeof(masked))
		return false;
	csrf_mask(masked);
	return sodium_memcmp(want, masked + CSRF_BYTES, CSRF_BYTES) == 0;
}
