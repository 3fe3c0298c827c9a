/* Admits a call: authentication, reservation, its turn at the service. */
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

void call_refuse(struct call *c, enum error_reply a, int64_t retry_s,
		 const char *sentence)
{
	if (c->said == ERROR_REPLY_COUNT)
		c->said = a;
	reply_finish(c, reply_outcome(c, false));
	if (c->inbound && !inbound_answered(c->inbound))
		error_reply_send(c->inbound, c->locale, a, retry_s, sentence);
}

static void refuse(struct call *c, enum error_reply a)
{
	call_refuse(c, a, 0, NULL);
}

/* ---- authentication */

/* "" when the client sent none. */
static const char *token_of(const struct inbound *c, char out[TOKEN_TEXT_MAX])
{
	const char *value = inbound_header(c, "authorization");

	if (value && !strncasecmp(value, "bearer ", 7)) {
		value += 7;
		while (*value == ' ')
			value++;
	} else {
		value = inbound_header(c, "x-api-key");
	}
	if (!value || !str_copy(out, TOKEN_TEXT_MAX, value))
		out[0] = '\0';
	return out;
}

static void answer_root(struct call *c)
{
	bool ready = c->gateway->ready;

	reply_finish(c, "failed");
	inbound_answer(c->inbound, ready ? 200 : 503, NULL, "application/json",
		       ready ? "{\"status\":\"ready\"}\n" : "{\"status\":\"starting\"}\n");
}

/* Answers what needs no look-up; false: answered. */
static bool check_head(struct call *c)
{
	struct inbound *inbound = c->inbound;
	const char *encoding;
	struct err e = { 0 };

	switch (api_route_find(inbound_method(inbound), inbound_target(inbound),
			       &c->target)) {
	case API_ROUTE_NO_PATH:
		return refuse(c, ERROR_REPLY_NOT_FOUND), false;
	case API_ROUTE_NO_METHOD:
		return refuse(c, ERROR_REPLY_METHOD), false;
	case API_ROUTE_GOOD:
		break;
	}
	if (c->target->local)
		return answer_root(c), false;
	if (inbound_crowded(inbound))
		return refuse(c, ERROR_REPLY_CROWDED), false;
	if (c->gateway->stopping)
		return refuse(c, ERROR_REPLY_CLOSING), false;
	if (c->gateway->halted)
		return refuse(c, ERROR_REPLY_STOPPED), false;
	if (!c->gateway->ready)
		return refuse(c, ERROR_REPLY_CLOSING), false;
	if (inbound_fields(inbound, &c->fields, &e) < 0)
		return refuse(c,
			      e.kind == ERR_LIMIT ? ERROR_REPLY_FIELDS : ERROR_REPLY_REQUEST), false;
	betas_filter(&c->fields, settings_text(c->gateway->settings, SET_HOSTED_TOOLS));
	/* A body we cannot read is not passed on. */
	encoding = inbound_header(inbound, "content-encoding");
	if (encoding && *encoding && strcasecmp(encoding, "identity"))
		return refuse(c, ERROR_REPLY_REQUEST), false;
	if (inbound_length(inbound) > LISTENER_BODY_MAX)
		return refuse(c, ERROR_REPLY_TOO_LARGE), false;
	return true;
}

static void admission_answered(void *data, const struct admission_answer *a);
/* A small body arrives soon: then one request to Redis is enough. */
static bool comes_at_once(const struct call *c)
{
	int64_t length = inbound_length(c->inbound);

	return c->request && length > 0 && length <= LISTENER_WINDOW &&
	       !inbound_expects(c->inbound);
}

static void ask_admission(struct call *c)
{
	struct call_estimate estimate = { .model = "" };
	char token[TOKEN_TEXT_MAX];

	c->asked = c->asking = true;
	if (c->metered && inbound_complete(c->inbound)) {
		estimate = call_estimate(c);
		c->reserved_input = estimate.input;
	}
	admission_ask(c->gateway->admission, token_of(c->inbound, token),
		      inbound_address(c->inbound), &estimate, admission_answered, c);
	explicit_bzero(token, sizeof(token));
}

