/* Percent-encoding (RFC 3986, 2.1). */
#ifndef CORE_PERCENT_H
#define CORE_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct buf;

/*
 * Keeps letters, digits, "-._~" and the characters in keep, and encodes each
 * other byte as %XX. out holds 3 * strlen(text) + 1 bytes. Returns the length.
 */
size_t percent_encode(char *out, const char *text, const char *keep);

/* Appends the encoded text. ERR_LIMIT leaves the buffer unchanged. */
int percent_add(struct buf *out, const char *text, const char *keep,
		struct err *e) must_check;

/*
 * Decodes n bytes; plus: "+" means a space, as in forms. out holds n + 1 bytes
 * and may be text itself. Returns the length, or -1 for a "%" without two hex
 * digits. The result may contain NUL and ill-formed UTF-8.
 */
ptrdiff_t percent_decode(char *out, const char *text, size_t n, bool plus);

#endif
