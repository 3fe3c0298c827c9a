/* The one-line summary of a tool call. */
#ifndef TRANSCRIPT_TOOL_TITLE_H
#define TRANSCRIPT_TOOL_TITLE_H

#include <stdbool.h>

#include <json-c/json.h>

/*
 * Sets "title" and "about" of into (each only if there is one) from the input
 * of the tool called name: the command and its description, the file, the
 * pattern. One line each, at most 300 bytes. Unknown tools have none.
 */
void tool_title(struct json_object *into, const char *name, struct json_object *input);

/* The tool writes the one file that its title names. */
bool tool_writes(const char *name);

#endif
