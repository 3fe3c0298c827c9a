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

/* What a new terminal of that size, which saw these bytes, draws. */
static void draw_again(const struct emulator *t, const struct buf *bytes,
		       struct buf *out)
{
	struct emulator *again = emulator_new(emulator_rows(t), emulator_cols(t),
					      reply, NULL);

	emulator_feed(again, bytes->data, bytes->len);
	emulator_snapshot(again, out);
	emulator_free(again);
}

/* Beyond its second drawing nothing changes any more. */
static void check(struct emulator *t)
{
	auto_buf first = BUF_INIT(EMULATOR_SNAPSHOT_MAX);
	auto_buf once = BUF_INIT(EMULATOR_SNAPSHOT_MAX);
	auto_buf twice = BUF_INIT(EMULATOR_SNAPSHOT_MAX);

	emulator_snapshot(t, &first);
	draw_again(t, &first, &once);
	draw_again(t, &once, &twice);
	if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
		abort();
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
