/*
 * A call of the model service as a line of text: what the gateway's journal
 * keeps and what it sends to gongbang-ledger. The last line of a call tells
 * everything, and one of the end is final. Before it is its checksum.
 */
#ifndef LEDGER_CALL_LINE_H
#define LEDGER_CALL_LINE_H

#include "store/usage.h"

#define CALL_LINE_MAX 1024	/* bytes, its LF included */
#define CALL_MODEL_SIZE 129
#define CALL_TOKENS_MAX INT64_C(1000000000)	/* of a class in one call: more than any body or reply can be */

enum call_line { LINE_BEGIN = 'b', LINE_REPORT = 'r', LINE_END = 'e' };

/* Bytes, the LF included. */
size_t call_line_format(enum call_line kind, const struct usage_call *c,
			char out[CALL_LINE_MAX]);
/*
 * Texts become the table's own, for they outlive the caller's, and numbers such
 * as a line may hold. An unknown text is our bug: aborts.
 */
void call_line_settle(struct usage_call *c);

/* Without the LF. call's texts are static, but for its model, which is the buffer. */
bool call_line_parse(const char *line, size_t n, enum call_line *kind,
		     struct usage_call *call, char model[CALL_MODEL_SIZE]);

/* A text of a line: bytes that could break it as %XX, "=" before it. */
void call_line_escape(const char *text, char out[3 * CALL_MODEL_SIZE]);
bool call_line_unescape(const char *s, char out[CALL_MODEL_SIZE]) must_check;

#endif
