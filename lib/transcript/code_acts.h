/*
 * What can be done with code, at the head of each block of it: words of the
 * reader's language in html that is cached for all.
 */
#ifndef TRANSCRIPT_CODE_ACTS_H
#define TRANSCRIPT_CODE_ACTS_H

#include "html/template.h"

/*
 * html, trusted, with the template parts/code_acts in place of each MARKDOWN_ACTS
 * and _SHELL. Borrows html: gives it back when it has none. Gives (child of ctx).
 */
const char *code_acts_fill(const void *ctx, const struct templates *t,
			   const struct i18n_locale *text, const char *html);

#endif
