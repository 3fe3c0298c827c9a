#include "config.h"
#include "gateway/error_reply.h"

#include <json-c/json.h>
#include <stdio.h>
#include <talloc.h>

enum retry { RETRY_NO, RETRY_YES };

static const struct row {
	int status;
	const char *type, *sentence;
	enum retry retry;
} rows[ERROR_REPLY_COUNT] = {
	[ERROR_REPLY_NOT_FOUND] = { 404, "not_found_error", "gateway_not_found", RETRY_NO },
	[ERROR_REPLY_METHOD] = { 405, "invalid_request_error", "gateway_method", RETRY_NO },
	[ERROR_REPLY_REQUEST] = { 400, "invalid_request_error", "gateway_request", RETRY_NO },
	[ERROR_REPLY_FIELDS] = { 431, "invalid_request_error", "gateway_fields", RETRY_NO },
	[ERROR_REPLY_TOO_LARGE] = { 413, "request_too_large", "gateway_too_large", RETRY_NO },
	[ERROR_REPLY_CROWDED] = { 503, "overloaded_error", "gateway_full", RETRY_YES },
	[ERROR_REPLY_NO_TOKEN] = { 401, "authentication_error", "gateway_no_token", RETRY_NO },
	/* Not 403: the CLI would prepend "Failed to authenticate". */
	[ERROR_REPLY_STOPPED] = { 429, "gongbang_stopped", "gateway_stopped", RETRY_NO },
	[ERROR_REPLY_DISABLED] = { 403, "gongbang_disabled", "gateway_disabled", RETRY_NO },
	[ERROR_REPLY_BUDGET] = { 429, "gongbang_budget", "gateway_over", RETRY_NO },
	[ERROR_REPLY_BUDGET_SMALL] = { 429, "gongbang_budget", "gateway_over_small", RETRY_NO },
	[ERROR_REPLY_RESERVED] = { 429, "rate_limit_error", "gateway_reserved", RETRY_YES },
	[ERROR_REPLY_HOSTED] = { 400, "invalid_request_error", "gateway_hosted", RETRY_NO },
	[ERROR_REPLY_BUSY] = { 429, "rate_limit_error", "gateway_busy", RETRY_YES },
	[ERROR_REPLY_OFTEN] = { 429, "rate_limit_error", "gateway_often", RETRY_YES },
	[ERROR_REPLY_FULL] = { 529, "overloaded_error", "gateway_full", RETRY_YES },
	[ERROR_REPLY_AWAY] = { 503, "api_error", "gateway_away", RETRY_YES },
	[ERROR_REPLY_KEYS_REST] = { 429, "rate_limit_error", "gateway_keys_rest", RETRY_YES },
	[ERROR_REPLY_KEYS_REFUSED] = { 503, "gongbang_keys_refused", "gateway_keys_refused", RETRY_NO },
	[ERROR_REPLY_KEY_REFUSED] = { 529, "overloaded_error", "gateway_key_refused", RETRY_YES },
	[ERROR_REPLY_UNREACHED] = { 502, "api_error", "gateway_unreached", RETRY_YES },
	[ERROR_REPLY_UNTRUSTED] = { 502, "gongbang_untrusted", "gateway_untrusted", RETRY_NO },
	[ERROR_REPLY_LATE] = { 504, "api_error", "gateway_late", RETRY_YES },
	[ERROR_REPLY_BROKEN] = { 502, "api_error", "gateway_broken", RETRY_YES },
	[ERROR_REPLY_CLOSING] = { 503, "overloaded_error", "gateway_closing", RETRY_YES },
};

static const char *const other_sentences[] = {
	"gateway_anew", "gateway_dollars", "gateway_tokens",
	"gateway_budget_all_day", "gateway_budget_all_month",
	"gateway_budget_run", "gateway_budget_user_day",
	"gateway_budget_user_month", "gateway_keys_rest_until",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

int error_reply_status(enum error_reply a)
{
	return rows[a].status;
}

static int check_sentence(const struct i18n *i, const char *key, struct err *e)
{
	if (i18n_sentence(i18n_find(i, "en"), key))
		return 0;
	return err_set(e, ERR_INTERNAL, "the catalogue lacks \"%s\"", key);
}

int error_reply_check(const struct i18n *i, struct err *e)
{
	size_t k;

	for (k = 0; k < COUNT(rows); k++) {
		if (check_sentence(i, rows[k].sentence, e) < 0)
			return -1;
	}
	for (k = 0; k < COUNT(other_sentences); k++) {
		if (check_sentence(i, other_sentences[k], e) < 0)
			return -1;
	}
	return 0;
}

static struct json_object *error_json(const char *type, const char *sentence)
{
	struct json_object *root = json_object_new_object();
	struct json_object *error = json_object_new_object();

	json_object_object_add(error, "type", json_object_new_string(type));
	json_object_object_add(error, "message", json_object_new_string(sentence));
	json_object_object_add(root, "type", json_object_new_string("error"));
	json_object_object_add(root, "error", error);
	return root;
}

void error_reply_send(struct inbound *c, const struct i18n_locale *l,
		      enum error_reply a,
		      int64_t retry_s, const char *sentence)
{
	const struct row *row = &rows[a];
	struct json_object *body;
	char after[40], retry[32];
	struct headers fields;

	headers_init(&fields, NULL);
	snprintf(retry, sizeof(retry), "x-should-retry: %s",
		 row->retry == RETRY_YES ? "true" : "false");
	fields.lines[fields.n++] = retry;
	if (retry_s > 0) {
		snprintf(after, sizeof(after), "retry-after: %lld", (long long)retry_s);
		fields.lines[fields.n++] = after;
	}
	body = error_json(row->type, sentence ? sentence :
			  i18n_sentence(l, row->sentence));
	inbound_answer(c, row->status, &fields, "application/json",
		       json_object_to_json_string_ext(body,
						      JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(body);
}

static const char *budget_name(const struct over_budget *over)
{
	if (over->scope == OVER_RUN)
		return "gateway_budget_run";
	if (over->scope == OVER_ALL)
		return over->period == OVER_MONTH ?
			"gateway_budget_all_month" : "gateway_budget_all_day";
	return over->period == OVER_MONTH ?
		"gateway_budget_user_month" : "gateway_budget_user_day";
}

/* In cents: budgets are set in cents. */
static char *size_of(const void *ctx, const struct i18n_locale *l,
		     const struct over_budget *over)
{
	char *n, *size;

	if (!over->money)
		return i18n_fill(ctx, l, "gateway_tokens",
				 n = i18n_number(ctx, over->limit), NULL);
	n = i18n_number(ctx, over->limit / 1000000);
	size = talloc_asprintf(ctx, "%s.%02d", n,
			       (int)(over->limit % 1000000 / 10000));
	return i18n_fill(ctx, l, "gateway_dollars", size, NULL);
}

char *error_reply_budget(const void *ctx, const struct i18n_locale *l,
			 const struct over_budget *over, const char *zone,
			 int64_t now_ms)
{
	char *said = i18n_fill(ctx, l, "gateway_over",
			       i18n_sentence(l, budget_name(over)),
			       size_of(ctx, l, over), NULL);

	if (!over->resets_at)
		return said;
	return talloc_asprintf(ctx, "%s %s", said, i18n_fill(
		ctx, l, "gateway_anew",
		i18n_time(ctx, l, over->resets_at, zone),
		i18n_duration(ctx, l, over->resets_at - now_ms), NULL));
}
