/* Reading a session's log: what the shim has, then its bytes into the decoder. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "session/agent_run_internal.h"

#define RETRY_MS 1000
#define STRAY_MS 3000
#define OFFSET_MAX ((int64_t)1 << 52)	/* what a browser's numbers hold */
#define SLICE 2048
#define TURN_NS UINT64_C(20000000)	/* decoding, before others have their turn */
#define TRIM_AT (4 << 20)	/* recorded bytes behind which the hole is punched */

/* A line "<id> running|ended <bytes>" of GET /sessions; false when the shim does not know it. */
static bool find_line(const char *text, const char *id, bool *running,
		      int64_t *bytes)
{
	const char *at = strstr(text, id);
	struct err e = { 0 };
	char number[24];
	size_t n;

	if (!at || (at > text && at[-1] != '\n'))
		return false;
	at += strlen(id);
	*running = str_starts(at, " running ");
	if (!*running && !str_starts(at, " ended "))
		return false;
	at = strchr(at + 1, ' ') + 1;
	n = strspn(at, "0123456789");
	if (n >= sizeof(number))
		return false;
	memcpy(number, at, n);
	number[n] = '\0';
	return str_parse_number(number, 0, OFFSET_MAX, bytes, &e) == 0;
}

void log_list_again(struct session *s, int64_t wait_ms)
{
	s->listed = false;
	s->log_retry_at = clock_mono_ms() + wait_ms;
	process_arm(s);
}

/* It writes a log that is not the one it began with: nothing can follow it. */
static void end_stray(struct session *s)
{
	if (!shim_request_new(s, "DELETE", NULL, 0, NULL,
			      "/sessions/%s?grace=1", s->id))
		return;
	log_list_again(s, STRAY_MS);
}

/*
 * The volume is another one, or was put back to an earlier state: the shim
 * lets the log go on where it ended when Claude starts.
 */
static void lost(struct session *s)
{
	s->no_log = true;
	if (decoder_offset(s->decoder) != s->log_at)
		session_decode_from(s, s->log_at);
	agent_run_log_lost(s);
	if (session_working(s) && !s->run)
		s->wanted = true;	/* the start's line ends the turn */
}

/* An earlier bridge started it, for the mode that the store has. */
static void found_running(struct session *s)
{
	s->skips = mode_skips(s);
	process_found(s);
}

static void listed(struct session *s, int status, const char *body,
		   const struct err *e)
{
	bool running = false;
	int64_t bytes = 0;

	s->listing = false;
	if (e || status != 200) {
		s->log_retry_at = clock_mono_ms() + RETRY_MS;
		process_arm(s);
		return;
	}
	s->listed = true;
	s->no_log = !find_line(body, s->id, &running, &bytes);
	s->backlog_end = bytes;
	if (bytes < s->log_at && running)
		end_stray(s);
	else if (bytes < s->log_at)
		lost(s);
	else if (running && !s->token_hash[0])
		process_foreign(s);
	else if (running)
		found_running(s);
	else if (s->process == PROCESS_NONE || s->process == PROCESS_FAILED)
		claude_token_over(s);
	session_step(s);
}

bool log_in_backlog(const struct session *s)
{
	return decoder_offset(s->decoder) < s->backlog_end;
}

static void fed(struct session *s)
{
	recorder_touch(s, !decoder_in_turn(s->decoder));
	session_tell(s);
	queue_send(s);
	agent_run_step(s);
	stdin_step(s);
	process_step(s);
	process_arm(s);
}

/* What was not decoded yet is read again: log_at stands before it. */
static void forget(struct session *s)
{
	s->log = NULL;
	s->log_held = 0;
	s->log_rest_at = 0;
	buf_release(&s->log_rest);
}

/* The shim may send as much again as has been decoded and is not in the way. */
static void open_window(struct session *s)
{
	size_t n = s->log_held;

	if (!s->log || !n || s->log_rest.len || recorder_pressed(s))
		return;
	s->log_held = 0;
	link_stream_consume(s->log, n);
}

/* Lines of the CLI that are no JSON: the first is logged, then each doubling of their number. */
static void tell_broken(struct session *s)
{
	int64_t n = decoder_broken_lines(s->decoder);
	char count[24];

	if (n < s->broken_told)		/* another decoder */
		s->broken_told = 0;
	if (n < 2 * s->broken_told || !n)
		return;
	s->broken_told = n;
	snprintf(count, sizeof(count), "%lld", (long long)n);
	log_event(LOG_WARN, "broken_lines", "conversation", s->id, "lines",
		  count, NULL);
}

/*
 * A forged log can cost far more than its bytes, in many small chunks too: who
 * used up a turn waits four times as long. Returns what was decoded.
 */
