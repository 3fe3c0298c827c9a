/* Any bytes as a form: what is accepted is UTF-8 without NUL. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "http/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct form_rule rule = { "a", 0, 10, "error_a" };
	struct err e = { 0 };
	struct form *f = form_parse(NULL, (const char *)data, size, &e);
	const char *a;

	if (!f) {
		if (e.kind != ERR_INPUT)
			abort();
		return 0;
	}
	a = form_text(f, "a");
	if (!utf8_valid(a, strlen(a)) || strchr(a, '\r'))
		abort();
	if (form_check(f, &rule, 1, &e) == 0 &&
	    utf8_count(a, strlen(a)) > 10)
		abort();
	talloc_free(f);
	return 0;
}
