/*
 * Markdown -> HTML: GitHub-flavoured (cmark-gfm with table, strikethrough of
 * two tildes, autolink, tasklist). Links get rel="noopener noreferrer nofollow"
 * target="_blank" and go to http, https and mailto only; another link's target
 * is shown as text. Images become links (nothing outside is loaded), raw HTML
 * becomes visible code, headings begin at h2 and skip no level.
 *
 * For one thread, and for trusted or small text only: some texts take cmark
 * quadratic time. renderer.h bounds that.
 */
#ifndef HTML_MARKDOWN_H
#define HTML_MARKDOWN_H

#include "core/buf.h"

#define MARKDOWN_VERSION 3	/* raise it when the HTML of some text changes */
#define MARKDOWN_TEXT_MAX (1 << 20)	/* bytes */
#define MARKDOWN_HTML_MAX (4 << 20)	/* bytes */
#define MARKDOWN_MEMORY (64 << 20)	/* bytes that rendering may take */

/* Once per process. */
void markdown_start(void);

/*
 * Appends trusted html. Ill-formed UTF-8 becomes U+FFFD. ERR_LIMIT past
 * MARKDOWN_TEXT_MAX, MARKDOWN_MEMORY or out's cap; out is unchanged then.
 */
int markdown_render(const char *text, size_t n, struct buf *out, struct err *e) must_check;

#endif
