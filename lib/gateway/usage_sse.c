/* Scans the event stream for the lines of the few events that are read. */
#include "config.h"
#include "gateway/usage_reader_internal.h"

#include <string.h>

#include "core/str.h"

static const char *const wanted[] = { "message_start", "message_delta",
				      "message_stop", "content_block_start", "error" };

/* The shortest framing around a piece of text. */
#define FRAME "data: {\"type\":\"content_block_delta\",\"index\":0," \
	"\"delta\":{\"type\":\"text_delta\",\"text\":\"\"}}"
static const char output[] = "content_block_delta";

static bool is_event(const struct sse_scan *s, const char *name)
{
	return s->event_len == strlen(name) &&
	       memcmp(s->event, name, s->event_len) == 0;
}

static bool is_wanted(const struct sse_scan *s)
{
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (is_event(s, wanted[i]))
			return true;
	}
	return false;
}

/* A piece is at least one token, however short it is. */
static void count_output(struct usage_reader *r, size_t line)
{
	size_t frame = strlen(FRAME);

	r->reading.final = false;
	r->reading.unreported += line > frame + USAGE_BYTES_PER_TOKEN ?
		(int64_t)(line - frame) : USAGE_BYTES_PER_TOKEN;
}

/*
 * Data without an event's name are kept too, and parsed if one of the names
 * occurs in them.
 */
static bool names_wanted(const struct buf *b)
{
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (strstr(buf_text(b), wanted[i]))
			return true;
	}
	return false;
}

/* Other events may be long, or lost: a tool's result is one. */
static bool is_report(const struct usage_reader *r)
{
	const struct sse_scan *s = &r->sse;

	if (s->event_len)
		return is_event(s, "message_start") || is_event(s, "message_delta");
	return strstr(buf_text(&r->kept), "message_start") ||
	       strstr(buf_text(&r->kept), "message_delta");
}

static void end_event(struct usage_reader *r)
{
	struct sse_scan *s = &r->sse;

	if (r->kept.len && (s->event_len ? is_wanted(s) : names_wanted(&r->kept)))
		r->reading.absurd |= (s->overflow || !usage_read_event(r)) &&
				     is_report(r);
	else if (!s->event_len && strstr(buf_text(&r->kept), output))
		count_output(r, r->kept.len);
	usage_drop(r);
	s->event_len = 0;
	s->overflow = false;
}

/* Several data: lines form one text. */
static void begin_data(struct usage_reader *r)
{
	struct sse_scan *s = &r->sse;

	if (s->overflow || (s->event_len && !is_wanted(s))) {
		s->line = is_event(s, output) ? SSE_OUTPUT : SSE_SKIPPED;
		return;
	}
	s->line = SSE_DATA;
	if (r->kept.len)
		s->overflow = !usage_keep(r, "\n", 1);
}

static bool may_begin(const struct sse_scan *s, const char *field)
{
	size_t n = strlen(field);

	return memcmp(s->prefix, field,
		      s->prefix_len < n ? s->prefix_len : n) == 0;
}

/* Takes the bytes that identify a line's field. Returns how many. */
static size_t take_prefix(struct usage_reader *r, const char *bytes, size_t n)
{
	struct sse_scan *s = &r->sse;
	size_t i;

	for (i = 0; i < n && s->line == SSE_UNKNOWN; i++) {
		s->prefix[s->prefix_len++] = bytes[i];
		if (may_begin(s, "data:")) {
			if (s->prefix_len == 5)
				begin_data(r);
		} else if (may_begin(s, "event:")) {
			if (s->prefix_len == 6) {
				s->line = SSE_EVENT;
				s->event_len = 0;
			}
		} else {
			s->line = SSE_SKIPPED;
		}
	}
	return i;
}

static void take_event(struct sse_scan *s, const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!s->event_len && bytes[i] == ' ')
			continue;
		if (s->event_len < sizeof(s->event))
			s->event[s->event_len] = bytes[i];
		s->event_len++;
	}
}

static void scan_line_bytes(struct usage_reader *r, const char *bytes, size_t n)
{
	struct sse_scan *s = &r->sse;
	size_t used = 0;

	s->line_len += n;
	if (s->line == SSE_UNKNOWN)
		used = take_prefix(r, bytes, n);
	if (s->line == SSE_EVENT)
		take_event(s, bytes + used, n - used);
	else if (s->line == SSE_DATA && !s->overflow)
		s->overflow = !usage_keep(r, bytes + used, n - used);
}

static void end_line(struct usage_reader *r)
{
	struct sse_scan *s = &r->sse;

	if (!s->line_len)
		end_event(r);
	else if (s->line == SSE_OUTPUT)
		count_output(r, s->line_len);
	s->line = SSE_UNKNOWN;
	s->line_len = 0;
	s->prefix_len = 0;
}

/* A byte order mark may come first. */
static size_t skip_mark(struct sse_scan *s, const char *bytes, size_t n)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t i;

	for (i = 0; i < n && s->bom < 3; i++) {
		if (bytes[i] != mark[s->bom]) {
			s->bom = 3;
			break;
		}
		s->bom++;
	}
	return i;
}

/*
 * Lines end with LF, CR or both. A CR is rare, so the position of the next one
 * is looked up once, not per line.
 */
void sse_feed(struct usage_reader *r, const char *bytes, size_t n)
{
	const char *at = bytes, *end = bytes + n, *lf, *cr, *stop;

	at += skip_mark(&r->sse, bytes, n);
	if (at == end)
		return;
	if (r->sse.after_cr && *at == '\n')
		at++;
	r->sse.after_cr = false;
	cr = memchr(at, '\r', (size_t)(end - at));
	while (at < end) {
		if (cr && cr < at)
			cr = memchr(at, '\r', (size_t)(end - at));
		stop = cr ? cr : end;
		lf = memchr(at, '\n', (size_t)(stop - at));
		if (lf)
			stop = lf;
		scan_line_bytes(r, at, (size_t)(stop - at));
		if (stop == end)
			return;
		end_line(r);
		at = stop + 1;
		if (!lf && at < end && *at == '\n')
			at++;
		else if (!lf && at == end)
			r->sse.after_cr = true;
	}
}
