#include "config.h"
#include "egress/helper_protocol.h"

#include <string.h>

#include "core/str.h"

#define DIGITS_MAX 20
#define PORT_MAX 65535

const char *helper_line_number(const char *line, uint64_t *number)
{
	size_t n = strspn(line, "0123456789"), i;
	uint64_t value = 0;

	if (!n || n >= DIGITS_MAX || line[n] != ' ')
		return NULL;
	for (i = 0; i < n; i++)
		value = value * 10 + (uint64_t)(line[i] - '0');
	*number = value;
	return line + n + 1;
}

/* The next field, not empty and of visible ASCII. */
static char *field(char **rest)
{
	char *begin = strsep(rest, " "), *c;

	for (c = begin; c && *c; c++) {
		if (*c <= ' ' || *c > '~')
			return NULL;
	}
	return begin && *begin ? begin : NULL;
}

bool helper_line_parse(char *line, struct egress_question *q)
{
	struct err e = { 0 };
	const char *after = helper_line_number(line, &q->number);
	char *rest, *port;

	if (!after)
		return false;
	rest = line + (after - line);
	q->address = field(&rest);
	q->method = field(&rest);
	q->host = field(&rest);
	port = field(&rest);
	return q->address && q->method && q->host && port && !rest &&
	       str_parse_number(port, 0, PORT_MAX, &q->port, &e) == 0;
}

const char *egress_reason(enum egress_reason r)
{
	static const char *const words[] = {
		[EGRESS_NONE] = "",
		[EGRESS_REASON_LISTED] = "not-listed",
		[EGRESS_REASON_PORT] = "bad-port",
		[EGRESS_REASON_ADDRESS] = "address",
		[EGRESS_REASON_NAME] = "bad-name",
		[EGRESS_REASON_SOURCE] = "unknown-source",
		[EGRESS_REASON_AWAY] = "away",
		[EGRESS_REASON_BUSY] = "busy",
		[EGRESS_REASON_MALFORMED] = "malformed",
	};

	return words[r];
}
