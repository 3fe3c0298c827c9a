/* A call's way in: who, whether, when. */
#include "config.h"
#include "gateway/gateway_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "gateway/betas.h"

#define TOKEN_TEXT_MAX 256
#define RETRY_SOON_S 2

void call_refuse(struct call *c, enum answer a, int64_t retry_s, const char *sentence)
{
	if (c->said == ANSWER_COUNT)
		c->said = a;
	reply_settle(c, reply_outcome(c, false));
	if (c->caller && !caller_answered(c->caller))
		answer_send(c->caller, c->locale, a, retry_s, sentence);
}

static void refuse(struct call *c, enum answer a)
{
	call_refuse(c, a, 0, NULL);
}

/* ---- who */

/* "" when there is none. */
static const char *token_of(const struct caller *c, char out[TOKEN_TEXT_MAX])
{
	const char *value = caller_header(c, "authorization");

	if (value && !strncasecmp(value, "bearer ", 7)) {
		value += 7;
		while (*value == ' ')
			value++;
	} else {
		value = caller_header(c, "x-api-key");
	}
	if (!value || !str_copy(out, TOKEN_TEXT_MAX, value))
		out[0] = '\0';
	return out;
}

static void answer_root(struct call *c)
{
	bool ready = c->gateway->ready;

	reply_settle(c, "failed");
	caller_answer(c->caller, ready ? 200 : 503, NULL, "application/json",
		      ready ? "{\"status\":\"ready\"}\n" : "{\"status\":\"starting\"}\n");
}

/* What can be said before anybody is asked; false: it was said. */
static bool check_head(struct call *c)
{
	struct caller *caller = c->caller;
	const char *encoding;
	struct err e = { 0 };

	switch (target_find(caller_method(caller), caller_target(caller), &c->target)) {
	case TARGET_NO_PATH:
		return refuse(c, ANSWER_NOT_FOUND), false;
	case TARGET_NO_METHOD:
		return refuse(c, ANSWER_METHOD), false;
	case TARGET_GOOD:
		break;
	}
	if (c->target->local)
		return answer_root(c), false;
	if (caller_crowded(caller))
		return refuse(c, ANSWER_CROWDED), false;
	if (c->gateway->stopping)
		return refuse(c, ANSWER_CLOSING), false;
	if (c->gateway->halted)
		return refuse(c, ANSWER_STOPPED), false;
	if (!c->gateway->ready)
		return refuse(c, ANSWER_CLOSING), false;
	if (caller_fields(caller, &c->fields, &e) < 0)
		return refuse(c, e.kind == ERR_LIMIT ? ANSWER_FIELDS : ANSWER_REQUEST), false;
	betas_filter(&c->fields, settings_text(c->gateway->settings, SET_HOSTED_TOOLS));
	/* What nobody here can read is not passed on. */
	encoding = caller_header(caller, "content-encoding");
	if (encoding && *encoding && strcasecmp(encoding, "identity"))
		return refuse(c, ANSWER_REQUEST), false;
	if (caller_length(caller) > DOOR_BODY_MAX)
		return refuse(c, ANSWER_TOO_LARGE), false;
	return true;
}

static void answered(void *data, const struct admission_answer *a);
static void cap_output(struct call *c, int64_t output);
static bool judge(struct call *c);
static void reserve(struct call *c);

/* A small body is soon there: then one question to Redis is enough. */
static bool comes_at_once(const struct call *c)
{
	int64_t length = caller_length(c->caller);

	return c->request && length > 0 && length <= DOOR_WINDOW &&
	       !caller_expects(c->caller);
}

/* What the call may take, by what is known of it. */
static struct call_need need_of(const struct call *c)
{
	const struct request_reading *r = request_reader_reading(c->request);
	int64_t left = caller_length(c->caller) - c->scanned;

	return (struct call_need){
		.input = r->input + (left > 0 ? request_tokens(left) : 0),
		.output = r->max_tokens < 0 ? OUTPUT_UNKNOWN :
			  r->max_tokens ? r->max_tokens : 1,
		.model = r->model,
	};
}

