/* Any bytes as an agent's file. An accepted one can be written and read again. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "agent/definition.h"
#include "core/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct definition *d)
{
	auto_buf one = BUF_INIT(DEFINITION_JSON_MAX);
	auto_buf two = BUF_INIT(DEFINITION_JSON_MAX);
	struct definition *back;
	struct err e = { 0 };

	if (definition_format(d, &one, &e) < 0)
		abort();
	back = definition_parse(NULL, one.data, one.len, &e);
	if (!back || definition_format(back, &two, &e) < 0 ||
	    !str_equal(buf_text(&one), buf_text(&two)))
		abort();
	talloc_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	struct definition *d = definition_parse(NULL, (const char *)data, size,
						&e);

	if (d)
		check_again(d);
	else if (!e.key[0] || !utf8_valid(e.text, strlen(e.text)))
		abort();
	talloc_free(d);
	return 0;
}
