/* Tool cards and the to-do list. */
#include "config.h"
#include "transcript/part_internal.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "transcript/ask_rules.h"

#define OPEN_LINES 12		/* longer output begins folded */
#define OPEN_BYTES 1500
#define DIFF_OPEN_LINES 24
#define DIFF_LINES_MAX 1000
#define TITLE_WHOLE 120		/* a title this short contains all of its field */

/*
 * A tool's card: the field that its title shows, and whether its diff is more
 * useful than its output.
 */
static const struct {
	const char *name, *titled, *icon;
	bool quiet;		/* its output tells only that it worked */
} tools[] = {
	{ "Agent", "description", "bot", false },
	{ "Bash", "command", "terminal", false },
	{ "Edit", "file_path", "file-edit", true },
	{ "Glob", "pattern", "file-search", false },
	{ "Grep", "pattern", "search", false },
	{ "MultiEdit", "file_path", "file-edit", true },
	{ "NotebookEdit", "notebook_path", "notebook", true },
	{ "Read", "file_path", "file", false },
	{ "Task", "description", "bot", false },
	{ "WebFetch", "url", "globe", false },
	{ "WebSearch", "query", "globe", false },
	{ "Write", "file_path", "file-new", true },
};

/* The CLI searches its tools for itself: not shown. */
static const char plumbing[] = "ToolSearch";

static int find_tool(const char *name)
{
	size_t i;

	for (i = 0; name && i < sizeof(tools) / sizeof(tools[0]); i++) {
		if (str_equal(tools[i].name, name))
			return (int)i;
	}
	return -1;
}

const char *tool_icon(const char *name)
{
	int tool = find_tool(name);

	return tool < 0 ? "tool" : tools[tool].icon;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; text && *text; text++)
		n += *text == '\n';
	return n;
}

static void add_line(struct view *lines, const char *text, char mark)
{
	struct view *line = view_append(lines);

	/*
	 * The mark is decorative: the stylesheet draws it, so a copy does not
	 * include it.
	 */
	view_text(line, "text", text);
	view_flag(line, "added", mark == '+');
	view_flag(line, "removed", mark == '-');
	view_flag(line, "same", mark != '+' && mark != '-');
}

static size_t add_hunk(struct drawing *d, struct view *hunks, struct json_object *hunk,
		       size_t room)
{
	struct json_object *from = field_list(hunk, "lines"), *line;
	const char *text;
	struct view *one = view_append(hunks), *lines;
	size_t i, n = from ? json_object_array_length(from) : 0;

	view_textf(one, "range", "@@ -%lld,%lld +%lld,%lld @@",
		   (long long)field_number(hunk, "oldStart"),
		   (long long)field_number(hunk, "oldLines"),
		   (long long)field_number(hunk, "newStart"),
		   (long long)field_number(hunk, "newLines"));
	lines = view_list(one, "lines");
	for (i = 0; i < n && i < room; i++) {
		line = json_object_array_get_idx(from, i);
		if (!json_object_is_type(line, json_type_string))
			continue;
		text = json_object_get_string(line);
		add_line(lines, *text && strchr("+- ", *text) ? text + 1 : text, *text);
	}
	if (i < n)
		view_flag(d->view, "diff_cut", true);
	return i;
}

/* The lines of the input's field, as added or removed. */
static size_t add_lines(struct drawing *d, struct view *lines, struct json_object *from,
			const char *key, char mark, size_t room)
{
	const char *text = field_text(from, key, NULL);
	size_t n = 0, len;

	for (; text && *text && n < room; n++) {
		len = strcspn(text, "\n");
		add_line(lines, talloc_strndup(d->ctx, text, len), mark);
		text += len + (text[len] == '\n');
	}
	if (text && *text)
		view_flag(d->view, "diff_cut", true);
	return n;
}

/* A new file: every line of it was added. */
static size_t add_content(struct drawing *d, struct view *hunks)
{
	struct view *one = view_append(hunks);

	view_text(one, "range", "");
	return add_lines(d, view_list(one, "lines"), field_object(d->data, "input"),
			 "content", '+', DIFF_LINES_MAX);
}

