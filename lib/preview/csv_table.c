#include "config.h"
#include "preview/csv_table.h"

#include <ctype.h>
#include <string.h>
#include <talloc.h>

#include "core/err.h"
#include "core/str.h"

struct reader {
	const char *at, *end;
	char delimiter;
	struct csv_table *table;
};

/* The delimiter that the first line has most of, outside quotes. */
static char find_delimiter(const char *s, size_t n)
{
	static const char known[] = ",;\t|";
	size_t seen[sizeof(known) - 1] = { 0 }, best = 0, i;
	bool quoted = false;
	const char *d;

	for (i = 0; i < n && (quoted || s[i] != '\n'); i++) {
		if (s[i] == '"')
			quoted = !quoted;
		d = quoted || !s[i] ? NULL : strchr(known, s[i]);
		if (d)
			seen[d - known]++;
	}
	for (i = 1; i < sizeof(seen) / sizeof(seen[0]); i++) {
		if (seen[i] > seen[best])
			best = i;
	}
	return known[best];
}

struct cell {
	char text[CSV_CELL_MAX + 1];
	size_t n;
	bool cut;
};

static void add_byte(struct cell *c, char byte)
{
	if (c->n < CSV_CELL_MAX)
		c->text[c->n++] = byte;
	else
		c->cut = true;
}

/* Reads a cell up to its delimiter or line end, which remains. */
static void read_cell(struct reader *r, struct cell *c)
{
	bool quoted = r->at < r->end && *r->at == '"';

	*c = (struct cell){ .n = 0 };
	r->at += quoted;
	for (; r->at < r->end; r->at++) {
		if (quoted && *r->at == '"') {
			if (r->at + 1 < r->end && r->at[1] == '"')
				r->at++;
			else {
				quoted = false;
				continue;
			}
		} else if (!quoted && (*r->at == r->delimiter ||
				       *r->at == '\n' || *r->at == '\r'))
			return;
		add_byte(c, *r->at);
	}
}

static const char *keep_cell(const void *ctx, struct cell *c)
{
	size_t n = c->cut ? utf8_prefix(c->text, c->n, CSV_CELL_MAX - 1) : c->n;

	c->text[n] = '\0';
	return alloc_checked(talloc_asprintf(ctx, "%s%s", c->text,
					     c->cut ? "…" : ""));
}

/* Reads a row; cells beyond CSV_COLUMNS are only counted. Returns how many. */
static size_t read_row(struct reader *r, const char **cells)
{
	struct cell c;
	size_t n = 0;

	for (;;) {
		read_cell(r, &c);
		if (n < CSV_COLUMNS)
			cells[n] = keep_cell(r->table, &c);
		n++;
		if (r->at == r->end || *r->at != r->delimiter)
			break;
		r->at++;
	}
	if (r->at < r->end && *r->at == '\r')
		r->at++;
	if (r->at < r->end && *r->at == '\n')
		r->at++;
	return n;
}

/* "1,204.5", "-3", "12 %", "$900" are numbers to a reader; a date is none. */
static bool is_number(const char *s)
{
	size_t digits = 0;

	s += strspn(s, " -+$");
	for (; *s; s++) {
		if (isdigit((unsigned char)*s))
			digits++;
		else if (!strchr(".,% eE", *s) && !(*s == '-' && strchr("eE", s[-1])))
			return false;
	}
	return digits > 0;
}

static void find_numbers(struct csv_table *t)
{
	size_t row, column;
	bool any;

	for (column = 0; column < t->columns; column++) {
		any = false;
		t->number[column] = true;
		for (row = 1; row < t->rows; row++) {
			const char *cell = t->cells[row][column];

			if (!cell || !*cell)
				continue;
			any = true;
			if (!is_number(cell))
				t->number[column] = false;
		}
		t->number[column] = t->number[column] && any;
	}
}

/* The end of the last whole line; of all when there is no line end. */
static size_t whole_lines(const char *text, size_t n)
{
	const char *last = memrchr(text, '\n', n);

	return last ? (size_t)(last - text) + 1 : n;
}

struct csv_table *csv_table_parse(const void *ctx, const char *text, size_t n,
				  char delimiter, bool whole)
{
	struct csv_table *t = alloc_checked(talloc_zero(ctx, struct csv_table));
	size_t used = whole ? n : whole_lines(text, n), cells;
	struct reader r = {
		.at = text, .end = text + used, .table = t,
		.delimiter = delimiter ? delimiter : find_delimiter(text, n),
	};

	while (r.at < r.end && t->rows < CSV_ROWS) {
		cells = read_row(&r, t->cells[t->rows++]);
		if (cells > CSV_COLUMNS) {
			t->more_columns = true;
			cells = CSV_COLUMNS;
		}
		t->columns = cells > t->columns ? cells : t->columns;
	}
	t->more_rows = r.at < r.end || !whole;
	find_numbers(t);
	return t;
}
