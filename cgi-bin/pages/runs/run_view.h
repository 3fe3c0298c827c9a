/* How runs are shown: what the list and the page of one share. */
#ifndef RUN_VIEW_H
#define RUN_VIEW_H

#include "pages/usage/usage_view.h"
#include "store/executions.h"

/* Its id, agent, trigger, status with icon, word and short reason: the names of partials/execution_mark and of a row. */
void execution_head(const struct request *r, struct view *into, const struct execution *x);

/* A status with its reason ("" none), as partials/execution_mark shows it: state, icon, status_word, short, and mark_href "". */
void execution_look(const struct request *r, struct view *into, const char *status, const char *reason);

/* From its begin to its end (or now); "" when it never began. Gives (child of r). */
const char *execution_took(const struct request *r, const struct execution *x, int64_t now);

/* The outcome in a sentence, and what it means and what to do ("" nothing). Borrowed. */
const char *execution_said(const struct request *r, const struct execution *x, int64_t now);
const char *execution_reason(const struct request *r, const struct execution *x);

/* All that partials/run_row shows; with_agent is the caller's. */
void run_row(const struct request *r, struct view *row, const struct execution *x, int64_t now);

/* Queued or running. */
bool execution_open(const struct execution *x);

/* What all its tries used. */
int execution_tally(const struct request *r, const struct prices *p, const struct execution *x, struct tally *out, struct err *e) must_check;

/* The run that the address names, if it is the visitor's. Gives (child of r). */
struct execution *execution_here(struct request *r, struct err *e) must_check;

/* What it could not do and what to do about it: names problems, has_problems. */
int execution_problems(struct request *r, struct view *view, const struct execution *x, struct err *e) must_check;

/* Whether running it again as it is helps, in a sentence; "" where there is nothing to say. Borrowed. */
const char *execution_again(const struct request *r, const struct execution *x);

/* Its attempts, each a fold, with the transcript of one: names attempts, live, began, denied. */
int execution_attempts(struct request *r, struct view *view, const struct execution *x, int64_t now, struct err *e) must_check;

#endif
