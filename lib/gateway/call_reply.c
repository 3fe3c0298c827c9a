/*
 * A call at the model service: sends it, passes its reply on, counts and books
 * it.
 */
#include "config.h"
#include "gateway/gateway_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/id.h"
#include "core/log.h"
#include "core/str.h"

#define OUTPUT_PER_S 250	/* tokens per second: faster than any model */
#define OUTPUT_MOST 128000	/* per call */
#define LATE_MS 1000		/* until the service notices that a call was cut */
#define GAP_MS 1000		/* between pieces of output: a longer gap is silence */
#define ESTIMATE_STEP 100	/* output tokens, or a tenth, by which the journal may lag */

const char *reply_outcome(const struct call *c, bool whole)
{
	const struct usage_reading *r;

	if (!c->outbound)
		return "failed";
	if (!c->metered)
		return whole ? "complete" : "interrupted";
	if (!c->reader)
		return c->status || !outbound_begun(c->outbound) ? "failed" : "interrupted";
	r = usage_reader_reading(c->reader);
	/* Errors are free unless they report usage. */
	if (r->error || c->status < 200 || c->status >= 300)
		return r->any ? "interrupted" : "failed";
	/* Everything was reported: only the final bytes are missing. */
	if (!whole && !(r->any && r->complete))
		return "interrupted";
	if (!r->any || r->absurd || !usage_prompt(&r->usage) || (r->complete && !r->final))
		return "unmetered";
	return r->complete ? "complete" : "interrupted";
}

static void log_call(const struct call *c, const char *outcome)
{
	char status[16], ms[24], tokens[24], first[24];
	const struct api_route *t = c->target;

	snprintf(status, sizeof(status), "%d",
		 c->said == ERROR_REPLY_COUNT ? c->status : error_reply_status(c->said));
	snprintf(ms, sizeof(ms), "%lld", (long long)(clock_mono_ms() - c->began));
	snprintf(first, sizeof(first), "%lld", (long long)(c->sent_at - c->began));
	snprintf(tokens, sizeof(tokens), "%lld",
		 (long long)usage_tokens(&c->row.usage));
	log_event(LOG_INFO, "call", "of", t ? t->name : "unknown",
		  "user", *c->token.user_id ? c->token.user_id : NULL,
		  "kind", *c->token.user_id ?
			gateway_token_kind_name(c->token.kind) : NULL,
		  "subject", *c->token.subject_id ? c->token.subject_id : NULL,
		  "model", c->row.model && *c->row.model ? c->row.model : NULL,
		  "status", status, "outcome", outcome,
		  "ms", ms, "waited", c->sent_at ? first : NULL,
		  "tokens", c->metered ? tokens : NULL, NULL);
}

static void drop_report(struct call *c);

/*
 * Output may be generated without reaching us: hidden thinking, and bytes in
 * transit when a call is cut. At most what the call asked for.
 */
static int64_t made_in(const struct call *c, int64_t ms)
{
	int64_t max = c->output_max ? c->output_max : OUTPUT_MOST;
	int64_t n = (ms + LATE_MS) * OUTPUT_PER_S / 1000;

	if (!c->given_all)
		return 0;
	return n < max ? n : max;
}

static int64_t unseen(const struct call *c)
{
	if (!c->outbound)
		return 0;
	return made_in(c, c->silent_ms + clock_mono_ms() -
			  (c->output_at ? c->output_at : c->sent_at));
}

static int64_t input_of(const struct call *c)
{
	return c->given_all ? request_reader_reading(c->request)->input : 0;
}

/* A client that disconnects still pays: the service keeps generating, and bills. */
static void estimate(struct call *c)
{
	const struct usage_reading *r = c->reader ? usage_reader_reading(c->reader) : NULL;
	int64_t passed = c->received / USAGE_BYTES_PER_TOKEN;

	usage_estimate(r, input_of(c), unseen(c), &c->row.usage);
	/* A body without usage may be output as a whole. */
	if (r && !r->any && c->row.usage.output < passed)
		c->row.usage.output = passed;
}

/* Separate rows: each use counts as one token of such a "model". */
static void book_tools(struct call *c, const struct usage_reading *r)
{
	struct usage_call row = c->row;
	char model[PRICES_NAME_SIZE];
	size_t i;

	for (i = 0; *c->row.id && i < r->n_tools; i++) {
		id_new(row.id);
		snprintf(model, sizeof(model), PRICES_TOOL "%s", r->tools[i].name);
		row.model = model;
		row.outcome = r->tools[i].reported ? "complete" : "interrupted";
		row.usage = (struct usage){ .input = usage_tool_uses(&r->tools[i]) };
		journal_end(c->gateway->journal, &row);
		if (c->grant)
			grant_charge(c->gateway->admission, c->grant, model, &row.usage);
	}
}

