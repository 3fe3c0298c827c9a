#include "config.h"
#include "core/digest.h"

#include <sodium.h>

#include "core/str.h"

void digest_hex(const void *bytes, size_t n, char out[DIGEST_SIZE])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, bytes, n);
	str_hex(out, hash, sizeof(hash));
}
