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
#define DIFF_LINES_MAX 1000
#define TITLE_WHOLE 120		/* a title this short contains all of its field */

/*
 * A tool's card: the field that its title shows, and whether its diff is more
 * useful than its output.
 */
static const struct {
	const char *name, *titled;
	bool quiet;		/* its output only says that it worked */
} tools[] = {
	{ "Agent", "description", false },
	{ "Bash", "command", false },
	{ "Edit", "file_path", true },
	{ "Glob", "pattern", false },
	{ "Grep", "pattern", false },
	{ "MultiEdit", "file_path", true },
	{ "NotebookEdit", "notebook_path", true },
	{ "Read", "file_path", false },
	{ "Task", "description", false },
	{ "WebFetch", "url", false },
	{ "WebSearch", "query", false },
	{ "Write", "file_path", true },
};

static int find_tool(const char *name)
{
	size_t i;

	for (i = 0; name && i < sizeof(tools) / sizeof(tools[0]); i++) {
		if (str_equal(tools[i].name, name))
			return (int)i;
	}
	return -1;
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

/* A new file: every line of it was added. */
static size_t add_content(struct drawing *d, struct view *hunks)
{
	const char *text = field_text(field_object(d->data, "input"), "content", NULL);
	struct view *one, *lines;
	size_t n = 0, len;

	if (!text || !*text)
		return 0;
	one = view_append(hunks);
	view_text(one, "range", "");
	lines = view_list(one, "lines");
	for (; *text && n < DIFF_LINES_MAX; n++) {
		len = strcspn(text, "\n");
		add_line(lines, talloc_strndup(d->ctx, text, len), '+');
		text += len + (text[len] == '\n');
	}
	if (*text)
		view_flag(d->view, "diff_cut", true);
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

static void draw_output(struct drawing *d, bool hidden)
{
	const char *output = hidden ? NULL : field_text(d->data, "output", NULL);
	const char *tail = hidden ? NULL : field_text(d->data, "output_tail", NULL);

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

void draw_tool_use(struct drawing *d)
{
	const char *name = field_text(d->data, "name", NULL);
	const char *output = field_text(d->data, "output", NULL);
	bool settled = !str_equal(d->part->state, "running");
	bool ok = str_equal(d->part->state, "ok");
	int tool = find_tool(name);
	int64_t ms = d->part->ended_at - d->part->created_at;
	bool hidden = tool >= 0 && tools[tool].quiet && ok;
	size_t changed;

	draw_text(d, "name", "name");
	draw_text(d, "title", "title");
	draw_text(d, "about", "about");
	draw_flag(d, "oom", "oom");
	view_text(d->view, "duration", settled && ms >= 0 && d->text ?
		  i18n_duration(d->ctx, d->text, ms) : "");
	draw_input(d, tool);
	changed = draw_diff(d, name);
	draw_steps(d);
	draw_output(d, hidden);
	view_flag(d->view, "no_output", settled && !output && !changed);
	view_flag(d->view, "open", settled && tool >= 0 && (changed || output) &&
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
