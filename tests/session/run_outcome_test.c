/* lib/session/run_outcome.c: how a run's result is judged. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "session/run_outcome.h"

/* As the decoder leaves it: no text is NULL. */
static struct turn_result result(void)
{
	return (struct turn_result){
		.text = "", .turns = 1, .stop_reason = "", .api_type = "",
		.api_error = "",
	};
}

static void judge(const struct turn_result *r, const char *outcome,
		  const char *reason, bool again)
{
	struct outcome o = run_outcome_of(r);

	assert_string_equal(o.outcome, outcome);
	assert_string_equal(o.reason, reason);
	assert_int_equal(o.again, again);
}

static void a_turn_that_ended_well(void **state)
{
	struct turn_result r = result();

	judge(&r, "success", "", false);
	r.turns = 0;		/* a command of the CLI's own */
	judge(&r, "failed", "no_model", false);
}

static void what_the_api_refused(void **state)
{
	static const struct {
		const char *type, *error;
		int64_t status;
		const char *reason;
		bool again;
	} rows[] = {
		{ "gongbang_budget", "", 429, "budget", false },
		{ "gongbang_stopped", "", 403, "stopped", false },
		{ "gongbang_disabled", "", 403, "disabled", false },
		{ "gongbang_keys_refused", "", 503, "access", false },
		{ "gongbang_untrusted", "", 503, "access", false },
		{ "", "max_output_tokens", 200, "output", false },
		{ "", "prompt_too_long", 400, "too_long", false },
		{ "authentication_error", "", 401, "access", false },
		{ "", "", 403, "access", false },
		{ "invalid_request_error", "", 400, "request", false },
		{ "", "", 404, "request", false },
		{ "not_found_error", "", 404, "unknown_model", false },
		{ "request_too_large", "", 413, "too_long", false },
		{ "", "", 408, "api", true },
		{ "", "", 409, "api", true },
		{ "rate_limit_error", "", 429, "rate", true },
		{ "overloaded_error", "", 529, "overloaded", true },
		{ "overloaded_error", "", 503, "overloaded", true },
		{ "api_error", "", 502, "api", true },
		{ "", "", 0, "api", true },
	};
	struct turn_result r = result();
	size_t i;

	r.failed = r.api = true;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r.api_type = rows[i].type;
		r.api_error = rows[i].error;
		r.api_status = rows[i].status;
		judge(&r, "failed", rows[i].reason, rows[i].again);
	}
}

static void what_the_model_did_not_finish(void **state)
{
	struct turn_result r = result();

	r.failed = true;
	judge(&r, "failed", "model", false);
	r.max_turns = true;
	judge(&r, "failed", "turns", false);
}

static void what_is_said_of_one_that_finished(void **state)
{
	struct turn_result r = result();

	assert_null(run_outcome_problem(&r));
	r.stop_reason = "end_turn";
	assert_null(run_outcome_problem(&r));
	r.stop_reason = "max_tokens";
	assert_string_equal(run_outcome_problem(&r), "cut");
	r.stop_reason = "pause_turn";
	assert_string_equal(run_outcome_problem(&r), "cut");
	r.stop_reason = "refusal";
	assert_string_equal(run_outcome_problem(&r), "refusal");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_that_ended_well),
		cmocka_unit_test(what_the_api_refused),
		cmocka_unit_test(what_the_model_did_not_finish),
		cmocka_unit_test(what_is_said_of_one_that_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
