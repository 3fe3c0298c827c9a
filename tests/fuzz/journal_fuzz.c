/* Any bytes as a line of the journal; an accepted one is written identically. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/call_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *line, size_t n)
{
	char model[CALL_MODEL_SIZE], again[CALL_LINE_MAX];
	char more[CALL_MODEL_SIZE];
	struct usage_call call, same;
	enum call_line kind, other;
	size_t len;

	if (!call_line_parse(line, n, &kind, &call, model))
		return;
	call_line_normalize(&call);
	len = call_line_format(kind, &call, again);
	if (!call_line_parse(again, len - 1, &other, &same, more) ||
	    other != kind || strcmp(model, more) != 0 ||
	    memcmp(&same.usage, &call.usage, sizeof(call.usage)) != 0)
		abort();
}

/* As it is, and with the checksum that it should have. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[CALL_LINE_MAX];
	uint32_t sum = 2166136261u;
	size_t i;

	check((const char *)data, size);
	if (size < 9 || size >= sizeof(line))
		return 0;
	memcpy(line, data, size);
	for (i = 9; i < size; i++)
		sum = (sum ^ data[i]) * 16777619u;
	snprintf(line, 9, "%08x", sum);
	line[8] = ' ';
	check(line, size);
	return 0;
}
