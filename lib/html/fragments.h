/*
 * A cache of rendered fragments, keyed by their whole input, so no entry is ever
 * stale; an entry is only replaced by another one. For one thread.
 */
#ifndef HTML_FRAGMENTS_H
#define HTML_FRAGMENTS_H

#include <stddef.h>

struct fragments;

/* Gives (child of ctx). slots: maximum of entries, a power of two. */
struct fragments *fragments_new(const void *ctx, size_t slots);

/* Borrowed until the next fragments_keep; NULL: not cached. */
const char *fragments_find(const struct fragments *f, const void *key, size_t n);

/* Copies key and html. */
void fragments_keep(struct fragments *f, const void *key, size_t n, const char *html);

#endif
