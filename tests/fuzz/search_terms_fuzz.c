/* Any text as what is searched and as the question, up to the first line's end. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/search_terms.h"
#include "core/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A term has letters and digits only: nothing that an index takes for an operator. */
static void check_terms(const struct search_query *q)
{
	size_t i;

	for (i = 0; i < q->nterms; i++) {
		const char *t = q->terms[i].text;

		if (!*t || strlen(t) > SEARCH_TERM_MAX ||
		    strpbrk(t, " \t\n\"'*()^:+-{}\\%_") || !utf8_valid(t, strlen(t)))
			abort();
	}
}

static void check_marks(const struct search_query *q, const char *text)
{
	struct search_mark marks[SEARCH_MARKS_MAX];
	size_t n, i, end = 0;

	search_query_find(q, text, marks, &n);
	for (i = 0; i < n; i++) {
		if (marks[i].from < end || marks[i].to <= marks[i].from ||
		    marks[i].to > strlen(text))
			abort();
		end = marks[i].to;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *question;
	auto_buf terms = BUF_INIT(16u << 20);
	struct search_query *q;
	struct err e = { 0 };

	if (!text)
		abort();
	question = strchr(text, '\n');
	if (question)
		*question++ = '\0';
	q = search_query_new(NULL, text);
	check_terms(q);
	if (search_terms_add(&terms, text, &e) < 0)
		abort();
	check_marks(q, question ? question : text);
	check_marks(q, text);
	talloc_free(q);
	free(text);
	return 0;
}
