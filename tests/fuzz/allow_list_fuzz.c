/* Any bytes as the list of allowed domains. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include <talloc.h>

#include "egress/allow_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	struct allow_list *l = allow_list_parse(NULL, "fuzz", (const char *)data,
						size, &e);

	if (!l && e.kind == ERR_NONE)
		abort();
	if (l && allow_list_has(l, "example.org", true) &&
	    !allow_list_has(l, "example.org", false))
		abort();
	talloc_free(l);
	return 0;
}
