/* SHA-256 (FIPS 180-4, by libsodium) as hex: names, fingerprints, signatures. */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include <stddef.h>

#define DIGEST_SIZE 65	/* lower-case hex and a NUL */

void digest_hex(const void *bytes, size_t n, char out[DIGEST_SIZE]);

/* HMAC-SHA256 (RFC 2104) of the concatenated texts; NULL ends the list. */
void digest_hmac_hex(const char *key, const char *const *pieces,
		     char out[DIGEST_SIZE]);

#endif
