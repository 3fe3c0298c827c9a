/* Any bytes, split anywhere, as WebSocket frames from a browser. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "ws/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
	const uint8_t *data;
	size_t size, piece;
	struct framing *f;
};

static ssize_t read_piece(void *data, void *out, size_t n)
{
	struct peer *p = data;
	size_t take = p->size < p->piece ? p->size : p->piece;

	if (!take) {
		errno = EAGAIN;
		return -1;
	}
	if (take > n)
		take = n;
	memcpy(out, p->data, take);
	p->data += take;
	p->size -= take;
	return (ssize_t)take;
}

static ssize_t write_all(void *data, const void *bytes, size_t n)
{
	return (ssize_t)n;
}

static void on_message(void *data, const char *text, size_t n)
{
	struct peer *p = data;

	/* A frame may hold a NUL; apart from it the text is well-formed. */
	if (!memchr(text, 0, n) && !utf8_valid(text, n))
		abort();
	framing_text(p->f, text, n);
}

static void on_too_long(void *data, const char *head, size_t n)
{
	if (n > 4096)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct framing_events events = {
		.read = read_piece, .write = write_all,
		.message = on_message, .too_long = on_too_long,
	};
	struct peer p = { .data = data, .size = size };
	int turns;

	p.piece = size ? 1 + data[0] % 64 : 1;
	for (turns = 0; turns < 1000 && p.size; turns++) {
		if (!p.f)
			p.f = framing_new(NULL, 4096, &events, &p);
		if (framing_receive(p.f) < 0 || framing_flush(p.f) < 0 ||
		    framing_over(p.f))
			break;
		if (framing_quiet(p.f))
			TALLOC_FREE(p.f);
	}
	talloc_free(p.f);
	return 0;
}