static void book(struct call *c, const char *outcome)
{
	const struct usage_reading *r = c->reader ? usage_reader_reading(c->reader) : NULL;
	static const struct usage none;
	struct gateway *g = c->gateway;

	c->row.model = r ? r->model : "";
	drop_report(c);
	c->row.usage = none;
	if (str_equal(outcome, "interrupted") || str_equal(outcome, "unmetered"))
		estimate(c);
	else if (r && str_equal(outcome, "complete"))
		usage_estimate(r, 0, 0, &c->row.usage);
	prices_name(g->prices, c->row.model, &c->row.usage, c->row.at, c->model);
	c->row.model = c->model;
	c->row.outcome = outcome;
	c->row.status = c->status;
	c->row.ended_at = clock_now_ms();
	if (*c->row.id)
		journal_end(g->journal, &c->row);
	if (r)
		book_tools(c, r);
	if (c->grant)
		grant_book(g->admission, c->grant, c->row.model, &c->row.usage);
	c->grant = NULL;
}

void reply_finish(struct call *c, const char *outcome)
{
	struct gateway *g = c->gateway;

	if (c->booked) {
		if (c->grant)		/* arrived after the refusal */
			book(c, outcome);
		return;
	}
	c->booked = true;
	book(c, outcome);
	outbound_free(c->outbound);
	c->outbound = NULL;
	fair_queue_leave(g->queue, &c->place, clock_mono_ms());
	if (!c->target || !c->target->local)
		log_call(c, outcome);
	fair_queue_serve(g->queue);
}

/* ---- what the journal knows during the call */

static void need_report(struct call *c)
{
	if (c->unreported || !*c->row.id)
		return;
	c->unreported = true;
	TAILQ_INSERT_TAIL(&c->gateway->reporting, c, reporting);
}

/* The service has the body, so it will bill it. */
static void note_given(struct call *c)
{
	if (c->given_all)
		return;
	c->given_all = true;
	need_report(c);
}

/* Pings are not output. */
static void note_output(struct call *c, const struct usage_reading *r)
{
	int64_t now;

	if (r->unreported == c->output_seen && r->changes == c->reports)
		return;
	now = clock_mono_ms();
	if (now - (c->output_at ? c->output_at : c->sent_at) > GAP_MS)
		c->silent_ms += now - (c->output_at ? c->output_at : c->sent_at);
	c->output_at = now;
	c->output_seen = r->unreported;
}

/*
 * A call that ends in the same iteration needs no report: its end says
 * everything.
 */
static void note_report(struct call *c)
{
	const struct usage_reading *r = usage_reader_reading(c->reader);
	int64_t passed = r->unreported / USAGE_BYTES_PER_TOKEN;

	note_output(c, r);
	if (r->changes != c->reports ||
	    passed - c->estimated > ESTIMATE_STEP + c->estimated / 10)
		need_report(c);
}

void reply_silent(struct call *c)
{
	int64_t n = unseen(c);

	if (c->metered && n - c->estimated > ESTIMATE_STEP + c->estimated / 10)
		need_report(c);
}

static void drop_report(struct call *c)
{
	if (c->unreported)
		TAILQ_REMOVE(&c->gateway->reporting, c, reporting);
	c->unreported = false;
}

/* If the end could not be written, the call counts as interrupted. */
static void report(struct call *c)
{
	const struct usage_reading *r = c->reader ? usage_reader_reading(c->reader) : NULL;

	drop_report(c);
	if (r) {
		c->reports = r->changes;
	}
	estimate(c);
	c->estimated = c->row.usage.output;
	prices_name(c->gateway->prices, r ? r->model : "", &c->row.usage, c->row.at, c->model);
	journal_report(c->gateway->journal, c->row.id, c->model, &c->row.usage);
}

void reply_report(struct gateway *g)
{
	struct call *c;

	while ((c = TAILQ_FIRST(&g->reporting)))
		report(c);
}

/* ---- the reply */

static ssize_t body(void *data, char *to, size_t n)
{
	struct call *c = data;
	int64_t length = inbound_length(c->inbound);
	int64_t may = call_may_pass(c) - c->given;
	ssize_t got;

	if (may <= 0)
		return -1;
	got = inbound_read(c->inbound, to, may < (int64_t)n ? (size_t)may : n);
	if (got < 0)
		return got;
	if (got > 0)
		c->took_at = clock_mono_ms();
	c->given += got;
	if (got == 0 || c->given == length)
		note_given(c);
	return got;
}

bool reply_sent(struct call *c)
{
	if (!c->sent && outbound_sent(c->outbound)) {
		c->sent = true;
		inbound_drain(c->inbound);
	}
	return c->sent;
}

