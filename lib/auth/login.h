/*
 * Login sessions: a random token in the browser's cookie. Redis maps
 * session:<SHA-256 of the token> to "user-id mark" until it expires, and
 * logins:<user id> is the set of an account's sessions. The mark is derived from
 * the password at login: a new password ends the session with the statement that
 * stores it, whatever Redis still holds.
 */
#ifndef AUTH_LOGIN_H
#define AUTH_LOGIN_H

#include <stdbool.h>

#include "core/id.h"
#include "core/settings.h"
#include "kv/kv.h"
#include "store/users.h"

#define LOGIN_COOKIE "gongbang_session"
#define LOGIN_PRE_COOKIE "gongbang_login"	/* before login: binds the form to the browser */

/* Redis key of a token: "session:" + 64 hex. */
#define LOGIN_KEY_SIZE (8 + 64 + 1)
void login_key(const char token[TOKEN_SIZE], char out[LOGIN_KEY_SIZE]);

/* A session's user, and the mark of the password it began under. */
struct login {
	char user_id[ID_SIZE];
	char mark[17];
};

/* Starts a session for the user; token: for the cookie. */
int login_start(struct kv *kv, const struct user *u, int64_t ttl_s, char token[TOKEN_SIZE], struct err *e) must_check;
/* Continues this session under the user's new password. */
int login_renew(struct kv *kv, const struct user *u, int64_t ttl_s, const char token[TOKEN_SIZE], struct err *e) must_check;

/* Finds the session of a cookie's token (NULL: no cookie); ERR_AUTH if ill-formed or ended. Then load the user and call login_holds. */
int login_find(struct kv *kv, const char *token, struct login *out, struct err *e) must_check;
/* Parses the value of a session's key; false if malformed. */
bool login_parse(const char *value, struct login *out);
/* True if the user's password is still the one of the login. */
bool login_holds(const struct login *l, const struct user *u);

/* Ends a session; unknown tokens are ignored. */
int login_end(struct kv *kv, const char *token, struct err *e) must_check;
/* *any: the account has a valid session. */
int login_any(struct kv *kv, const char *user_id, bool *any, struct err *e) must_check;
/* Ends every session of the account (disabled, new password) except keep_token's (may be NULL). */
int login_end_all(struct kv *kv, const char *user_id, const char *keep_token, struct err *e) must_check;

/* One login attempt. */
struct login_try {
	const char *login, *address;
	const char *browser;	/* the secret of a known browser, which has its own counter; NULL: unknown */
};

/*
 * Counts an attempt before the password is checked, so that concurrent attempts
 * cannot exceed the limit. A known browser has its own counter: strangers cannot
 * lock it out, and it locks nobody out. For an unknown one three counters apply
 * in order: the address; the login at this address; the login from everywhere. A
 * refusal by address does not count for the login, nor one by login for the
 * address. A login is counted under the fold of user_load_by_login. Over a limit: ERR_LIMIT "error_too_many_tries", with
 * *wait_s set and the wait in the text.
 */
int login_check(struct kv *kv, const struct settings *s, const struct login_try *t, int64_t *wait_s, struct err *e) must_check;
/* The password was right: resets the counter of this browser, or of this login at this address, and takes this attempt back from the wider ones. */
int login_succeeded(struct kv *kv, const struct login_try *t, struct err *e) must_check;

/*
 * CSRF token for a cookie's token, "" if that is ill-formed: a random pad, and
 * the cookie token's BLAKE2b under it, in hex. No two pages have the same, so
 * the size of compressed pages does not give it away (BREACH).
 */
#define CSRF_TOKEN_SIZE 129
void csrf_token(const char *token, char out[CSRF_TOKEN_SIZE]);
/* Compares in constant time; false for an ill-formed token and for given "" or NULL. */
bool csrf_matches(const char *token, const char *given);

#endif