static size_t add_edit(struct drawing *d, struct view *hunks, struct json_object *edit,
		       size_t room)
{
	struct view *one = view_append(hunks), *lines = view_list(one, "lines");
	size_t n;

	view_text(one, "range", "");
	n = add_lines(d, lines, edit, "old_string", '-', room);
	return n + add_lines(d, lines, edit, "new_string", '+', room - n);
}

size_t draw_change(struct drawing *d, const char *tool)
{
	struct json_object *input = field_object(d->data, "input");
	struct json_object *edits = field_list(input, "edits");
	struct view *hunks = view_list(d->view, "hunks");
	size_t i, n = 0;

	view_flag(d->view, "diff_cut", false);
	if (str_equal(tool, "Write"))
		n = add_content(d, hunks);
	else if (str_equal(tool, "Edit"))
		n = add_edit(d, hunks, input, DIFF_LINES_MAX);
	else if (str_equal(tool, "MultiEdit"))
		for (i = 0; edits && i < json_object_array_length(edits); i++)
			n += add_edit(d, hunks, json_object_array_get_idx(edits, i),
				      DIFF_LINES_MAX - n);
	view_flag(d->view, "has_diff", n > 0);
	return n;
}

/* The lines of the diff. */
static size_t draw_diff(struct drawing *d, const char *name)
{
	struct json_object *diff = field_list(d->data, "diff");
	struct view *hunks = view_list(d->view, "hunks");
	bool ok = str_equal(d->part->state, "ok");
	size_t i, n = 0;

	view_flag(d->view, "diff_cut", field_flag(d->data, "diff_cut"));
	for (i = 0; diff && i < json_object_array_length(diff) && n < DIFF_LINES_MAX; i++)
		n += add_hunk(d, hunks, json_object_array_get_idx(diff, i),
			      DIFF_LINES_MAX - n);
	if (!n && ok && name && str_equal(name, "Write"))
		n = add_content(d, hunks);
	view_flag(d->view, "has_diff", n > 0);
	return n;
}

static void draw_steps(struct drawing *d)
{
	struct json_object *steps = field_list(d->data, "steps"), *step;
	struct view *list = view_list(d->view, "steps"), *one;
	const char *state;
	char key[32];
	size_t i, n = steps ? json_object_array_length(steps) : 0;

	view_flag(d->view, "has_steps", n > 0);
	for (i = 0; i < n; i++) {
		step = json_object_array_get_idx(steps, i);
		one = view_append(list);
		state = field_is(step, "state", "failed") ? "failed" :
			field_is(step, "state", "running") ? "running" : "ok";
		/* A call that has ended has no running steps. */
		if (str_equal(state, "running") && !str_equal(d->part->state, "running"))
			state = "cancelled";
		snprintf(key, sizeof(key), "state_%s", state);
		view_text(one, "state", state);
		view_text(one, "state_word", draw_sentence(d, key, "state_ok"));
		view_text(one, "name", field_text(step, "name", NULL));
		view_text(one, "title", field_text(step, "title", NULL));
		view_text(one, "text", field_text(step, "text", NULL));
	}
}

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

/* A sub-agent's report ends where the CLI's notes to Claude begin. */
static const char *report_of(struct drawing *d, const char *output)
{
	static const char *const notes[] = { "\nagentId: ", "\n<usage>", "<tools-used-before-summary>" };
	size_t n = strlen(output), i;
	const char *at;

	for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		at = strstr(output, notes[i]);
		if (at && (size_t)(at - output) < n)
			n = (size_t)(at - output);
	}
	return talloc_strndup(d->ctx, output, n);
}

static void draw_output(struct drawing *d, int tool, bool hidden)
{
	const char *refusal = refusal_of(d);
	const char *output = hidden || refusal ? NULL : field_text(d->data, "output", NULL);
	const char *tail = hidden ? NULL : field_text(d->data, "output_tail", NULL);

	if (output && tool >= 0 && str_equal(tools[tool].icon, "bot"))
		output = report_of(d, output);
	view_text(d->view, "refusal", refusal ? draw_sentence(d, refusal, refusal) : "");
	view_text(d->view, "output", output);
	view_text(d->view, "output_tail", tail);
	view_text(d->view, "left_out", "");
	if (tail && d->text)
		view_text(d->view, "left_out", i18n_fill(d->ctx, d->text, "tool_left_out",
			i18n_bytes(d->ctx, field_number(d->data, "output_left_out")),
			i18n_bytes(d->ctx, field_number(d->data, "bytes")), NULL));
}

