/*
 * A month's usage as a CSV file: RFC 4180, UTF-8 with a byte order mark,
 * without which some spreadsheets misread Korean.
 */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "pages/pages.h"
#include "pages/usage/usage_view.h"
#include "spending/amount.h"

#define CSV_MAX (60u << 20)	/* bytes, as for an export */

struct file {
	struct request *r;
	struct buf *out;
	const struct report_month *month;
	const struct user *whose;	/* NULL: everybody */
	int day;
	bool first;		/* the row has no cell yet */
	const char *user, *login;	/* the last one looked up */
};

/*
 * A text that a spreadsheet would treat as a formula gets a leading
 * apostrophe: titles and model names are untrusted.
 */
static bool is_formula(const char *s)
{
	static const char *const begins[] = {
		"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠",
	};
	size_t i;

	while (*s == ' ')
		s++;
	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		if (str_starts(s, begins[i]))
			return true;
	}
	return false;
}

static int add_text(struct file *f, const char *s, struct err *e)
{
	if (buf_addf(f->out, e, "%s\"%s", f->first ? "" : ",",
		     is_formula(s) ? "'" : "") < 0)
		return -1;
	f->first = false;
	for (; *s; s++) {
		if (buf_add(f->out, *s == '"' ? "\"\"" : s,
			    *s == '"' ? 2 : 1, e) < 0)
			return -1;
	}
	return buf_add_text(f->out, "\"", e);
}

static int add_number(struct file *f, int64_t n, struct err *e)
{
	const char *comma = f->first ? "" : ",";

	f->first = false;
	return buf_addf(f->out, e, "%s%lld", comma, (long long)n);
}

static int end_row(struct file *f, struct err *e)
{
	f->first = true;
	return buf_add_text(f->out, "\r\n", e);
}

static int add_head(struct file *f, struct err *e)
{
	static const char *const keys[] = {
		"usage_user", "usage_day", "usage_kind", "usage_subject",
		"usage_id", "usage_model", "usage_calls",
		"usage_calls_unmetered", "usage_input", "usage_output",
		"usage_write_5m", "usage_write_1h", "usage_read",
		"usage_all_tokens", "usage_cost_usd",
	};
	size_t i;

	if (buf_add_text(f->out, "\xef\xbb\xbf", e) < 0)
		return -1;
	for (i = f->whose ? 1 : 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (add_text(f, page_text(f->r, keys[i]), e) < 0)
			return -1;
	}
	return end_row(f, e);
}

/* For the user's own conversations and agents only; "" for those of others. */
static const char *title_of(const struct file *f, const struct report_line *l)
{
	if (str_equal(l->kind, "workspace") ||
	    !str_equal(l->user_id, context_of(f->r)->user->id))
		return "";
	return str_equal(l->kind, "run") ? l->name : usage_title(f->r, l);
}

static const char *login_of(struct file *f, const char *id)
{
	struct err e = { 0 };
	struct user *u;

	if (f->user && str_equal(f->user, id))
		return f->login;
	u = user_load(context_of(f->r)->db, f->r, id, &e);
	f->user = talloc_strdup(f->r, id);
	f->login = u ? u->login : "";
	return f->login;
}

static const char *kind_word(const struct file *f, const char *kind)
{
	return page_text(f->r, talloc_asprintf(f->r, "usage_kind_%s", kind));
}

/* A missing price is marked as such; it is not 0. */
static int add_cost(struct file *f, const struct tally *t, struct err *e)
{
	char text[AMOUNT_SIZE];

	if (t->unpriced)
		return add_text(f, usage_cost(f->r, t->cost, t->unpriced), e);
	amount_plain(text, t->cost);
	return buf_addf(f->out, e, ",%s", text);
}

static int add_row(void *data, const struct report_line *l, struct err *e)
{
	struct file *f = data;
	const struct usage *u = &l->tally.usage;
	const int64_t numbers[] = {
		l->tally.calls, l->tally.unmetered, u->input, u->output,
		u->cache_write_5m, u->cache_write_1h, u->cache_read,
		usage_tokens(u),
	};
	size_t i;

	if (!f->whose && add_text(f, login_of(f, l->user_id), e) < 0)
		return -1;
	if (add_text(f, f->month->days[f->day].day, e) < 0 ||
	    add_text(f, kind_word(f, l->kind), e) < 0 ||
	    add_text(f, title_of(f, l), e) < 0 ||
	    add_text(f, l->subject_id, e) < 0 || add_text(f, l->model, e) < 0)
		return -1;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (add_number(f, numbers[i], e) < 0)
			return -1;
	}
	return add_cost(f, &l->tally, e) < 0 ? -1 : end_row(f, e);
}

static int fill(struct file *f, struct err *e)
{
	const char *id = f->whose ? f->whose->id : NULL;
	bool away;
	struct prices *p = usage_prices(f->r, &away);

	if (add_head(f, e) < 0)
		return -1;
	for (f->day = 0; f->day < f->month->ndays; f->day++) {
		if (report_each(context_of(f->r)->db, p, id, f->month, f->day,
				add_row, f, e) < 0)
			return -1;
	}
	return 0;
}

static int answer(struct request *r, struct response *out,
		  const struct user *whose, const char *name, struct err *e)
{
	const char *zone = whose ? usage_zone_of(r, whose) : usage_zone(r);
	struct report_month month;
	struct file f = { .r = r, .out = &out->body, .month = &month,
			  .whose = whose, .first = true };

	if (usage_month(r, zone, clock_now_ms(), &month, e) < 0 ||
	    response_header(out, "Content-Disposition", talloc_asprintf(r,
			    "attachment; filename=\"gongbang-%s-%s.csv\"",
			    name, month.month), e) < 0)
		return -1;
	out->type = "text/csv; charset=utf-8; header=present";
	out->body.cap = CSV_MAX;
	if (fill(&f, e) == 0)
		return 0;
	if (e->kind != ERR_LIMIT)
		return -1;
	return err_tell(e, ERR_LIMIT, "error_csv_large",
			"a file of more than %u bytes", CSV_MAX);
}

int page_usage_csv(struct request *r, struct response *out, struct err *e)
{
	return answer(r, out, context_of(r)->user, "usage", e);
}

int page_admin_usage_csv(struct request *r, struct response *out,
			 struct err *e)
{
	return answer(r, out, NULL, "usage-all", e);
}

int page_admin_usage_user_csv(struct request *r, struct response *out,
			      struct err *e)
{
	struct user *u = user_load(context_of(r)->db, r, request_arg(r, "id"),
				   e);

	if (!u)
		return -1;
	return answer(r, out, u, talloc_asprintf(r, "usage-%s", u->login), e);
}
