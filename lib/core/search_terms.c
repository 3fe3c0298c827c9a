#include "config.h"
#include "core/search_terms.h"

#include <string.h>
#include <talloc.h>
#include <utf8proc.h>

#include "core/unicode.h"

#define FOLDED_MAX 24		/* characters that one may become (U+FDFA: 18) */

enum class { NOTHING, WORD, RUN };

/* Hangul, Han and kana, from the first to the last code point of each block. */
static const struct {
	int32_t first, last;
} runs[] = {
	{ 0x1100, 0x11ff }, { 0x3005, 0x3007 }, { 0x3041, 0x3096 },
	{ 0x30a1, 0x30fa }, { 0x30fc, 0x30fe }, { 0x3131, 0x318e },
	{ 0x31f0, 0x31ff }, { 0x3400, 0x4dbf }, { 0x4e00, 0x9fff },
	{ 0xa960, 0xa97c }, { 0xac00, 0xd7a3 }, { 0xd7b0, 0xd7fb },
	{ 0xf900, 0xfaff }, { 0xff66, 0xff9f }, { 0x20000, 0x3ffff },
};

static enum class class_of(int32_t c)
{
	utf8proc_category_t category;
	size_t i;

	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		       (c >= 'A' && c <= 'Z') ? WORD : NOTHING;
	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		if (c >= runs[i].first && c <= runs[i].last)
			return RUN;
	}
	category = utf8proc_category(c);
	return category >= UTF8PROC_CATEGORY_LU &&
	       category <= UTF8PROC_CATEGORY_NO ? WORD : NOTHING;
}

/* Syllables stay whole; an accent without its letter becomes nothing. */
static size_t fold(int32_t c, int32_t out[FOLDED_MAX])
{
	const int how = UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
			UTF8PROC_STRIPMARK | UTF8PROC_DECOMPOSE;
	utf8proc_ssize_t n;
	int boundary = 0;

	if (c < 0x80) {
		out[0] = c >= 'A' && c <= 'Z' ? c + 32 : c;
		return 1;
	}
	/* Signs such as (ju) in one character would become parts of a syllable. */
	if ((class_of(c) == RUN && c < 0xff00) || (c >= 0x3200 && c <= 0x33ff)) {
		out[0] = c;
		return 1;
	}
	n = utf8proc_decompose_char(c, out, FOLDED_MAX, how, &boundary);
	return n < 0 ? 0 : n > FOLDED_MAX ? FOLDED_MAX : (size_t)n;
}

/* A text's folded characters, one after another. */
struct reader {
	const char *text;
	size_t n, at;		/* bytes */
	size_t from, to;	/* of the character that the current one came of */
	int32_t folded[FOLDED_MAX];
	size_t count, next;
};

static bool read_next(struct reader *r, int32_t *c)
{
	utf8proc_ssize_t used;
	int32_t raw;

	while (r->next == r->count) {
		if (r->at == r->n)
			return false;
		used = utf8proc_iterate((const uint8_t *)r->text + r->at,
					(utf8proc_ssize_t)(r->n - r->at), &raw);
		if (used <= 0) {
			used = 1;
			raw = ' ';
		}
		r->from = r->at;
		r->at += (size_t)used;
		r->to = r->at;
		r->next = 0;
		r->count = fold(raw, r->folded);
	}
	*c = r->folded[r->next++];
	return true;
}

static size_t encode(int32_t c, char *to)
{
	return (size_t)utf8proc_encode_char(c, (uint8_t *)to);
}

/* Adds c to the word that out ends with, as long as that is no too long term. */
static int add_letter(struct buf *out, size_t began, int32_t c, struct err *e)
{
	char bytes[4];
	size_t n = encode(c, bytes);

	if (out->len - began + n > SEARCH_TERM_MAX)
		return 0;
	return buf_add(out, bytes, n, e);
}

static int add_pair(struct buf *out, int32_t a, int32_t b, struct err *e)
{
	char bytes[9];
	size_t n = encode(a, bytes);

	n += encode(b, bytes + n);
	bytes[n++] = ' ';
	return buf_add(out, bytes, n, e);
}

static int add_terms(struct buf *out, struct reader *r, struct err *e)
{
	enum class before = NOTHING, now;
	int32_t c, last = 0;
	size_t began = 0;
	int rc = 0;

	for (; rc == 0 && read_next(r, &c); before = now, last = c) {
		now = class_of(c);
		if (before == WORD && now != WORD)
			rc = buf_add_text(out, " ", e);
		if (rc == 0 && now == WORD) {
			if (before != WORD)
				began = out->len;
			rc = add_letter(out, began, c, e);
		} else if (rc == 0 && now == RUN && before == RUN) {
			rc = add_pair(out, last, c, e);
		}
	}
	return rc;
}

