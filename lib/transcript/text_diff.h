/* The lines that a change of a text removes, adds and keeps. */
#ifndef TRANSCRIPT_TEXT_DIFF_H
#define TRANSCRIPT_TEXT_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct diff_line {
	char mark;		/* '-' removed, '+' added, ' ' kept */
	const char *text;	/* borrowed from the texts; without its newline */
	size_t n;		/* bytes */
};

struct text_diff {
	struct diff_line *lines;
	size_t n;
	bool cut;		/* a text has more lines than are compared */
};

/*
 * Finds the fewest changes (Myers 1986) up to a limit; beyond it the whole
 * differing part is removed and added. Gives lines (child of ctx).
 */
struct text_diff text_diff(const void *ctx, const char *before, const char *after);

#endif
