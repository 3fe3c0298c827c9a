/*
 * The CLI's stream-json log -> parts. Pure: bytes in, calls out; the same
 * bytes give the same parts however they are cut. Everything in it is hostile.
 *
 * Besides the CLI's lines the log has the shim's own, of type "gongbang":
 * {"type":"gongbang","subtype":"start","at":MS} when a process starts (with
 * "lost":true when the volume that had the log before is gone), and
 * {"type":"gongbang","subtype":"exit","at":MS,"code":N,"signal":N,
 *  "oom":N,"reason":"exit|container","stderr":"tail"} when it ended; while it
 * runs {"type":"gongbang","subtype":"oom","at":MS,"kills":N} may tell that the
 * kernel killed N processes for want of memory. PROTOCOL.md has the CLI's own.
 */
#ifndef TRANSCRIPT_DECODER_H
#define TRANSCRIPT_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "store/conversations.h"

/*
 * Longer lines lose the ends of their longest strings, more than any part
 * keeps; one that is too long even so becomes a part that says so.
 */
#define DECODER_LINE_MAX (4 << 20)

struct decoder;

struct turn_usage {
	int64_t input, output, cache_read, cache_write;	/* tokens */
	int64_t duration_ms;
};

struct process_end {
	int code, signal;
	int64_t oom_kills;
	bool container;		/* ended by its container's end */
	bool memory;		/* killed for want of memory */
	const char *stderr_tail;	/* "" when none */
};

/* What the CLI's `result` line says of its turn. Texts are borrowed. */
struct turn_result {
	bool failed;		/* is_error */
	bool stopped;		/* somebody interrupted it */
	bool max_turns;		/* --max-turns was reached */
	bool api;		/* the model's API failed */
	int64_t api_status;	/* its HTTP status; 0: none came */
	const char *api_type;	/* the error's type in its body; "" none */
	const char *api_error;	/* the CLI's own code, such as max_output_tokens; "" none */
	const char *stop_reason;	/* of the last answer: end_turn, max_tokens, refusal...; "" none */
	const char *text;	/* Claude's last words, or the error's; n bytes */
	size_t n;
	int64_t turns, denials;
};

/* All texts borrowed during the call. Any may be NULL. */
struct decoder_events {
	/* A part is new or changed; p->data is whole. changed_at is set. */
	void (*part)(void *data, const struct part *p);
	/* Text was appended to the open text part `at`; part() with the whole follows when it is done. */
	void (*delta)(void *data, int64_t at, const char *text, size_t n);
	/* The person's message was echoed: this is its place, and its part's name. */
	void (*echo)(void *data, const char *uuid, int64_t at);
	/* command_lifecycle: queued, started, completed, cancelled, discarded, refused. */
	void (*command)(void *data, const char *uuid, const char *lifecycle);
	/*
	 * The text of a message that is echoed as markup or not at all, so that
	 * it can be drawn; echo() follows. NULL: not a message of ours.
	 */
	const char *(*words)(void *data, const char *uuid);
	void (*turn_started)(void *data);
	/* The turn's own last line, before turn_ended; a turn whose process died has none. */
	void (*result)(void *data, const struct turn_result *r);
	/* Exactly one a turn, also when the process died. ok: it did not fail; a turn that was stopped did not. */
	void (*turn_ended)(void *data, bool ok, const struct turn_usage *usage);
	/* What Claude does now: phase "requesting", "thinking", "writing", "tool" (detail: its name), "retrying", "compacting", "waiting", "idle". */
	void (*activity)(void *data, const char *phase, const char *detail);
	/* system/init, every turn; and every change of mode, with model and cli_version NULL. */
	void (*init)(void *data, const char *model, const char *mode, const char *cli_version);
	/* Answer to a control_request of ours; response is JSON text: what it says, or with !ok {"error":...,"error_code":...}. */
	void (*control)(void *data, const char *request_id, bool ok, const char *response);
	/* How many sub-agents and shells run in the background: a process with some must not be ended as idle. */
	void (*background)(void *data, size_t n);
	/* The CLI asks something that is no permission: subtype says what. Nobody else answers it. */
	void (*asked)(void *data, const char *request_id, const char *subtype);
	/* The shim's lines, each after the turn_ended it brings. A process that ends outside a turn leaves no part: what that means is the caller's to know. */
	void (*process_started)(void *data, bool log_lost);
	void (*process_ended)(void *data, const struct process_end *end);
};

/*
 * offset: where in the log the first byte fed stands. open: the parts recorded
 * before that still run or wait, so that their ends find them, and also the
 * last one of all whatever its state, for its message may go on; in any order;
 * may be NULL. now: clock in UTC ms, for times the log does not tell. ev and
 * data are kept. Gives (child of ctx).
 */
struct decoder *decoder_new(const void *ctx, int64_t offset,
			    const struct part *open, size_t nopen, bool in_turn,
			    int64_t (*now)(void), const struct decoder_events *ev, void *data);

/*
 * This message has its place before the offset already: another echo of it
 * (an id that was sent again is only replayed) draws nothing. For the ids
 * placed last; 64 are remembered, those of echoes fed among them.
 */
void decoder_know(struct decoder *d, const char *uuid);

void decoder_feed(struct decoder *d, const void *bytes, size_t n);

/* Offset after the last whole line decoded. */
int64_t decoder_offset(const struct decoder *d);

/*
 * The highest offset from which decoding again loses nothing: where the open
 * text block (or a message that is being joined with others) began, else
 * decoder_offset. Decoding again from it calls again what was called since.
 */
int64_t decoder_safe_offset(const struct decoder *d);

/* A message that begins so is the record given back to a Claude without memory: drawn as a note. */
#define RECALL_MARK "<gongbang-record>"

/*
 * Within a call of ev: the process that answers now began without what was
 * said before. Draws the part that says so.
 */
void decoder_memory_lost(struct decoder *d);

bool decoder_in_turn(const struct decoder *d);

/*
 * The process is being ended: a turn in progress, stopped or killed by it, ends
 * with the error part of that catalogue key. Until the next process; key: kept.
 */
void decoder_end_as(struct decoder *d, const char *key);

/* Each part that runs or waits as it is now, deltas included: what a browser that connects now lacks. */
void decoder_each_open(struct decoder *d,
		       void (*each)(void *data, const struct part *p), void *data);

/* Lines that were no JSON, for the log of whoever serves: they are left out, and one part a turn says so. */
int64_t decoder_broken_lines(const struct decoder *d);

#endif