static void client_request(void *gateway, struct inbound *inbound)
{
	struct gateway *g = gateway;
	struct call *c = talloc_zero(NULL, struct call);
	char token[TOKEN_TEXT_MAX];

	c->gateway = g;
	c->inbound = inbound;
	c->locale = g->locale;
	c->said = ERROR_REPLY_COUNT;
	c->began = clock_mono_ms();
	headers_init(&c->fields, c);
	LIST_INSERT_HEAD(&g->calls, c, all);
	g->ncalls++;
	inbound_set(inbound, c);
	if (!check_head(c))
		return;
	c->metered = c->target->metered;
	if (!*token_of(inbound, token)) {
		refuse(c, ERROR_REPLY_NO_TOKEN);
		return;
	}
	explicit_bzero(token, sizeof(token));
	if (c->target->body)
		c->request = request_reader_new(c, settings_text(g->settings, SET_HOSTED_TOOLS));
	if (!comes_at_once(c))
		ask_admission(c);
}

/* ---- admission */

void call_refuse_away(struct call *c, const struct err *e)
{
	const char *sentence = e && *e->key ? i18n_sentence(c->locale, e->key) : NULL;

	call_refuse(c, ERROR_REPLY_AWAY, RETRY_SOON_S, sentence);
}

void call_refuse_reserved(struct call *c)
{
	call_refuse(c, ERROR_REPLY_RESERVED, RETRY_SOON_S, NULL);
}

void call_refuse_budget(struct call *c, const struct over_budget *over)
{
	call_refuse(c, ERROR_REPLY_BUDGET, 0,
		    error_reply_budget(c, c->locale, over, c->zone,
				       clock_now_ms()));
}

static void enter_queue(struct call *c)
{
	struct gateway *g = c->gateway;
	int64_t retry_ms = 0;

	switch (fair_queue_enter(g->queue, &c->place, c->token.user_id,
				 clock_mono_ms(), c, &retry_ms)) {
	case FAIR_QUEUE_BUSY:
		call_refuse(c, ERROR_REPLY_BUSY, RETRY_SOON_S, NULL);
		return;
	case FAIR_QUEUE_OFTEN:
		call_refuse(c, ERROR_REPLY_OFTEN, retry_ms / 1000 + 1, NULL);
		return;
	case FAIR_QUEUE_GOOD:
		break;
	}
	c->admitted = true;
	inbound_go_on(c->inbound);
}

static void keep_account(struct call *c, const struct admission_answer *a)
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

/* A free call needs no reservation. */
static void release_grant(struct call *c)
{
	static const struct usage none;

	if (c->grant)
		grant_book(c->gateway->admission, c->grant, "", &none);
	c->grant = NULL;
}

static void admission_answered(void *data, const struct admission_answer *a)
{
	struct call *c = data;

	c->asking = false;
	c->grant = a->grant;
	c->row.at = a->at;
	keep_account(c, a);
	switch (a->verdict) {
	case VERDICT_NO_TOKEN:
		return refuse(c, ERROR_REPLY_NO_TOKEN);
	case VERDICT_STOPPED:
		return refuse(c, ERROR_REPLY_STOPPED);
	case VERDICT_DISABLED:
		return refuse(c, ERROR_REPLY_DISABLED);
	case VERDICT_AWAY:
		return call_refuse_away(c, a->e);
	case VERDICT_OVER_BUDGET:
		/* A free call is not refused for a budget. */
		if (c->metered)
			return call_refuse_budget(c, &a->over);
		break;
	case VERDICT_RESERVED:
		if (c->metered)
			return call_refuse_reserved(c);
		break;
	case VERDICT_ADMITTED:
		break;
	}
	if (!c->metered)
		release_grant(c);
	if (c->said != ERROR_REPLY_COUNT)
		return reply_finish(c, "failed");
	if (c->reserved_input)
		call_cap_output(c, a->output);
	enter_queue(c);
	if (!call_check_body(c))
		return;
	if (c->request)
		call_reserve(c);
	call_advance(c);
}

/* ---- its turn */

const char *call_model(const struct call *c)
{
	return c->request ? request_reader_reading(c->request)->model : "";
}

