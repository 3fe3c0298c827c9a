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
	talloc_free(f);
	return 0;
}
