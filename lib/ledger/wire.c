#include "config.h"
#include "ledger/wire.h"

#include <string.h>

#include "core/str.h"

char *wire_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return line;
}

size_t wire_split(char *line, char *words[LEDGER_WORDS_MAX])
{
	size_t n = 0;

	while (line && n < LEDGER_WORDS_MAX) {
		words[n++] = line;
		line = strchr(line, ' ');
		if (line)
			*line++ = '\0';
	}
	return line ? n + 1 : n;
}

bool wire_number(const char *word, int64_t max, int64_t *out)
{
	struct err e = { 0 };

	return str_parse_number(word, 0, max, out, &e) == 0;
}
