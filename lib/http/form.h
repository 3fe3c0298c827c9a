/* Fields of a form or query: application/x-www-form-urlencoded (URL Standard, section 5). */
#ifndef HTTP_FORM_H
#define HTTP_FORM_H

#include <stddef.h>

#include "core/err.h"

struct form;

/* At most 200 fields. NUL, bad escapes, ill-formed UTF-8: ERR_INPUT. Gives (child of ctx). */
struct form *form_parse(const void *ctx, const char *text, size_t n,
			struct err *e) must_check;

/* The first field of that name, "" when there is none. Borrowed. */
const char *form_text(const struct form *f, const char *name);

/* What a page declares of each field it takes; everything else in a form is ignored. */
struct form_rule {
	const char *name;
	size_t min, max;	/* characters (code points) */
	const char *key;	/* catalogue key of the sentence when it is wrong */
};

/* ERR_INPUT with the rule's key at the first field that breaks its rule. */
int form_check(const struct form *f, const struct form_rule *rules, size_t n,
	       struct err *e) must_check;

#endif
