/*
 * Any data of a tool call, a permission or a picture: well-formed UTF-8, no
 * element that only its input could have begun.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "transcript/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct templates *load(void)
{
	static struct templates *loaded;
	const char *top = getenv("top_srcdir");
	struct err e = { 0 };
	char dir[512];

	if (loaded)
		return loaded;
	snprintf(dir, sizeof(dir), "%s/templates", top ? top : ".");
	loaded = templates_load(NULL, dir, NULL, &e);
	if (!loaded) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	return loaded;
}

/* The first byte chooses kind and state, the rest is the data. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const kinds[] = { "tool_use", "permission", "image", "todo" };
	static const char *const states[] = { "ok", "running", "failed", "waiting" };
	auto_buf text = BUF_INIT(1 << 20), out = BUF_INIT(64 << 20);
	struct part p = { .at = 5, .turn = 5, .role = "assistant" };
	struct err e = { 0 };

	if (size < 2 || size > 1 << 16 ||
	    utf8_scrub(&text, (const char *)data + 1, size - 1, false, &e) < 0)
		return 0;
	p.kind = kinds[data[0] & 3];
	p.state = states[data[0] >> 2 & 3];
	p.data = buf_text(&text);
	if (part_render(load(), NULL, "UTC", &p, NULL, &out, &e) < 0) {
		if (e.kind == ERR_LIMIT)
			return 0;
		fprintf(stderr, "%s\n", e.text);
		abort();
	}
	if (!utf8_valid(buf_text(&out), out.len) || strstr(buf_text(&out), "<script") ||
	    strstr(buf_text(&out), "href=\"javascript:")) {
		fprintf(stderr, "%s\n", buf_text(&out));
		abort();
	}
	return 0;
}
