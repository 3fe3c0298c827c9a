/*
 * Books attempts that ended: the run's end or its next attempt, and the effect
 * on its agent.
 */
#include "config.h"
#include "worker/plan.h"
#include "worker/plan_internal.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"

#define BACKOFF_MS INT64_C(30000)
#define BACKOFF_MAX_MS INT64_C(3600000)
#define LEDGER_MS 30000		/* how long a success waits for a call to appear in the ledger */

struct ended {
	struct ended_run *list;
	size_t n;
};

static int gather(void *data, const struct ended_run *r, struct err *e)
{
	struct ended *l = data;
	struct ended_run *kept = &l->list[l->n++];

	(void)e;
	*kept = *r;
	kept->outcome = db_own(l->list, r->outcome);
	kept->reason = db_own(l->list, r->reason);
	kept->cancel_reason = db_own(l->list, r->cancel_reason);
	kept->problems = db_own(l->list, r->problems);
	return 0;
}

/* 30 s, 2 min, 8 min ... up to an hour, with a quarter of random spread. */
static int64_t backoff(const struct ended_run *r)
{
	int64_t ms = BACKOFF_MS, i;

	for (i = 1; i < r->attempt && ms < BACKOFF_MAX_MS; i++)
		ms *= 4;
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	return ms + (int64_t)(plan_spread(r->id, r->attempt) %
			      (uint64_t)(ms / 4));
}

struct limits {
	int64_t retries, failures_max;
};

/* A definition that cannot be read any more allows no further attempt. */
static int read_limits(struct planner *p, const struct ended_run *r,
		       struct limits *out, struct err *e)
{
	void *ctx = talloc_new(NULL);
	struct agent_version *v = agent_version_load(p->db, ctx, r->agent_id,
						     r->version, e);
	struct err bad = { 0 };
	struct definition *d = v ?
		definition_parse(ctx, v->definition, strlen(v->definition),
				 &bad) : NULL;

	*out = (struct limits){ 0 };
	if (d)
		*out = (struct limits){ d->retries, d->failures_max };
	talloc_free(ctx);
	if (v || e->kind != ERR_MISSING)
		return v ? 0 : -1;
	*e = (struct err){ 0 };
	return 0;
}

static int raise_event(struct planner *p, const struct ended_run *r,
		       const char *event, int64_t now, struct err *e)
{
	return notice_raise(p->db, r->user_id, r->agent_id, r->id, event, now,
			    e);
}

/*
 * A run that finished with problems does not count as a failure, but raises a
 * notification.
 */
static int count_finished(struct planner *p, const struct ended_run *r,
			  const struct outcome_status *as,
			  const struct agent *a, int64_t now, struct err *e)
{
	if (agent_count_end(p->db, r, as->class, 0, e) < 0 ||
	    raise_event(p, r, as->event, now, e) < 0)
		return -1;
	return a->failures ? raise_event(p, r, "recovery", now, e) : 0;
}

static int count_failure(struct planner *p, const struct ended_run *r,
			 const struct agent *a, int64_t failures_max,
			 int64_t now, struct err *e)
{
	const int64_t failures = a->failures + 1;
	const char *event = str_equal(r->reason, "needs_input") ?
			    "needs_input" : "failure";

	if (agent_count_end(p->db, r, OUTCOME_BAD, failures, e) < 0 ||
	    raise_event(p, r, event, now, e) < 0)
		return -1;
	if (!failures_max || failures < failures_max ||
	    !str_equal(a->status, "active"))
		return 0;
	if (agent_pause(p->db, r->agent_id, "failures", e) < 0)
		return -1;
	return raise_event(p, r, "paused", now, e);
}

/* Runs that a user cancelled, and test runs, do not count for the agent. */
static int count(struct planner *p, const struct ended_run *r,
		 const struct outcome_status *as, int64_t failures_max,
		 int64_t now, struct err *e)
{
	struct agent *a;
	int rc;

	if (r->test || as->class == OUTCOME_NONE)
		return 0;
	a = agent_load(p->db, NULL, r->agent_id, NULL, true, e);
	if (!a)
		return -1;
	rc = a->deleted_at ? 0 : as->class != OUTCOME_BAD ?
	     count_finished(p, r, as, a, now, e) :
	     count_failure(p, r, a, failures_max, now, e);
	talloc_free(a);
	return rc;
}

