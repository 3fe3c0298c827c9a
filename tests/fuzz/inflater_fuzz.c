/*
 * Compressed replies of the model service: the first byte is the coding and
 * the size of the pieces, as which they come again when they are not taken.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <talloc.h>

#include "gateway/inflater.h"

#define OUT_MAX(in) ((1 << 20) + 16384 + 251 * (int64_t)(in))	/* what inflater.c allows */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reader {
	int64_t out;
	unsigned calls;
};

/* Every fifth time it has no room. */
static bool take(void *data, const char *bytes, size_t n)
{
	struct reader *r = data;

	if (++r->calls % 5 == 0)
		return false;
	r->out += (int64_t)n;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const codings[] = { "gzip", "deflate" };
	enum inflater_result result = INFLATER_TAKEN;
	struct reader r = { 0 };
	struct inflater *f;
	size_t at, n, piece;

	if (!size)
		return 0;
	f = inflater_new(NULL, codings[data[0] & 1]);
	piece = 1 + (data[0] >> 1) * 16u;
	for (at = 1; at < size && result != INFLATER_DAMAGED; at += n) {
		n = size - at < piece ? size - at : piece;
		do
			result = inflater_feed(f, (const char *)data + at, n, take, &r);
		while (result == INFLATER_FULL);
	}
	if (r.out > OUT_MAX(size))
		abort();
	inflater_whole(f);
	talloc_free(f);
	return 0;
}
