/* Tool cards and the to-do list. */
#include "config.h"
#include "transcript/part_internal.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"

#define OPEN_LINES 12		/* longer output begins folded */
#define OPEN_BYTES 1500
#define DIFF_OPEN_LINES 24
#define TITLE_WHOLE 120		/* a title this short contains all of its field */

/* A tool's card: the field that its title shows, and what its output is. */
static const struct {
	const char *name, *titled, *icon;
	enum output_kind output;	/* OUTPUT_HIDDEN: its diff says more */
} tools[] = {
	{ "Agent", "description", "bot", OUTPUT_REPORT },
	{ "Bash", "command", "terminal", OUTPUT_TEXT },
	{ "Edit", "file_path", "file-edit", OUTPUT_HIDDEN },
	{ "Glob", "pattern", "file-search", OUTPUT_TEXT },
	{ "Grep", "pattern", "search", OUTPUT_TEXT },
	{ "MultiEdit", "file_path", "file-edit", OUTPUT_HIDDEN },
	{ "NotebookEdit", "notebook_path", "notebook", OUTPUT_HIDDEN },
	{ "Read", "file_path", "file", OUTPUT_TEXT },
	{ "Task", "description", "bot", OUTPUT_REPORT },
	{ "WebFetch", "url", "globe", OUTPUT_TEXT },
	{ "WebSearch", "query", "globe", OUTPUT_LINKS },
	{ "Write", "file_path", "file-new", OUTPUT_HIDDEN },
};

/* What the CLI calls for itself: not shown. */
static const char *const plumbing[] = { "EnterPlanMode", "TodoRead", "ToolSearch" };

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
		if (table_find(plumbing, field_string(step, "name")))
			continue;
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

/* The title's field is left out if the title shows all of it. */
static void draw_input(struct drawing *d, int tool)
{
	struct json_object *input = field_object(d->data, "input");
	const char *title = field_text(d->data, "title", NULL), *whole;
	struct view *one;
	size_t n;

	draw_flag(d, "input_cut", "input_cut");
	if (tool < 0) {
		draw_fields(d, true);
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
	view_list(one, "tree");
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

/* Begins open what is short; what is long says in its head how long it is. */
static void draw_size(struct drawing *d, int tool, size_t changed, size_t shown)
{
	const char *output = field_string(d->data, "output");
	bool ended = !str_equal(d->part->state, "running");
	size_t lines = shown ? count_lines(output) + 1 : changed;
	bool brief = changed <= DIFF_OPEN_LINES && shown <= OPEN_BYTES &&
		     (!shown || lines <= OPEN_LINES);

	view_text(d->view, "lines", ended && !brief && !field_text(d->data, "output_tail", NULL) && d->text ?
		  i18n_count(d->ctx, d->text, "tool_lines", (int64_t)lines) : "");
	view_flag(d->view, "open", ended && tool >= 0 && (changed || shown) && brief);
	view_flag(d->view, "no_output", ended && !changed && !shown);
}

void draw_tool_use(struct drawing *d)
{
	const char *name = field_text(d->data, "name", NULL);
	bool ended = !str_equal(d->part->state, "running");
	int64_t ms = d->part->ended_at - d->part->created_at;
	int tool = find_tool(name);
	enum output_kind kind = tool < 0 ? OUTPUT_ANY : tools[tool].output;
	size_t changed;

	draw_text(d, "name", "name");
	draw_text(d, "title", "title");
	draw_text(d, "about", "about");
	draw_flag(d, "oom", "oom");
	view_flag(d->view, "shell", false);
	view_text(d->view, "icon", tool_icon(name));
	view_flag(d->view, "plumbing", name && table_find(plumbing, name));
	view_text(d->view, "duration", ended && ms >= 0 && d->text ?
		  i18n_duration(d->ctx, d->text, ms) : "");
	draw_input(d, tool);
	changed = draw_diff(d, name);
	draw_steps(d);
	draw_blocked(d);
	if (kind == OUTPUT_HIDDEN && !str_equal(d->part->state, "ok"))
		kind = OUTPUT_TEXT;
	draw_size(d, tool, changed, draw_output(d, kind));
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
	view_number(d->view, "done", (int64_t)done);
	view_number(d->view, "all", (int64_t)n);
}
