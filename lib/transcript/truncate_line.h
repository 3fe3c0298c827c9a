/*
 * A JSON line too long to keep, made shorter while it comes: its longest
 * strings lose their ends, all else stays, so it can still be understood.
 */
#ifndef TRANSCRIPT_TRUNCATE_LINE_H
#define TRANSCRIPT_TRUNCATE_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed before each line. */
struct truncate_line {
	bool string, full;	/* in one; it has had its share */
	int escape;		/* digits of \u to come; 5: which one it is */
	size_t kept;		/* bytes of the string; an escape counts as one */
};

/* What is left of n bytes goes to out, which has room for n and may be in. Returns how many. */
size_t squeeze(struct truncate_line *q, size_t max, const char *in, size_t n,
	       char *out);

#endif
