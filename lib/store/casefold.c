#include "config.h"
#include "store/casefold.h"

#include <locale.h>
#include <pthread.h>
#include <stdint.h>
#include <wctype.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t unicode;

static void open_locale(void)
{
	unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* Bytes of the character at s and its code point; 0 when ill-formed. */
static size_t decode(const unsigned char *s, size_t n, uint32_t *c)
{
	size_t len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4, i;

	if (s[0] < 0xc2 || s[0] > 0xf4 || len > n)
		return 0;
	*c = s[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	return len;
}

static size_t encode(char *out, uint32_t c)
{
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	if (len == 1) {
		out[0] = (char)c;
		return 1;
	}
	for (i = len - 1; i; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((0xf00 >> len) | c);
	return len;
}

size_t casefold_lower(char *out, const char *s, size_t n)
{
	size_t used = 0, len;
	uint32_t c;

	pthread_once(&once, open_locale);
	for (; n; s += len, n -= len) {
		if ((unsigned char)*s < 0x80) {
			len = 1;
			out[used++] = *s >= 'A' && *s <= 'Z' ?
				      (char)(*s + 32) : *s;
			continue;
		}
		len = decode((const unsigned char *)s, n, &c);
		if (len && unicode) {
			used += encode(out + used,
				       (uint32_t)towlower_l((wint_t)c, unicode));
		} else {
			len = 1;
			out[used++] = *s;
		}
	}
	return used;
}
