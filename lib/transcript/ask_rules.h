/*
 * What a request's data means for its answer: the name of each, and what "don't
 * ask again" adds to a conversation, as it is offered and as it is sent.
 */
#ifndef TRANSCRIPT_ASK_RULES_H
#define TRANSCRIPT_ASK_RULES_H

#include <json-c/json.h>
#include <stdbool.h>

/* Claude is told this by a denial without a reason. */
#define ASK_DENIED "The user doesn't want this. Ask them what to do instead."
/* And this by every refusal in a run. */
#define ASK_UNATTENDED "This run is unattended: no one can allow this. "

/*
 * The permission updates of a permission part's data, for this session only:
 * those the CLI suggests but for modes, else the command itself or its tool.
 * Gives an array: json_object_put().
 */
struct json_object *ask_rules(struct json_object *data);

/* The name of a question's answer: a form's field has one, else it is the question. NULL: none. */
const char *ask_answer_name(struct json_object *question);

/* The CLI suggests to accept all edits. */
bool ask_offers_edits(struct json_object *data);

#endif
