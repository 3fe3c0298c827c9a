/*
 * A call of the model service as a line of text: used in the gateway's journal
 * and for requests to gongbang-ledger. Each line holds the whole state of its
 * call, so the last one counts; a line of the end is final. It begins with a
 * checksum.
 */
#ifndef LEDGER_CALL_LINE_H
#define LEDGER_CALL_LINE_H

#include "store/usage.h"

#define CALL_LINE_MAX 1024	/* bytes, including its LF */
#define CALL_MODEL_SIZE 129
#define CALL_TOKENS_MAX INT64_C(1000000000)	/* per class in one call: more than any body or
						 * reply can have */

enum call_line { LINE_BEGIN = 'b', LINE_REPORT = 'r', LINE_END = 'e' };

/* Returns the bytes, including the LF. */
size_t call_line_format(enum call_line kind, const struct usage_call *c,
			char out[CALL_LINE_MAX]);
/*
 * Replaces texts by the table's own, which outlive the caller's, and clamps
 * numbers to what a line may hold. An unknown text is a bug: aborts.
 */
void call_line_normalize(struct usage_call *c);

/*
 * Without the LF. call's texts are static, except its model, which points into
 * the buffer.
 */
bool call_line_parse(const char *line, size_t n, enum call_line *kind,
		     struct usage_call *call, char model[CALL_MODEL_SIZE]);

/* Escapes a text: bytes that could break the line as %XX, "=" in front. */
void call_line_escape(const char *text, char out[3 * CALL_MODEL_SIZE]);
bool call_line_unescape(const char *s, char out[CALL_MODEL_SIZE]) must_check;

#endif
