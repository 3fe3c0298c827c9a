/* Any bytes except NUL as a question on egress_socket. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "egress/helper_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct egress_question q = { 0 };
	char *line = malloc(size + 1);

	memcpy(line, data, size);
	line[size] = '\0';
	if (helper_line_parse(line, &q) &&
	    (strpbrk(q.host, " \t\r\n") || !*q.host || !*q.method ||
	     !*q.address || q.port < 0 || q.port > 65535))
		abort();
	free(line);
	return 0;
}
