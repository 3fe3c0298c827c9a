/* Patterns for a search with LIKE ... ESCAPE '\\'. */
#ifndef STORE_LIKE_H
#define STORE_LIKE_H

#include "core/buf.h"

/* Appends "%search%" with the wildcards in search escaped. */
int like_pattern(struct buf *out, const char *search, struct err *e) must_check;

#endif
