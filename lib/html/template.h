/*
 * Mustache templates, exactly as specified (mustache(5), spec v1.4 without
 * lambdas): variables, sections, inverted sections, partials, comments, set
 * delimiters.
 *
 * The product uses strict mode: an unknown name is an error, and {{{x}}} or
 * {{&x}} is refused for values not typed html. {{x}} of an html value is escaped
 * like text.
 *
 * A name that begins with "t." is a key of the catalogue: {{t.login_title}}. The
 * sentence is escaped; its {0}, {1} placeholders are not filled here (put a
 * sentence filled by i18n.h into the view instead).
 */
#ifndef HTML_TEMPLATE_H
#define HTML_TEMPLATE_H

#include "core/buf.h"
#include "html/view.h"
#include "i18n/i18n.h"

enum template_mode { TEMPLATE_STRICT, TEMPLATE_SPEC };

struct templates;

/*
 * Parses every *.html below dir at once, so a typo stops the start with
 * "name.html:line: ...". A template's name is its path without ".html":
 * "pages/login", "parts/text". An unknown partial {{> partials/head}} or key
 * {{t.key}} is an error (texts NULL, in tests: keys are not checked). Borrows
 * texts. Gives (child of ctx); read-only afterwards, so threads may share it.
 */
struct templates *templates_load(const void *ctx, const char *dir,
				 const struct i18n *texts,
				 struct err *e) must_check;

/*
 * Renders a template by name and appends to out; on failure out may contain a
 * part of it. text NULL, in tests: {{t.key}} becomes the key. ERR_INTERNAL with
 * "name.html:line: ..." for an error in the template or the view; ERR_LIMIT past
 * out's cap, 32 nested partials or a million nodes.
 */
int template_render(const struct templates *t, const char *name,
		    const struct view *view, const struct i18n_locale *text,
		    struct buf *out, struct err *e) must_check;

/*
 * Renders a template from memory. partials: pairs of name and source, ended by
 * NULL; may be NULL. For the official test data and the fuzzer.
 */
int template_render_text(const char *source, const char *const *partials,
			 const struct view *view, enum template_mode mode,
			 struct buf *out, struct err *e) must_check;

/* Appends s with & < > " ' escaped. */
int html_escape(struct buf *out, const char *s, struct err *e) must_check;

#endif
