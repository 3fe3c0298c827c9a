/* Any bytes as a form with files: what it finds lies within the body. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include <talloc.h>

#include "http/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *body = (const char *)data;
	struct err e = { 0 };
	struct multipart *m = multipart_parse(NULL,
		"multipart/form-data; boundary=x", body, size, &e);
	size_t i;

	if (!m && e.kind == ERR_NONE)
		abort();
	for (i = 0; m && i < m->nfiles; i++) {
		if (m->files[i].bytes < body ||
		    m->files[i].bytes + m->files[i].n > body + size)
			abort();
	}
	talloc_free(m);
	return 0;
}
