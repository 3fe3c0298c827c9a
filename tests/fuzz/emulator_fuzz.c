/* Any bytes and sizes: no fault, and a snapshot that draws itself. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/emulator.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void reply(void *data, const char *bytes, size_t n)
{
	(void)data;
	if (n > 64 || !memchr(bytes, 0x1b, n))
		abort();
}

static void draw(struct emulator *t, struct buf *out)
{
	buf_clear(out);
	emulator_snapshot(t, out);
}

/* Beyond its second drawing nothing changes any more. */
static void check(struct emulator *t)
{
	auto_buf once = BUF_INIT(EMULATOR_SNAPSHOT_MAX);
	auto_buf twice = BUF_INIT(EMULATOR_SNAPSHOT_MAX);
	int rows = emulator_rows(t), cols = emulator_cols(t);
	struct emulator *again = emulator_new(rows, cols, reply, NULL);

	draw(t, &once);
	emulator_feed(again, once.data, once.len);
	draw(again, &once);
	emulator_feed(again, once.data, once.len);
	draw(again, &twice);
	if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
		abort();
	emulator_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct emulator *t;
	size_t i, part;

	if (n < 4)
		return 0;
	t = emulator_new(bytes[0] % 12, bytes[1] % 40, reply, NULL);
	part = 1 + bytes[2];
	for (i = 3; i < n; i += part) {
		emulator_feed(t, (const char *)bytes + i,
			      n - i < part ? n - i : part);
		if (bytes[i] % 8 == 0)
			emulator_resize(t, bytes[i] % 13, bytes[n - 1] % 41);
	}
	check(t);
	emulator_free(t);
	return 0;
}