/* The title's field is left out if the title shows all of it. */
static void draw_input(struct drawing *d, int tool)
{
	struct json_object *input = field_object(d->data, "input");
	const char *title = field_text(d->data, "title", NULL), *whole;
	struct view *one;
	size_t n;

	draw_flag(d, "input_cut", "input_cut");
	if (tool < 0) {
		draw_fields(d, NULL);
		return;
	}
	whole = field_text(input, tools[tool].titled, &n);
	view_list(d->view, "fields");
	if (!whole || !title || !str_equal(tools[tool].name, "Bash") ||
	    (str_equal(title, whole) && n <= TITLE_WHOLE)) {
		view_flag(d->view, "input_cut", false);
		return;
	}
	one = view_append(view_list(d->view, "fields"));
	view_text(one, "name", tools[tool].titled);
	view_text(one, "value", whole);
	view_flag(one, "cut", false);
}

/* Domains that it was refused: access to them can be requested here. */
static void draw_blocked(struct drawing *d)
{
	struct json_object *list = field_list(d->data, "blocked");
	struct view *rows = view_list(d->view, "blocked"), *row;
	const char *domain;
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		domain = json_object_get_string(json_object_array_get_idx(list, i));
		row = view_append(rows);
		view_text(row, "domain", domain);
		view_text(row, "word", d->text ? i18n_fill(d->ctx, d->text,
			  "blocked_here", domain, NULL) : "blocked_here");
	}
}

void draw_tool_use(struct drawing *d)
{
	const char *name = field_text(d->data, "name", NULL);
	const char *output = field_text(d->data, "output", NULL);
	bool ended = !str_equal(d->part->state, "running");
	bool ok = str_equal(d->part->state, "ok");
	int tool = find_tool(name);
	int64_t ms = d->part->ended_at - d->part->created_at;
	bool hidden = tool >= 0 && tools[tool].quiet && ok;
	size_t changed;

	draw_text(d, "name", "name");
	draw_text(d, "title", "title");
	draw_text(d, "about", "about");
	draw_flag(d, "oom", "oom");
	view_text(d->view, "icon", tool_icon(name));
	view_flag(d->view, "plumbing", name && str_equal(name, plumbing));
	view_text(d->view, "duration", ended && ms >= 0 && d->text ?
		  i18n_duration(d->ctx, d->text, ms) : "");
	draw_input(d, tool);
	changed = draw_diff(d, name);
	draw_steps(d);
	draw_blocked(d);
	draw_output(d, tool, hidden);
	view_flag(d->view, "no_output", ended && !output && !changed);
	view_flag(d->view, "open", ended && tool >= 0 && (changed || output) &&
		  changed <= DIFF_OPEN_LINES &&
		  (hidden || !output || (count_lines(output) <= OPEN_LINES &&
					 strlen(output) <= OPEN_BYTES)));
}

static const struct {
	const char *status, *mark, *word;
} marks[] = {
	{ "pending", "☐", "todo_pending" },
	{ "in_progress", "◐", "todo_in_progress" },
	{ "completed", "☑", "todo_completed" },
};

static size_t mark_of(struct json_object *todo)
{
	size_t i;

	for (i = sizeof(marks) / sizeof(marks[0]) - 1; i > 0; i--) {
		if (field_is(todo, "status", marks[i].status))
			break;
	}
	return i;
}

void draw_todo(struct drawing *d)
{
	struct json_object *todos = field_list(d->data, "todos"), *todo;
	struct view *list = view_list(d->view, "todos"), *one;
	size_t i, done = 0, mark, n = todos ? json_object_array_length(todos) : 0;
	const char *text;

	for (i = 0; i < n; i++) {
		todo = json_object_array_get_idx(todos, i);
		mark = mark_of(todo);
		done += mark == 2;
		text = mark == 1 ? field_text(todo, "activeForm", NULL) : NULL;
		one = view_append(list);
		view_text(one, "status", marks[mark].status);
		view_text(one, "mark", marks[mark].mark);
		view_text(one, "word", draw_sentence(d, marks[mark].word, "todo_pending"));
		view_text(one, "text", text && *text ? text : field_text(todo, "content", NULL));
	}
	view_textf(d->view, "progress", "%zu/%zu", done, n);
}