static void ask(struct call *c)
{
	struct call_need need = { .model = "" };
	char token[TOKEN_TEXT_MAX];

	c->asked = c->asking = true;
	if (c->metered && caller_complete(c->caller)) {
		need = need_of(c);
		c->reserved_input = need.input;
	}
	admission_ask(c->gateway->admission, token_of(c->caller, token),
		      caller_address(c->caller), &need, answered, c);
	explicit_bzero(token, sizeof(token));
}

static void request(void *gateway, struct caller *caller)
{
	struct gateway *g = gateway;
	struct call *c = talloc_zero(NULL, struct call);
	char token[TOKEN_TEXT_MAX];

	c->gateway = g;
	c->caller = caller;
	c->locale = g->locale;
	c->said = ANSWER_COUNT;
	c->began = clock_mono_ms();
	headers_init(&c->fields, c);
	LIST_INSERT_HEAD(&g->calls, c, all);
	g->ncalls++;
	caller_set(caller, c);
	if (!check_head(c))
		return;
	c->metered = c->target->metered;
	if (!*token_of(caller, token)) {
		refuse(c, ANSWER_NO_TOKEN);
		return;
	}
	explicit_bzero(token, sizeof(token));
	if (c->target->body)
		c->request = request_reader_new(c, settings_text(g->settings, SET_HOSTED_TOOLS));
	if (!comes_at_once(c))
		ask(c);
}

/* ---- whether */

static void refuse_away(struct call *c, const struct err *e)
{
	const char *sentence = e && *e->key ? i18n_sentence(c->locale, e->key) : NULL;

	call_refuse(c, ANSWER_AWAY, RETRY_SOON_S, sentence);
}

static void refuse_reserved(struct call *c)
{
	call_refuse(c, ANSWER_RESERVED, RETRY_SOON_S, NULL);
}

static void refuse_budget(struct call *c, const struct over_budget *over)
{
	call_refuse(c, ANSWER_BUDGET, 0,
		    answer_budget(c, c->locale, over, c->zone, clock_now_ms()));
}

static void enter(struct call *c)
{
	struct gateway *g = c->gateway;
	int64_t retry_ms = 0;

	switch (line_enter(g->line, &c->place, c->token.user_id,
			   clock_mono_ms(), c, &retry_ms)) {
	case LINE_BUSY:
		call_refuse(c, ANSWER_BUSY, RETRY_SOON_S, NULL);
		return;
	case LINE_OFTEN:
		call_refuse(c, ANSWER_OFTEN, retry_ms / 1000 + 1, NULL);
		return;
	case LINE_GOOD:
		break;
	}
	c->admitted = true;
	caller_go_on(c->caller);
}

static void advance(struct call *c);

static void know(struct call *c, const struct admission_answer *a)
{
	const struct i18n_locale *l;

	if (a->verdict == VERDICT_NO_TOKEN || a->verdict == VERDICT_AWAY)
		return;
	c->token = a->token;
	l = a->locale && *a->locale ? i18n_find(c->gateway->i18n, a->locale) : NULL;
	if (l)
		c->locale = l;
	if (!a->zone || !*a->zone || !str_copy(c->zone, sizeof(c->zone), a->zone)) {
		if (!str_copy(c->zone, sizeof(c->zone),
			      settings_text(c->gateway->settings, SET_DEFAULT_TIMEZONE)))
			c->zone[0] = '\0';
	}
}

/* What costs nothing needs nothing reserved. */
static void give_back(struct call *c)
{
	static const struct usage none;

	if (c->grant)
		grant_settle(c->gateway->admission, c->grant, "", &none);
	c->grant = NULL;
}

static void answered(void *data, const struct admission_answer *a)
{
	struct call *c = data;

	c->asking = false;
	c->grant = a->grant;
	c->row.at = a->at;
	know(c, a);
	switch (a->verdict) {
	case VERDICT_NO_TOKEN:
		return refuse(c, ANSWER_NO_TOKEN);
	case VERDICT_STOPPED:
		return refuse(c, ANSWER_STOPPED);
	case VERDICT_DISABLED:
		return refuse(c, ANSWER_DISABLED);
	case VERDICT_AWAY:
		return refuse_away(c, a->e);
	case VERDICT_OVER_BUDGET:
		/* What costs nothing is not refused for what is spent. */
		if (c->metered)
			return refuse_budget(c, &a->over);
		break;
	case VERDICT_RESERVED:
		if (c->metered)
			return refuse_reserved(c);
		break;
	case VERDICT_ADMITTED:
		break;
	}
	if (!c->metered)
		give_back(c);
	if (c->said != ANSWER_COUNT)
		return reply_settle(c, "failed");
	if (c->reserved_input)
		cap_output(c, a->output);
	enter(c);
	if (!judge(c))
		return;
	if (c->request)
		reserve(c);
	advance(c);
}

