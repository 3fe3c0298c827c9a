/* Passwords: argon2id by libsodium (crypto_pwhash_str, RFC 9106). */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include <stdbool.h>

#include "core/err.h"
#include "store/users.h"

#define PASSWORD_HASH_SIZE 128
#define PASSWORD_MIN 10		/* characters */
#define PASSWORD_MAX 1024	/* bytes */

/*
 * Checks a new password for an account; u may be one that does not exist yet, with
 * login and display name only. ERR_INPUT "error_password_short",
 * "error_password_long", "error_password_text" (not UTF-8) or
 * "error_password_common" (easily guessed).
 */
int password_check(const char *password, const struct user *u, struct err *e) must_check;

/* Checks, then hashes; needs ~100 ms and 64 MiB, so callers limit concurrency. */
int password_hash(const char *password, const struct user *u, char out[PASSWORD_HASH_SIZE], struct err *e) must_check;

/* Compares in any Unicode composition: NFC is hashed, and hashes of the text as typed still match. hash NULL (no such login): takes the same time with a fixed hash and returns false. */
bool password_matches(const char *hash, const char *password);

/* Makes a password of 20 unambiguous characters. */
void password_generate(char out[32]);

#endif
