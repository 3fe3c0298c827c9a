/*
 * Any lines "name:value", for a request and a reply: a forwarded one is a
 * single field.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "gateway/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_all(struct headers *h, enum headers_way way, const char *at, size_t n)
{
	const char *end = at + n, *stop, *colon;
	struct err e = { 0 };

	for (; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			stop = end;
		colon = memchr(at, ':', (size_t)(stop - at));
		if (colon && headers_add(h, way, at, (size_t)(colon - at), colon + 1,
					  (size_t)(stop - colon - 1), &e) < 0)
			e.kind = ERR_NONE;
	}
}

static void check(const struct headers *h)
{
	const char *value;
	size_t i, n;

	if (h->n > HEADERS_MAX || h->bytes > HEADERS_BYTES)
		abort();
	for (i = 0; i < h->n; i++) {
		n = headers_split(h->lines[i], &value);
		if (!n || !*value || strpbrk(h->lines[i], "\r\n") ||
		    !strncasecmp(h->lines[i], "authorization", 13) ||
		    !strncasecmp(h->lines[i], "x-api-key", 9) ||
		    !strncasecmp(h->lines[i], "cookie", 6))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *ctx = talloc_new(NULL);
	struct headers h;

	headers_init(&h, ctx);
	take_all(&h, HEADERS_REQUEST, (const char *)data, size);
	check(&h);
	headers_init(&h, ctx);
	take_all(&h, HEADERS_RESPONSE, (const char *)data, size);
	check(&h);
	talloc_free(ctx);
	return 0;
}
