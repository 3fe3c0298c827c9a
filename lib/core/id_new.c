/*
 * Separate from id.c, because the shim, which only checks ids, is linked
 * without libsodium.
 */
#include "config.h"
#include "core/id.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "core/clock.h"
#include "core/err.h"

static void random_bytes(void *out, size_t n)
{
	if (getrandom(out, n, 0) != (ssize_t)n)
		err_abort("no random bytes");
}

void id_new(char out[ID_SIZE])
{
	static const int groups[] = { 4, 2, 2, 2, 6 };
	uint64_t ms = (uint64_t)clock_now_ms();
	unsigned char b[16], *from = b;
	size_t i;

	random_bytes(b + 6, 10);
	for (i = 0; i < 6; i++)
		b[i] = (unsigned char)(ms >> (40 - 8 * i));
	b[6] = (unsigned char)(0x70 | (b[6] & 0x0f));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
	for (i = 0; i < 5; i++) {
		sodium_bin2hex(out, 2 * (size_t)groups[i] + 1, from,
			       (size_t)groups[i]);
		out += 2 * groups[i];
		from += groups[i];
		*out++ = i < 4 ? '-' : '\0';
	}
}

void token_new(char out[TOKEN_SIZE])
{
	unsigned char b[32];

	random_bytes(b, sizeof(b));
	sodium_bin2hex(out, TOKEN_SIZE, b, sizeof(b));
	explicit_bzero(b, sizeof(b));
}
