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

/* A session that ran out leaves its name in the account's set. */
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

int login_start(struct kv *kv, const char *user_id, int64_t ttl_s,
		char token[TOKEN_SIZE], struct err *e)
{
	char fresh[TOKEN_SIZE], key[LOGIN_KEY_SIZE], set[LOGINS_KEY_SIZE];
	struct sweep s = { .kv = kv, .set = set };

	token_new(fresh);
	login_key(fresh, key);
	logins_key(user_id, set);
	/* The name first: no session may be missed by login_end_all. */
	if (kv_set_each(kv, set, sweep_ended, &s, e) < 0 ||
	    kv_set_add(kv, set, key + strlen(SESSION), ttl_s, e) < 0 ||
	    kv_set(kv, key, user_id, ttl_s, e) < 0)
		return -1;
	memcpy(token, fresh, TOKEN_SIZE);
	return 0;
}

int login_find(struct kv *kv, const char *token, char user_id[ID_SIZE],
	       struct err *e)
{
	char key[LOGIN_KEY_SIZE], *found = NULL;
	bool good;

	if (!token || !token_valid(token))
		return err_set(e, ERR_AUTH, "not logged in");
	login_key(token, key);
	if (kv_get(kv, NULL, key, &found, e) < 0)
		return -1;
	good = found && id_valid(found) && str_copy(user_id, ID_SIZE, found);
	talloc_free(found);
	return good ? 0 : err_set(e, ERR_AUTH, "login has ended");
}

int login_end(struct kv *kv, const char *token, struct err *e)
{
	char key[LOGIN_KEY_SIZE], set[LOGINS_KEY_SIZE], user_id[ID_SIZE];

	if (login_find(kv, token, user_id, e) < 0)
		return e->kind == ERR_AUTH ? 0 : -1;
	login_key(token, key);
	logins_key(user_id, set);
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

/*
 * By hash: a name of any length, and a password typed as login is not kept.
 * ASCII case is folded, as user_load_by_login folds it.
 */
static void tries_key(char out[TRIES_KEY_SIZE], const char *what,
		      const unsigned char *bytes, size_t n)
{
	crypto_generichash_state state;
	unsigned char hash[32], c;
	size_t used, i;

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	for (i = 0; i < n; i++) {
		c = bytes[i];
		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c + 'a' - 'A');
		crypto_generichash_update(&state, &c, 1);
	}
	crypto_generichash_final(&state, hash, sizeof(hash));
	used = (size_t)snprintf(out, TRIES_KEY_SIZE, "tries:%s:", what);
	str_hex(out + used, hash, sizeof(hash));
}

static void login_tries_key(char out[TRIES_KEY_SIZE], const char *login)
{
	tries_key(out, "login", (const unsigned char *)login, strlen(login));
}

/* A customer has 2^64 IPv6 addresses, so their first half counts. */
static void address_tries_key(char out[TRIES_KEY_SIZE], const char *address)
{
	char prefix[INET6_ADDRSTRLEN];
	struct in6_addr v6;

	if (inet_pton(AF_INET6, address, &v6) == 1 &&
	    !IN6_IS_ADDR_V4MAPPED(&v6)) {
		memset(v6.s6_addr + 8, 0, 8);
		address = inet_ntop(AF_INET6, &v6, prefix, sizeof(prefix));
	}
	tries_key(out, "address", (const unsigned char *)address,
		  strlen(address));
}

int login_check(struct kv *kv, const struct settings *s, const char *login,
		const char *address, int64_t *wait_s, struct err *e)
{
	int64_t window = settings_number(s, SET_LOGIN_WINDOW);
	int64_t tries = settings_number(s, SET_LOGIN_TRIES);
	int64_t by_login, by_address, login_left, address_left, wait = 0;
	char key[TRIES_KEY_SIZE];

	login_tries_key(key, login);
	if (kv_count(kv, key, window, &by_login, &login_left, e) < 0)
		return -1;
	address_tries_key(key, address);
	if (kv_count(kv, key, window, &by_address, &address_left, e) < 0)
		return -1;
	if (by_login > tries)
		wait = login_left;
	if (by_address > 4 * tries && address_left > wait)
		wait = address_left;
	if (by_login <= tries && by_address <= 4 * tries)
		return 0;
	*wait_s = wait > 0 ? wait : 1;
	return err_tell(e, ERR_LIMIT, "error_too_many_tries", "too many tries"
			" to log in; wait %lld s", (long long)*wait_s);
}

int login_succeeded(struct kv *kv, const char *login, const char *address,
		    struct err *e)
{
	char key[TRIES_KEY_SIZE];

	login_tries_key(key, login);
	if (kv_delete(kv, key, e) < 0)
		return -1;
	address_tries_key(key, address);
	return kv_uncount(kv, key, e);
}

void csrf_token(const char *token, char out[TOKEN_SIZE])
{
	static const unsigned char purpose[] = "gongbang csrf";
	unsigned char hash[32];

	out[0] = '\0';
	if (!token || !token_valid(token))
		return;
	crypto_generichash(hash, sizeof(hash), purpose, sizeof(purpose) - 1,
			   (const unsigned char *)token, TOKEN_SIZE - 1);
	str_hex(out, hash, sizeof(hash));
}

bool csrf_matches(const char *token, const char *given)
{
	char want[TOKEN_SIZE];

	csrf_token(token, want);
	return *want && given && strlen(given) == TOKEN_SIZE - 1 &&
	       sodium_memcmp(want, given, TOKEN_SIZE - 1) == 0;
}
