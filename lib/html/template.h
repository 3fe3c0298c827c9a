/*
 * Mustache templates, to the letter of the specification (mustache(5), spec
 * v1.4 without lambdas): variables, sections, inverted sections, partials,
 * comments, set delimiters.
 *
 * Strict mode, which the product uses: an unknown name is an error, and
 * {{{x}}} or {{&x}} is refused for anything not typed html. {{x}} of an html
 * value is escaped like any text.
 *
 * A name that begins with "t." asks the catalogue: {{t.login_title}}. The
 * sentence is escaped; its {0}, {1} placeholders are not filled here (see
 * i18n.h: put a filled sentence in the view).
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
 * "pages/login", "parts/text". Partials {{> partials/head}} are names too; an
 * unknown one is an error here, as is an unknown {{t.key}} (texts NULL: in
 * tests, not checked). Keeps nothing of texts.
 * Gives, as a talloc child of ctx. Afterwards read-only: threads may share it.
 */
struct templates *templates_load(const void *ctx, const char *dir,
				 const struct i18n *texts,
				 struct err *e) must_check;

/*
 * Renders by name into out (appends; on failure out may hold a beginning).
 * text NULL, in tests: {{t.key}} becomes the key. ERR_INTERNAL with
 * "name.html:line: ..." for what the template or the view has wrong; ERR_LIMIT
 * past out's cap, 32 partials deep or a million nodes.
 */
int template_render(const struct templates *t, const char *name,
		    const struct view *view, const struct i18n_locale *text,
		    struct buf *out, struct err *e) must_check;

/*
 * One template from memory; partials: name -> source pairs, NULL-ended, may be
 * NULL. For the official test data and the fuzzer.
 */
int template_render_text(const char *source, const char *const *partials,
			 const struct view *view, enum template_mode mode,
			 struct buf *out, struct err *e) must_check;

/* Appends s with & < > " ' escaped. */
int html_escape(struct buf *out, const char *s, struct err *e) must_check;

#endif
