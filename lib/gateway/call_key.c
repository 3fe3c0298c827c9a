/* What a reply says about the key it was asked with: it rests, or is refused. */
#include "config.h"
#include "gateway/gateway_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"

#define BUSY_REST_S 30
#define BUSY_REST_MAX_S 3600
#define BUSY_REST_LAST_S 300	/* for the only key that is left */

/*
 * True if one of the key's limits is used up:
 * "anthropic-ratelimit-...-remaining: 0".
 */
static bool used_up(const struct headers *fields)
{
	static const char begin[] = "anthropic-ratelimit-", end[] = "-remaining";
	const char *value;
	size_t i, n;

	for (i = 0; i < fields->n; i++) {
		n = headers_split(fields->lines[i], &value);
		if (n >= strlen(begin) + strlen(end) &&
		    !strncasecmp(fields->lines[i], begin, strlen(begin)) &&
		    !strncasecmp(fields->lines[i] + n - strlen(end), end, strlen(end)) &&
		    str_equal(value, "0"))
			return true;
	}
	return false;
}

/*
 * How long a busy key rests. Without a retry time or an exhausted limit the
 * refusal may concern this user's request only: then other users do not wait.
 */
static int64_t busy_s(const struct headers *fields)
{
	const char *after = headers_value(fields, "retry-after");
	long long s;
	char *end;

	if (!after)
		return used_up(fields) ? BUSY_REST_S : 0;
	s = strtoll(after, &end, 10);
	if (end == after)		/* an HTTP date */
		return BUSY_REST_S;
	return s < 0 ? 0 : s > BUSY_REST_MAX_S ? BUSY_REST_MAX_S : s;
}

static void refused_key(struct call *c, int64_t now)
{
	bool sure = keys_refuse(c->gateway->keys, &c->key, c->sent_at, now);
	char number[24];

	snprintf(number, sizeof(number), "%zu", c->key.number);
	log_event(sure ? LOG_ERROR : LOG_WARN,
		  sure ? "key_refused" : "key_doubted", "key", number, NULL);
}

/* Limits are per model: other models go on. The last key is retried soon. */
static void rest_key(struct call *c, int64_t s, int64_t now)
{
	const char *model = call_model(c);

	if (s > BUSY_REST_LAST_S && keys_alone(c->gateway->keys, &c->key, model, now))
		s = BUSY_REST_LAST_S;
	keys_rest(c->gateway->keys, &c->key, model, KEY_BUSY, now + s * 1000);
}

bool call_judge_key(struct call *c, const struct headers *fields)
{
	struct keys *keys = c->gateway->keys;
	int64_t now = clock_mono_ms();

	if (c->status == 401) {
		refused_key(c, now);
		return true;
	}
	if (c->status < 300)
		keys_accept(keys, &c->key);
	else if (c->status == 429)
		rest_key(c, busy_s(fields), now);
	return false;
}