/* ---- how much */

/* Writes what is left over the number that was asked for, with blanks behind. */
static void write_max(struct call *c, int64_t output)
{
	const struct request_reading *r = request_reader_reading(c->request);
	char text[24], *to = caller_at(c->caller, r->max_at);
	int n = snprintf(text, sizeof(text), "%lld", (long long)output);

	if (!to || n > r->max_digits)
		return;
	memcpy(to, text, (size_t)n);
	memset(to + n, ' ', (size_t)(r->max_digits - n));
}

static void cap_output(struct call *c, int64_t output)
{
	const struct request_reading *r = request_reader_reading(c->request);

	c->reserved = true;
	/* Only the first answer caps: the number has gone since. */
	if (r->max_tokens < 0 || c->output_max)
		return;
	if (output < r->max_tokens)
		write_max(c, output);
	c->output_max = r->max_tokens ? output : 1;
}

static void pass_on(struct call *c)
{
	if (c->transfer)
		transfer_more(c->transfer);
	else
		advance(c);
}

static void reserved(void *data, const struct admission_answer *a)
{
	struct call *c = data;

	c->reserving = false;
	if (c->settled)
		return;
	switch (a->verdict) {
	case VERDICT_ADMITTED:
		cap_output(c, a->output);
		if (!judge(c))
			return;
		reserve(c);
		return pass_on(c);
	case VERDICT_OVER_BUDGET:
		c->said = ANSWER_BUDGET;
		return refuse_budget(c, &a->over);
	case VERDICT_RESERVED:
		return refuse_reserved(c);
	default:
		return refuse_away(c, a->e);
	}
}

/* When its max_tokens is read, or all of it; again when it came to more than was thought. */
static void reserve(struct call *c)
{
	const struct request_reading *r = request_reader_reading(c->request);
	struct call_need need;

	if (!c->grant || !c->metered || c->reserving || c->settled)
		return;
	if (!r->max_digits && !caller_complete(c->caller))
		return;
	need = need_of(c);
	if (c->reserved && need.input <= c->reserved_input)
		return;
	if (c->reserved && c->output_max)
		need.output = c->output_max;
	c->reserving = true;
	c->reserved_input = need.input;
	grant_reserve(c->gateway->admission, c->grant, &need, reserved, c);
}

int64_t call_may_pass(struct call *c)
{
	const struct request_reading *r;

	if (!c->metered || !c->request)
		return INT64_MAX;
	r = request_reader_reading(c->request);
	if (!c->reserved)
		return r->max_at >= 0 ? r->max_at : caller_received(c->caller) - 1;
	if (!caller_complete(c->caller) || c->reserving)
		return caller_received(c->caller) - 1;
	return INT64_MAX;
}

/* ---- what */

/* False: it may not be passed on, and that was said; only to who has a token. */
static bool judge(struct call *c)
{
	const struct request_reading *r;

	if (!c->request || !c->admitted || c->settled)
		return !c->settled;
	r = request_reader_reading(c->request);
	if (r->fault == REQUEST_HOSTED) {
		log_event(LOG_WARN, "hosted_refused", "user", c->token.user_id,
			  "name", r->name, NULL);
		call_refuse(c, ANSWER_HOSTED, 0, i18n_fill(
			c, c->locale, "gateway_hosted", r->name, NULL));
	} else if (r->fault || (caller_complete(c->caller) && !r->whole)) {
		call_cut(c, ANSWER_REQUEST);
	} else if (c->output_max && c->output_max < r->max_tokens &&
		   r->thinking >= c->output_max) {
		/* Too little is left to think as asked for. */
		call_cut(c, ANSWER_BUDGET_SMALL);
	}
	return !c->settled;
}

/* Reads what has come. */
static void look(struct call *c)
{
	int64_t n = caller_received(c->caller) - c->scanned;

	if (!c->request || c->settled || !n)
		return;
	request_reader_feed(c->request, caller_tail(c->caller, (size_t)n), (size_t)n);
	c->scanned += n;
}

