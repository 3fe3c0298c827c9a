/* SHA-256 (FIPS 180-4) by libsodium, as names and fingerprints. */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include <stddef.h>

#define DIGEST_SIZE 65	/* lower-case hex and a NUL */

void digest_hex(const void *bytes, size_t n, char out[DIGEST_SIZE]);

#endif
