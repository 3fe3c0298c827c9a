#include "config.h"
#include "store/budgets.h"

#include <string.h>

#include "core/clock.h"
#include "core/str.h"

struct loading {
	struct budget budget;
	bool found;
};

static int keep_budget(void *data, const struct db_row *row, struct err *e)
{
	struct loading *l = data;

	l->found = true;
	l->budget = (struct budget){ db_number(row, 0), db_number(row, 1),
				     db_number(row, 2), db_number(row, 3) };
	return 0;
}

int budget_load(struct db *db, const char *subject, struct budget *out,
		bool *own, struct err *e)
{
	struct loading l = { .found = false };

	if (db_query(db, e, keep_budget, &l, "SELECT day_tokens, day_cost,"
		     " month_tokens, month_cost FROM budgets"
		     " WHERE subject = $1", "t", subject) < 0)
		return -1;
	*out = l.budget;
	*own = l.found;
	return 0;
}

int budget_of_user(struct db *db, const char *user_id, struct budget *out,
		   struct err *e)
{
	struct loading l = { .found = false };

	/* The user's own comes last, if there is one. */
	if (db_query(db, e, keep_budget, &l, "SELECT day_tokens, day_cost,"
		     " month_tokens, month_cost FROM budgets"
		     " WHERE subject IN ($1, '" BUDGET_EACH "') ORDER BY CASE"
		     " WHEN subject = '" BUDGET_EACH "' THEN 0 ELSE 1 END",
		     "t", user_id) < 0)
		return -1;
	*out = l.budget;
	return 0;
}

int budget_save(struct db *db, const char *subject, const struct budget *b,
		struct err *e)
{
	if (b->day_tokens < 0 || b->day_cost < 0 || b->month_tokens < 0 ||
	    b->month_cost < 0)
		return err_tell(e, ERR_INPUT, "error_budget",
				"a budget is 0 or more");
	return db_run(db, e, "INSERT INTO budgets (subject, day_tokens,"
		      " day_cost, month_tokens, month_cost, changed_at)"
		      " VALUES ($1, $2, $3, $4, $5, $6)"
		      " ON CONFLICT (subject) DO UPDATE SET"
		      " day_tokens = excluded.day_tokens,"
		      " day_cost = excluded.day_cost,"
		      " month_tokens = excluded.month_tokens,"
		      " month_cost = excluded.month_cost,"
		      " changed_at = excluded.changed_at", "tnnnnn", subject,
		      b->day_tokens, b->day_cost, b->month_tokens,
		      b->month_cost, clock_now_ms());
}

int budget_clear(struct db *db, const char *subject, struct err *e)
{
	return db_run(db, e, "DELETE FROM budgets WHERE subject = $1", "t",
		      subject);
}

static int keep_stop(void *data, const struct db_row *row, struct err *e)
{
	struct stop_all *s = data;

	s->on = true;
	if (!str_copy(s->by_login, sizeof(s->by_login), db_text(row, 0)))
		return err_set(e, ERR_INTERNAL, "a login is too long");
	s->at = db_number(row, 1);
	return 0;
}

int stop_all_load(struct db *db, struct stop_all *out, struct err *e)
{
	struct stop_all s = { .on = false };

	if (db_query(db, e, keep_stop, &s, "SELECT by_login, at FROM stops"
		     " WHERE name = 'all'", "") < 0)
		return -1;
	*out = s;
	return 0;
}

int stop_all_set(struct db *db, bool on, const char *by_login, struct err *e)
{
	if (!on)
		return db_run(db, e, "DELETE FROM stops WHERE name = 'all'",
			      "");
	if (strlen(by_login) >= sizeof(((struct stop_all *)NULL)->by_login))
		return err_set(e, ERR_INPUT, "a login is too long");
	return db_run(db, e, "INSERT INTO stops (name, by_login, at)"
		      " VALUES ('all', $1, $2) ON CONFLICT (name) DO NOTHING",
		      "tn", by_login, clock_now_ms());
}
