#include "config.h"
#include "auth/device.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

#define NAME_HEX 32		/* of a cookie's 64 hex digits; the rest is the MAC */
#define MAC_BYTES 16

static void add(crypto_generichash_state *state, const char *text, size_t n)
{
	crypto_generichash_update(state, (const unsigned char *)text, n);
}

void device_cookie(const struct user *u, char out[DEVICE_COOKIE_SIZE])
{
	unsigned char hash[16];
	size_t used;

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)u->id,
			   strlen(u->id), NULL, 0);
	used = (size_t)snprintf(out, DEVICE_COOKIE_SIZE, "gongbang_device_");
	sodium_bin2hex(out + used, 17, hash, 8);
}

/* The password hash has a random salt: a MAC does not help to guess passwords. */
static void sign(const struct user *u, char cookie[TOKEN_SIZE])
{
	crypto_generichash_state state;
	unsigned char key[32], mac[MAC_BYTES];

	crypto_generichash(key, sizeof(key),
			   (const unsigned char *)u->password_hash,
			   strlen(u->password_hash), NULL, 0);
	crypto_generichash_init(&state, key, sizeof(key), sizeof(mac));
	add(&state, "gongbang device", sizeof("gongbang device"));
	add(&state, u->id, strlen(u->id));
	add(&state, cookie, NAME_HEX);
	crypto_generichash_final(&state, mac, sizeof(mac));
	sodium_bin2hex(cookie + NAME_HEX, 2 * sizeof(mac) + 1, mac,
		       sizeof(mac));
	sodium_memzero(key, sizeof(key));
}

void device_make(const struct user *u, const char *before, char out[TOKEN_SIZE])
{
	token_new(out);
	if (device_valid(u, before))
		memcpy(out, before, NAME_HEX);
	sign(u, out);
}

bool device_valid(const struct user *u, const char *cookie)
{
	char want[TOKEN_SIZE];

	if (!cookie || !token_valid(cookie))
		return false;
	memcpy(want, cookie, TOKEN_SIZE);
	sign(u, want);
	return sodium_memcmp(want, cookie, TOKEN_SIZE - 1) == 0;
}
