/* Unicode lower case, like PostgreSQL's lower() in a UTF-8 locale. */
#ifndef STORE_CASEFOLD_H
#define STORE_CASEFOLD_H

#include <stddef.h>

/* Writes n bytes of UTF-8 in lower case, at most 4n bytes; keeps ill-formed bytes. Returns the length. */
size_t casefold_lower(char *out, const char *s, size_t n);

#endif