static void refuse_resting(struct call *c, int64_t ms)
{
	const char *model = call_model(c);

	call_refuse(c, ERROR_REPLY_KEYS_REST, ms / 1000 + 1, i18n_fill(
		c, c->locale, "gateway_keys_rest_until", *model ? model : "?",
		i18n_time(c, c->locale, clock_now_ms() + ms, c->zone),
		i18n_duration(c, c->locale, ms), NULL));
}

/* When all keys rest: waits if one is ready in time, else refuses. */
static bool keys_in_time(struct call *c)
{
	int64_t now = clock_mono_ms(), at;
	bool refused;

	at = keys_ready_at(c->gateway->keys, call_model(c), now, &refused);
	c->rests = at != 0;
	if (refused)
		refuse(c, ERROR_REPLY_KEYS_REFUSED);
	else if (at > now + QUEUE_WAIT_MS)
		refuse_resting(c, at - now);
	return !at;
}

void call_advance(struct call *c)
{
	struct gateway *g = c->gateway;

	if (!c->admitted || c->booked || c->place.state != QUEUE_PLACE_ENTERED)
		return;
	if (!inbound_complete(c->inbound) && !inbound_window_full(c->inbound))
		return;
	if (!keys_in_time(c))
		return;
	if (!fair_queue_wait(g->queue, &c->place, clock_mono_ms()))
		return call_refuse(c, ERROR_REPLY_FULL, RETRY_SOON_S, NULL);
	fair_queue_serve(g->queue);
}

void call_turn(void *call)
{
	reply_begin(call);
}

static void body_arrived(void *call)
{
	struct call *c = call;

	if (inbound_received(c->inbound) > LISTENER_BODY_MAX && !c->booked)
		return call_cut(c, ERROR_REPLY_TOO_LARGE);
	call_read_body(c);
	if (!call_check_body(c))
		return;
	if (!c->asked && inbound_complete(c->inbound))
		ask_admission(c);
	else if (c->request)
		call_reserve(c);
	call_pass_on(c);
}

static void answer_taken(void *call)
{
	struct call *c = call;

	if (c->outbound)
		outbound_room(c->outbound);
}

static void client_ended(void *call, bool whole)
{
	struct call *c = call;
	struct gateway *g = c->gateway;

	c->inbound = NULL;
	if (c->asking)
		admission_forget(g->admission, c);
	reply_finish(c, reply_outcome(c, false));
	LIST_REMOVE(c, all);
	g->ncalls--;
	talloc_free(c);
	gateway_left(g);
}

const struct listener_events call_door_events = {
	.request = client_request, .arrived = body_arrived, .taken = answer_taken, .ended = client_ended,
};

void call_cut(struct call *c, enum error_reply a)
{
	if (c->booked)
		return;
	if (!inbound_answered(c->inbound)) {
		refuse(c, a);
		return;
	}
	c->said = a;
	reply_finish(c, reply_outcome(c, false));
	inbound_finish(c->inbound, false);
}

bool call_late(struct call *c, int64_t now)
{
	int64_t quiet = now - c->heard_at;

	if (c->received > REPLY_MAX ||
	    quiet > (c->status ? SILENCE_MS : FIRST_BYTE_MS))
		return true;
	return quiet > TAKE_MS && now - c->took_at > TAKE_MS &&
	       !(c->status ? reply_sent(c) : c->given_all);
}

void call_tick(struct call *c, int64_t now)
{
	int64_t at;
	bool refused;

	if (c->booked || !c->place.user)
		return;
	if (c->place.state == QUEUE_PLACE_WAITING && now - c->place.since > QUEUE_WAIT_MS) {
		at = keys_ready_at(c->gateway->keys, call_model(c), now, &refused);
		if (refused)
			refuse(c, ERROR_REPLY_KEYS_REFUSED);
		else if (at)
			refuse_resting(c, at - now);
		else
			call_refuse(c, ERROR_REPLY_FULL, RETRY_SOON_S, NULL);
	} else if (c->rests) {
		call_advance(c);
	} else if (c->outbound && call_late(c, now)) {
		call_cut(c, ERROR_REPLY_LATE);
	} else if (c->outbound) {
		reply_silent(c);
	}
}
