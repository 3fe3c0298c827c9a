/*
 * Truncates a JSON line that is too long while it arrives: its longest strings
 * lose their ends, everything else stays, so it can still be parsed.
 */
#ifndef TRANSCRIPT_TRUNCATE_LINE_H
#define TRANSCRIPT_TRUNCATE_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed before each line. */
struct truncate_line {
	bool string, full;	/* inside a string; it has reached its cap */
	int escape;		/* remaining digits of \u; 5: the escape's letter */
	size_t kept;		/* bytes of the string; an escape counts as one */
};

/*
 * Writes what remains of n bytes to out, which has room for n and may be in.
 * Returns how many.
 */
size_t truncate_line_feed(struct truncate_line *q, size_t max, const char *in,
			  size_t n, char *out);

#endif
