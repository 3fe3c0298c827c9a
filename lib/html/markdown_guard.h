/* Which texts cmark-gfm would take very long over. */
#ifndef HTML_MARKDOWN_GUARD_H
#define HTML_MARKDOWN_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* False when parsing n bytes could take more than some hundred milliseconds. */
bool markdown_harmless(const char *text, size_t n);

#endif