int search_terms_add(struct buf *out, const char *text, struct err *e)
{
	char *nfc = unicode_nfc(NULL, text);
	struct reader r = { .text = nfc, .n = strlen(nfc) };
	int rc = add_terms(out, &r, e);

	talloc_free(nfc);
	return rc;
}

/* ---- a query ---- */

static void add_term(struct search_query *q, const int32_t *c, size_t n,
		     bool prefix)
{
	char text[SEARCH_TERM_MAX + 1];
	size_t len = 0, used = 0, i;

	for (; used < n && len + 4 <= SEARCH_TERM_MAX; used++)
		len += encode(c[used], text + len);
	text[len] = '\0';
	for (i = 0; i < q->nterms; i++) {
		if (strcmp(q->terms[i].text, text) == 0)
			return;
	}
	if (q->nterms == SEARCH_TERMS_MAX) {
		q->cut = true;
		return;
	}
	q->terms[q->nterms].text = alloc_checked(talloc_strdup(q, text));
	q->terms[q->nterms++].prefix = prefix || used < n;
}

static void add_unit(struct search_query *q, size_t at, size_t n, bool run)
{
	const int32_t *c = q->characters + at;
	size_t i;

	if (q->nunits == SEARCH_UNITS_MAX) {
		q->cut = true;
		return;
	}
	q->units[q->nunits++] = (struct search_unit){ run, at, n };
	if (!run)
		add_term(q, c, n, n >= SEARCH_PREFIX_MIN);
	for (i = 1; run && i < n; i++)
		add_term(q, c + i - 1, 2, false);
}

struct search_query *search_query_new(const void *ctx, const char *text)
{
	struct search_query *q = alloc_checked(talloc_zero(ctx, struct search_query));
	char *nfc = unicode_nfc(q, text);
	struct reader r = { .text = nfc, .n = strlen(nfc) };
	enum class before = NOTHING, now;
	size_t n = 0, began = 0;
	int32_t c;

	q->characters = alloc_checked(talloc_array(q, int32_t, FOLDED_MAX * r.n + 1));
	for (; !q->cut && read_next(&r, &c); before = now) {
		now = class_of(c);
		if (now != before && before != NOTHING)
			add_unit(q, began, n - began, before == RUN);
		if (now != before)
			began = n;
		if (now != NOTHING)
			q->characters[n++] = c;
	}
	if (before != NOTHING && !q->cut)
		add_unit(q, began, n - began, before == RUN);
	talloc_free(nfc);
	return q;
}

/* ---- where a text has it ---- */

struct folded_text {
	int32_t *c;
	struct search_mark *from;	/* each one's bytes */
	size_t n;
};

static void fold_text(const void *ctx, const char *text, struct folded_text *f)
{
	struct reader r = { .text = text, .n = strlen(text) };
	size_t size = 0;
	int32_t c;

	while (read_next(&r, &c)) {
		if (f->n == size) {
			size = size ? 2 * size : r.n + 16;
			f->c = talloc_realloc(ctx, f->c, int32_t, size);
			f->from = talloc_realloc(ctx, f->from, struct search_mark, size);
			if (!f->c || !f->from)
				err_abort("out of memory");
		}
		f->c[f->n] = c;
		f->from[f->n++] = (struct search_mark){ r.from, r.to };
	}
}

static bool matches_at(const struct search_query *q, const struct search_unit *u,
		       const struct folded_text *f, size_t at)
{
	if (f->n - at < u->n ||
	    memcmp(f->c + at, q->characters + u->at, u->n * sizeof(int32_t)) != 0)
		return false;
	if (u->run)
		return true;
	return (!at || class_of(f->c[at - 1]) != WORD) &&
	       (u->n >= SEARCH_PREFIX_MIN || at + u->n == f->n ||
		class_of(f->c[at + u->n]) != WORD);
}

bool search_query_find(const struct search_query *q, const char *text,
		       struct search_mark marks[SEARCH_MARKS_MAX], size_t *n)
{
	struct folded_text f = { 0 };
	bool found[SEARCH_UNITS_MAX] = { false };
	void *tmp = talloc_new(NULL);
	size_t at, i, end = 0, all = 0;

	*n = 0;
	fold_text(tmp, text, &f);
	for (at = 0; at < f.n; at++) {
		size_t longest = 0;

		for (i = 0; i < q->nunits; i++) {
			if (!matches_at(q, &q->units[i], &f, at))
				continue;
			all += !found[i];
			found[i] = true;
			if (q->units[i].n > longest)
				longest = q->units[i].n;
		}
		if (longest && f.from[at].from >= end && *n < SEARCH_MARKS_MAX) {
			end = f.from[at + longest - 1].to;
			marks[(*n)++] = (struct search_mark){ f.from[at].from, end };
		}
	}
	talloc_free(tmp);
	return all == q->nunits && q->nunits;
}
