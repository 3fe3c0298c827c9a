#include "config.h"
#include "spending/prices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"

#define FILE_MAX (256 << 10)	/* bytes */
#define ROWS_MAX 4096
#define NAME_MAX_BYTES 128
#define FIELDS 7		/* and an eighth, which few rows have */
#define LONG "/long"
#define CLASSES 5
#define DAY_MS INT64_C(86400000)

/*
 * USD per million tokens are millionths of a dollar per token. Prices are kept
 * in millionths of that, the precision of the file, so no total is rounded
 * before its end.
 */
#define SCALE 1000000
#define PRICE_MAX INT64_C(1000000)	/* USD per million tokens */

struct row {
	const char *name;
	size_t len;
	bool begins;		/* name is a prefix of the model's */
	int64_t from;		/* UTC ms */
	int64_t price[CLASSES];	/* input, output, 5m, 1h, read */
	int64_t prompt_max;	/* tokens; 0: one price for prompts of any length */
	int line;
};

struct prices {
	struct row *rows;	/* sorted by name, then from */
	size_t n;
};

/* Digits, and up to six after a decimal point. */
static bool parse_price(const char *s, int64_t *out)
{
	int64_t whole = 0, part = 0, unit = SCALE;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		whole = whole * 10 + (*s - '0');
		if (whole > PRICE_MAX)
			return false;
	}
	if (*s == '.') {
		s++;
		if (!*s)
			return false;
		for (; *s >= '0' && *s <= '9' && unit > 1; s++) {
			unit /= 10;
			part += (*s - '0') * unit;
		}
	}
	*out = whole * SCALE + part;
	return !*s;
}

/* "2025-11-24" -> UTC ms of its start. */
static bool parse_date(const char *s, int64_t *out)
{
	static const char form[] = "dddd-dd-dd";
	struct clock_date d;
	int year, month, day, i;
	int64_t days;

	for (i = 0; form[i]; i++) {
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != '-')
			return false;
	}
	if (s[i])
		return false;
	year = atoi(s);
	month = atoi(s + 5);
	day = atoi(s + 8);
	if (month < 1 || month > 12)
		return false;
	days = clock_days(year, month, day);
	clock_date(days * 86400, &d);
	*out = days * DAY_MS;
	return d.year == year && d.month == month && d.day == day;
}

static bool parse_name(struct row *r, char *name)
{
	size_t n = strlen(name);

	r->begins = n && name[n - 1] == '*';
	if (r->begins)
		name[--n] = '\0';
	r->name = name;
	r->len = n;
	return n <= NAME_MAX_BYTES && (n || r->begins) && !strchr(name, '*') &&
	       utf8_valid(name, n);
}

