/* Any bytes as a reply: bounded, and the same however split. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "gateway/usage_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct usage_reading *u)
{
	if (u->usage.input < 0 || u->usage.output < 0 ||
	    u->usage.cache_write_5m < 0 || u->usage.cache_write_1h < 0 ||
	    u->usage.cache_read < 0 || u->unreported < 0 || u->any != (u->changes > 0) ||
	    !utf8_valid(u->model, strlen(u->model)))
		abort();
}

static void read_both(const uint8_t *data, size_t size)
{
	struct usage_reader *whole = usage_reader_new(NULL);
	struct usage_reader *cut = usage_reader_new(NULL);
	size_t at, n;

	usage_reader_feed(whole, data, size);
	for (at = 0; at < size; at += n) {
		n = 1 + (size ^ at ^ data[at]) % 7;
		if (n > size - at)
			n = size - at;
		usage_reader_feed(cut, data + at, n);
	}
	check(usage_reader_reading(whole));
	if (memcmp(usage_reader_reading(whole), usage_reader_reading(cut),
		   sizeof(struct usage_reading)) != 0)
		abort();
	talloc_free(whole);
	talloc_free(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_both(data, size);
	return 0;
}
