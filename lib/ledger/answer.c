#include "config.h"
#include "ledger/answer.h"

#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "ledger/wire.h"
#include "store/budgets.h"
#include "store/users.h"

struct asked {
	struct db *db;
	char *words[LEDGER_WORDS_MAX];	/* words in its line, the verb included */
	char *rows[LEDGER_ROWS_MAX];
	size_t n;
	struct buf *reply;
};

static int malformed(struct err *e)
{
	return err_set(e, ERR_INPUT, "malformed request");
}

static int add_budget(struct buf *reply, const struct budget *b, struct err *e)
{
	return buf_addf(reply, e, " %lld %lld %lld %lld\n",
			(long long)b->day_tokens, (long long)b->day_cost,
			(long long)b->month_tokens, (long long)b->month_cost);
}

static int installation(struct asked *a, struct err *e)
{
	struct stop_all stop;
	struct budget budget;
	bool own;

	if (stop_all_load(a->db, &stop, e) < 0 ||
	    budget_load(a->db, BUDGET_ALL, &budget, &own, e) < 0 ||
	    buf_addf(a->reply, e, "%d", stop.on) < 0)
		return -1;
	return add_budget(a->reply, &budget, e);
}

static int add_user(struct asked *a, const struct user *u, struct err *e)
{
	char locale[3 * CALL_MODEL_SIZE], zone[3 * CALL_MODEL_SIZE];
	char before[3 * CALL_MODEL_SIZE];

	call_line_escape(u->locale, locale);
	call_line_escape(u->timezone, zone);
	call_line_escape(u->budget_timezone, before);
	return buf_addf(a->reply, e, "%d %s %s %s %lld", u->disabled_at != 0,
			locale, zone, before,
			(long long)u->budget_timezone_until);
}

static int account(struct asked *a, struct err *e)
{
	struct budget budget;
	struct user *u;
	int rc;

	if (!id_valid(a->words[1]))
		return malformed(e);
	u = user_load(a->db, NULL, a->words[1], e);
	if (!u)
		return -1;
	rc = budget_of_user(a->db, u->id, &budget, e);
	if (rc == 0)
		rc = add_user(a, u, e);
	talloc_free(u);
	return rc < 0 ? -1 : add_budget(a->reply, &budget, e);
}

static int booked(struct asked *a, struct err *e)
{
	int64_t found;
	size_t i;

	for (i = 0; i < a->n; i++) {
		if (!id_valid(a->rows[i]))
			return malformed(e);
		found = 0;
		if (db_query(a->db, e, db_keep_number, &found,
			     "SELECT 1 FROM usage WHERE id = $1", "t",
			     a->rows[i]) < 0 ||
		    buf_add(a->reply, found ? "1" : "0", 1, e) < 0)
			return -1;
	}
	return buf_add(a->reply, "\n", 1, e);
}

static int add_sum(void *data, const struct usage_sum *s, struct err *e)
{
	struct asked *a = data;
	const struct usage *u = &s->usage;
	char model[3 * CALL_MODEL_SIZE];

	call_line_escape(s->model, model);
	return buf_addf(a->reply, e, "%lld %s %lld %lld %lld %lld %lld\n",
			(long long)s->quarter, model, (long long)u->input,
			(long long)u->output, (long long)u->cache_write_5m,
			(long long)u->cache_write_1h, (long long)u->cache_read);
}

/* NULL for "-"; false when it is neither that nor an id. */
static bool read_id(const char *word, const char **out)
{
	*out = str_equal(word, "-") ? NULL : word;
	return !*out || id_valid(word);
}

static int sums(struct asked *a, struct err *e)
{
	bool quarter = str_equal(a->words[5], "quarter");
	struct usage_filter f = { 0 };

	if (!read_id(a->words[1], &f.user_id) ||
	    !read_id(a->words[2], &f.subject_id) ||
	    !wire_number(a->words[3], LEDGER_NUMBER_MAX, &f.from) ||
	    !wire_number(a->words[4], LEDGER_NUMBER_MAX, &f.to) ||
	    (f.to && f.to < f.from) ||
	    (!quarter && !str_equal(a->words[5], "all")))
		return malformed(e);
	return usage_each(a->db, &f, quarter ? USAGE_BY_QUARTER : 0, add_sum, a,
			  e);
}

