#include "config.h"
#include "store/outcomes.h"

#include "core/str.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

const struct outcome_status outcome_statuses[] = {
	{ "queued", OUTCOME_OPEN, "waiting", "clock", "" },
	{ "running", OUTCOME_OPEN, "running", "play", "" },
	{ "success", OUTCOME_GOOD, "ok", "check", "success" },
	{ "problems", OUTCOME_PROBLEMS, "problems", "alert", "problems" },
	{ "failed", OUTCOME_BAD, "failed", "cross", "failure" },
	{ "timeout", OUTCOME_BAD, "failed", "clock", "failure" },
	{ "refused", OUTCOME_NONE, "failed", "alert", "skipped" },
	{ "cancelled", OUTCOME_NONE, "skipped", "cross", "" },
	{ "skipped", OUTCOME_NONE, "skipped", "skip", "skipped" },
	{ "missed", OUTCOME_NONE, "skipped", "skip", "skipped" },
};
const size_t outcome_statuses_count = COUNT(outcome_statuses);

const struct outcome_reason outcome_reasons[] = {
	{ "queued", "retry", AGAIN_UNSAID },
	{ "failed", "access", AGAIN_USELESS },
	{ "failed", "api", AGAIN_HELPS },
	{ "failed", "budget", AGAIN_USELESS },
	{ "failed", "container", AGAIN_HELPS },
	{ "failed", "contradicted", AGAIN_HELPS },
	{ "failed", "died", AGAIN_HELPS },
	{ "failed", "disabled", AGAIN_USELESS },
	{ "failed", "model", AGAIN_USELESS },
	{ "failed", "needs_input", AGAIN_USELESS },
	{ "failed", "no_model", AGAIN_USELESS },
	{ "failed", "no_result", AGAIN_HELPS },
	{ "failed", "output", AGAIN_USELESS },
	{ "failed", "overloaded", AGAIN_HELPS },
	{ "failed", "rate", AGAIN_HELPS },
	{ "failed", "removed", AGAIN_HELPS },
	{ "failed", "request", AGAIN_USELESS },
	{ "failed", "start", AGAIN_HELPS },
	{ "failed", "stopped", AGAIN_USELESS },
	{ "failed", "too_long", AGAIN_USELESS },
	{ "failed", "turns", AGAIN_USELESS },
	{ "failed", "unknown_model", AGAIN_USELESS },
	{ "timeout", "", AGAIN_USELESS },
	{ "refused", "budget", AGAIN_USELESS },
	{ "refused", "disabled", AGAIN_USELESS },
	{ "refused", "stopped", AGAIN_USELESS },
	{ "cancelled", "deleted", AGAIN_UNSAID },
	{ "cancelled", "disabled", AGAIN_USELESS },
	{ "cancelled", "overlap", AGAIN_UNSAID },
	{ "cancelled", "person", AGAIN_UNSAID },
	{ "skipped", "overlap", AGAIN_UNSAID },
	{ "skipped", "paused", AGAIN_UNSAID },
	{ "missed", "late", AGAIN_UNSAID },
	{ "missed", "window", AGAIN_UNSAID },
};
const size_t outcome_reasons_count = COUNT(outcome_reasons);

const struct outcome_problem outcome_problems[] = {
	{ "denied", "tool" },	/* the agent's policy did not allow it */
	{ "blocked", "domain" },
	{ "command", "tool" },	/* the previous ones failed */
	{ "put_off", "tool" },	/* deferred work, which a run never does */
	{ "cut", "" },		/* the last answer or the result is truncated */
	{ "refusal", "" },	/* the model declined to answer */
	{ "files", "" },	/* too large or too many to keep */
	{ "exit", "" },		/* Claude's process had to be killed after its result */
};
const size_t outcome_problems_count = COUNT(outcome_problems);

const struct outcome_status *outcome_status_find(const char *status)
{
	size_t i, last = COUNT(outcome_statuses) - 1;

	for (i = 0; i < last; i++) {
		if (str_equal(outcome_statuses[i].status, status))
			break;
	}
	return &outcome_statuses[i];
}

enum outcome_again outcome_again(const char *status, const char *reason)
{
	size_t i;

	for (i = 0; i < COUNT(outcome_reasons); i++) {
		if (str_equal(outcome_reasons[i].status, status) &&
		    str_equal(outcome_reasons[i].reason, reason))
			return outcome_reasons[i].again;
	}
	return AGAIN_UNSAID;
}

const struct outcome_problem *outcome_problem_find(const char *code)
{
	return table_find(outcome_problems, code);
}
