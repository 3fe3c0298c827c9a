/* Any bytes as an Accept-Language header. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "i18n/i18n.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct i18n *texts;
	const char *srcdir = getenv("top_srcdir");
	struct err e = { 0 };
	char path[1024], *text;

	if (!texts) {
		snprintf(path, sizeof(path), "%s/templates/locale",
			 srcdir ? srcdir : ".");
		texts = i18n_load(NULL, path, &e);
	}
	text = strndup((const char *)data, size);
	if (!texts || !text || !i18n_negotiate(texts, text, "en"))
		abort();
	free(text);
	return 0;
}
