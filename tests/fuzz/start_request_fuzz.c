/* The body of POST /sessions/<id>. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shim/start_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *body = malloc(size + 1);
	struct err e = { 0 };
	struct start_request s;
	size_t i;

	if (!body)
		abort();
	if (size)
		memcpy(body, data, size);
	body[size] = '\0';
	if (start_request_parse(&s, body, size, &e) == 0) {
		if (!s.nargs || s.args[s.nargs] || s.env[s.nenv])
			abort();
		for (i = 0; i < s.nenv; i++) {
			if (!strchr(s.env[i], '='))
				abort();
		}
	} else if (e.kind != ERR_INPUT && e.kind != ERR_LIMIT) {
		abort();
	}
	free(body);
	return 0;
}
