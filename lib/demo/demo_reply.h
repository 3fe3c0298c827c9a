/* A reply of the demonstration model before it is serialized. */
#ifndef DEMO_DEMO_REPLY_H
#define DEMO_DEMO_REPLY_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "demo/demo_turn.h"

#define DEMO_MODEL "gongbang-demo-model"
#define DEMO_TEXT_MAX (9u << 20)

struct demo_usage {
	int64_t input, output, cache_written, cache_read;	/* tokens */
};

struct demo_reply {
	int status;			/* HTTP */
	const char *error_type;		/* set: an error, text explains it */
	const char *error_text;
	bool may_retry;			/* for an error: x-should-retry */
	struct json_object *content;	/* blocks; owned */
	const char *stop_reason;
	char id[48];
	struct demo_usage usage;
	int64_t spread_ms;		/* duration of the stream; 0: default pace */
	bool cut;			/* the stream ends in its middle */
};

void demo_reply_init(struct demo_reply *r);
void demo_reply_release(struct demo_reply *r);

/* Append a block; texts are copied. */
void demo_reply_text(struct demo_reply *r, const char *text);
void demo_reply_thinking(struct demo_reply *r, const char *text);
/* Takes input. */
void demo_reply_tool(struct demo_reply *r, const char *name,
		     struct json_object *input);
void demo_reply_error(struct demo_reply *r, int status, const char *type,
		      const char *text, bool may_retry);

/* Sets the four token counts from sizes, about four bytes per token. */
void demo_reply_count(struct demo_reply *r, const struct demo_turn *t);

/* Each gives a JSON object. */
struct json_object *demo_usage_json(const struct demo_usage *u, bool final);
struct json_object *demo_reply_json(const struct demo_reply *r);
struct json_object *demo_error_json(const char *type, const char *text);

#endif
