/* Any bytes as a price table; no price is negative. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "spending/prices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct usage u = { INT64_MAX, 1, INT64_MAX, 1, -1 };
	static const int64_t moments[] = { INT64_MIN, 0, 1795414019000,
					   INT64_MAX };
	struct err e = { 0 };
	struct prices *p = prices_parse(NULL, "f", (const char *)data, size,
					&e);
	char *model = strndup((const char *)data, size < 20 ? size : 20);
	size_t i;

	if (!model || (!p && (e.kind != ERR_INPUT && e.kind != ERR_LIMIT)))
		abort();
	for (i = 0; p && i < sizeof(moments) / sizeof(moments[0]); i++) {
		if (prices_cost(p, model, &u, moments[i]) < -1 ||
		    prices_dearest(p, "m", &u, moments[i]) < 0 ||
		    (prices_cost(p, "m", &u, moments[i]) >
		     prices_dearest(p, "m", &u, moments[i])))
			abort();
	}
	free(model);
	talloc_free(p);
	return 0;
}