static bool again(void *data)
{
	struct call *c = data;

	if (!inbound_rewind(c->inbound))
		return false;
	c->given = 0;
	c->given_all = false;
	c->took_at = clock_mono_ms();
	return true;
}

static void head(void *data, int status, const struct headers *fields, int64_t length)
{
	struct call *c = data;

	c->status = status;
	c->heard_at = clock_mono_ms();
	c->swallow = call_judge_key(c, fields);
	if (c->swallow) {
		outbound_ignore(c->outbound);
		return;
	}
	if (c->metered)
		c->reader = usage_reader_new(c);
	inbound_begin(c->inbound, status, fields, length);
	reply_sent(c);
}

static bool bytes(void *data, const char *bytes, size_t n)
{
	struct call *c = data;

	reply_sent(c);
	if (!inbound_write(c->inbound, bytes, n))
		return false;
	c->heard_at = clock_mono_ms();
	c->received += (int64_t)n;
	if (c->reader) {
		usage_reader_feed(c->reader, bytes, n);
		note_report(c);
	}
	return true;
}

static enum error_reply answer_of(const struct call *c, enum outbound_end end)
{
	bool refused;

	if (c->swallow) {
		keys_ready_at(c->gateway->keys, NULL, clock_mono_ms(), &refused);
		return refused || !c->key.number ?
			ERROR_REPLY_KEYS_REFUSED : ERROR_REPLY_KEY_REFUSED;
	}
	switch (end) {
	case OUTBOUND_UNREACHED:
		return ERROR_REPLY_UNREACHED;
	case OUTBOUND_UNTRUSTED:
		return ERROR_REPLY_UNTRUSTED;
	case OUTBOUND_LATE:
		return ERROR_REPLY_LATE;
	default:
		return ERROR_REPLY_BROKEN;
	}
}

/* The service received the request and closed without a reply. */
static bool may_be_billed(const struct call *c, enum outbound_end end)
{
	return c->metered && !c->status && c->given_all &&
	       end != OUTBOUND_UNREACHED && end != OUTBOUND_UNTRUSTED;
}

static void reply_ended(void *data, enum outbound_end end, const char *why)
{
	struct call *c = data;
	bool whole = end == OUTBOUND_WHOLE;

	if (!whole)
		log_event(LOG_WARN, "upstream", "why", why, NULL);
	if (!inbound_answered(c->inbound)) {
		c->said = answer_of(c, end);
		reply_finish(c, may_be_billed(c,
					      end) ? "interrupted" : "failed");
		error_reply_send(c->inbound, c->locale, c->said, 0, NULL);
		return;
	}
	reply_finish(c, reply_outcome(c, whole));
	inbound_finish(c->inbound, whole);
}

static const struct outbound_events events = {
	.body = body, .rewind = again, .head = head, .bytes = bytes, .end = reply_ended,
};

/* ---- the request */

static int begin_row(struct call *c, struct err *e)
{
	struct usage_call *row = &c->row;

	if (!c->metered)
		return 0;
	id_new(row->id);
	memcpy(row->user_id, c->token.user_id, ID_SIZE);
	memcpy(row->subject_id, c->token.subject_id, ID_SIZE);
	row->kind = gateway_token_kind_name(c->token.kind);
	row->model = "";
	row->outcome = "interrupted";
	/* It is about to be sent; later events report for themselves. */
	usage_estimate(NULL, input_of(c), made_in(c, 0), &row->usage);
	if (journal_begin(c->gateway->journal, row, e) == 0)
		return 0;
	row->id[0] = '\0';
	return -1;
}

/* It is this call's turn. */
void reply_begin(struct call *c)
{
	struct gateway *g = c->gateway;
	struct outbound_request r = {
		.target = inbound_target(c->inbound),
		.post = c->target->body,
		.length = inbound_length(c->inbound),
		.whole = call_may_pass(c) == INT64_MAX ? inbound_whole(c->inbound) : NULL,
		.fields = &c->fields,
	};
	struct err e = { 0 };

	if (r.whole)
		r.length = inbound_received(c->inbound);
	if (!keys_next(g->keys, call_model(c), clock_mono_ms(), &c->key))
		return call_refuse(c, ERROR_REPLY_KEYS_REST, 1, NULL);
	if (r.whole) {
		c->given = r.length;
		c->given_all = true;
	}
	if (begin_row(c, &e) < 0) {
		log_failure("journal", &e, NULL);
		return call_refuse(c, ERROR_REPLY_AWAY, 2,
				   *e.key ? i18n_sentence(c->locale, e.key) : NULL);
	}
	r.key = c->key.line;
	c->sent_at = c->heard_at = c->took_at = clock_mono_ms();
	c->outbound = outbound_new(g->upstream, &r, &events, c);
}