static size_t decode(struct session *s, const char *bytes, size_t n)
{
	uint64_t began = uv_hrtime(), now = began;
	uint64_t earned = (began - s->log_decoded_at) / 4;
	uint64_t before = s->log_spent > earned ? s->log_spent - earned : 0;
	size_t at = 0, len;

	while (at < n && before + now - began < TURN_NS) {
		len = n - at < SLICE ? n - at : SLICE;
		s->log_at += (int64_t)len;
		decoder_feed(s->decoder, bytes + at, len);
		at += len;
		now = uv_hrtime();
	}
	fed(s);			/* of single bytes this is the most */
	tell_broken(s);
	now = uv_hrtime();
	s->log_spent = before + now - began;
	s->log_decoded_at = now;
	s->log_rest_at = s->log_spent < TURN_NS ? 0 :
		clock_mono_ms() + 1 + (int64_t)(4 * s->log_spent / 1000000);
	process_arm(s);
	return at;
}

/* Goes on with what was read and had to wait. */
static void decode_rest(struct session *s)
{
	if (!s->log_rest_at || s->log_rest_at > clock_mono_ms())
		return;
	buf_drop(&s->log_rest, decode(s, buf_text(&s->log_rest),
				      s->log_rest.len));
	open_window(s);
}

static void on_status(void *data, int status)
{
	struct session *s = data;

	s->log_status = status;
}

static bool on_body(void *data, const void *bytes, size_t n)
{
	struct session *s = data;
	struct err full = { 0 };
	size_t at = 0;

	if (s->log_status != 200) {
		if (buf_add(&s->log_text, bytes, n, &full) < 0)
			buf_clear(&s->log_text);
		return true;
	}
	if (!s->log_rest_at)
		at = decode(s, bytes, n);
	if (buf_add(&s->log_rest, (const char *)bytes + at, n - at, &full) < 0) {
		link_stream_cancel(s->log);
		forget(s);
		s->log_retry_at = clock_mono_ms() + RETRY_MS;
		process_arm(s);
		return true;
	}
	if (!recorder_pressed(s) && !s->log_held && !s->log_rest.len)
		return true;
	s->log_held += n;
	return false;
}

/* 410 "first N": recorded by an older store than the one that trimmed. What lies between is lost. */
static void skip_hole(struct session *s)
{
	const char *text = buf_text(&s->log_text);
	struct err e = { 0 };
	int64_t first;
	char number[24];

	if (!str_starts(text, "first ") ||
	    !str_copy(number, sizeof(number), text + 6))
		return;
	number[strspn(number, "0123456789")] = '\0';
	if (str_parse_number(number, s->log_at, OFFSET_MAX, &first, &e) < 0)
		return;
	err_set(&e, ERR_INTERNAL, "log bytes %" PRId64 " to %" PRId64 " are gone",
		s->log_at, first);
	session_trouble(s, "log_hole", &e);
	session_decode_from(s, first);
}

static void on_end(void *data, const struct err *e)
{
	struct session *s = data;
	int status = e ? 0 : s->log_status;

	forget(s);
	if (status == 404) {
		s->no_log = true;
		s->listed = false;
	} else if (status == 410) {
		skip_hole(s);
	} else if (status == 416) {
		log_list_again(s, RETRY_MS);
		return;
	}
	s->log_retry_at = clock_mono_ms() + RETRY_MS;
	process_arm(s);
}

static const struct link_response_events events = {
	.status = on_status,
	.body = on_body,
	.end = on_end,
};

static void open_log(struct session *s)
{
	struct link_request rq = { .method = "GET" };
	struct err e = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "/sessions/%s/log?from=%" PRId64, s->id,
		 s->log_at);
	rq.path = path;
	s->log_status = 0;
	buf_clear(&s->log_text);
	s->log = link_request(s->link, &rq, &events, s, &e);
}

void log_step(struct session *s)
{
	decode_rest(s);
	if (!s->link || s->log_retry_at > clock_mono_ms())
		return;
	s->log_retry_at = 0;
	if (!s->listed) {
		if (!s->listing)
			s->listing = shim_request_new(s, "GET", NULL, 0, listed,
						      "/sessions") != NULL;
	} else if (!s->no_log && !s->log) {
		open_log(s);
	}
}

void log_lost(struct session *s)
{
	if (s->log)
		link_stream_cancel(s->log);
	forget(s);
	s->log_retry_at = 0;
	s->listed = s->listing = false;
}

static void trim(struct session *s)
{
	if (!s->link || s->recorded_offset - s->trimmed < TRIM_AT)
		return;
	s->trimmed = s->recorded_offset;
	if (!shim_request_new(s, "POST", NULL, 0, NULL,
			      "/sessions/%s/trim?to=%" PRId64,
			      s->id, s->recorded_offset))
		return;
}

void log_recorded(struct session *s)
{
	open_window(s);
	trim(s);
	recorder_touch(s, false);
}
