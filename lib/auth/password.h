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
 * For this account; u may be one that is to be made: its login and display name.
 * ERR_INPUT "error_password_short", "error_password_long", "error_password_text"
 * (not UTF-8) or "error_password_common": what anybody would try first.
 */
int password_check(const char *password, const struct user *u, struct err *e) must_check;

/* Checks, then hashes: some 100 ms and 64 MiB, so a caller sees to it that few do at once. */
int password_hash(const char *password, const struct user *u, char out[PASSWORD_HASH_SIZE], struct err *e) must_check;

/* However its characters are composed: NFC is hashed, and one that was hashed as it was typed still matches. hash NULL (no such login): spends the same time on a fixed hash and says false. */
bool password_matches(const char *hash, const char *password);

/* 20 characters of an unambiguous alphabet. */
void password_generate(char out[32]);

#endif
