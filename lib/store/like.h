/* Searches for a text with LIKE ... ESCAPE '\\'. */
#ifndef STORE_LIKE_H
#define STORE_LIKE_H

#include "core/buf.h"

/* Appends "%text%" with the wildcards of the text itself made literal. */
int like_pattern(struct buf *out, const char *search, struct err *e) must_check;

#endif
