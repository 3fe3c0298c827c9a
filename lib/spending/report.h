/* A month of the ledger as reports need it: by day, model, user, conversation. */
#ifndef SPENDING_REPORT_H
#define SPENDING_REPORT_H

#include "spending/prices.h"

/* The total of some calls, in tokens and at today's price table. */
struct tally {
	struct usage usage;
	int64_t cost;		/* millionths of a US dollar, for models with a price */
	int64_t unpriced;	/* tokens of models without a price */
	int64_t counted;	/* as counted by budgets of money: see struct spent */
	int64_t calls;
	int64_t unmetered;	/* number of calls: replies without usage */
};

void tally_add(struct tally *to, const struct tally *one);
static inline int64_t tally_tokens(const struct tally *t)
{
	return usage_tokens(&t->usage);
}

#define REPORT_DAYS 31

struct report_month {
	char month[8];		/* "2026-11" */
	int64_t from, to;	/* UTC ms: [from, to) */
	int64_t year;
	int number;		/* from 1 */
	int ndays;
	struct {
		char day[11];	/* "2026-11-25" */
		int64_t from;
		int number, weekday;	/* from 1; 0 is Sunday */
	} days[REPORT_DAYS];
};

/*
 * A calendar month in a zone, between 2000-01 and 9999-12: ERR_INPUT
 * "error_month" for anything else. NULL or "": the month of now_ms.
 */
int report_month_at(const char *zone, const char *month, int64_t now_ms,
		    struct report_month *out, struct err *e) must_check;

/* "2026-10", "2026-12" for "2026-11". */
void report_month_step(const char month[8], int by, char out[8]);

/*
 * One line of a report; fields not asked for are "". The subject of a run is
 * its agent.
 */
struct report_line {
	const char *user_id, *kind, *subject_id, *model;
	const char *name;	/* of the subject, as struct usage_sum has it */
	enum usage_subject subject;
	struct tally tally;
};

/* A talloc object. */
struct report {
	struct tally all;
	struct tally days[REPORT_DAYS];
	struct report_line *lines;	/* most tokens first */
	size_t n;
};

enum report_by { REPORT_BY_MODEL, REPORT_BY_SUBJECT, REPORT_BY_USER };

/*
 * The lines of all models, subjects or users within the month (from, to), and,
 * except for REPORT_BY_SUBJECT (where they stay 0), the sums of its days.
 * user_id NULL: all users. Gives (child of ctx).
 */
struct report *report_load(const void *ctx, struct db *db,
			   const struct prices *p, const char *user_id,
			   const struct report_month *m, enum report_by by,
			   struct err *e) must_check;

/*
 * A day's lines, one per subject and model: for a CSV file. day: a day of the
 * month. Texts are borrowed during the call.
 */
int report_each(struct db *db, const struct prices *p, const char *user_id,
		const struct report_month *m, int day,
		int (*each)(void *data, const struct report_line *l, struct err *e),
		void *data, struct err *e) must_check;

#endif
