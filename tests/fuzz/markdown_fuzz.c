/* Any bytes as Markdown: well-formed UTF-8 out, and no tag from the input. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "html/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	auto_buf out = BUF_INIT(64 << 20);
	struct err e = { 0 };
	bool late;

	if (!started)
		markdown_start();
	started = true;
	if (size > 1 << 16)
		return 0;
	if (markdown_render((const char *)data, size, 0, &late, &out, &e) < 0) {
		if (e.kind == ERR_LIMIT)
			return 0;
		fprintf(stderr, "%s\n", e.text);
		abort();
	}
	if (!utf8_valid(buf_text(&out), out.len) ||
	    strcasestr(buf_text(&out), "<script") ||
	    strcasestr(buf_text(&out), "<img") ||
	    strcasestr(buf_text(&out), "<!--") ||
	    strcasestr(buf_text(&out), "href=\"javascript:")) {
		fprintf(stderr, "%s\n", buf_text(&out));
		abort();
	}
	return 0;
}