int plan_count_failure(struct planner *p, const struct ended_run *r,
		       int64_t now, struct err *e)
{
	struct limits limits;

	if (read_limits(p, r, &limits, e) < 0)
		return -1;
	return count(p, r, outcome_status_find("failed"), limits.failures_max,
		     now, e);
}

/*
 * The session's success is only Claude's claim: the gateway confirms soon
 * after that the model was reached. *later: not confirmed yet.
 */
static int confirm(struct planner *p, struct ended_run *r, int64_t now,
		   bool *later, struct err *e)
{
	bool reached;

	*later = false;
	if (!str_equal(r->outcome, "success"))
		return 0;
	if (run_reached_model(p->db, r, &reached, e) < 0)
		return -1;
	*later = !reached && now - r->ended_at < LEDGER_MS;
	return !reached;
}

static int finish(struct planner *p, struct ended_run *r, const char *status,
		  const char *reason, int64_t failures_max, int64_t now,
		  bool *booked, struct err *e)
{
	const struct outcome_status *as = outcome_status_find(status);
	char *problems = NULL;
	int rc = -1;

	if (plan_claim_files(p, r, now, e) == 0)
		problems = plan_problems(p, NULL, r, e);
	if (problems)
		rc = run_end(p->db, r, status, reason, problems, booked, e);
	if (rc == 0 && as->class == OUTCOME_GOOD && *problems)
		as = outcome_status_find("problems");
	talloc_free(problems);
	if (rc < 0 || !*booked)
		return rc;
	return count(p, r, as, failures_max, now, e);
}

static int book_one(struct planner *p, struct ended_run *r, int64_t now,
		    bool *booked, struct err *e)
{
	const char *status = r->outcome, *reason = r->reason;
	const bool failed = str_equal(r->outcome, "failed");
	struct limits limits;
	bool later;
	int unsure;

	if (!r->ended_at)
		r->ended_at = now;
	unsure = confirm(p, r, now, &later, e);
	if (unsure < 0 || later)
		return unsure < 0 ? -1 : 0;
	if (unsure) {
		status = "failed";
		reason = "no_model";
	}
	if (read_limits(p, r, &limits, e) < 0)
		return -1;
	if (failed && r->again && !r->cancel_at && r->attempt <= limits.retries)
		return run_again(p->db, r, now + backoff(r), booked, e);
	/* A retry was due, but the run was asked to end. */
	if (failed && r->again && r->cancel_at)
		status = "cancelled";
	if (str_equal(status, "cancelled") && r->cancel_at)
		reason = r->cancel_reason;
	return finish(p, r, status, reason, limits.failures_max, now, booked, e);
}

static int finish_attempt(struct planner *p, struct ended_run *r, int64_t now,
			  int64_t *done, struct err *e)
{
	bool booked = false;

	if (db_begin(p->db, e) < 0)
		return -1;
	if (db_end(p->db, book_one(p, r, now, &booked, e), e) < 0)
		return err_wrap(e, "run %s", r->id);
	*done += booked;
	return 0;
}

/*
 * An attempt that cannot be booked does not block the others; the first
 * failure is reported.
 */
static int book_all(struct planner *p, struct ended *l, int64_t now,
		    int64_t *done, struct err *e)
{
	struct err bad;
	size_t i;
	int rc = 0;

	for (i = 0; i < l->n; i++) {
		bad = (struct err){ 0 };
		if (finish_attempt(p, &l->list[i], now, done, &bad) == 0)
			continue;
		if (rc == 0)
			*e = bad;
		rc = -1;
		if (bad.kind == ERR_UNAVAILABLE)
			break;		/* nor would the next */
	}
	return rc;
}

int plan_finish(struct planner *p, int64_t now, int limit, int64_t *booked,
		struct err *e)
{
	struct ended l = { .list = talloc_zero_array(NULL, struct ended_run,
						     (unsigned)limit) };
	int64_t done = 0;
	int rc;

	if (!l.list)
		err_abort("out of memory");
	rc = ended_each(p->db, limit, gather, &l, e);
	if (rc == 0)
		rc = book_all(p, &l, now, &done, e);
	talloc_free(l.list);
	if (rc == 0)
		*booked = done;
	return rc;
}
