#include "config.h"
#include "session/log_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/buf.h"
#include "core/str.h"
#include "session/agent_run.h"
#include "session/claude_process.h"
#include "session/claude_start.h"
#include "session/claude_token.h"
#include "session/message_queue.h"
#include "session/recorder.h"
#include "session/session_internal.h"

#define RETRY_MS 1000
#define STRAY_MS 3000
#define OFFSET_MAX ((int64_t)1 << 52)	/* largest exact number in a browser */
#define SLICE 2048
#define TURN_NS UINT64_C(20000000)	/* decoding time of a turn, before other work */
#define REST_MAX (512u << 10)	/* larger than a stream's window */
#define TRIM_AT (4 << 20)	/* recorded bytes before a hole is punched */

struct log_reader {
	bool listed;		/* the shim was asked for its sessions */
	bool no_log;		/* and has no log of this one */
	bool listing;
	int64_t backlog_end;	/* log size at that moment: earlier exit lines are history */
	int64_t retry_at;	/* clock_mono_ms of the next request; 0: at once */
	struct link_stream *stream;
	int status;		/* HTTP status of the reply */
	struct buf text;	/* body of a reply other than 200 */
	int64_t at;		/* log bytes fed to the decoder */
	struct buf rest;	/* bytes read but not decoded yet */
	int64_t rest_at;	/* clock_mono_ms before which they wait; 0 none */
	size_t held;		/* bytes read for which the window was not reopened */
	uint64_t spent, decoded_at;	/* ns of decoding; uv_hrtime */
	int64_t broken_told;	/* decoder_broken_lines as last logged */
	int64_t trimmed;	/* offset below which the shim was asked to drop the log */
};

/*
 * Parses "<id> running|ended <bytes>" of GET /sessions; false when the shim
 * does not list it.
 */
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

void log_reader_list_again(struct session *s, int64_t wait_ms)
{
	s->log->listed = false;
	s->log->retry_at = clock_mono_ms() + wait_ms;
	session_arm(s);
}

/*
 * The process writes to another log than it started with, which cannot be read
 * further.
 */
static void end_stray(struct session *s)
{
	if (!shim_request_new(s, "DELETE", NULL, 0, NULL,
			      "/sessions/%s?grace=1", s->id))
		return;
	log_reader_list_again(s, STRAY_MS);
}

/*
 * The volume was replaced or restored: the shim continues the log at this
 * offset when Claude starts.
 */
static void lost(struct session *s)
{
	struct log_reader *log = s->log;

	log->no_log = true;
	if (decoder_offset(s->decoder) != log->at)
		session_decode_from(s, log->at);
	agent_run_log_lost(s);
	if (session_working(s) && !s->run)
		claude_process_want(s);	/* the start's line ends the turn */
}

/* An earlier bridge started it, in the stored mode. */
static void found_running(struct session *s)
{
	claude_start_adopted(s);
	claude_process_found(s);
}

static void listed(struct session *s, int status, const char *body,
		   const struct err *e)
{
	struct log_reader *log = s->log;
	bool running = false;
	int64_t bytes = 0;

	log->listing = false;
	if (e || status != 200) {
		log->retry_at = clock_mono_ms() + RETRY_MS;
		session_arm(s);
		return;
	}
	log->listed = true;
	log->no_log = !find_line(body, s->id, &running, &bytes);
	log->backlog_end = bytes;
	if (bytes < log->at && running)
		end_stray(s);
	else if (bytes < log->at)
		lost(s);
	else if (running && !claude_token_exists(s))
		claude_process_foreign(s);
	else if (running)
		found_running(s);
	else if (claude_process_down(s))
		claude_token_over(s);
	session_step(s);
}

bool log_reader_in_backlog(const struct session *s)
{
	return decoder_offset(s->decoder) < s->log->backlog_end;
}

bool log_reader_caught_up(const struct session *s)
{
	return s->log->listed && (s->log->no_log || !log_reader_in_backlog(s));
}

