/*
 * Emphasis in languages without blanks. CommonMark 0.29 (6.4) lets **a)** close
 * only before a blank or punctuation, but Korean, Japanese and Chinese go on at
 * once: **마크다운(Markdown)**을. Where a run of "*" or "~" beside such a
 * letter cannot close or open for that reason alone, a rare punctuation mark is
 * put on its outer side; whoever renders takes it out again.
 * "_" stays as specified: within a word it is a name's.
 */
#ifndef HTML_EMPHASIS_H
#define HTML_EMPHASIS_H

#include "core/buf.h"

#define EMPHASIS_MARK_MAX 4	/* bytes */

/*
 * Appends the text with its marks: the same bytes where it has no such letters.
 * mark: the one that was used, which the text itself does not hold; NULL: none.
 * ERR_LIMIT past out's cap.
 */
int emphasis_mark(const char *text, size_t n, struct buf *out,
		  const char **mark, struct err *e) must_check;

#endif
