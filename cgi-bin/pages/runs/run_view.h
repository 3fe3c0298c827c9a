/* The view of a run, shared by the list and a run's page. */
#ifndef RUN_VIEW_H
#define RUN_VIEW_H

#include "pages/usage/usage_view.h"
#include "store/executions.h"

/*
 * Its id, agent, trigger, status with icon, word and short reason: the names
 * used by partials/execution_mark and by a row.
 */
void execution_head(const struct request *r, struct view *into, const struct execution *x);

/* A status with its reason ("" none), as partials/execution_mark shows it: state, icon, status_word, short, and mark_href "". */
void execution_look(const struct request *r, struct view *into, const char *status, const char *reason);

/*
 * From its start to its end (or now); "" if it never started. Gives (child of
 * r).
 */
const char *execution_took(const struct request *r, const struct execution *x, int64_t now);

/* What the status' word leaves open, and its meaning with what to do ("" nothing). Borrowed. */
const char *execution_said(const struct request *r, const struct execution *x);
const char *execution_reason(const struct request *r, const struct execution *x);

/* All that partials/run_row shows; with_agent is the caller's. */
void run_row(const struct request *r, struct view *row, const struct execution *x, int64_t now);

/* Queued or running. */
bool execution_open(const struct execution *x);

/* Usage of all its attempts. */
int execution_tally(const struct request *r, const struct prices *p, const struct execution *x, struct tally *out, struct err *e) must_check;

/* The run that the URL names, if it is the user's. Gives (child of r). */
struct execution *execution_here(struct request *r, struct err *e) must_check;

/* Its problems and what to do about them: names problems, has_problems. */
int execution_problems(struct request *r, struct view *view, const struct execution *x, struct err *e) must_check;

/*
 * Whether running it again unchanged helps, in a sentence; "" when there is
 * nothing to say. Borrowed.
 */
const char *execution_again(const struct request *r, const struct execution *x);

/*
 * Its attempts, each a fold, with the transcript of one: names attempts, live,
 * began, denied.
 */
int execution_attempts(struct request *r, struct view *view, const struct execution *x, int64_t now, struct err *e) must_check;

#endif
