#include "config.h"
#include "transcript/truncate_line.h"

#define AFTER_BACKSLASH 5

/* Handles one byte of a string; returns whether it stays. */
static bool stays(struct truncate_line *q, size_t max, char c)
{
	bool middle = ((unsigned char)c & 0xc0) == 0x80;

	if (q->escape == AFTER_BACKSLASH) {
		q->escape = c == 'u' ? 4 : 0;
		return !q->full;
	}
	if (q->escape) {
		q->escape--;
		return !q->full;
	}
	if (c == '"') {
		q->string = false;
		return true;
	}
	/* Cuts only between characters. */
	if (q->kept >= max && !middle)
		q->full = true;
	if (c == '\\')
		q->escape = AFTER_BACKSLASH;
	q->kept++;
	return !q->full;
}

size_t truncate_line_feed(struct truncate_line *q, size_t max, const char *in,
			  size_t n, char *out)
{
	size_t i, to = 0;

	for (i = 0; i < n; i++) {
		if (q->string) {
			if (stays(q, max, in[i]))
				out[to++] = in[i];
			continue;
		}
		if (in[i] == '"')
			*q = (struct truncate_line) { .string = true };
		out[to++] = in[i];
	}
	return to;
}
