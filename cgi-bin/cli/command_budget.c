/* gongbang budget ...: how much may be spent, and by which users. */
#include "config.h"
#include "cli/command.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "spending/amount.h"
#include "store/budgets.h"

static bool is_account(const char *subject)
{
	return !str_equal(subject, BUDGET_ALL) &&
	       !str_equal(subject, BUDGET_EACH);
}

/* The store's name for a SUBJECT: an account's id, or itself. */
static const char *find_subject(const struct call *c, struct db *db, struct err *e)
{
	struct user *u;

	if (!is_account(c->words[0]))
		return c->words[0];
	u = command_user(c, db, c->words[0], e);
	return u ? u->id : NULL;
}

static void print_head(void)
{
	printf("%-20s  %20s  %14s  %20s  %14s\n", "SUBJECT", "TOKENS PER DAY",
	       "COST PER DAY", "TOKENS PER MONTH", "COST PER MONTH");
}

static void print_budget(const char *subject, const struct budget *b,
			 const char *note)
{
	char text[4][AMOUNT_SIZE] = { "no limit", "no limit", "no limit",
				      "no limit" };

	if (b->day_tokens)
		amount_tokens(text[0], b->day_tokens);
	if (b->day_cost)
		amount_usd(text[1], b->day_cost);
	if (b->month_tokens)
		amount_tokens(text[2], b->month_tokens);
	if (b->month_cost)
		amount_usd(text[3], b->month_cost);
	printf("%-20s  %20s  %14s  %20s  %14s%s\n", subject, text[0], text[1],
	       text[2], text[3], note);
}

struct listing {
	struct db *db;
	json_object *all;	/* NULL: text output */
};

/* Limits of 0 are null: no limit. Costs are millionths of a dollar. */
static void put_limit(json_object *o, const char *name, int64_t n)
{
	json_object_object_add(o, name, n ? json_object_new_int64(n) : NULL);
}

static int show(const struct listing *l, const char *subject,
		const struct budget *b, const char *note)
{
	json_object *o;

	if (!l->all) {
		print_budget(subject, b, note);
		return 0;
	}
	o = json_object_new_object();
	json_object_object_add(o, "subject", json_object_new_string(subject));
	put_limit(o, "day_tokens", b->day_tokens);
	put_limit(o, "day_microusd", b->day_cost);
	put_limit(o, "month_tokens", b->month_tokens);
	put_limit(o, "month_microusd", b->month_cost);
	return json_object_array_add(l->all, o);
}

static int show_row(const struct listing *l, const char *subject,
		    const char *name, struct err *e)
{
	struct budget b;
	bool own;

	if (budget_load(l->db, subject, &b, &own, e) < 0)
		return -1;
	return own || !is_account(subject) ? show(l, name, &b, "") : 0;
}

static int show_user(void *data, const struct user *u, struct err *e)
{
	return show_row(data, u->id, u->login, e);
}

/* The limits that apply to one, wherever they are set. */
static int show_one(const struct call *c, const struct listing *l,
		    struct err *e)
{
	const char *subject = find_subject(c, l->db, e);
	struct budget b;
	bool own;

	if (!subject || budget_load(l->db, subject, &b, &own, e) < 0)
		return -1;
	if (own || !is_account(c->words[0]))
		return show(l, c->words[0], &b, "");
	if (budget_of_user(l->db, subject, &b, e) < 0)
		return -1;
	return show(l, c->words[0], &b, "  (default)");
}

static int show_all(const struct listing *l, struct err *e)
{
	if (show_row(l, BUDGET_ALL, BUDGET_ALL, e) < 0 ||
	    show_row(l, BUDGET_EACH, BUDGET_EACH, e) < 0)
		return -1;
	return user_each(l->db, show_user, (void *)l, e);
}

int command_budget_show(const struct call *c, struct err *e)
{
	struct listing l = { .db = command_store(c, e) };
	int rc;

	if (!l.db)
		return -1;
	if (c->options[OPTION_JSON])
		l.all = json_object_new_array();
	else
		print_head();
	rc = c->words[0] ? show_one(c, &l, e) : show_all(&l, e);
	if (rc == 0 && l.all)
		puts(json_object_to_json_string_ext(l.all,
						    JSON_C_TO_STRING_PRETTY));
	json_object_put(l.all);
	return rc;
}

/* Applies the options that were given to the current limits. */
static int take_limits(const struct call *c, struct budget *b, struct err *e)
{
	const struct {
		enum option option;
		int64_t *limit;
		int (*parse)(const char *text, int64_t *out, struct err *e);
	} limits[] = {
		{ OPTION_DAY_TOKENS, &b->day_tokens, amount_parse_tokens },
		{ OPTION_DAY_USD, &b->day_cost, amount_parse_usd },
		{ OPTION_MONTH_TOKENS, &b->month_tokens, amount_parse_tokens },
		{ OPTION_MONTH_USD, &b->month_cost, amount_parse_usd },
	};
	size_t i, given = 0;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const char *text = c->options[limits[i].option];

		if (!text)
			continue;
		given++;
		if (limits[i].parse(text, limits[i].limit, e) < 0)
			return err_wrap(e, "%.40s", text);
	}
	if (given)
		return 0;
	return err_set(e, ERR_INPUT, "set at least one of --day-tokens,"
		       " --day-usd, --month-tokens, --month-usd");
}

int command_budget_set(const struct call *c, struct err *e)
{
	struct db *db = command_store(c, e);
	const char *subject;
	struct budget b;
	bool own;
	int rc;

	if (!db || !(subject = find_subject(c, db, e)))
		return -1;
	rc = is_account(c->words[0]) ? budget_of_user(db, subject, &b, e) :
				       budget_load(db, subject, &b, &own, e);
	if (rc < 0 || take_limits(c, &b, e) < 0 ||
	    budget_save(db, subject, &b, e) < 0)
		return -1;
	command_tell_spending(c);
	print_head();
	print_budget(c->words[0], &b, "");
	return 0;
}

int command_budget_clear(const struct call *c, struct err *e)
{
	struct db *db = command_store(c, e);
	const char *subject;

	if (!db || !(subject = find_subject(c, db, e)) ||
	    budget_clear(db, subject, e) < 0)
		return -1;
	command_tell_spending(c);
	fprintf(stderr, "gongbang: %s now uses the default budget\n",
		c->words[0]);
	return 0;
}
