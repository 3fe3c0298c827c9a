/* What a tool answered. */
#include "config.h"
#include "transcript/part_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "html/ansi.h"
#include "json/field.h"
#include "preview/json_tree.h"
#include "transcript/ask_rules.h"

#define HTML_MAX (8 << 20)
#define LINKS_MAX 50

/* The CLI's sentence for Claude that a tool was not used; not for the user. */
static const struct {
	const char *begins, *key;
} refusals[] = {
	{ ASK_DENIED, "tool_denied" },
	{ ASK_UNATTENDED, "tool_unattended" },
	{ "The user doesn't want to proceed", "tool_stopped" },
	{ "The user doesn't want to take this action", "tool_stopped" },
	{ "[Request interrupted by user", "tool_stopped" },
};

static const char *refusal_of(const struct drawing *d)
{
	const char *output = field_text(d->data, "output", NULL);
	size_t i;

	for (i = 0; output && field_flag(d->data, "is_error") &&
	     i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (str_starts(output, refusals[i].begins))
			return refusals[i].key;
	}
	return NULL;
}

static const char *without_indent(struct drawing *d, const char *text, size_t n)
{
	static const char indent[] = "\n  ";
	char *out = talloc_strndup(d->ctx, text, n), *to = out;
	const char *at;

	for (at = out + strspn(out, " "); *at; at++) {
		*to++ = *at;
		if (str_starts(at, indent))
			at += strlen(indent) - 1;
	}
	*to = '\0';
	return out;
}

/* A sub-agent's report is between the CLI's notes to Claude, indented if the first is there. */
static const char *report_of(struct drawing *d, const char *output)
{
	static const char opening[] = "[Subagent hand-back]", report[] = "report follows:\n";
	static const char *const notes[] = { "\nagentId: ", "\n<usage>", "<tools-used-before-summary>" };
	const char *from = str_starts(output, opening) ? strstr(output, report) : NULL, *at;
	const char *text = from ? from + strlen(report) : output;
	size_t n = strlen(text), i;

	for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		at = strstr(text, notes[i]);
		if (at && (size_t)(at - text) < n)
			n = (size_t)(at - text);
	}
	return from ? without_indent(d, text, n) : talloc_strndup(d->ctx, text, n);
}

/* The CLI's words for "nothing". */
static bool is_nothing(const char *output)
{
	static const char *const words[] = { "(Bash completed with no output)",
		"Tool ran without output or errors", "(no output)" };

	return !*output || table_find(words, output);
}

/* Sets name to the output's html: its colours, without anything else a terminal obeys. */
static void put_output(struct drawing *d, const char *name, const char *output)
{
	auto_buf html = BUF_INIT(HTML_MAX);
	struct err e = { 0 };

	if (ansi_render(output, strlen(output), &html, &e) < 0)
		buf_clear(&html);
	view_html(d->view, name, buf_text(&html));
}

static bool is_web(const char *url)
{
	return str_starts(url, "https://") || str_starts(url, "http://");
}

/*
 * WebSearch: "Links: [{"title","url"}]" in lines of their own, then what was found,
 * then a reminder for Claude. Returns what was found; NULL without links.
 */
static const char *draw_links(struct drawing *d, const char *output)
{
	static const char mark[] = "\nLinks: ", reminder[] = "\nREMINDER: ";
	struct view *links = view_list(d->view, "links"), *one;
	const char *at = output, *end, *url;
	char *rest = talloc_strdup(d->ctx, "");
	size_t i, n = 0;

	while ((end = strstr(at, mark))) {
		const char *json = end + strlen(mark);
		size_t len = strcspn(json, "\n");
		auto_strict_json *list = field_parse(json, len);

		for (i = 0; json_object_is_type(list, json_type_array) &&
		     i < json_object_array_length(list) && n < LINKS_MAX; i++) {
			struct json_object *link = json_object_array_get_idx(list, i);

			url = field_string(link, "url");
			if (!is_web(url))
				continue;
			one = view_append(links);
			view_text(one, "url", url);
			view_text(one, "name", *field_string(link, "title") ?
				  field_string(link, "title") : url);
			n++;
		}
		at = json + len;
	}
	if (!n)
		return NULL;
	end = strstr(at, reminder);
	rest = talloc_strndup(d->ctx, at, end ? (size_t)(end - at) : strlen(at));
	return rest + strspn(rest, "\n ");
}

bool draw_json(struct drawing *d, struct view *trees, const char *text)
{
	struct json_tree *tree = json_tree_parse(d->ctx, text, strlen(text));
	struct view *one;

	if (!tree)
		return false;
	one = view_append(trees);
	json_tree_view(one, d->text, tree);
	view_flag(one, "more", tree->more);
	return true;
}

/* An answer that is JSON, such as most of MCP servers' are, is a tree. */
static bool draw_tree(struct drawing *d, struct view *trees, const char *output)
{
	char first = output[strspn(output, " \n\t")];

	return (first == '{' || first == '[') && draw_json(d, trees, output);
}

static void draw_text_output(struct drawing *d, const char *output, const char *tail)
{
	put_output(d, "output", output);
	view_text(d->view, "left_out", "");
	view_html(d->view, "output_tail", "");
	if (!tail)
		return;
	put_output(d, "output_tail", tail);
	if (d->text)
		view_text(d->view, "left_out", i18n_fill(d->ctx, d->text, "tool_left_out",
			i18n_bytes(d->ctx, field_number(d->data, "output_left_out")),
			i18n_bytes(d->ctx, field_number(d->data, "bytes")), NULL));
}

size_t draw_output(struct drawing *d, enum output_kind kind)
{
	const char *refusal = refusal_of(d), *found;
	const char *output = kind == OUTPUT_HIDDEN || refusal ? "" : field_string(d->data, "output");
	const char *tail = kind == OUTPUT_HIDDEN ? NULL : field_text(d->data, "output_tail", NULL);
	struct view *trees;
	size_t shown;

	view_list(d->view, "links");
	trees = view_list(d->view, "tree");
	view_text(d->view, "refusal", refusal ? draw_sentence(d, refusal, refusal) : "");
	if (is_nothing(output))
		output = "";
	if (kind == OUTPUT_REPORT)
		output = report_of(d, output);
	shown = strlen(output);
	found = kind == OUTPUT_LINKS ? draw_links(d, output) : NULL;
	if (found)
		output = found;
	else if (kind == OUTPUT_ANY && !tail && draw_tree(d, trees, output))
		output = "";
	view_flag(d->view, "has_links", found != NULL);
	draw_text_output(d, output, tail);
	return shown;
}
