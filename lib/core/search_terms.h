/*
 * The terms by which texts are found, whatever the store: words of scripts that
 * part them, and overlapping pairs of Hangul, Han and kana, whose words have no
 * borders that an index would know. A term has letters and digits only, folded:
 * lower case, without accents, compatibility forms resolved (UAX 15).
 */
#ifndef CORE_SEARCH_TERMS_H
#define CORE_SEARCH_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

#define SEARCH_TERM_MAX 64	/* bytes; longer words are cut */
#define SEARCH_UNITS_MAX 16	/* of a query; what follows is not searched for */
#define SEARCH_TERMS_MAX 64
#define SEARCH_PREFIX_MIN 3	/* characters from which on a word also finds longer ones */
#define SEARCH_MARKS_MAX 24

/* Appends the terms of valid UTF-8, each followed by a space. */
int search_terms_add(struct buf *out, const char *text, struct err *e) must_check;

/* A word or an unbroken run of Hangul, Han and kana. */
struct search_unit {
	bool run;
	size_t at, n;		/* in the query's characters */
};

struct search_term {
	const char *text;
	bool prefix;
};

/* What a person wrote into a search field. A talloc object. */
struct search_query {
	int32_t *characters;	/* folded */
	struct search_unit units[SEARCH_UNITS_MAX];
	size_t nunits;
	struct search_term terms[SEARCH_TERMS_MAX];
	size_t nterms;		/* 0: no index knows it, e.g. one syllable */
	bool cut;		/* it has more units or terms */
};

/* Any valid UTF-8; quotes and operators part words like spaces. Gives (child of ctx). */
struct search_query *search_query_new(const void *ctx, const char *text);

struct search_mark {
	size_t from, to;	/* bytes of the text */
};

/*
 * True if the text (NFC, valid UTF-8) has every unit of the query: runs anywhere,
 * words at their beginning. marks: where, in order, not overlapping.
 */
bool search_query_find(const struct search_query *q, const char *text,
		       struct search_mark marks[SEARCH_MARKS_MAX], size_t *n);

#endif
