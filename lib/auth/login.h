/*
 * Login sessions: a random token in the browser's cookie; Redis keeps
 * session:<SHA-256 of it> -> "user-id mark" until it expires, and
 * logins:<user id>, the set of an account's sessions. The mark is of the
 * password that held at the login: with another one the session has ended,
 * whatever Redis still knows, from the very statement that stores it.
 */
#ifndef AUTH_LOGIN_H
#define AUTH_LOGIN_H

#include <stdbool.h>

#include "core/id.h"
#include "core/settings.h"
#include "kv/kv.h"
#include "store/users.h"

#define LOGIN_COOKIE "gongbang_session"
#define LOGIN_PRE_COOKIE "gongbang_login"	/* before login: ties the form to the browser */

/* Redis key of a token: "session:" + 64 hex. */
#define LOGIN_KEY_SIZE (8 + 64 + 1)
void login_key(const char token[TOKEN_SIZE], char out[LOGIN_KEY_SIZE]);

/* Whose a session is, and under which password it began. */
struct login {
	char user_id[ID_SIZE];
	char mark[17];
};

/* A new session for the user; token for the cookie. */
int login_start(struct kv *kv, const struct user *u, int64_t ttl_s, char token[TOKEN_SIZE], struct err *e) must_check;
/* This session goes on under the password that the user has by now. */
int login_renew(struct kv *kv, const struct user *u, int64_t ttl_s, const char token[TOKEN_SIZE], struct err *e) must_check;

/* What a cookie's token (NULL: no cookie) stands for: ERR_AUTH when it is ill-formed or ended. Load its user, then ask login_holds. */
int login_find(struct kv *kv, const char *token, struct login *out, struct err *e) must_check;
/* The value of a session's key; false when it is none. */
bool login_parse(const char *value, struct login *out);
/* The user's password is still the one of the login. */
bool login_holds(const struct login *l, const struct user *u);

/* It need not be a login's. */
int login_end(struct kv *kv, const char *token, struct err *e) must_check;
/* *any: the account has a session that has not ended or run out. */
int login_any(struct kv *kv, const char *user_id, bool *any, struct err *e) must_check;
/* Every session of the account (disable, new password); keep_token: all but this one, may be NULL. */
int login_end_all(struct kv *kv, const char *user_id, const char *keep_token, struct err *e) must_check;

/* One try of a password. */
struct login_try {
	const char *login, *address;
	const char *browser;	/* a secret of a browser that had logged in, counted alone; NULL: unknown */
};

/*
 * Counts a try before the password is looked at, so that many at once cannot
 * pass the limit. A known browser's tries are its own: strangers cannot lock it
 * out, and it locks nobody out. Of an unknown one the address counts first, and
 * a refusal there costs the login nothing; then the login at this address,
 * which costs the address nothing; last the login from everywhere. A login is
 * counted under the fold of user_load_by_login. Over it: ERR_LIMIT
 * "error_too_many_tries", *wait_s set, the wait in the text.
 */
int login_check(struct kv *kv, const struct settings *s, const struct login_try *t, int64_t *wait_s, struct err *e) must_check;
/* The password was right: forgets what this browser, or this login at this address, tried, and takes this one back from the wider counts. */
int login_succeeded(struct kv *kv, const struct login_try *t, struct err *e) must_check;

/* CSRF token of a cookie's token: BLAKE2b keyed with it, hex; "" when it is ill-formed. */
void csrf_token(const char *token, char out[TOKEN_SIZE]);
/* Constant time; false for an ill-formed token, and for given "" or NULL. */
bool csrf_matches(const char *token, const char *given);

#endif
