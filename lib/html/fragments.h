/*
 * Rendered fragments by all that they were made of. The key is the whole
 * input, so nothing in it is ever out of date; a fragment only gives way to
 * another. For one thread.
 */
#ifndef HTML_FRAGMENTS_H
#define HTML_FRAGMENTS_H

#include <stddef.h>

struct fragments;

/* Gives (child of ctx). slots: how many are kept at most, a power of two. */
struct fragments *fragments_new(const void *ctx, size_t slots);

/* Borrowed until the next fragments_keep; NULL: not there. */
const char *fragments_find(const struct fragments *f, const void *key, size_t n);

/* Copies both. */
void fragments_keep(struct fragments *f, const void *key, size_t n, const char *html);

#endif
