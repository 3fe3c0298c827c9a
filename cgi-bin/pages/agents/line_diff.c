#include "config.h"
#include "pages/agents/line_diff.h"

#include <string.h>
#include <talloc.h>

#include "core/hash.h"

#define LINES_MAX 10000		/* of each text; the rest is not compared */
#define EDITS_MAX 1000		/* limit of the search: the trace takes its square */
#define SHOWN_MAX 2000		/* lines */
#define CONTEXT 3		/* unchanged lines around a change */

struct line {
	const char *text;
	size_t n;
	uint64_t hash;
	bool changed;
};

struct side {
	struct line *lines;
	int n;
	bool cut;
};

static struct side split(const void *ctx, const char *text)
{
	struct side s = { .lines = talloc_array(ctx, struct line, LINES_MAX) };

	if (!s.lines)
		err_abort("out of memory");
	while (*text && s.n < LINES_MAX) {
		size_t n = strcspn(text, "\n");

		s.lines[s.n++] = (struct line){
			.text = text, .n = n, .hash = hash_64(HASH_64_OFFSET, text, n),
		};
		text += n + (text[n] == '\n');
	}
	s.cut = *text;
	return s;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->hash == b->hash && a->n == b->n &&
	       memcmp(a->text, b->text, a->n) == 0;
}

/* The part of both sides between their common beginning and end. */
struct middle {
	struct line *a, *b;
	int n, m;
};

static struct middle middle_of(const struct side *before,
			       const struct side *after)
{
	struct middle d = { before->lines, after->lines, before->n, after->n };

	while (d.n && d.m && same(d.a, d.b)) {
		d.a++;
		d.b++;
		d.n--;
		d.m--;
	}
	while (d.n && d.m && same(&d.a[d.n - 1], &d.b[d.m - 1])) {
		d.n--;
		d.m--;
	}
	return d;
}

/*
 * Whether a step of d edits on diagonal k goes down (a line was added) or
 * right (one was removed).
 */
static bool goes_down(const int *v, int d, int k)
{
	return k == -d || (k != d && v[k - 1] < v[k + 1]);
}

/*
 * The furthest x on each diagonal after d edits, for d = 0, 1, ...: row d of
 * the trace begins at d * d and has its diagonal 0 at d * d + d. Returns the
 * number of edits, -1 when there are more than EDITS_MAX.
 */
static int trace_edits(const struct middle *m, int *trace)
{
	int d, k, x;

	for (d = 0; d <= EDITS_MAX && d <= m->n + m->m; d++) {
		int *now = trace + d * d + d;
		const int *last = d ? trace + (d - 1) * (d - 1) + d - 1 : NULL;

		for (k = -d; k <= d; k += 2) {
			x = 0;
			if (d)
				x = goes_down(last, d, k) ? last[k + 1] :
							    last[k - 1] + 1;
			while (x < m->n && x - k < m->m &&
			       same(&m->a[x], &m->b[x - k]))
				x++;
			now[k] = x;
			if (x >= m->n && x - k >= m->m)
				return d;
		}
	}
	return -1;
}

/* Walks back from the end, marking each removed or added line. */
static void mark_edits(const struct middle *m, const int *trace, int d)
{
	int x = m->n, y = m->m;

	for (; d > 0; d--) {
		const int *last = trace + (d - 1) * (d - 1) + d - 1;
		int k = x - y;

		if (goes_down(last, d, k)) {
			x = last[k + 1];
			y = x - k - 1;
			m->b[y].changed = true;
		} else {
			x = last[k - 1];
			y = x - k + 1;
			m->a[x].changed = true;
		}
	}
}

static void compare(const void *ctx, const struct side *before,
		    const struct side *after)
{
	struct middle m = middle_of(before, after);
	int most = m.n + m.m < EDITS_MAX ? m.n + m.m : EDITS_MAX;
	int *trace = talloc_array(ctx, int, (size_t)(most + 1) * (most + 1)), d;

	if (!trace)
		err_abort("out of memory");
	d = trace_edits(&m, trace);
	if (d >= 0)
		mark_edits(&m, trace, d);
	for (int i = 0; d < 0 && i < m.n; i++)
		m.a[i].changed = true;
	for (int i = 0; d < 0 && i < m.m; i++)
		m.b[i].changed = true;
	talloc_free(trace);
}

struct writing {
	const struct request *r;
	struct view *hunks, *lines;	/* lines of the open hunk, or NULL */
	int shown, came, went;
	bool cut;
};

static void show_line(struct writing *w, const char *kind, const struct line *l,
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

/* n common lines, at y of after: shows those near a change. */
static void put_kept(struct writing *w, const struct side *after, int y, int n,
		     bool first, bool last)
{
	int head = first ? 0 : n < CONTEXT ? n : CONTEXT;
	int tail = last ? 0 : n - head < CONTEXT ? n - head : CONTEXT;
	int i;

	for (i = 0; i < head; i++)
		show_line(w, " ", &after->lines[y + i], y + i + 1);
	if (head + tail < n)
		w->lines = NULL;
	for (i = n - tail; i < n; i++)
		show_line(w, " ", &after->lines[y + i], y + i + 1);
}

static void put_all(struct writing *w, const struct side *a,
		    const struct side *b)
{
	int x = 0, y = 0, n;

	while (x < a->n || y < b->n) {
		if (x < a->n && a->lines[x].changed) {
			w->went++;
			show_line(w, "-", &a->lines[x++], y + 1);
			continue;
		}
		if (b->lines[y].changed) {
			w->came++;
			show_line(w, "+", &b->lines[y], y + 1);
			y++;
			continue;
		}
		for (n = 0; x + n < a->n && !a->lines[x + n].changed &&
		     !b->lines[y + n].changed; n++)
			;
		put_kept(w, b, y, n, !x && !y, x + n == a->n && y + n == b->n);
		x += n;
		y += n;
	}
}

void line_diff_view(const struct request *r, struct view *view,
		    const char *before, const char *after)
{
	struct view *map = view_map(view, "diff");
	const struct i18n_locale *text = context_of(r)->text;
	void *ctx = talloc_new(NULL);
	struct side a = split(ctx, before), b = split(ctx, after);
	struct writing w = {
		.r = r, .hunks = view_list(map, "hunks"), .cut = a.cut || b.cut,
	};

	compare(ctx, &a, &b);
	put_all(&w, &a, &b);
	view_flag(map, "same", !w.came && !w.went && !w.cut);
	view_flag(map, "cut", w.cut);
	view_text(map, "summary", i18n_fill(r, text, "diff_summary",
			i18n_count(r, text, "diff_added", w.came),
			i18n_count(r, text, "diff_removed", w.went), NULL));
	talloc_free(ctx);
}
