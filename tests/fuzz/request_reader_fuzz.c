/* Any bytes as a request: bounded, and the same however split. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "gateway/request_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request_reader *whole = request_reader_new(NULL, "web_search");
	struct request_reader *cut = request_reader_new(NULL, "web_search");
	const struct request_reading *u = request_reader_reading(whole);
	size_t at, n;

	request_reader_feed(whole, (const char *)data, size);
	for (at = 0; at < size; at += n) {
		n = 1 + (size ^ at ^ data[at]) % 7;
		if (n > size - at)
			n = size - at;
		request_reader_feed(cut, (const char *)data + at, n);
	}
	if (memcmp(u, request_reader_reading(cut), sizeof(*u)) != 0 ||
	    u->input < 0 || u->max_at >= (int64_t)size || u->max_digits > 9)
		abort();
	talloc_free(whole);
	talloc_free(cut);
	return 0;
}
