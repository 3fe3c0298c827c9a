/* What "don't ask again" adds to a conversation, as it is offered and as it is sent. */
#ifndef TRANSCRIPT_ASK_RULES_H
#define TRANSCRIPT_ASK_RULES_H

#include <json-c/json.h>
#include <stdbool.h>

/* Claude is told this by a denial without a reason. */
#define ASK_DENIED "The user doesn't want this. Ask them what to do instead."

/*
 * The permission updates of a permission part's data, for this session only:
 * those the CLI suggests but for modes, else the command itself or its tool.
 * Gives an array: json_object_put().
 */
struct json_object *ask_rules(struct json_object *data);

/* The CLI suggests to accept all edits. */
bool ask_offers_edits(struct json_object *data);

#endif
