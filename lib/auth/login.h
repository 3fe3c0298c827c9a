/*
 * Login sessions: a random token in the browser's cookie; Redis keeps
 * session:<SHA-256 of it> -> user id until it expires, and logins:<user id>,
 * the set of an account's sessions.
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

/* A new session for the user; token for the cookie. */
int login_start(struct kv *kv, const char *user_id, int64_t ttl_s, char token[TOKEN_SIZE], struct err *e) must_check;

/* user_id of a cookie's token (NULL: no cookie): ERR_AUTH when it is ill-formed or ended. */
int login_find(struct kv *kv, const char *token, char user_id[ID_SIZE], struct err *e) must_check;

/* It need not be a login's. */
int login_end(struct kv *kv, const char *token, struct err *e) must_check;
/* *any: the account has a session that has not ended or run out. */
int login_any(struct kv *kv, const char *user_id, bool *any, struct err *e) must_check;
/* Every session of the account (disable, new password); keep_token: all but this one, may be NULL. */
int login_end_all(struct kv *kv, const char *user_id, const char *keep_token, struct err *e) must_check;

/*
 * Counts a try by login and by address, before the password is looked at, so
 * that many at once cannot pass the limit. Over it: ERR_LIMIT
 * "error_too_many_tries", *wait_s set, the wait in the text.
 */
int login_check(struct kv *kv, const struct settings *s, const char *login, const char *address, int64_t *wait_s, struct err *e) must_check;
/* The password was right: forgets the login's tries and takes this one back from the address's. */
int login_succeeded(struct kv *kv, const char *login, const char *address, struct err *e) must_check;

/* CSRF token of a cookie's token: BLAKE2b keyed with it, hex; "" when it is ill-formed. */
void csrf_token(const char *token, char out[TOKEN_SIZE]);
/* Constant time; false for an ill-formed token, and for given "" or NULL. */
bool csrf_matches(const char *token, const char *given);

#endif
