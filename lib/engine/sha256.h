/* SHA-256 (FIPS 180-4, section 6.2), for fingerprints; no secret goes in. */
#ifndef ENGINE_SHA256_H
#define ENGINE_SHA256_H

#include <stddef.h>

/* Lower-case hex of the digest of n bytes. */
void sha256_hex(const void *bytes, size_t n, char out[65]);

#endif
