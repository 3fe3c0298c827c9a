/*
 * Scans one JSON body for the values of three top-level names. It does not
 * validate JSON; the values it finds are parsed.
 */
#include "config.h"
#include "gateway/usage_reader_internal.h"

#include <string.h>

#include "core/str.h"

#define KEY_MAX 16	/* bytes; longer names are not ours */

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static enum json_field field_of(const char *key)
{
	if (str_equal(key, "usage"))
		return JSON_USAGE;
	if (str_equal(key, "model"))
		return JSON_MODEL;
	return str_equal(key, "type") ? JSON_TYPE : JSON_OTHER;
}

static void end_value(struct usage_reader *r, bool last)
{
	struct json_scan *s = &r->json;

	if (s->field != JSON_OTHER && !s->overflow)
		usage_read_value(r, s->field);
	usage_drop(r);
	s->state = last ? JSON_AFTER : JSON_KEY;
	if (last)
		usage_end_body(r);
}

/* Outside of a value: the object's own punctuation and keys. */
static void step(struct usage_reader *r, char c)
{
	struct json_scan *s = &r->json;

	switch (s->state) {
	case JSON_BEFORE:
		if (!blank(c))
			s->state = c == '{' ? JSON_KEY : JSON_LOST;
		return;
	case JSON_KEY:
		if (c == '"') {
			usage_drop(r);
			s->state = JSON_IN_KEY;
		} else if (c == '}') {
			s->state = JSON_AFTER;
			usage_end_body(r);
		} else if (!blank(c)) {
			s->state = JSON_LOST;
		}
		return;
	case JSON_IN_KEY:
		if (c == '"' && !s->escaped)
			s->state = JSON_COLON;
		else if (r->kept.len <= KEY_MAX)
			usage_keep(r, &c, 1);
		s->escaped = c == '\\' && !s->escaped;
		return;
	case JSON_COLON:
		if (c == ':') {
			*s = (struct json_scan){ .state = JSON_VALUE,
				.field = field_of(buf_text(&r->kept)) };
			usage_drop(r);
		} else if (!blank(c)) {
			s->state = JSON_LOST;
		}
		return;
	default:
		return;
	}
}

/* Bytes up to the one that ends a string, or all n. */
static size_t in_string(struct json_scan *s, const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (s->escaped)
			s->escaped = false;
		else if (bytes[i] == '\\')
			s->escaped = true;
		else if (bytes[i] == '"') {
			s->quoted = false;
			return i + 1;
		}
	}
	return n;
}

/* Bytes of the value, which continues unless *over. */
static size_t in_value(struct json_scan *s, const char *bytes, size_t n,
		       bool *over)
{
	size_t i = 0;

	*over = false;
	while (i < n) {
		if (s->quoted) {
			i += in_string(s, bytes + i, n - i);
			continue;
		}
		switch (bytes[i]) {
		case '"':
			s->quoted = true;
			break;
		case '{':
		case '[':
			s->depth++;
			break;
		case '}':
		case ']':
		case ',':
			if (!s->depth) {
				*over = true;
				return i;
			}
			s->depth -= bytes[i] != ',';
			break;
		}
		i++;
	}
	return n;
}

/* A second document says what the first one did not; blanks say nothing. */
static void after_end(struct usage_reader *r, const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (blank(bytes[i]))
			continue;
		r->reading.absurd = true;
		r->reading.unreported++;
	}
}

void json_feed(struct usage_reader *r, const char *bytes, size_t n)
{
	struct json_scan *s = &r->json;
	size_t i = 0, used;
	bool over;

	while (i < n && s->state != JSON_AFTER && s->state != JSON_LOST) {
		if (s->state != JSON_VALUE) {
			step(r, bytes[i++]);
			continue;
		}
		used = in_value(s, bytes + i, n - i, &over);
		if (s->field == JSON_OTHER)
			r->reading.unreported += (int64_t)used;
		else if (!s->overflow)
			s->overflow = !usage_keep(r, bytes + i, used);
		r->reading.absurd |= s->overflow && s->field == JSON_USAGE;
		i += used;
		if (over) {
			if (bytes[i] == ']')
				s->state = JSON_LOST;
			else
				end_value(r, bytes[i] == '}');
			i++;
		}
	}
	after_end(r, bytes + i, n - i);
}
