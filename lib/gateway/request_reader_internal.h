/* Shared by request_reader.c, which reads JSON, and request_fields.c, which knows its fields. */
#ifndef GATEWAY_REQUEST_READER_INTERNAL_H
#define GATEWAY_REQUEST_READER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/request_reader.h"

#define DEPTH_MAX 256

/* Where a value is, which decides what is read from it. */
enum region {
	R_OPAQUE,	/* outside */
	R_TOP,		/* the request itself */
	R_TOOLS,	/* tools, and each of them */
	R_CONTENT,	/* messages and system, and their contents */
	R_SOURCE,	/* source of a picture or document */
	R_THINKING,
	/* single values */
	R_MODEL,
	R_MAX_TOKENS,
	R_BUDGET_TOKENS,
	R_TOOL_TYPE,
	R_CONTENT_TYPE,
	R_SOURCE_TYPE,
	R_DATA,		/* base64 */
};

enum state {
	S_VALUE,	/* expects a value */
	S_FIRST_VALUE,	/* or the end of the list */
	S_KEY, S_FIRST_KEY,
	S_COLON,
	S_AFTER,	/* expects a comma, or the end */
	S_STRING, S_ESCAPE, S_HEX,
	S_WORD,		/* number, true, false, null */
	S_END,
};

struct request_reader {
	struct request_reading reading;
	const char *allowed;
	int64_t at;			/* offset of the next byte */
	enum state state;
	enum region region;		/* of the value that is read or comes next */
	size_t depth;
	uint8_t regions[DEPTH_MAX];	/* of the open containers */
	bool lists[DEPTH_MAX];
	bool key;			/* the current string is a key */
	char text[REQUEST_MODEL_SIZE + 1];	/* of a key, a short string or a word, decoded */
	size_t len;
	bool keep, cut;			/* text is kept; it was too long */
	unsigned hex, hex_left;
	bool has_max, has_model;
	int64_t narrow, wide;		/* bytes: ASCII, others */
	int64_t data;			/* bytes of the current string */
	int64_t pictures;		/* tokens */
};

/* request_fields.c */
/* Each ends the reading with a fault; a hosted name may be allowed. */
void request_malformed(struct request_reader *r);
void request_hosted(struct request_reader *r, const char *name);
/* A key, a string or a word is in r->text: sets the region and state of what follows. */
void request_end_key(struct request_reader *r);
void request_end_string(struct request_reader *r);
void request_end_word(struct request_reader *r);
/* Whether a value is a number of tokens. */
bool request_counts(enum region region);

#endif
