#include "config.h"
#include "transcript/text_diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <talloc.h>

#include "core/hash.h"

#define LINES_MAX 10000		/* of each text; the rest is not compared */
#define EDITS_MAX 1000		/* limit of the search: the trace takes its square */

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

static void put(struct text_diff *d, char mark, const struct line *l)
{
	d->lines[d->n++] = (struct diff_line) { mark, l->text, l->n };
}

/* In each run of changes the removed lines come first. */
static void put_all(struct text_diff *d, const struct side *a, const struct side *b)
{
	int x = 0, y = 0;

	while (x < a->n || y < b->n) {
		if (x < a->n && a->lines[x].changed) {
			put(d, '-', &a->lines[x++]);
		} else if (b->lines[y].changed) {
			put(d, '+', &b->lines[y++]);
		} else {
			put(d, ' ', &b->lines[y++]);
			x++;
		}
	}
}

struct text_diff text_diff(const void *ctx, const char *before, const char *after)
{
	struct text_diff d = { 0 };
	void *own = talloc_new(NULL);
	struct side a = split(own, before), b = split(own, after);

	compare(own, &a, &b);
	d.cut = a.cut || b.cut;
	d.lines = talloc_array(ctx, struct diff_line, (size_t)(a.n + b.n) + 1);
	if (!d.lines)
		err_abort("out of memory");
	put_all(&d, &a, &b);
	talloc_free(own);
	return d;
}