static int parse_row(struct row *r, char *line, struct err *e)
{
	static const char *const blank = " \t\r";
	char *fields[FIELDS + 2] = { NULL }, *rest = NULL;
	size_t n = 0, i;

	fields[0] = strtok_r(line, blank, &rest);
	while (n <= FIELDS && fields[n])
		fields[++n] = strtok_r(NULL, blank, &rest);
	if (n < FIELDS || fields[FIELDS + 1])
		return err_set(e, ERR_INPUT, "a row has %d fields: model from"
			       " input output write_5m write_1h read, and perhaps"
			       " long", FIELDS);
	if (fields[FIELDS] &&
	    str_parse_number(fields[FIELDS], 1, INT64_MAX, &r->prompt_max, e) < 0)
		return err_set(e, ERR_INPUT, "\"%.20s\" is not a number of tokens"
			       " of a prompt", fields[FIELDS]);
	if (!parse_name(r, fields[0]))
		return err_set(e, ERR_INPUT, "bad name of a model");
	if (!parse_date(fields[1], &r->from))
		return err_set(e, ERR_INPUT, "\"%.20s\" is not a date such as"
			       " 2025-11-24", fields[1]);
	for (i = 0; i < CLASSES; i++) {
		if (!parse_price(fields[2 + i], &r->price[i]))
			return err_set(e, ERR_INPUT, "\"%.20s\" is not a price"
				       " in USD a million tokens",
				       fields[2 + i]);
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int rc = strcmp(x->name, y->name);

	if (rc == 0 && x->begins != y->begins)
		rc = x->begins ? 1 : -1;
	if (rc == 0 && x->from != y->from)
		rc = x->from < y->from ? -1 : 1;
	return rc ? rc : x->line - y->line;
}

static bool same_model(const struct row *a, const struct row *b)
{
	return a->begins == b->begins && str_equal(a->name, b->name);
}

static int check_doubles(const struct prices *p, const char *file,
			 struct err *e)
{
	const struct row *r;

	for (r = p->rows + 1; r < p->rows + p->n; r++) {
		if (same_model(r - 1, r) && r[-1].from == r->from)
			return err_set(e, ERR_INPUT, "%s:%d: the same model"
				       " and date as in line %d", file,
				       r->line, r[-1].line);
	}
	return 0;
}

static int add_line(struct prices *p, char *line, int number, struct err *e)
{
	char *comment = strchr(line, '#');
	struct row r = { .line = number };

	if (comment)
		*comment = '\0';
	if (!line[strspn(line, " \t\r")])
		return 0;
	if (p->n == ROWS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d rows", ROWS_MAX);
	if (parse_row(&r, line, e) < 0)
		return -1;
	p->rows[p->n++] = r;
	return 0;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

/* Takes text into p; names point into it. */
static int read_text(struct prices *p, const char *file, char *text,
		     struct err *e)
{
	char *line = text, *next;
	int number = 1;

	p->rows = alloc_checked(talloc_zero_array(p, struct row,
						  count_lines(text)));
	for (; line; line = next, number++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (add_line(p, line, number, e) < 0)
			return err_wrap(e, "%s:%d", file, number);
	}
	qsort(p->rows, p->n, sizeof(*p->rows), compare);
	return check_doubles(p, file, e);
}

struct prices *prices_parse(const void *ctx, const char *name,
			    const char *text, size_t n, struct err *e)
{
	struct prices *p;
	char *copy;

	if (n > FILE_MAX || memchr(text, '\0', n)) {
		err_set(e, ERR_INPUT, "%s:1: no text of at most %d bytes",
			name, FILE_MAX);
		return NULL;
	}
	p = talloc_zero(ctx, struct prices);
	copy = p ? talloc_strndup(p, text, n) : NULL;
	if (!copy)
		err_abort("out of memory");
	if (read_text(p, name, copy, e) < 0) {
		talloc_free(p);
		return NULL;
	}
	return p;
}

struct prices *prices_load(const void *ctx, const char *path, struct err *e)
{
	auto_buf text = BUF_INIT(FILE_MAX + 4096);
	FILE *f = fopen(path, "re");
	int rc;

	if (!f) {
		err_errno(e, ERR_INPUT, errno, "%s (see the setting prices)",
			  path);
		return NULL;
	}
	rc = buf_read_file(&text, f, e);
	fclose(f);
	if (rc < 0) {
		err_wrap(e, "%s", path);
		return NULL;
	}
	return prices_parse(ctx, path, buf_text(&text), text.len, e);
}

/* A model's rows are adjacent; the last that has begun applies. */
static const struct row *last_begun(const struct prices *p,
				    const struct row *first, int64_t at)
{
	const struct row *r, *found = NULL;

	for (r = first; r < p->rows + p->n && same_model(r, first); r++) {
		if (r->from <= at)
			found = r;
	}
	return found;
}

static bool is_tool(const char *name)
{
	return str_starts(name, PRICES_TOOL);
}

static const struct row *find_row(const struct prices *p, const char *model,
				  int64_t at)
{
	const struct row *r, *best = NULL;

	for (r = p->rows; r < p->rows + p->n; r++) {
		if (!r->begins && str_equal(r->name, model))
			return last_begun(p, r, at);
		if (r->begins && strncmp(r->name, model, r->len) == 0 &&
		    is_tool(r->name) == is_tool(model) &&
		    (!best || r->len > best->len))
			best = r;
	}
	return best ? last_begun(p, best, at) : NULL;
}

static int64_t total(const int64_t price[CLASSES], const struct usage *u)
{
	const int64_t tokens[CLASSES] = { u->input, u->output,
		u->cache_write_5m, u->cache_write_1h, u->cache_read };
	__int128 sum = SCALE / 2;
	size_t i;

	for (i = 0; i < CLASSES; i++) {
		if (tokens[i] > 0)
			sum += (__int128)tokens[i] * price[i];
	}
	sum /= SCALE;
	return sum > INT64_MAX ? INT64_MAX : (int64_t)sum;
}

int64_t prices_cost(const struct prices *p, const char *model,
		    const struct usage *u, int64_t at)
{
	const struct row *r = find_row(p, model, at);

	return r ? total(r->price, u) : -1;
}

int64_t prices_dearest(const struct prices *p, const char *model,
		       const struct usage *u, int64_t at)
{
	int64_t price[CLASSES] = { 0 };
	const struct row *r;
	size_t i;

	for (r = p->rows; r < p->rows + p->n; r++) {
		if (r->from > at || is_tool(r->name) != is_tool(model) ||
		    (r + 1 < p->rows + p->n && same_model(r, r + 1) &&
		     r[1].from <= at))
			continue;
		for (i = 0; i < CLASSES; i++) {
			if (price[i] < r->price[i])
				price[i] = r->price[i];
		}
	}
	return total(price, u);
}

int64_t prices_counted(const struct prices *p, const char *model,
		       const struct usage *u, int64_t at)
{
	int64_t cost = prices_cost(p, model, u, at);

	return cost < 0 ? prices_dearest(p, model, u, at) : cost;
}

void prices_name(const struct prices *p, const char *model, const struct usage *u,
		 int64_t at, char out[PRICES_NAME_SIZE])
{
	const struct row *r = find_row(p, model, at);
	bool more = r && r->prompt_max && usage_prompt(u) > r->prompt_max;
	size_t n = strlen(model), max = PRICES_NAME_SIZE - 1;

	if (more && !r->begins && n + strlen(LONG) <= max) {
		snprintf(out, PRICES_NAME_SIZE, "%s" LONG, model);
	} else if (more && r->begins && r->len > 1 && r->len - 1 + strlen(LONG) <= max) {
		/* "name-*": the row for long prompts is that of the name */
		snprintf(out, PRICES_NAME_SIZE, "%.*s" LONG,
			 (int)(r->len - (r->name[r->len - 1] == '-')), r->name);
	} else {
		n = utf8_prefix(model, n, max);
		memcpy(out, model, n);
		out[n] = '\0';
	}
}

bool prices_change(const struct prices *p, int64_t from, int64_t to)
{
	const struct row *r;

	for (r = p->rows; r < p->rows + p->n; r++) {
		if (r->from > from && (!to || r->from < to))
			return true;
	}
	return false;
}
