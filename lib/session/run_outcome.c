#include "config.h"
#include "session/run_outcome.h"

#include "core/str.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/*
 * The first row that fits: type is the error's type in the reply's body (the
 * gateway's own begin with gongbang_: lib/gateway/error_reply.c), error the CLI's
 * own code, from and to the HTTP status. NULL and 0: whatever it is.
 */
static const struct api_failure {
	const char *type, *error;
	int64_t from, to;
	const char *reason;
	bool again;
} api_failures[] = {
	{ "gongbang_budget", NULL, 0, 0, "budget", false },
	{ "gongbang_stopped", NULL, 0, 0, "stopped", false },
	{ "gongbang_disabled", NULL, 0, 0, "disabled", false },
	{ "gongbang_keys_refused", NULL, 0, 0, "access", false },
	{ "gongbang_untrusted", NULL, 0, 0, "access", false },
	{ NULL, "max_output_tokens", 0, 0, "output", false },
	{ NULL, "prompt_too_long", 0, 0, "too_long", false },
	{ "not_found_error", NULL, 404, 404, "unknown_model", false },
	{ NULL, NULL, 401, 403, "access", false },
	{ NULL, NULL, 408, 408, "api", true },
	{ NULL, NULL, 409, 409, "api", true },
	{ NULL, NULL, 413, 413, "too_long", false },
	{ NULL, NULL, 429, 429, "rate", true },
	{ NULL, NULL, 400, 499, "request", false },
	{ NULL, NULL, 529, 529, "overloaded", true },
	{ "overloaded_error", NULL, 0, 0, "overloaded", true },
	{ NULL, NULL, 0, 0, "api", true },
};

static struct outcome api_failed(const struct turn_result *r)
{
	struct outcome o = { .outcome = "failed" };
	const struct api_failure *row;
	size_t i;

	for (i = 0; i < COUNT(api_failures); i++) {
		row = &api_failures[i];
		if ((row->type && !str_equal(row->type, r->api_type)) ||
		    (row->error && !str_equal(row->error, r->api_error)) ||
		    (row->to && (r->api_status < row->from ||
				 r->api_status > row->to)))
			continue;
		o.reason = row->reason;
		o.again = row->again;
		break;
	}
	return o;
}

struct outcome run_outcome_of(const struct turn_result *r)
{
	static const struct outcome success = { "success", "", false, NULL };
	static const struct outcome model = { "failed", "model", false, NULL };
	static const struct outcome turns = { "failed", "turns", false, NULL };
	/* A command of the CLI's own, such as /help, takes no turn. */
	static const struct outcome no_model = { "failed", "no_model", false,
						 NULL };

	if (!r->failed)
		return r->turns ? success : no_model;
	if (r->max_turns)
		return turns;
	return r->api ? api_failed(r) : model;
}

const char *run_outcome_problem(const struct turn_result *r)
{
	static const char *const rows[][2] = {
		{ "max_tokens", "cut" },
		{ "model_context_window_exceeded", "cut" },
		{ "pause_turn", "cut" },
		{ "refusal", "refusal" },
	};
	const char *const (*row)[2] = table_find(rows, r->stop_reason);

	return row ? (*row)[1] : NULL;
}
