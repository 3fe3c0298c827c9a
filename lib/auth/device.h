/*
 * The cookie of a browser in which an account logged in: a random name and
 * its MAC, keyed by the account's password hash. So nothing is stored, Redis
 * may lose all it has, and a new password makes every browser unknown again.
 * It opens nothing: it only says whose count of login tries is meant.
 */
#ifndef AUTH_DEVICE_H
#define AUTH_DEVICE_H

#include <stdbool.h>

#include "core/id.h"
#include "store/users.h"

#define DEVICE_DAYS 400		/* browsers keep no cookie longer */
#define DEVICE_COOKIE_SIZE 40

/* The cookie's name: one an account, so people who share a browser do not push each other out. */
void device_cookie(const struct user *u, char out[DEVICE_COOKIE_SIZE]);

/* The cookie's value: of this browser still, when before (or NULL) is a valid one. */
void device_make(const struct user *u, const char *before, char out[TOKEN_SIZE]);

/* Constant time; false for NULL. */
bool device_valid(const struct user *u, const char *cookie);

#endif
