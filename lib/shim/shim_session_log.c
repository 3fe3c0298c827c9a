/* Writes a session's log, also when the disk is full. */
#include "config.h"
#include "shim/shim_session_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/clock.h"
#include "core/str.h"
#include "shim/cgroup.h"

#define RETRY_MS 1000

static void save(struct shim_session *s, const char *bytes, size_t n)
{
	size_t taken = 0;
	struct err e = { 0 };

	if (!n)
		return;
	s->line_start = bytes[n - 1] == '\n';
	if (!s->unsaved.len)
		taken = log_file_append(s->log, bytes, n);
	if (taken == n)
		return;
	/* The cap: a chunk, and lines of ours. No more is read meanwhile. */
	if (buf_add(&s->unsaved, bytes + taken, n - taken, &e) < 0)
		err_abort("more than a chunk unsaved");
	event_loop_change(&s->out, 0);
	event_loop_timer(&s->retry, RETRY_MS);
}

bool shim_session_log_is_full(struct shim_session *s, int64_t kept_max)
{
	if (log_file_size(s->log) - log_file_first(s->log) <= kept_max ||
	    s->ended)
		return false;
	event_loop_change(&s->out, 0);
	event_loop_timer(&s->retry, RETRY_MS);
	return true;
}

bool shim_session_flush(struct shim_session *s)
{
	size_t taken;

	if (!s->unsaved.len) {
		if (s->out.fd >= 0 && !s->out.events)
			event_loop_change(&s->out, EPOLLIN);
		return true;
	}
	taken = log_file_append(s->log, s->unsaved.data, s->unsaved.len);
	buf_drop(&s->unsaved, taken);
	if (s->unsaved.len) {
		event_loop_timer(&s->retry, RETRY_MS);
		return false;
	}
	buf_release(&s->unsaved);
	event_loop_change(&s->out, EPOLLIN);
	return true;
}

void shim_session_save_line(struct shim_session *s, const char *line, size_t n)
{
	if (!s->line_start)
		save(s, "\n", 1);
	save(s, line, n);
}

void shim_session_check_oom(struct shim_session *s)
{
	int64_t now = cgroup_oom_kills();
	char line[160];
	int n;

	/* In the middle of a line it waits for the line's end. */
	if (now <= s->oom_seen || !s->line_start || s->unsaved.len)
		return;
	n = snprintf(line, sizeof(line),
		     "{\"type\":\"gongbang\",\"subtype\":\"oom\",\"at\":%" PRId64
		     ",\"kills\":%" PRId64 "}\n", clock_now_ms(),
		     now - s->oom_seen);
	s->oom_seen = now;
	save(s, line, (size_t)n);
}

void shim_session_save_output(struct shim_session *s, const char *bytes,
			      size_t n)
{
	const char *end = s->line_start ? NULL : memchr(bytes, '\n', n);
	size_t head = end ? (size_t)(end - bytes) + 1 : 0;

	/* The kill happened before the tool's result: so its line comes first. */
	if (cgroup_oom_kills() > s->oom_seen) {
		save(s, bytes, head);
		shim_session_check_oom(s);
		bytes += head;
		n -= head;
	}
	save(s, bytes, n);
}

static int escape(struct buf *out, const char *s, size_t n, struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		int failed;

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
			failed = buf_addf(out, e, "\\u%04x", c);
		else
			failed = buf_add(out, &s[i], 1, e);
		if (failed < 0)
			return -1;
	}
	return 0;
}

void shim_session_exit_line(struct buf *out, const struct shim_session *s,
			    const char *reason)
{
	auto_buf tail = BUF_INIT(4 * STDERR_TAIL);
	const char *from = s->tail;
	size_t n = s->tail_len, past;
	struct err e = { 0 };

	/* A truncated tail may begin inside a character. */
	while (n && n == STDERR_TAIL - (size_t)(from - s->tail) &&
	       ((unsigned char)*from & 0xc0) == 0x80 && from - s->tail < 3) {
		from++;
		n--;
	}
	if (utf8_scrub(&tail, from, n, true, &e) < 0)
		err_abort("stderr's cap");
	for (past = tail.len > STDERR_TAIL ? tail.len - STDERR_TAIL : 0;
	     past < tail.len && ((unsigned char)tail.data[past] & 0xc0) == 0x80;)
		past++;
	buf_clear(out);
	if (buf_addf(out, &e, "{\"type\":\"gongbang\",\"subtype\":\"exit\","
		     "\"at\":%" PRId64 ",\"code\":%d,\"signal\":%d,\"oom\":%" PRId64
		     ",\"reason\":\"%s\",\"stderr\":\"", clock_now_ms(), s->code,
		     s->signal, cgroup_oom_kills() - s->oom_before, reason) < 0 ||
	    escape(out, buf_text(&tail) + past, tail.len - past, &e) < 0 ||
	    buf_add_text(out, "\"}\n", &e) < 0)
		err_abort("the exit line's cap");
}
