/* Parses a request to the Messages API for the demonstration model. */
#ifndef DEMO_DEMO_TURN_H
#define DEMO_DEMO_TURN_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct demo_turn {
	struct json_object *root;	/* owned; everything else borrows from it */
	struct json_object *messages;
	const char *text;		/* the user's last text, "" when none */
	size_t text_len;
	bool korean;			/* text holds Hangul */
	int step;			/* tool calls since that text */
	const char *last_tool;		/* the newest of these calls, or "" */
	struct json_object *result;	/* last tool_result when step > 0, or NULL */
	bool result_failed;
	struct json_object *asked;	/* the message with that text, or of pictures alone; NULL none */
	bool stream;
	size_t bytes;			/* in the request */
	size_t fresh;			/* of these, new since the last reply */
};

/*
 * Parses a request body; ERR_INPUT when malformed. Accepts hostile bytes:
 * nesting is capped, missing members have defaults. Release it with
 * demo_turn_release.
 */
int demo_turn_parse(struct demo_turn *t, const char *body, size_t n,
		    struct err *e) must_check;
void demo_turn_release(struct demo_turn *t);

/*
 * The i-th picture (from 0) of the user's last message: its media type and the
 * bytes of its content. False past the last.
 */
bool demo_turn_picture(const struct demo_turn *t, size_t i,
		       const char **media_type, size_t *bytes) must_check;

/* The tool is in the request's list. */
bool demo_turn_has_tool(const struct demo_turn *t, const char *name);

/* The tool is not in the list, but can be requested (deferred). */
bool demo_turn_may_find(const struct demo_turn *t, const char *name);

/*
 * Copies the first word that begins with prefix in any text of the request, as
 * a path given to the model; false when there is none or it is too long.
 */
bool demo_turn_find(const struct demo_turn *t, const char *before,
		    const char *prefix, const char *suffix, char *out,
		    size_t size) must_check;

/* Whether any text of the request contains these words. */
bool demo_turn_mentions(const struct demo_turn *t, const char *words);

/* The last tool result as text (first text block), "" when none; borrowed. */
const char *demo_turn_result_text(const struct demo_turn *t);

#endif
