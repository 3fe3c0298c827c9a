/* Text of a file in whatever encoding, as UTF-8. */
#ifndef PREVIEW_PREVIEW_TEXT_H
#define PREVIEW_PREVIEW_TEXT_H

#include <stddef.h>

#include "core/buf.h"

/*
 * Appends a file's first bytes as UTF-8 without byte order mark; a character
 * cut off at the end is left out. Returns the name of the encoding (UTF-8,
 * UTF-16LE, UTF-16BE, CP949: Windows' EUC-KR); NULL when the bytes are no text,
 * or do not fit.
 */
const char *preview_text_decode(const void *bytes, size_t n, struct buf *out);

#endif
