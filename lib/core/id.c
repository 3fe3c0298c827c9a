#include "config.h"
#include "core/id.h"

#include <string.h>

static bool hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool id_valid(const char *s)
{
	size_t i;

	if (strlen(s) != ID_SIZE - 1)
		return false;
	for (i = 0; i < ID_SIZE - 1; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23 ?
		    s[i] != '-' : !hex(s[i]))
			return false;
	}
	return true;
}

bool token_valid(const char *s)
{
	size_t i;

	if (strlen(s) != TOKEN_SIZE - 1)
		return false;
	for (i = 0; i < TOKEN_SIZE - 1; i++) {
		if (!hex(s[i]))
			return false;
	}
	return true;
}
