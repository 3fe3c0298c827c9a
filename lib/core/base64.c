#include "config.h"
#include "core/base64.h"

#include <sodium.h>

#define VARIANT sodium_base64_VARIANT_ORIGINAL

int base64_add(struct buf *out, const void *bytes, size_t n, struct err *e)
{
	size_t size = sodium_base64_ENCODED_LEN(n, VARIANT);
	char *room = buf_reserve(out, size - 1, e);

	if (!room)
		return -1;
	sodium_bin2base64(room, size, bytes, n, VARIANT);
	buf_grew(out, size - 1);
	return 0;
}
