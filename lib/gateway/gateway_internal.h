/* What the gateway's own files share; nobody else includes it. */
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

#define LINE_WAIT_MS 60000	/* for a turn */
#define FIRST_BYTE_MS 600000	/* the service may think that long */
#define SILENCE_MS 600000	/* between bytes of a reply; the service pings */
#define TAKE_MS 60000	/* for the service to take more of the body */
#define WHOLE_MS 1800000
#define OUTPUT_UNKNOWN 4096	/* tokens that a call may take which does not say */
#define REPLY_MAX (256LL << 20)	/* bytes of a reply, decoded */

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
	struct request_reader *request;	/* NULL: without a body */
	int64_t scanned;		/* bytes of the body that it has read */
	bool reserving, reserved;
	int64_t reserved_input;		/* tokens */
	int64_t output_max;		/* tokens, 0: it is not said */
	int64_t output_at, silent_ms;	/* monotonic: the last output; how long there was none */
	int64_t output_seen;		/* bytes of it */
	char model[PRICES_NAME_SIZE];	/* by which it is booked */
	struct usage_call row;		/* its id is "" until it is in the journal */
	int64_t given;			/* bytes of the body passed on */
	bool given_all;
	int64_t estimated;		/* output tokens that the journal has */
	int reports;			/* that the journal has */
	int status;			/* of the service; 0: none yet */
	int64_t began;			/* monotonic */
	int64_t sent_at, heard_at;	/* monotonic: upstream */
	int64_t took_at;		/* some of the body */
	bool rests;			/* no key can be used for its model yet */
	int64_t received;		/* bytes of the reply */
	enum error_reply said;		/* ERROR_REPLY_COUNT: none of ours */
	bool asked, asking;		/* admission */
	bool admitted, metered, settled;
	bool sent;			/* the body; after the service's head */
	bool swallow;			/* the reply is not for the workspace */
	bool unreported;		/* usage that the journal does not know */
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
	struct fair_queue *line;
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
	bool troubled;		/* the ledger is away, and that was said */
	unsigned ticks;		/* since then */
	int closing;			/* parts that still close */
};

/* call.c */
extern const struct listener_events call_door_events;
void call_turn(void *call);
/* The kill switch, or the gateway's own end: cut, and said where it can be. */
void call_cut(struct call *c, enum error_reply a);
/* Its deadlines; now monotonic. */
void call_tick(struct call *c, int64_t now);
/* Whether its service has been silent for too long, or takes no more of the body. */
bool call_late(struct call *c, int64_t now);
/* Says so and is done with the service. */
void call_refuse(struct call *c, enum error_reply a, int64_t retry_s,
		 const char *sentence);

/* The model that it asks for; "" unknown. */
const char *call_model(const struct call *c);
/* How many bytes of the body may go upstream: what is not reserved is held back. */
int64_t call_may_pass(struct call *c);

/* call_reply.c */
void reply_begin(struct call *c);
/* Books the call and gives its place back, once. outcome as in struct usage_call. */
void reply_finish(struct call *c, const char *outcome);
/* Tells the journal what replies have reported; before workspaces see it. */
void reply_report(struct gateway *g);
/* The same for a call of which nothing came for long. */
void reply_silent(struct call *c);
/* Gives the body's memory back when the service has it; whether it has. */
bool reply_sent(struct call *c);
/* What it comes to when it is cut off now. */
const char *reply_outcome(const struct call *c, bool whole);

/* gateway.c */
void gateway_left(struct gateway *g);

#endif
