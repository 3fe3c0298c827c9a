#include "config.h"
#include "ws/websocket.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

static uint32_t turn_left(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

/* One block of SHA-1 (FIPS 180-4, section 6.1.2). */
static void digest_block(uint32_t h[5], const unsigned char *p)
{
	static const uint32_t k[] = {
		0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6
	};
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f, t;
	int i;

	for (i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
		       (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
	for (; i < 80; i++)
		w[i] = turn_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (i = 0; i < 80; i++) {
		if (i < 20)
			f = (b & c) | (~b & d);
		else if (i < 40 || i >= 60)
			f = b ^ c ^ d;
		else
			f = (b & c) | (b & d) | (c & d);
		t = turn_left(a, 5) + f + e + k[i / 20] + w[i];
		e = d;
		d = c;
		c = turn_left(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

/* SHA-1 of the 60 bytes that section 4.2.2 requires: always two blocks. */
static void digest(const char *key, unsigned char out[20])
{
	uint32_t h[5] = {
		0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0
	};
	unsigned char m[128] = { 0 };
	int i;

	memcpy(m, key, 24);
	memcpy(m + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
	m[60] = 0x80;
	m[126] = 60 * 8 >> 8;
	m[127] = 60 * 8 & 0xff;
	digest_block(h, m);
	digest_block(h, m + 64);
	for (i = 0; i < 20; i++)
		out[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

#define BASE64 sodium_base64_VARIANT_ORIGINAL
#define KEY_BYTES 16

static bool key_valid(const char *key)
{
	unsigned char bytes[KEY_BYTES];
	const char *end;
	size_t n;

	return sodium_base642bin(bytes, sizeof(bytes), key, strlen(key), NULL,
				 &n, &end, BASE64) == 0 &&
	       n == KEY_BYTES && !*end;
}

int websocket_accept(const char *key, char out[29], struct err *e)
{
	unsigned char d[20];

	if (!key_valid(key))
		return err_set(e, ERR_INPUT, "bad Sec-WebSocket-Key");
	digest(key, d);
	sodium_bin2base64(out, 29, d, 20, BASE64);
	return 0;
}
