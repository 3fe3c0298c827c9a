/* Any bytes as a file of keys: accepted keys are valid in a header field. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keys *k = keys_new();
	struct key_use use;
	struct err e = { 0 };
	const char *c;
	int i;

	if (keys_parse(k, (const char *)data, size, &e) == 0) {
		for (i = 0; i < KEYS_MAX; i++) {
			if (!keys_next(k, "", 0, &use) || !use.line)
				abort();
			for (c = use.line; *c; c++) {
				if (*c < ' ' || *c > '~')
					abort();
			}
		}
	}
	keys_free(k);
	return 0;
}
