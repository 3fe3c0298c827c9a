/* What a tool changes in a file, as the two sides of a diff. */
#include "config.h"
#include "transcript/part_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "transcript/text_diff.h"

#define DIFF_LINES_MAX 1000

/* Builds "hunks": each has its range, and blocks of lines that are the same, or old and new ones. */
struct sides {
	struct drawing *d;
	struct view *hunks, *blocks;
	struct view *same, *old, *new;	/* of the block in progress; NULL: none */
	int64_t old_line, new_line;	/* numbers of the next ones; 0: unknown */
	size_t n;			/* lines so far */
	bool removed;
};

static struct sides begin(struct drawing *d)
{
	return (struct sides) { .d = d, .hunks = view_list(d->view, "hunks") };
}

static void begin_hunk(struct sides *s, const char *range, int64_t old_line, int64_t new_line)
{
	struct view *one = view_append(s->hunks);

	view_text(one, "range", range);
	s->blocks = view_list(one, "blocks");
	s->same = s->old = s->new = NULL;
	s->old_line = old_line;
	s->new_line = new_line;
}

static void begin_block(struct sides *s, bool same)
{
	struct view *one = view_append(s->blocks);

	view_flag(one, "changed", !same);
	s->same = view_list(one, "same");
	s->old = view_list(one, "old");
	s->new = view_list(one, "new");
	if (same)
		s->old = s->new = NULL;
	else
		s->same = NULL;
}

static void set_number(struct view *line, const char *name, int64_t number)
{
	view_text(line, name, "");
	if (number)
		view_number(line, name, number);
}

static struct view *add(struct sides *s, struct view *list, const char *text, size_t n,
			int64_t number)
{
	struct view *line = view_append(list);

	view_text(line, "text", talloc_strndup(s->d->ctx, text, n));
	set_number(line, "number", number);
	return line;
}

static int64_t next(int64_t *number)
{
	return *number ? (*number)++ : 0;
}

/* False: the diff has as many lines as it may. */
static bool add_line(struct sides *s, char mark, const char *text, size_t n)
{
	bool same = mark != '-' && mark != '+';

	if (s->n == DIFF_LINES_MAX) {
		view_flag(s->d->view, "diff_cut", true);
		return false;
	}
	if (same ? !s->same : !s->old)
		begin_block(s, same);
	s->n++;
	s->removed = s->removed || mark == '-';
	if (mark == '-') {
		add(s, s->old, text, n, next(&s->old_line));
	} else if (mark == '+') {
		add(s, s->new, text, n, next(&s->new_line));
	} else {
		set_number(add(s, s->same, text, n, next(&s->new_line)), "was",
			   next(&s->old_line));
	}
	return true;
}

static size_t end(struct sides *s)
{
	/* A file that is only added to has one side. */
	view_flag(s->d->view, "diff_split", s->removed);
	view_flag(s->d->view, "has_diff", s->n > 0);
	return s->n;
}

/* One of the CLI's structuredPatch. */
static void add_hunk(struct sides *s, struct json_object *hunk)
{
	struct json_object *from = field_list(hunk, "lines"), *line;
	int64_t old_line = field_number(hunk, "oldStart"), new_line = field_number(hunk, "newStart");
	const char *text;
	size_t i, mark;

	begin_hunk(s, talloc_asprintf(s->d->ctx, "@@ -%lld,%lld +%lld,%lld @@", (long long)old_line,
				      (long long)field_number(hunk, "oldLines"), (long long)new_line,
				      (long long)field_number(hunk, "newLines")), old_line, new_line);
	for (i = 0; from && i < json_object_array_length(from); i++) {
		line = json_object_array_get_idx(from, i);
		if (!json_object_is_type(line, json_type_string))
			continue;
		text = json_object_get_string(line);
		mark = *text && strchr("+- ", *text);
		if (!add_line(s, *text, text + mark, strlen(text + mark)))
			return;
	}
}

static void add_change(struct sides *s, const char *before, const char *after)
{
	struct text_diff diff = text_diff(s->d->ctx, before, after);
	size_t i;

	begin_hunk(s, "", 0, 0);
	for (i = 0; i < diff.n; i++) {
		if (!add_line(s, diff.lines[i].mark, diff.lines[i].text, diff.lines[i].n))
			return;
	}
}

static void add_edit(struct sides *s, struct json_object *edit)
{
	add_change(s, field_string(edit, "old_string"), field_string(edit, "new_string"));
}

/* Tools whose input has all of what is written. */
static const struct { const char *name, *field; } writers[] = {
	{ "NotebookEdit", "new_source" },
	{ "Write", "content" },
};

size_t draw_change(struct drawing *d, const char *tool)
{
	struct json_object *input = field_object(d->data, "input");
	struct json_object *edits = field_list(input, "edits");
	const typeof(writers[0]) *writer = table_find(writers, tool);
	struct sides s = begin(d);
	size_t i;

	view_flag(d->view, "diff_cut", false);
	if (writer)
		add_change(&s, "", field_string(input, writer->field));
	else if (str_equal(tool, "Edit"))
		add_edit(&s, input);
	else if (str_equal(tool, "MultiEdit"))
		for (i = 0; edits && i < json_object_array_length(edits); i++)
			add_edit(&s, json_object_array_get_idx(edits, i));
	return end(&s);
}

size_t draw_diff(struct drawing *d, const char *tool)
{
	struct json_object *diff = field_list(d->data, "diff");
	struct sides s;
	size_t i, n = diff ? json_object_array_length(diff) : 0;

	if (!n && tool && str_equal(d->part->state, "ok") && table_find(writers, tool))
		return draw_change(d, tool);
	s = begin(d);
	view_flag(d->view, "diff_cut", field_flag(d->data, "diff_cut"));
	for (i = 0; i < n; i++)
		add_hunk(&s, json_object_array_get_idx(diff, i));
	return end(&s);
}
