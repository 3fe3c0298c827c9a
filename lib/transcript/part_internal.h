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
	const struct templates *templates;
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
/* "fields": name and value of each of the input's members; with trees an object or a list is one. */
void draw_fields(struct drawing *d, bool trees);

/* part_tool.c */
/* The icon of a tool, by its name. */
const char *tool_icon(const char *name);
void draw_tool_use(struct drawing *d);
void draw_todo(struct drawing *d);
/* part_diff.c: the view of parts/diff; each returns the number of its lines */
/* What a file's change would do, from the tool's input. */
size_t draw_change(struct drawing *d, const char *tool);
/* What it did, as the CLI says; tool may be NULL. */
size_t draw_diff(struct drawing *d, const char *tool);
/* part_output.c */
/* Appends the text as a tree to the list, for preview/json; false: it is no JSON. */
bool draw_json(struct drawing *d, struct view *trees, const char *text);
enum output_kind {
	OUTPUT_TEXT,		/* a terminal's */
	OUTPUT_ANY,		/* JSON becomes a tree */
	OUTPUT_HIDDEN,		/* it tells only that the tool worked */
	OUTPUT_LINKS,		/* of a web search */
	OUTPUT_REPORT,		/* of a sub-agent */
};
/* "output", "output_tail", "left_out", "links", "tree", "refusal"; bytes of output that are drawn. */
size_t draw_output(struct drawing *d, enum output_kind kind);
/* part_files.c */
void draw_files(struct drawing *d);
/* part_ask.c */
void draw_permission(struct drawing *d);
void draw_question(struct drawing *d);
void draw_plan(struct drawing *d);

#endif
