/*
 * Markdown -> HTML: GitHub-flavoured (cmark-gfm with table, strikethrough of
 * two tildes, autolink, tasklist). Links get rel="noopener noreferrer nofollow"
 * target="_blank" and allow http, https and mailto only; other targets are shown
 * as text. Images become links (nothing external is loaded), raw HTML becomes
 * visible code, headings start at h2 and skip no level. Code has a head with its
 * language, an empty element for what can be done with it (MARKDOWN_ACTS, or
 * MARKDOWN_ACTS_SHELL for a shell's), and colours by highlight.h.
 *
 * For one thread, and for trusted or small texts only, because cmark needs
 * quadratic time for some; renderer.h limits that.
 */
#ifndef HTML_MARKDOWN_H
#define HTML_MARKDOWN_H

#include <stdbool.h>

#include "core/buf.h"

#define MARKDOWN_VERSION 4	/* increment when the HTML of any text changes */
#define MARKDOWN_TEXT_MAX (1 << 20)	/* bytes */
#define MARKDOWN_HTML_MAX (4 << 20)	/* bytes */
#define MARKDOWN_MEMORY (64 << 20)	/* bytes of memory that rendering may use */

/* Once per process. */
void markdown_start(void);

#define MARKDOWN_ACTS "<div class=\"code-acts\"></div>"
#define MARKDOWN_ACTS_SHELL "<div class=\"code-acts\" data-shell></div>"

/*
 * Appends trusted html. Ill-formed UTF-8 becomes U+FFFD. colour_ms: for the
 * colours of its code, 0: none; *late: some stayed plain because they were over.
 * ERR_LIMIT past MARKDOWN_TEXT_MAX, MARKDOWN_MEMORY or out's cap, with out
 * unchanged.
 */
int markdown_render(const char *text, size_t n, int colour_ms, bool *late,
		    struct buf *out, struct err *e) must_check;

#endif
