/* Any bytes as a Cookie header; a value found can be set again. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "http/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *header = strndup((const char *)data, size), *value;
	struct cookie c = { "s", NULL, "/", 1, true };
	struct err e = { 0 };

	if (!header)
		abort();
	value = cookie_find(NULL, header, "s");
	if (value) {
		auto_buf out = BUF_INIT(size + 200);

		c.value = value;
		if (cookie_format(&out, &c, &e) < 0 ||
		    strpbrk(buf_text(&out), "\r\n"))
			abort();
	}
	talloc_free(value);
	free(header);
	return 0;
}
