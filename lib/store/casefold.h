/* Lower case beyond ASCII, as PostgreSQL's lower() has it in a UTF-8 locale. */
#ifndef STORE_CASEFOLD_H
#define STORE_CASEFOLD_H

#include <stddef.h>

/* n bytes of UTF-8 to at most 4n bytes at out; ill-formed bytes stay. Returns their number. */
size_t casefold_lower(char *out, const char *s, size_t n);

#endif
