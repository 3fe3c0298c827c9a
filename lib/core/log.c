#include "config.h"
#include "core/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"

#define LINE_MAX_BYTES 4096

static const char *program = "gongbang";
static bool debug_on;

void log_start(const char *name, int debug)
{
	program = name;
	debug_on = debug != 0;
}

static bool plain(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s <= ' ' || *s == '"' || *s == '=' || *s == '\\' ||
		    *s == 0x7f)
			return false;
	}
	return true;
}

/* One pair; one that exceeds the line's cap is left out completely. */
static void add_pair(struct buf *line, const char *key, const char *value)
{
	size_t start = line->len;
	struct err full = { 0 };
	int bad;

	bad = buf_addf(line, &full, " %s=", key);
	if (plain(value)) {
		bad |= buf_add_text(line, value, &full);
	} else {
		bad |= buf_add_text(line, "\"", &full);
		for (; *value && !bad; value++) {
			unsigned char c = (unsigned char)*value;

			if (c == '"' || c == '\\')
				bad |= buf_addf(line, &full, "\\%c", c);
			else if (c < ' ' || c == 0x7f)
				bad |= buf_addf(line, &full, "\\x%02x", c);
			else
				bad |= buf_add(line, value, 1, &full);
		}
		bad |= buf_add_text(line, "\"", &full);
	}
	if (bad) {
		line->len = start;
		if (line->data)
			line->data[start] = '\0';
	}
}

static void add_time(struct buf *line)
{
	struct timespec now;
	char text[32];
	struct tm utc;
	struct err full = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	if (buf_addf(line, &full, "time=%s.%03ldZ", text,
		     now.tv_nsec / 1000000) < 0)
		buf_clear(line);
}

static void write_line(enum log_level level, const char *event,
		       const struct err *e, va_list pairs)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	auto_buf line = BUF_INIT(LINE_MAX_BYTES);
	const char *key, *value;
	struct err full = { 0 };
	ssize_t written;

	if (level == LOG_DEBUG && !debug_on)
		return;
	add_time(&line);
	add_pair(&line, "level", levels[level]);
	add_pair(&line, "program", program);
	add_pair(&line, "event", event);
	if (e) {
		add_pair(&line, "kind", err_kind_name(e->kind));
		add_pair(&line, "error", e->text);
	}
	while ((key = va_arg(pairs, const char *))) {
		value = va_arg(pairs, const char *);
		if (value)
			add_pair(&line, key, value);
	}
	line.cap++;
	if (buf_add_text(&line, "\n", &full) == 0) {
		written = write(STDERR_FILENO, line.data, line.len);
		(void)written;
	}
}

void log_event(enum log_level level, const char *event, ...)
{
	va_list pairs;

	va_start(pairs, event);
	write_line(level, event, NULL, pairs);
	va_end(pairs);
}

void log_failure(const char *event, const struct err *e, ...)
{
	va_list pairs;

	va_start(pairs, e);
	write_line(LOG_ERROR, event, e, pairs);
	va_end(pairs);
}