/* ---- when */

const char *call_model(const struct call *c)
{
	return c->request ? request_reader_reading(c->request)->model : "";
}

static void refuse_resting(struct call *c, int64_t ms)
{
	const char *model = call_model(c);

	call_refuse(c, ANSWER_KEYS_REST, ms / 1000 + 1, i18n_fill(
		c, c->locale, "gateway_keys_rest_until", *model ? model : "?",
		i18n_time(c, c->locale, clock_now_ms() + ms, c->zone),
		i18n_duration(c, c->locale, ms), NULL));
}

/* All keys rest: whether a call waits for one, and not in vain. */
static bool keys_in_time(struct call *c)
{
	int64_t now = clock_mono_ms(), at;
	bool refused;

	at = keys_ready_at(c->gateway->keys, call_model(c), now, &refused);
	c->rests = at != 0;
	if (refused)
		refuse(c, ANSWER_KEYS_REFUSED);
	else if (at > now + LINE_WAIT_MS)
		refuse_resting(c, at - now);
	return !at;
}

/*
 * A call gets into the line when it has a body to send: all of it, or all
 * that is held of it. So one that is slow to come takes nobody's turn.
 */
static void advance(struct call *c)
{
	struct gateway *g = c->gateway;

	if (!c->admitted || c->settled || c->place.state != PLACE_ENTERED)
		return;
	if (!caller_complete(c->caller) && !caller_window_full(c->caller))
		return;
	if (!keys_in_time(c))
		return;
	if (!line_wait(g->line, &c->place, clock_mono_ms()))
		return call_refuse(c, ANSWER_FULL, RETRY_SOON_S, NULL);
	line_serve(g->line);
}

void call_turn(void *call)
{
	reply_begin(call);
}

static void arrived(void *call)
{
	struct call *c = call;

	if (caller_received(c->caller) > DOOR_BODY_MAX && !c->settled)
		return call_cut(c, ANSWER_TOO_LARGE);
	look(c);
	if (!judge(c))
		return;
	if (!c->asked && caller_complete(c->caller))
		ask(c);
	else if (c->request)
		reserve(c);
	pass_on(c);
}

static void taken(void *call)
{
	struct call *c = call;

	if (c->transfer)
		transfer_room(c->transfer);
}

static void ended(void *call, bool whole)
{
	struct call *c = call;
	struct gateway *g = c->gateway;

	c->caller = NULL;
	if (c->asking)
		admission_forget(g->admission, c);
	reply_settle(c, reply_outcome(c, false));
	LIST_REMOVE(c, all);
	g->ncalls--;
	talloc_free(c);
	gateway_left(g);
}

const struct door_events call_door_events = {
	.request = request, .arrived = arrived, .taken = taken, .ended = ended,
};

void call_cut(struct call *c, enum answer a)
{
	if (c->settled)
		return;
	if (!caller_answered(c->caller)) {
		refuse(c, a);
		return;
	}
	c->said = a;
	reply_settle(c, reply_outcome(c, false));
	caller_finish(c->caller, false);
}

bool call_late(struct call *c, int64_t now)
{
	int64_t quiet = now - c->heard_at;

	if (quiet > (c->status ? SILENCE_MS : FIRST_BYTE_MS))
		return true;
	return quiet > TAKE_MS && now - c->took_at > TAKE_MS &&
	       !(c->status ? reply_sent(c) : c->given_all);
}

void call_tick(struct call *c, int64_t now)
{
	int64_t at;
	bool refused;

	if (c->settled || !c->place.user)
		return;
	if (c->place.state == PLACE_WAITING && now - c->place.since > LINE_WAIT_MS) {
		at = keys_ready_at(c->gateway->keys, call_model(c), now, &refused);
		if (refused)
			refuse(c, ANSWER_KEYS_REFUSED);
		else if (at)
			refuse_resting(c, at - now);
		else
			call_refuse(c, ANSWER_FULL, RETRY_SOON_S, NULL);
	} else if (c->rests) {
		advance(c);
	} else if (c->transfer && (c->received > REPLY_MAX || call_late(c, now))) {
		call_cut(c, ANSWER_LATE);
	} else if (c->transfer) {
		reply_silent(c);
	}
}
