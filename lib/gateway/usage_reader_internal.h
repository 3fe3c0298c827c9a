/*
 * Shared by the files of the usage reader: the two scanners pass complete JSON
 * texts to it.
 */
#ifndef GATEWAY_USAGE_READER_INTERNAL_H
#define GATEWAY_USAGE_READER_INTERNAL_H

#include "core/buf.h"
#include "gateway/usage_reader.h"

#define USAGE_KEPT_MAX 65536	/* bytes of one event's data or one value */
#define USAGE_PREFIX_MAX 6	/* bytes of "event:" */

enum sse_line {
	SSE_UNKNOWN,		/* its field is not known yet: see prefix */
	SSE_EVENT,
	SSE_DATA,
	SSE_OUTPUT,		/* data that are counted, not read */
	SSE_SKIPPED,
};

struct sse_scan {
	enum sse_line line;
	char prefix[USAGE_PREFIX_MAX];
	size_t prefix_len;
	size_t line_len;	/* bytes of this line, 0 ends the event */
	char event[20];		/* "" without an event: line; else the start of its name */
	size_t event_len;	/* of the whole name, may exceed sizeof(event) */
	size_t bom;		/* bytes of the byte order mark seen; 3: past it */
	bool after_cr;		/* an LF now belongs to the previous line */
	bool overflow;		/* this event's data were too long */
};

enum json_field { JSON_OTHER, JSON_MODEL, JSON_USAGE, JSON_TYPE };

struct json_scan {
	enum { JSON_BEFORE, JSON_KEY, JSON_IN_KEY, JSON_COLON, JSON_VALUE,
	       JSON_AFTER, JSON_LOST } state;
	size_t depth;		/* of lists and objects inside the value */
	bool quoted, escaped;	/* inside a string of the value */
	enum json_field field;
	bool overflow;		/* this value was too long */
};

/* Sums of usage.iterations; writes without a lifetime are separate. */
struct iterations {
	struct usage usage;
	int64_t writes;
};

enum usage_format {
	USAGE_UNKNOWN,		/* only blanks so far */
	USAGE_SSE,
	USAGE_JSON,
};

struct usage_reader {
	enum usage_format format;
	struct usage_reading reading;
	struct usage top;	/* the model that usage names */
	struct iterations iterations;
	struct buf kept;	/* the event's data, or the key or value */
	union {
		struct sse_scan sse;
		struct json_scan json;
	};
};

void sse_feed(struct usage_reader *r, const char *bytes, size_t n);
void json_feed(struct usage_reader *r, const char *bytes, size_t n);

/* Appends to kept; false when that is full. */
bool usage_keep(struct usage_reader *r, const char *bytes, size_t n);
/* Clears kept, and frees its memory if it is large. */
void usage_drop(struct usage_reader *r);

/* kept holds an event's data. False when they are no object that can be read. */
bool usage_read_event(struct usage_reader *r);
/* kept holds a top-level value of a body. */
void usage_read_value(struct usage_reader *r, enum json_field field);
/* A body is complete: its usage covers all of it, wherever it was found. */
void usage_end_body(struct usage_reader *r);

#endif
