/* gongbang usage: what each account used in a month. */
#include "config.h"
#include "cli/command.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "spending/amount.h"
#include "spending/report.h"
#include "store/removal.h"

struct printing {
	const struct report *report;
	const struct report_month *month;
	const struct prices *prices;
	struct db *db;
	json_object *all;	/* NULL: text output */
	size_t shown;
};

static const struct report_line *line_of(const struct report *r,
					 const char *user_id)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (str_equal(r->lines[i].user_id, user_id))
			return &r->lines[i];
	}
	return NULL;
}

static void print_tally(const char *name, const struct tally *t)
{
	const int64_t numbers[] = {
		t->usage.input, t->usage.output, t->usage.cache_write_5m,
		t->usage.cache_write_1h, t->usage.cache_read, tally_tokens(t),
	};
	char text[AMOUNT_SIZE];
	size_t i;

	printf("%-20s  %8lld", name, (long long)t->calls);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		amount_tokens(text, numbers[i]);
		printf("  %14s", text);
	}
	amount_usd(text, t->cost);
	printf("  %12s%s%s\n", text, t->unpriced ? "  + unknown" : "",
	       t->unmetered ? "  (some calls unmetered)" : "");
}

static void add_count(json_object *o, const char *name, int64_t n)
{
	json_object_object_add(o, name, json_object_new_int64(n));
}

static void print_tool(const char *name, const struct tally *t)
{
	char uses[AMOUNT_SIZE], cost[AMOUNT_SIZE];

	amount_tokens(uses, t->usage.input);
	amount_usd(cost, t->cost);
	printf("  %-18s  %s uses  %s%s\n", name, uses, cost,
	       t->unpriced ? "  + unknown" : "");
}

static void add_tool(json_object *tools, const char *name, const struct tally *t)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_object_new_string(name));
	add_count(o, "uses", t->usage.input);
	add_count(o, "microusd", t->cost);
	add_count(o, "uses_without_price", t->unpriced);
	json_object_array_add(tools, o);
}

/*
 * Tools that the model service ran for a user: counted above, listed here.
 * tools: NULL for text output.
 */
static int tell_tools(const struct printing *p, const char *user_id,
		      json_object *tools, struct err *e)
{
	struct report *r = report_load(p->db, p->db, p->prices, user_id, p->month,
				       REPORT_BY_MODEL, e);
	size_t i;

	for (i = 0; r && i < r->n; i++) {
		const struct report_line *l = &r->lines[i];

		if (!str_starts(l->model, PRICES_TOOL))
			continue;
		if (tools)
			add_tool(tools, l->model + strlen(PRICES_TOOL), &l->tally);
		else
			print_tool(l->model + strlen(PRICES_TOOL), &l->tally);
	}
	talloc_free(r);
	return r ? 0 : -1;
}

static json_object *add_json(json_object *all, const char *login, const struct tally *t)
{
	json_object *tools = json_object_new_array();
	json_object *o = json_object_new_object();

	json_object_object_add(o, "login", json_object_new_string(login));
	add_count(o, "calls", t->calls);
	add_count(o, "unmetered_calls", t->unmetered);
	add_count(o, "input", t->usage.input);
	add_count(o, "output", t->usage.output);
	add_count(o, "cache_write_5m", t->usage.cache_write_5m);
	add_count(o, "cache_write_1h", t->usage.cache_write_1h);
	add_count(o, "cache_read", t->usage.cache_read);
	add_count(o, "tokens", tally_tokens(t));
	add_count(o, "microusd", t->cost);
	add_count(o, "tokens_without_price", t->unpriced);
	json_object_object_add(o, "hosted_tools", tools);
	json_object_array_add(all, o);
	return tools;
}

static int print_user(void *data, const struct user *u, struct err *e)
{
	struct printing *p = data;
	const struct report_line *l = line_of(p->report, u->id);

	if (!l)
		return 0;
	p->shown++;
	if (p->all)
		return tell_tools(p, u->id, add_json(p->all, u->login, &l->tally), e);
	print_tally(u->login, &l->tally);
	return tell_tools(p, u->id, NULL, e);
}

/* So that the rows add up to the total. */
static void print_removed(struct printing *p)
{
	const struct report_line *l = line_of(p->report, REMOVED_ID);

	if (l && p->all)
		add_json(p->all, "", &l->tally);
	else if (l)
		print_tally("(removed accounts)", &l->tally);
}

static int print_report(struct printing *p, struct db *db, const char *month,
			struct err *e)
{
	if (!p->all)
		printf("%-20s  %8s  %14s  %14s  %14s  %14s  %14s  %14s  %12s\n",
		       month, "CALLS", "INPUT", "OUTPUT", "CACHE WRITE 5M",
		       "CACHE WRITE 1H", "CACHE READ", "TOKENS", "COST");
	if (user_each(db, print_user, p, e) < 0)
		return -1;
	print_removed(p);
	if (!p->all)
		print_tally("all", &p->report->all);
	else
		puts(json_object_to_json_string_ext(p->all,
			JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	return 0;
}

int command_usage(const struct call *c, struct err *e)
{
	const char *zone = settings_text(c->settings, SET_DEFAULT_TIMEZONE);
	struct db *db = command_store(c, e);
	struct printing p = { .shown = 0 };
	struct report_month m;
	struct prices *prices;
	int rc;

	if (!db || report_month_at(zone, c->options[OPTION_MONTH],
				   clock_now_ms(), &m, e) < 0)
		return -1;
	prices = prices_load(c->ctx, settings_text(c->settings, SET_PRICES), e);
	if (!prices)
		return -1;
	p.report = report_load(c->ctx, db, prices, NULL, &m, REPORT_BY_USER, e);
	if (!p.report)
		return -1;
	p.month = &m;
	p.prices = prices;
	p.db = db;
	if (c->options[OPTION_JSON])
		p.all = json_object_new_array();
	rc = print_report(&p, db, m.month, e);
	json_object_put(p.all);
	return rc;
}
