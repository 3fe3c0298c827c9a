/* Any two texts: what is kept and removed is the one, what is kept and added the other. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/buf.h"
#include "core/str.h"
#include "transcript/text_diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_side(const struct text_diff *d, char mark, const char *text)
{
	auto_buf out = BUF_INIT(1 << 20);
	size_t i, n = strlen(text);
	struct err e = { 0 };

	for (i = 0; i < d->n; i++) {
		if (d->lines[i].mark != mark && d->lines[i].mark != ' ')
			continue;
		if (buf_add(&out, d->lines[i].text, d->lines[i].n, &e) < 0 ||
		    buf_add(&out, "\n", 1, &e) < 0)
			abort();
	}
	if (n && text[n - 1] != '\n')
		out.data[--out.len] = '\0';
	if (!str_equal(buf_text(&out), text)) {
		fprintf(stderr, "%c: %s\n", mark, buf_text(&out));
		abort();
	}
}

/* The bytes before the first NUL are the old text, those behind it the new one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_buf both = BUF_INIT(1 << 20);
	const char *before, *after;
	struct err e = { 0 };
	struct text_diff d;

	if (size > 1 << 13 || buf_add(&both, data, size, &e) < 0)
		return 0;
	before = buf_text(&both);
	after = strlen(before) < size ? before + strlen(before) + 1 : "";
	d = text_diff(NULL, before, after);
	if (!d.cut) {
		assert_side(&d, '-', before);
		assert_side(&d, '+', after);
	}
	talloc_free(d.lines);
	return 0;
}
