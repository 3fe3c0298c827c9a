/*
 * Colours of code, by Debian's highlight(1): a process per text without network
 * and files to write, with a limit on its processor time and memory. Only the
 * classes that it names are taken; the characters are always those of the text.
 *
 * Classes: hl-kwa to hl-kwf (words, by the language's groups), hl-str, hl-esc,
 * hl-num, hl-slc and hl-com (comments), hl-opt, hl-ppc, hl-pps, hl-ipl, hl-lin.
 */
#ifndef HTML_HIGHLIGHT_H
#define HTML_HIGHLIGHT_H

#include "core/buf.h"

#define HIGHLIGHT_CODE_MAX (48 << 10)	/* bytes; longer code stays plain */
#define HIGHLIGHT_CPU_MS 100

/*
 * The program's name of a language as a writer of Markdown names it; NULL if
 * it is not known. Borrowed (a literal).
 */
const char *highlight_language(const char *said);

enum highlighted {
	HIGHLIGHTED,
	HIGHLIGHT_PLAIN,	/* exceeds the limits, or there is no such program */
	HIGHLIGHT_LATE,		/* not in time; may succeed later */
};

/*
 * Appends the code's trusted html for HIGHLIGHTED, else nothing. language: from
 * highlight_language; code: valid UTF-8. Blocks for at most wait_ms. The
 * caller's SIGCHLD must not be ignored.
 */
enum highlighted highlight_code(const char *language, const char *code, int wait_ms,
				struct buf *out);

/* For highlight_code and its fuzzer: html: the program's output about the code. */
int highlight_take(const char *code, const char *html, struct buf *out,
		   struct err *e) must_check;

#endif
