#include "config.h"
#include "core/id.h"

#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "core/clock.h"
#include "core/err.h"
#include "core/str.h"

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
		str_hex(out, from, (size_t)groups[i]);
		out += 2 * groups[i];
		from += groups[i];
		*out++ = i < 4 ? '-' : '\0';
	}
}

static bool hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool id_valid(const char *s)
{
	size_t i;

	if (strlen(s) != ID_SIZE - 1)
		return false;
	for (i = 0; i < ID_SIZE - 1; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23 ?
		    s[i] != '-' : !hex(s[i]))
			return false;
	}
	return true;
}

void token_new(char out[TOKEN_SIZE])
{
	unsigned char b[32];

	random_bytes(b, sizeof(b));
	str_hex(out, b, sizeof(b));
	explicit_bzero(b, sizeof(b));
}

bool token_valid(const char *s)
{
	size_t i;

	if (strlen(s) != TOKEN_SIZE - 1)
		return false;
	for (i = 0; i < TOKEN_SIZE - 1; i++) {
		if (!hex(s[i]))
			return false;
	}
	return true;
}
