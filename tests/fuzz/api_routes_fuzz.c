/* Any method and target, separated by a space: a forwarded one is unambiguous. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/api_routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *raw, *c;
	const struct api_route *t;

	if (!text)
		abort();
	raw = strchr(text, ' ');
	if (raw) {
		*raw++ = '\0';
		if (api_route_find(text, raw, &t) == API_ROUTE_GOOD) {
			for (c = raw; *c; c++) {
				if (*c <= ' ' || *c > '~' || *c == '#')
					abort();
			}
			raw[strcspn(raw, "?")] = '\0';
			if (*raw != '/' || strchr(raw, '%') || strstr(raw, "//") ||
			    strstr(raw, "/.") || strchr(raw, '\\') || strchr(raw, ';'))
				abort();
		}
	}
	free(text);
	return 0;
}
