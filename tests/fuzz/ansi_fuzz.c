/*
 * Any output of a terminal: well-formed UTF-8 without control characters, only
 * spans of our classes, each closed.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "html/ansi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void wrong(const char *what, const char *html)
{
	fprintf(stderr, "%s: %s\n", what, html);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char open[] = "<span class=\"ansi", close[] = "</span>";
	auto_buf text = BUF_INIT(1 << 20), out = BUF_INIT(16 << 20);
	struct err e = { 0 };
	const char *at;
	int depth = 0;

	if (size > 1 << 16 || utf8_scrub(&text, (const char *)data, size, false, &e) < 0)
		return 0;
	if (ansi_render(buf_text(&text), text.len, &out, &e) < 0)
		wrong("failed", e.text);
	if (!utf8_valid(buf_text(&out), out.len))
		wrong("ill-formed", buf_text(&out));
	for (at = buf_text(&out); *at; at++) {
		if (((unsigned char)*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7f)
			wrong("a control character", buf_text(&out));
		if (*at != '<')
			continue;
		depth += str_starts(at, open) ? 1 : str_starts(at, close) ? -1 : 9;
		if (depth < 0 || depth > 1)
			wrong("spans", at);
	}
	if (depth)
		wrong("an open span", buf_text(&out));
	return 0;
}
