/*
 * A terminal's output -> HTML: SGR (ECMA-48 8.3.117) becomes <span class="ansi-…">,
 * every other escape sequence and control character is dropped, and a line that
 * was written over after a carriage return shows its last text.
 *
 * Classes: ansi-1 … ansi-8 (black, red, green, yellow, blue, magenta, cyan,
 * white; 256 and true colours become the nearest of them), the same with
 * ansibg-, and ansi-bold, -dim, -italic, -underline, -strike, -inverse.
 */
#ifndef HTML_ANSI_H
#define HTML_ANSI_H

#include "core/buf.h"

/*
 * Appends trusted html; text: n bytes of UTF-8. In linear time. ERR_LIMIT past
 * out's cap, with a part of it appended.
 */
int ansi_render(const char *text, size_t n, struct buf *out, struct err *e) must_check;

#endif
