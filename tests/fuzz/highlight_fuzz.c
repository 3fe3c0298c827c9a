/* Any code and anything said about its colours: the code itself, in spans of ours. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "html/highlight.h"
#include "html/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* html without tags. */
static void strip(const char *html, struct buf *out, struct err *e)
{
	size_t n;

	while (*html) {
		n = strcspn(html, "<");
		if (buf_add(out, html, n, e) < 0)
			abort();
		html += n;
		if (*html && !str_starts(html, "<span class=\"hl-") && !str_starts(html, "</span>"))
			abort();
		html += strcspn(html, ">");
		html += *html == '>';
	}
}

/* The bytes before the first NUL are the code, those behind it the program's words. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_buf both = BUF_INIT(1 << 20), out = BUF_INIT(16 << 20);
	auto_buf wanted = BUF_INIT(16 << 20), shown = BUF_INIT(16 << 20);
	struct err e = { 0 };
	const char *code, *html;

	if (size > 1 << 16 || buf_add(&both, data, size, &e) < 0 || buf_add(&both, "", 1, &e) < 0)
		return 0;
	code = buf_text(&both);
	html = strlen(code) == size ? "" : code + strlen(code) + 1;
	if (highlight_take(code, html, &out, &e) < 0)
		return 0;
	strip(buf_text(&out), &shown, &e);
	if (html_escape(&wanted, code, &e) < 0 || !str_equal(buf_text(&wanted), buf_text(&shown))) {
		fprintf(stderr, "%s\n%s\n", buf_text(&wanted), buf_text(&shown));
		abort();
	}
	return 0;
}
