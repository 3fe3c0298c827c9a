#include "config.h"
#include "core/digest.h"

#include <sodium.h>
#include <string.h>

#include "core/str.h"

void digest_hex(const void *bytes, size_t n, char out[DIGEST_SIZE])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, bytes, n);
	sodium_bin2hex(out, DIGEST_SIZE, hash, sizeof(hash));
}

void digest_hmac_hex(const char *key, const char *const *pieces,
		     char out[DIGEST_SIZE])
{
	unsigned char hash[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, (const unsigned char *)key,
				    strlen(key));
	for (; *pieces; pieces++)
		crypto_auth_hmacsha256_update(&state,
			(const unsigned char *)*pieces, strlen(*pieces));
	crypto_auth_hmacsha256_final(&state, hash);
	sodium_bin2hex(out, DIGEST_SIZE, hash, sizeof(hash));
}
