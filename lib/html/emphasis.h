/*
 * Emphasis in languages without spaces. In CommonMark 0.29 (6.4), **a)** closes
 * only before a space or punctuation, but Korean, Japanese and Chinese text
 * continues at once: **마크다운(Markdown)**을. Where only that keeps a run of "*" or
 * "~" beside such a letter from opening or closing, a rare punctuation mark is
 * inserted on its outer side; the renderer removes it again. "_" keeps the
 * specified rule, because names contain it.
 */
#ifndef HTML_EMPHASIS_H
#define HTML_EMPHASIS_H

#include "core/buf.h"

#define EMPHASIS_MARK_MAX 4	/* bytes */

/*
 * Appends the text with marks inserted; unchanged without such letters. *mark:
 * the inserted mark, which the text itself does not contain; NULL: none was
 * inserted. ERR_LIMIT past out's cap.
 */
int emphasis_mark(const char *text, size_t n, struct buf *out,
		  const char **mark, struct err *e) must_check;

#endif