static void fed(struct session *s)
{
	recorder_touch(s, !decoder_in_turn(s->decoder));
	session_tell(s);
	message_queue_send(s);
	agent_run_step(s);
	turn_files_step(s);
	session_decline_unshown(s);
	stdin_step(s);
	claude_process_step(s);
	session_arm(s);
}

/* Bytes not decoded yet are read again: log_at is the offset before them. */
static void forget(struct session *s)
{
	struct log_reader *log = s->log;

	log->stream = NULL;
	log->held = 0;
	log->rest_at = 0;
	buf_release(&log->rest);
}

/* Lets the shim send as much as was decoded. */
static void open_window(struct session *s)
{
	struct log_reader *log = s->log;
	size_t n = log->held;

	if (!log->stream || !n || log->rest.len || recorder_pressed(s))
		return;
	log->held = 0;
	link_stream_consume(log->stream, n);
}

/*
 * Lines of the CLI that are not JSON: logs the first, then each time their
 * number doubles.
 */
static void tell_broken(struct session *s)
{
	struct log_reader *log = s->log;
	int64_t n = decoder_broken_lines(s->decoder);
	char count[24];

	if (n < log->broken_told)		/* another decoder */
		log->broken_told = 0;
	if (n < 2 * log->broken_told || !n)
		return;
	log->broken_told = n;
	snprintf(count, sizeof(count), "%lld", (long long)n);
	log_event(LOG_WARN, "broken_lines", "conversation", s->id, "lines",
		  count, NULL);
}

/*
 * Decoding is metered, because a forged log can cost far more than its bytes,
 * also in small chunks: after a full turn of work a session pauses four times
 * as long. Returns the number of decoded bytes.
 */
static size_t decode(struct session *s, const char *bytes, size_t n)
{
	struct log_reader *log = s->log;
	uint64_t began = uv_hrtime(), now = began;
	uint64_t earned = (began - log->decoded_at) / 4;
	uint64_t before = log->spent > earned ? log->spent - earned : 0;
	size_t at = 0, len;

	while (at < n && before + now - began < TURN_NS) {
		len = n - at < SLICE ? n - at : SLICE;
		log->at += (int64_t)len;
		decoder_feed(s->decoder, bytes + at, len);
		at += len;
		now = uv_hrtime();
	}
	if (at)
		session_note_heard(s);
	fed(s);			/* of single bytes this is the most */
	tell_broken(s);
	now = uv_hrtime();
	log->spent = before + now - began;
	log->decoded_at = now;
	log->rest_at = log->spent < TURN_NS ? 0 :
		clock_mono_ms() + 1 + (int64_t)(4 * log->spent / 1000000);
	session_arm(s);
	return at;
}

/* Continues with bytes that were read and waited. */
static void decode_rest(struct session *s)
{
	struct log_reader *log = s->log;

	if (!log->rest_at || log->rest_at > clock_mono_ms())
		return;
	buf_drop(&log->rest, decode(s, buf_text(&log->rest),
				      log->rest.len));
	open_window(s);
}

static void on_status(void *data, int status)
{
	struct session *s = data;

	s->log->status = status;
}

static bool on_body(void *data, const void *bytes, size_t n)
{
	struct session *s = data;
	struct log_reader *log = s->log;
	struct err full = { 0 };
	size_t at = 0;

	if (log->status != 200) {
		if (buf_add(&log->text, bytes, n, &full) < 0)
			buf_clear(&log->text);
		return true;
	}
	if (!log->rest_at)
		at = decode(s, bytes, n);
	if (buf_add(&log->rest, (const char *)bytes + at, n - at, &full) < 0) {
		link_stream_cancel(log->stream);
		forget(s);
		log->retry_at = clock_mono_ms() + RETRY_MS;
		session_arm(s);
		return true;
	}
	if (!recorder_pressed(s) && !log->held && !log->rest.len)
		return true;
	log->held += n;
	return false;
}

/*
 * 410 "first N": an older store than the one that trimmed the log. The bytes
 * between are lost.
 */
