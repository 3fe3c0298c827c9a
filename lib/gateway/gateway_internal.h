/* Shared by the gateway's own files. */
#ifndef GATEWAY_GATEWAY_INTERNAL_H
#define GATEWAY_GATEWAY_INTERNAL_H

#include <sys/queue.h>
#include <uv.h>

#include "core/settings.h"
#include "gateway/admission.h"
#include "gateway/api_routes.h"
#include "gateway/error_reply.h"
#include "gateway/fair_queue.h"
#include "gateway/gateway.h"
#include "gateway/journal.h"
#include "gateway/keys.h"
#include "gateway/listener.h"
#include "gateway/request_reader.h"
#include "gateway/upstream.h"
#include "gateway/usage_reader.h"
#include "i18n/i18n.h"

#define QUEUE_WAIT_MS 60000	/* for its turn */
#define FIRST_BYTE_MS 600000	/* the service may think this long */
#define SILENCE_MS 600000	/* between bytes of a reply; the service sends pings */
#define TAKE_MS 60000	/* for the service to accept more of the body */
#define WHOLE_MS 1800000
#define OUTPUT_UNKNOWN 4096	/* tokens, for a call without max_tokens */
#define REPLY_MAX (256LL << 20)	/* bytes of a reply, after decoding */

/* One request of a workspace, from its head until it is answered. */
struct call {
	LIST_ENTRY(call) all;
	TAILQ_ENTRY(call) reporting;
	struct gateway *gateway;
	struct inbound *inbound;
	const struct api_route *target;
	const struct i18n_locale *locale;
	char zone[64];
	struct gateway_token token;
	struct grant *grant;
	struct queue_place place;
	struct key_use key;
	struct headers fields;
	struct outbound *outbound;
	struct usage_reader *reader;
	struct request_reader *request;	/* NULL: no body */
	int64_t scanned;		/* bytes of the body that it has read */
	bool reserving, reserved;
	int64_t reserved_input;		/* tokens */
	int64_t output_max;		/* tokens, 0: not set */
	int64_t output_at, silent_ms;	/* monotonic: the last output; the gap before it */
	int64_t output_seen;		/* bytes of the last output */
	char model[PRICES_NAME_SIZE];	/* what the call is booked as */
	struct usage_call row;		/* its id is "" until it is in the journal */
	int64_t given;			/* bytes of the body sent upstream */
	bool given_all;
	int64_t estimated;		/* output tokens in the journal */
	int reports;			/* in the journal */
	int status;			/* HTTP status from the service; 0: none yet */
	int64_t began;			/* monotonic */
	int64_t sent_at, heard_at;	/* monotonic: sent upstream */
	int64_t took_at;		/* part of the body was sent */
	bool rests;			/* every key rests for its model */
	int64_t received;		/* bytes of the reply */
	enum error_reply said;		/* ERROR_REPLY_COUNT: not an answer of ours */
	bool asked, asking;		/* admission */
	bool admitted, metered, booked;
	bool sent;			/* waits for the body; the service sent a head */
	bool swallow;			/* the reply is not for the workspace */
	bool unreported;		/* usage that the journal lacks */
};

struct gateway {
	uv_loop_t *loop;
	const struct settings *settings;
	struct jobs *jobs;
	struct ledger_client *ledger;
	struct kv_async *kv;
	struct prices *prices;
	struct admission *admission;
	struct journal *journal;
	struct keys *keys;
	struct fair_queue *queue;
	struct upstream *upstream;
	struct listener *listener;
	struct i18n *i18n;
	const struct i18n_locale *locale;
	uv_prepare_t before;
	uv_check_t after;
	uv_timer_t tick, last;
	uv_signal_t term, interrupt, hang_up;
	LIST_HEAD(, call) calls;
	TAILQ_HEAD(, call) reporting;
	int64_t ncalls;
	bool ready, stopping, stopped, halted;
	bool troubled;		/* the ledger is away, and this was logged */
	unsigned ticks;		/* since then */
	int closing;			/* parts that are still closing */
};

/* call.c */
extern const struct listener_events call_door_events;
void call_turn(void *call);
/*
 * The kill switch, or the gateway's shutdown: cuts the call, with an error
 * reply if one can still be sent.
 */
void call_cut(struct call *c, enum error_reply a);
/* Checks its deadlines; now: monotonic. */
void call_tick(struct call *c, int64_t now);
/*
 * Whether the service has been silent, or taken no more of the body, for too
 * long, or its reply is too long.
 */
bool call_late(struct call *c, int64_t now);
/* Refuses the call and releases the service. */
void call_refuse(struct call *c, enum error_reply a, int64_t retry_s,
		 const char *sentence);

/* The model it asks for; "" unknown. */
const char *call_model(const struct call *c);
/*
 * Queues a call once it has a body to send, complete or as much as the buffer
 * holds, so that a slow client does not take a turn.
 */
void call_advance(struct call *c);
/* e: NULL, or its sentence is told. */
void call_refuse_away(struct call *c, const struct err *e);
void call_refuse_reserved(struct call *c);
void call_refuse_budget(struct call *c, const struct over_budget *over);

/* call_body.c */
/* What the call may use, as far as it is known. */
struct call_estimate call_estimate(const struct call *c);
/* Scans the bytes that arrived. */
void call_read_body(struct call *c);
/*
 * False: the body may not be forwarded, and the client was answered; only
 * clients with a token are.
 */
bool call_check_body(struct call *c);
/*
 * Reserves once max_tokens or the whole body was read; again when the estimate
 * grows.
 */
void call_reserve(struct call *c);
/* The budget leaves `output` tokens: lowers max_tokens to that. */
void call_cap_output(struct call *c, int64_t output);
/* Forwards more of the body, or queues the call. */
void call_pass_on(struct call *c);
/* How many bytes of the body may go upstream: unreserved ones are held back. */
int64_t call_may_pass(struct call *c);

/* call_key.c */
/*
 * Applies the service's answer to the key; true when the reply is not for the
 * workspace.
 */
bool call_judge_key(struct call *c, const struct headers *fields);

/* call_reply.c */
void reply_begin(struct call *c);
/* Books the call and frees its place, once. outcome as in struct usage_call. */
void reply_finish(struct call *c, const char *outcome);
/* Journals what replies have reported, before workspaces see it. */
void reply_report(struct gateway *g);
/* Likewise for a call that received nothing for a while. */
void reply_silent(struct call *c);
/* Frees the body's memory once the service has the body; returns whether it did. */
bool reply_sent(struct call *c);
/* The usage to book if the call is cut off now. */
const char *reply_outcome(const struct call *c, bool whole);

/* gateway.c */
void gateway_left(struct gateway *g);

#endif
