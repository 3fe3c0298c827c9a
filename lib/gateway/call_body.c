/* The body of a call: what it may use, its reservation, and what is refused for it. */
#include "config.h"
#include "gateway/gateway_internal.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"

struct call_estimate call_estimate(const struct call *c)
{
	const struct request_reading *r = request_reader_reading(c->request);
	int64_t left = inbound_length(c->inbound) - c->scanned;

	return (struct call_estimate){
		.input = r->input + (left > 0 ? request_tokens(left) : 0),
		.output = r->max_tokens < 0 ? OUTPUT_UNKNOWN :
			  r->max_tokens ? r->max_tokens : 1,
		.model = r->model,
	};
}

/* Overwrites the requested number with what is left, padded with blanks. */
static void write_max(struct call *c, int64_t output)
{
	const struct request_reading *r = request_reader_reading(c->request);
	char text[24], *to = inbound_at(c->inbound, r->max_at);
	int n = snprintf(text, sizeof(text), "%lld", (long long)output);

	if (!to || n > r->max_digits)
		return;
	memcpy(to, text, (size_t)n);
	memset(to + n, ' ', (size_t)(r->max_digits - n));
}

void call_cap_output(struct call *c, int64_t output)
{
	const struct request_reading *r = request_reader_reading(c->request);

	c->reserved = true;
	/* Only the first answer caps: the number was sent since. */
	if (r->max_tokens < 0 || c->output_max)
		return;
	if (output < r->max_tokens)
		write_max(c, output);
	c->output_max = r->max_tokens ? output : 1;
}

void call_pass_on(struct call *c)
{
	if (c->outbound)
		outbound_more(c->outbound);
	else
		call_advance(c);
}

static void reserved(void *data, const struct admission_answer *a)
{
	struct call *c = data;

	c->reserving = false;
	if (c->booked)
		return;
	switch (a->verdict) {
	case VERDICT_ADMITTED:
		call_cap_output(c, a->output);
		if (!call_check_body(c))
			return;
		call_reserve(c);
		return call_pass_on(c);
	case VERDICT_OVER_BUDGET:
		c->said = ERROR_REPLY_BUDGET;
		return call_refuse_budget(c, &a->over);
	case VERDICT_RESERVED:
		return call_refuse_reserved(c);
	default:
		return call_refuse_away(c, a->e);
	}
}

void call_reserve(struct call *c)
{
	const struct request_reading *r = request_reader_reading(c->request);
	struct call_estimate estimate;

	if (!c->grant || !c->metered || c->reserving || c->booked)
		return;
	if (!r->max_digits && !inbound_complete(c->inbound))
		return;
	estimate = call_estimate(c);
	if (c->reserved && estimate.input <= c->reserved_input)
		return;
	if (c->reserved && c->output_max)
		estimate.output = c->output_max;
	c->reserving = true;
	c->reserved_input = estimate.input;
	grant_reserve(c->gateway->admission, c->grant, &estimate, reserved, c);
}

int64_t call_may_pass(struct call *c)
{
	const struct request_reading *r;

	if (!c->metered || !c->request)
		return INT64_MAX;
	r = request_reader_reading(c->request);
	if (!c->reserved)
		return r->max_at >= 0 ? r->max_at : inbound_received(c->inbound) - 1;
	if (!inbound_complete(c->inbound) || c->reserving)
		return inbound_received(c->inbound) - 1;
	return INT64_MAX;
}

bool call_check_body(struct call *c)
{
	const struct request_reading *r;

	if (!c->request || !c->admitted || c->booked)
		return !c->booked;
	r = request_reader_reading(c->request);
	if (r->fault == REQUEST_HOSTED) {
		log_event(LOG_WARN, "hosted_refused", "user", c->token.user_id,
			  "name", r->name, NULL);
		call_refuse(c, ERROR_REPLY_HOSTED, 0, i18n_fill(
			c, c->locale, "gateway_hosted", r->name, NULL));
	} else if (r->fault || (inbound_complete(c->inbound) && !r->whole)) {
		call_cut(c, ERROR_REPLY_REQUEST);
	} else if (c->output_max && c->output_max < r->max_tokens &&
		   r->thinking >= c->output_max) {
		/* The budget left is too small for the requested thinking. */
		call_cut(c, ERROR_REPLY_BUDGET_SMALL);
	}
	return !c->booked;
}

void call_read_body(struct call *c)
{
	int64_t n = inbound_received(c->inbound) - c->scanned;

	if (!c->request || c->booked || !n)
		return;
	request_reader_feed(c->request, inbound_tail(c->inbound, (size_t)n),
			    (size_t)n);
	c->scanned += n;
}