static void skip_hole(struct session *s)
{
	struct log_reader *log = s->log;
	const char *text = buf_text(&log->text);
	struct err e = { 0 };
	int64_t first;
	char number[24];

	if (!str_starts(text, "first ") ||
	    !str_copy(number, sizeof(number), text + 6))
		return;
	number[strspn(number, "0123456789")] = '\0';
	if (str_parse_number(number, log->at, OFFSET_MAX, &first, &e) < 0)
		return;
	err_set(&e, ERR_INTERNAL, "log bytes %" PRId64 " to %" PRId64 " are gone",
		log->at, first);
	session_trouble(s, "log_hole", &e);
	session_decode_from(s, first);
}

static void on_end(void *data, const struct err *e)
{
	struct session *s = data;
	struct log_reader *log = s->log;
	int status = e ? 0 : log->status;

	forget(s);
	if (status == 404) {
		log->no_log = true;
		log->listed = false;
	} else if (status == 410) {
		skip_hole(s);
	} else if (status == 416) {
		log_reader_list_again(s, RETRY_MS);
		return;
	}
	log->retry_at = clock_mono_ms() + RETRY_MS;
	session_arm(s);
}

static const struct link_response_events events = {
	.status = on_status,
	.body = on_body,
	.end = on_end,
};

static void open_log(struct session *s)
{
	struct log_reader *log = s->log;
	struct link_request rq = { .method = "GET" };
	struct err e = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "/sessions/%s/log?from=%" PRId64, s->id,
		 log->at);
	rq.path = path;
	log->status = 0;
	buf_clear(&log->text);
	log->stream = link_request(s->link, &rq, &events, s, &e);
}

void log_reader_step(struct session *s)
{
	struct log_reader *log = s->log;

	decode_rest(s);
	if (!s->link || log->retry_at > clock_mono_ms())
		return;
	log->retry_at = 0;
	if (!log->listed) {
		if (!log->listing)
			log->listing = shim_request_new(s, "GET", NULL, 0, listed,
						      "/sessions") != NULL;
	} else if (!log->no_log && !log->stream) {
		open_log(s);
	}
}

void log_reader_link_lost(struct session *s)
{
	struct log_reader *log = s->log;

	if (log->stream)
		link_stream_cancel(log->stream);
	forget(s);
	log->retry_at = 0;
	log->listed = log->listing = false;
}

static void trim(struct session *s)
{
	int64_t recorded = recorder_offset(s);

	if (!s->link || recorded - s->log->trimmed < TRIM_AT)
		return;
	s->log->trimmed = recorded;
	shim_request_new(s, "POST", NULL, 0, NULL, "/sessions/%s/trim?to=%" PRId64,
			 s->id, recorded);
}

void log_reader_recorded(struct session *s)
{
	open_window(s);
	trim(s);
	recorder_touch(s, false);
}

int64_t log_reader_due(const struct session *s)
{
	return sooner(s->log->retry_at, s->log->rest_at);
}

void log_reader_seek(struct session *s, int64_t offset)
{
	s->log->at = offset;
}

void log_reader_resume(struct session *s, int64_t offset)
{
	s->log->trimmed = offset;
}

void log_reader_doubt(struct session *s)
{
	s->log->listed = false;
}

bool log_reader_listed(const struct session *s)
{
	return s->log->listed;
}

bool log_reader_listing(const struct session *s)
{
	return s->log->listing;
}

int64_t log_reader_restart_at(const struct session *s)
{
	return s->log->no_log ? s->log->at : 0;
}

void log_reader_started(struct session *s)
{
	s->log->no_log = false;
}

static int destroy(struct log_reader *log)
{
	buf_release(&log->text);
	buf_release(&log->rest);
	return 0;
}

struct log_reader *log_reader_new(struct session *s)
{
	struct log_reader *log = talloc_zero(s, struct log_reader);

	buf_init(&log->text, 4096);
	buf_init(&log->rest, REST_MAX);
	talloc_set_destructor(log, destroy);
	return log;
}
