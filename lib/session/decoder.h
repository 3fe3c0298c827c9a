/*
 * The CLI's stream-json log -> parts. Pure: bytes in, calls out; the same
 * bytes give the same parts however they are cut. Everything in it is hostile.
 *
 * Besides the CLI's lines the log has the shim's own, of type "gongbang":
 * {"type":"gongbang","subtype":"start","at":MS} when a process starts, and
 * {"type":"gongbang","subtype":"exit","at":MS,"code":N,"signal":N,
 *  "oom":N,"reason":"exit|container","stderr":"tail"} when it ended.
 */
#ifndef SESSION_DECODER_H
#define SESSION_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "store/conversations.h"

#define DECODER_LINE_MAX (4 << 20)	/* longer lines become one part that says so */

struct decoder;

struct turn_usage {
	int64_t input, output, cache_read, cache_write;	/* tokens */
	int64_t duration_ms;
};

/* All texts borrowed during the call. Any may be NULL. */
struct decoder_events {
	/* A part is new or changed; p->data is whole. changed_at is set. */
	void (*part)(void *data, const struct part *p);
	/* Text was appended to the open text part `at`; part() with the whole follows when it is done. */
	void (*delta)(void *data, int64_t at, const char *text, size_t n);
	/* The person's message was echoed: this is its place. */
	void (*echo)(void *data, const char *uuid, int64_t at);
	/* command_lifecycle: queued, started, completed, cancelled. */
	void (*command)(void *data, const char *uuid, const char *lifecycle);
	void (*turn_started)(void *data);
	/* Exactly one a turn, also when the process died. */
	void (*turn_ended)(void *data, bool ok, const struct turn_usage *usage);
	/* What Claude does now: phase "requesting", "thinking", "writing", "tool" (detail: its name), "retrying", "compacting", "waiting", "idle". */
	void (*activity)(void *data, const char *phase, const char *detail);
	/* system/init: every turn. */
	void (*init)(void *data, const char *model, const char *mode, const char *cli_version);
	/* Answer to a control_request of ours; response is JSON text. */
	void (*control)(void *data, const char *request_id, bool ok, const char *response);
	/* The shim's lines. */
	void (*process_started)(void *data);
	void (*process_ended)(void *data, int code, int signal, int64_t oom_kills, const char *stderr_tail);
};

/*
 * offset: where in the log the first byte fed stands. open: parts recorded
 * before that still run or wait (so their ends find them); may be NULL.
 * now: clock in UTC ms, for created_at. Gives (child of ctx).
 */
struct decoder *decoder_new(const void *ctx, int64_t offset,
			    const struct part *open, size_t nopen, bool in_turn,
			    int64_t (*now)(void), const struct decoder_events *ev, void *data);

void decoder_feed(struct decoder *d, const void *bytes, size_t n);

/* Offset after the last whole line decoded. */
int64_t decoder_offset(const struct decoder *d);

/* The highest offset from which decoding again loses nothing: where the open text block began, else decoder_offset. */
int64_t decoder_safe_offset(const struct decoder *d);

bool decoder_in_turn(const struct decoder *d);

#endif