static bool timely(int64_t at, int64_t now)
{
	return at >= now - LEDGER_PAST_MS && at <= now + LEDGER_AHEAD_MS;
}

/* The line parser checked the characters: this checks the rest of a row. */
static int check_call(const struct usage_call *c, int64_t now, struct err *e)
{
	if (!utf8_valid(c->model, strlen(c->model)))
		return err_set(e, ERR_INPUT, "call %s: model", c->id);
	if (!timely(c->at, now) || !timely(c->ended_at, now))
		return err_set(e, ERR_INPUT, "call %s: time", c->id);
	if (str_equal(c->kind, "workspace") &&
	    !str_equal(c->subject_id, c->user_id))
		return err_set(e, ERR_INPUT, "call %s: subject", c->id);
	return 0;
}

struct calls {
	struct usage_call list[LEDGER_ROWS_MAX];
	char models[LEDGER_ROWS_MAX][CALL_MODEL_SIZE];
};

static int read_calls(const struct asked *a, struct calls *c, struct err *e)
{
	const int64_t now = clock_now_ms();
	enum call_line kind;
	size_t i;

	for (i = 0; i < a->n; i++) {
		if (!call_line_parse(a->rows[i], strlen(a->rows[i]), &kind,
				     &c->list[i], c->models[i]) ||
		    kind != LINE_END)
			return err_set(e, ERR_INPUT, "row %zu is not a call", i);
		if (check_call(&c->list[i], now, e) < 0)
			return -1;
	}
	return 0;
}

static int add(struct asked *a, struct err *e)
{
	struct calls *c = alloc_checked(malloc(sizeof(*c)));
	int rc;

	rc = read_calls(a, c, e);
	if (rc == 0)
		rc = usage_add(a->db, c->list, a->n, e);
	free(c);
	return rc;
}

static const struct verb {
	const char *name;
	size_t words;		/* including itself */
	size_t rows_min, rows_max;
	int (*answer)(struct asked *a, struct err *e);
} verbs[] = {
	{ "installation", 1, 0, 0, installation },
	{ "account", 2, 0, 0, account },
	{ "booked", 1, 1, LEDGER_ROWS_MAX, booked },
	{ "sums", 6, 0, 0, sums },
	{ "add", 1, 1, LEDGER_ROWS_MAX, add },
};

static int answer(struct asked *a, char *request, size_t n, struct err *e)
{
	const struct verb *v;
	char *at = request, *line = wire_line(&at);
	size_t words;

	if (!line || strlen(request) + 1 + strlen(at) != n)
		return malformed(e);
	words = wire_split(line, a->words);
	v = table_find(verbs, a->words[0]);
	if (!v || words != v->words)
		return malformed(e);
	while ((line = wire_line(&at))) {
		if (a->n == v->rows_max)
			return malformed(e);
		a->rows[a->n++] = line;
	}
	if (*at || a->n < v->rows_min)
		return malformed(e);
	return v->answer(a, e);
}

/* In one line, whatever the message contains. */
static void add_error(struct buf *reply, struct err *e)
{
	struct err full = { 0 };
	char *c;

	for (c = e->text; *c; c++) {
		if ((unsigned char)*c < ' ')
			*c = ' ';
	}
	buf_clear(reply);
	if (buf_addf(reply, &full, "error %s %s %s\n\n", err_kind_name(e->kind),
		     *e->key ? e->key : "-", e->text) < 0)
		err_abort("no room for an error");
}

void ledger_answer(struct db *db, char *request, size_t n, struct buf *reply)
{
	struct asked a = { .db = db, .reply = reply };
	struct err e = { 0 };

	if (buf_add_text(reply, "ok\n", &e) < 0 ||
	    answer(&a, request, n, &e) < 0 ||
	    buf_add_text(reply, "\n", &e) < 0)
		add_error(reply, &e);
}
