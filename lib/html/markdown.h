/*
 * Markdown -> HTML: GitHub-flavoured (cmark-gfm with table, strikethrough of
 * two tildes, autolink, tasklist). Links get rel="noopener noreferrer nofollow"
 * target="_blank" and go to http, https and mailto only; another link's target
 * is shown as text. Images become links (nothing outside is loaded), raw HTML
 * becomes visible code, headings begin at h2 and skip no level.
 */
#ifndef HTML_MARKDOWN_H
#define HTML_MARKDOWN_H

#include "core/buf.h"

/* Once per process, before threads start. */
void markdown_start(void);

/*
 * Appends trusted html. Text that would take the parser very long (nesting
 * 100 deep, 20,000 brackets in one block ...) becomes <pre class="plain">, so
 * the time is bounded and nothing is lost. Ill-formed UTF-8 becomes U+FFFD.
 * ERR_LIMIT past 1 MiB of text or out's cap. Any thread.
 */
int markdown_render(const char *text, size_t n, struct buf *out, struct err *e) must_check;

#endif
