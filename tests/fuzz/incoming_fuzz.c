/* Any bytes as a browser's message. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include <talloc.h>

#include "bridge/incoming.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	struct incoming *c = incoming_parse(NULL, (const char *)data, size, &e);
	char id[ID_SIZE];

	if (!c && e.kind == ERR_NONE)
		abort();
	talloc_free(c);
	if (incoming_find_id((const char *)data, size, id) && !id_valid(id))
		abort();
	return 0;
}
