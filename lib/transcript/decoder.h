/*
 * Decodes the CLI's stream-json log into parts. Pure: bytes in, callbacks out;
 * the same bytes give the same parts however they are split. All input is
 * hostile.
 *
 * Besides the CLI's lines the log has the shim's own, of type "gongbang":
 * {"type":"gongbang","subtype":"start","at":MS} when a process starts (with
 * "lost":true when the volume with the earlier log is gone), and
 * {"type":"gongbang","subtype":"exit","at":MS,"code":N,"signal":N,
 *  "oom":N,"reason":"exit|container","stderr":"tail"} when it ended; while it
 * runs {"type":"gongbang","subtype":"oom","at":MS,"kills":N} reports that the
 * kernel killed N processes because memory ran out. PROTOCOL.md describes the
 * CLI's lines.
 */
#ifndef TRANSCRIPT_DECODER_H
#define TRANSCRIPT_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "core/err.h"
#include "store/conversations.h"

/*
 * Longer lines have their longest strings truncated, beyond what any part
 * keeps; one that is still too long becomes a part that says so.
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
	bool container;		/* ended with its container */
	bool memory;		/* killed because memory ran out */
	const char *stderr_tail;	/* "" when none */
};

/* The CLI's `result` line about its turn. Texts are borrowed. */
struct turn_result {
	bool failed;		/* is_error */
	bool stopped;		/* interrupted by a user */
	bool max_turns;		/* --max-turns was reached */
	bool api;		/* the model's API failed */
	int64_t api_status;	/* its HTTP status; 0: no answer */
	const char *api_type;	/* the error's type in its body; "" none */
	const char *api_error;	/* the CLI's own code, such as max_output_tokens; "" none */
	const char *stop_reason;	/* of the last reply: end_turn, max_tokens, refusal...; ""
					 * none */
	const char *text;	/* Claude's last text, or the error's; n bytes */
	size_t n;
	int64_t turns, denials;
};

/* All texts borrowed during the call. Any may be NULL. */
struct decoder_events {
	/* A part is new or changed; p->data is complete. changed_at is set. */
	void (*part)(void *data, const struct part *p);
	/*
	 * Text was appended to the open text part `at`; part() with the
	 * complete text follows at its end.
	 */
	void (*delta)(void *data, int64_t at, const char *text, size_t n);
	/* The user's message was echoed: its position, and its part's name. */
	void (*echo)(void *data, const char *uuid, int64_t at);
	/* command_lifecycle: queued, started, completed, cancelled, discarded, refused. */
	void (*command)(void *data, const char *uuid, const char *lifecycle);
	/*
	 * The text of a message whose echo is missing or markup, so that it
	 * can be drawn; echo() follows. NULL: not a message of ours.
	 */
	const char *(*words)(void *data, const char *uuid);
	/*
	 * The pictures of a message (as in its row of the store), which are
	 * drawn in place of those that its echo has. NULL: it has none.
	 */
	const char *(*pictures)(void *data, const char *uuid);
	/* Claude suggests the user's next message: one line, valid UTF-8. */
	void (*suggestion)(void *data, const char *text);
	void (*turn_started)(void *data);
	/*
	 * The turn's own last line, before turn_ended; missing if the process
	 * died.
	 */
	void (*result)(void *data, const struct turn_result *r);
	/*
	 * Exactly once per turn, also when the process died. ok: neither
	 * failed nor stopped.
	 */
	void (*turn_ended)(void *data, bool ok, const struct turn_usage *usage);
	/*
	 * Claude's activity: phase "requesting", "thinking", "writing", "tool"
	 * (detail: its name), "retrying", "compacting", "waiting", "idle".
	 */
	void (*activity)(void *data, const char *phase, const char *detail);
	/*
	 * system/init, once per turn; and every change of mode, with model and
	 * cli_version NULL.
	 */
	void (*init)(void *data, const char *model, const char *mode, const char *cli_version);
	/*
	 * The answer to our control_request; response is JSON text: its
	 * content, or with !ok {"error":...,"error_code":...}.
	 */
	void (*control)(void *data, const char *request_id, bool ok, const char *response);
	/*
	 * Number of sub-agents and shells in the background: a process that
	 * has some is not idle.
	 */
	void (*background)(void *data, size_t n);
	/*
	 * The CLI sent a request that is neither a permission nor a form, named
	 * by subtype. Nobody else answers it.
	 */
	void (*asked)(void *data, const char *request_id, const char *subtype);
	/*
	 * A call of the turn or of a sub-agent wrote the file that it names:
	 * a path, relative to the home unless it begins with a slash. The call
	 * lasted from..to, UTC ms.
	 */
	void (*wrote)(void *data, const char *path, int64_t from, int64_t to);
	/*
	 * The shim's lines, each after the turn_ended that it causes. A
	 * process that ends outside a turn leaves no part: the caller decides
	 * what that means.
	 */
	void (*process_started)(void *data, bool log_lost);
	void (*process_ended)(void *data, const struct process_end *end);
};

/*
 * offset: position in the log of the first byte fed. open: the recorded parts
 * that still run or wait, so that their ends find them, and the last part
 * whatever its state, because its message may continue; in any order; may be
 * NULL. now: clock in UTC ms, for lines without a time. ev and data are kept.
 * Gives (child of ctx).
 */
struct decoder *decoder_new(const void *ctx, int64_t offset,
			    const struct part *open, size_t nopen, bool in_turn,
			    int64_t (*now)(void), const struct decoder_events *ev, void *data);

/*
 * This message was echoed before the offset already: another echo of it (an id
 * that was sent again is only replayed) draws nothing. Remembers the last 64
 * ids, including echoes that are fed.
 */
void decoder_know(struct decoder *d, const char *uuid);

void decoder_feed(struct decoder *d, const void *bytes, size_t n);

/* The offset after the last complete line decoded. */
int64_t decoder_offset(const struct decoder *d);

/*
 * The highest offset from which decoding can restart without loss: where the
 * open text block (or a message that is being joined with others) began,
 * otherwise decoder_offset. A restart there repeats the callbacks since.
 */
int64_t decoder_safe_offset(const struct decoder *d);

/*
 * A message with this prefix is the record given back to a Claude without
 * memory: drawn as a note.
 */
#define RECALL_MARK "<gongbang-record>"

/*
 * Call within a callback: the process now answering started without the
 * earlier conversation. Draws the part that says so.
 */
void decoder_memory_lost(struct decoder *d);

/*
 * Call outside of callbacks: a tool was refused this domain. The running calls
 * that name it, or if none does all that run, say so from now on.
 */
void decoder_blocked(struct decoder *d, const char *domain);

/*
 * Turns that call a tool end with a part of kind "files", which runs until
 * decoder_files completes it: outside of callbacks, with its data (part.h).
 * Takes data.
 */
void decoder_want_files(struct decoder *d);
void decoder_files(struct decoder *d, int64_t at, struct json_object *data);

bool decoder_in_turn(const struct decoder *d);

/*
 * We are ending the process: a turn in progress ends with the error part of
 * that catalogue key. Applies until the next process; key: kept.
 */
void decoder_end_as(struct decoder *d, const char *key);

/*
 * Emits each part that runs or waits in its current state, deltas included,
 * for a browser that connects now.
 */
void decoder_each_open(struct decoder *d,
		       void (*each)(void *data, const struct part *p), void *data);

/*
 * Number of lines that were not JSON, for the caller's log: they are skipped,
 * and one part per turn says so.
 */
int64_t decoder_broken_lines(const struct decoder *d);

#endif
