/* Any bytes as a TZif file and as its footer's rule. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "time/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t moments[] = { INT64_MIN / 1000, -99999999999, 0,
					   1795414019, 4102444800,
					   INT64_MAX / 1000 };
	struct err e = { 0 };
	struct zone *z = zone_parse(NULL, data, size, &e);
	struct zone_time t;
	struct zone_rule r;
	char *text = strndup((const char *)data, size);
	size_t i;

	if (!text)
		abort();
	for (i = 0; z && i < sizeof(moments) / sizeof(moments[0]); i++)
		zone_at(z, moments[i], &t);
	if (zone_rule_parse(text, &r, &e) == 0) {
		for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
			zone_rule_at(&r, moments[i], &t);
	}
	free(text);
	talloc_free(z);
	return 0;
}
