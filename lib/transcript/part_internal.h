/* Shared by the files that draw parts. */
#ifndef TRANSCRIPT_PART_INTERNAL_H
#define TRANSCRIPT_PART_INTERNAL_H

#include <json-c/json.h>

#include "transcript/part.h"

/* A part while its view is built. */
struct drawing {
	struct view *view;
	const struct i18n_locale *text;
	const char *zone;
	const struct part *part;
	struct rendering *rendering;	/* NULL: none */
	struct json_object *data;
	void *ctx;		/* for intermediate results */
};

/* Sets name to the text field key of data, "" when absent. */
void draw_text(struct drawing *d, const char *name, const char *key);
void draw_flag(struct drawing *d, const char *name, const char *key);
/* Sets "html" to the text rendered from markdown, or "" when it is plain. */
void draw_markdown(struct drawing *d, const char *key);
/* The sentence for key, or for `other` when the catalogue lacks it. */
const char *draw_sentence(struct drawing *d, const char *key, const char *other);
/*
 * "fields": name and value of each of the input's members except `skip` (may
 * be NULL).
 */
void draw_fields(struct drawing *d, const char *skip);

/* part_tool.c */
/* The icon of a tool, by its name. */
const char *tool_icon(const char *name);
/* "hunks" and "has_diff": what a file's change would do, from the tool's input; the number of its lines. */
size_t draw_change(struct drawing *d, const char *tool);
void draw_tool_use(struct drawing *d);
void draw_todo(struct drawing *d);
/* part_ask.c */
void draw_permission(struct drawing *d);
void draw_question(struct drawing *d);
void draw_plan(struct drawing *d);

#endif
