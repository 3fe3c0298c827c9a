/*
 * The cookie that marks a browser in which an account logged in before: a random
 * name and its MAC, keyed by the account's password hash. So nothing is stored,
 * it survives a loss of Redis, and a new password makes every browser unknown
 * again. It grants no access: it only selects the counter of login attempts.
 */
#ifndef AUTH_DEVICE_H
#define AUTH_DEVICE_H

#include <stdbool.h>

#include "core/id.h"
#include "store/users.h"

#define DEVICE_DAYS 400		/* browsers limit cookies to that */
#define DEVICE_COOKIE_SIZE 40

/* The cookie's name, one per account, so that users of a shared browser keep theirs. */
void device_cookie(const struct user *u, char out[DEVICE_COOKIE_SIZE]);

/* A cookie value; keeps the browser's name if before (may be NULL) is valid. */
void device_make(const struct user *u, const char *before, char out[TOKEN_SIZE]);

/* Checks a cookie in constant time; false for NULL. */
bool device_valid(const struct user *u, const char *cookie);

#endif
