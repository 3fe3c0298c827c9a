#include "config.h"
#include "pages/agents/line_diff.h"

#include <string.h>
#include <talloc.h>

#include "transcript/text_diff.h"

#define SHOWN_MAX 2000		/* lines */
#define CONTEXT 3		/* unchanged lines around a change */

struct writing {
	const struct request *r;
	struct view *hunks, *lines;	/* lines of the open hunk, or NULL */
	int shown, came, went;
	bool cut;
};

static void show_line(struct writing *w, const char *kind, const struct diff_line *l,
		      int number)
{
	struct view *hunk, *row;

	if (w->shown++ >= SHOWN_MAX) {
		w->cut = true;
		return;
	}
	if (!w->lines) {
		hunk = view_append(w->hunks);
		view_text(hunk, "line", i18n_fill(w->r, context_of(w->r)->text,
			"diff_line", i18n_number(w->r, number), NULL));
		w->lines = view_list(hunk, "lines");
	}
	row = view_append(w->lines);
	view_flag(row, "added", *kind == '+');
	view_flag(row, "removed", *kind == '-');
	view_flag(row, "kept", *kind == ' ');
	view_textf(row, "text", "%.*s", (int)l->n, l->text);
}

/* n common lines, the first of them numbered y + 1: shows those near a change. */
static void put_kept(struct writing *w, const struct diff_line *lines, int y, int n,
		     bool first, bool last)
{
	int head = first ? 0 : n < CONTEXT ? n : CONTEXT;
	int tail = last ? 0 : n - head < CONTEXT ? n - head : CONTEXT;
	int i;

	for (i = 0; i < head; i++)
		show_line(w, " ", &lines[i], y + i + 1);
	if (head + tail < n)
		w->lines = NULL;
	for (i = n - tail; i < n; i++)
		show_line(w, " ", &lines[i], y + i + 1);
}

static void put_all(struct writing *w, const struct text_diff *d)
{
	size_t i, n;
	int y = 0;

	for (i = 0; i < d->n; i += n) {
		const struct diff_line *l = &d->lines[i];

		for (n = 1; l->mark == ' ' && i + n < d->n && l[n].mark == ' ';)
			n++;
		w->went += l->mark == '-';
		w->came += l->mark == '+';
		if (l->mark == ' ')
			put_kept(w, l, y, (int)n, i == 0, i + n == d->n);
		else
			show_line(w, l->mark == '-' ? "-" : "+", l, y + 1);
		y += l->mark == '-' ? 0 : (int)n;
	}
}

void line_diff_view(const struct request *r, struct view *view,
		    const char *before, const char *after)
{
	struct view *map = view_map(view, "diff");
	const struct i18n_locale *text = context_of(r)->text;
	void *ctx = talloc_new(NULL);
	struct text_diff d = text_diff(ctx, before, after);
	struct writing w = {
		.r = r, .hunks = view_list(map, "hunks"), .cut = d.cut,
	};

	put_all(&w, &d);
	view_flag(map, "same", !w.came && !w.went && !w.cut);
	view_flag(map, "cut", w.cut);
	view_text(map, "summary", i18n_fill(r, text, "diff_summary",
			i18n_count(r, text, "diff_added", w.came),
			i18n_count(r, text, "diff_removed", w.went), NULL));
	talloc_free(ctx);
}
