/* A message from a page's WebSocket: one JSON object. */
#ifndef BRIDGE_INCOMING_H
#define BRIDGE_INCOMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "core/err.h"
#include "core/id.h"

enum incoming_type {
	INCOMING_MESSAGE,	/* id, text, held (of the message it replaces), pictures, now */
	INCOMING_SEND,		/* id, held: its text, as message id */
	INCOMING_DISCARD,	/* held */
	INCOMING_RECALL,		/* id */
	INCOMING_WITHDRAW,	/* id */
	INCOMING_INTERRUPT,
	INCOMING_ANSWER,		/* target, choice, reason, answers */
	INCOMING_MODE,		/* mode */
	INCOMING_MODEL,		/* model */
	INCOMING_EFFORT,		/* effort */
	INCOMING_CONTEXT,	/* how full Claude's context is */
	INCOMING_ASIDE,		/* id, text: a question beside the conversation */
	INCOMING_FILES,		/* text: the beginning of a path */
	INCOMING_ASK,		/* domain, reason */
	INCOMING_START,		/* how: "", safe, reset, usual, restart */
	INCOMING_BEGIN,		/* id: of the conversation whose first message is typed */
	INCOMING_RELEASE,	/* id: of the conversation whose place is wanted */
	INCOMING_PING,
};

/* A talloc object that owns its texts. Fields that a type does not have are "". */
struct incoming {
	enum incoming_type type;
	char id[ID_SIZE], held[ID_SIZE];	/* held: "" none */
	const char *text, *choice, *reason, *mode, *model, *effort, *domain, *how;
	const char *pictures;		/* ids, separated by spaces */
	bool now;
	int64_t target;			/* the part's `at` */
	struct json_object *answers;	/* question -> label or [labels]; may be NULL */
	struct json_object *whole;
};

/*
 * ERR_INPUT for anything else, a wrong type, a missing field, NUL or
 * ill-formed UTF-8. Unknown fields are ignored. Gives (child of ctx).
 */
struct incoming *incoming_parse(const void *ctx, const char *text, size_t n,
				struct err *e) must_check;

/*
 * Finds the id in the first bytes of a message that was too long to keep;
 * false when it has none.
 */
bool incoming_find_id(const char *head, size_t n, char id[ID_SIZE]);

#endif
