/* Finds in a request's JSON, as its bytes come, what request_fields.c judges. */
#include "config.h"
#include "gateway/request_reader.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "gateway/request_reader_internal.h"

#define DIGITS_MAX 9
#define MAGIC 8			/* bytes of base64 that are enough to recognize a picture */

static void open_container(struct request_reader *r, bool list)
{
	enum region region = r->region;

	if (r->depth == DEPTH_MAX || (!r->depth && list))
		return request_malformed(r);
	if (!r->depth)
		region = R_TOP;
	else if (region >= R_MODEL) {
		if (region == R_MODEL || request_counts(region))
			return request_malformed(r);
		/* The type is not a string, so it is not a client's. */
		if (region != R_DATA)
			return request_hosted(r, "?");
		region = R_OPAQUE;
	}
	r->regions[r->depth] = (uint8_t)region;
	r->lists[r->depth++] = list;
	r->region = region;
	r->state = list ? S_FIRST_VALUE : S_FIRST_KEY;
}

static void close_container(struct request_reader *r, bool list)
{
	if (!r->depth || r->lists[r->depth - 1] != list)
		return request_malformed(r);
	r->depth--;
	r->state = r->depth ? S_AFTER : S_END;
	r->reading.whole = !r->depth;
}

static void begin_string(struct request_reader *r, bool key)
{
	enum region in = key ? r->regions[r->depth - 1] : r->region;

	if (!key && request_counts(in))
		return request_malformed(r);
	r->key = key;
	r->keep = key ? in != R_OPAQUE : in >= R_MODEL;
	r->cut = false;
	r->len = 0;
	r->data = 0;
	r->state = S_STRING;
}

static void add(struct request_reader *r, char c)
{
	size_t max = r->region == R_DATA && !r->key ? MAGIC : sizeof(r->text) - 2;

	if (!r->keep)
		return;
	if (r->len == max) {
		r->cut = true;
		if (r->region == R_MODEL && !r->key)
			request_malformed(r);
		return;
	}
	r->text[r->len++] = c;
}

static void finish_string(struct request_reader *r)
{
	r->text[r->len] = '\0';
	if (r->keep && r->cut && (r->key || r->region != R_DATA))
		strcpy(r->text, "?");	/* longer than any known value */
	if (r->key)
		request_end_key(r);
	else
		request_end_string(r);
}

static void begin_value(struct request_reader *r, char c)
{
	if (!r->depth && c != '{')
		return request_malformed(r);
	if (c == '"') {
		begin_string(r, false);
	} else if (c == '{' || c == '[') {
		open_container(r, c == '[');
	} else if (c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) {
		if (r->region == R_MAX_TOKENS)
			r->reading.max_at = r->at;
		r->state = S_WORD;
		r->key = false;
		r->keep = true;
		r->cut = false;
		r->len = 0;
		add(r, c);
	} else {
		request_malformed(r);
	}
}

static void after_value(struct request_reader *r, char c)
{
	bool list = r->lists[r->depth - 1];

	if (c == ',') {
		r->region = r->regions[r->depth - 1];
		r->state = list ? S_VALUE : S_KEY;
	} else if (c == '}' || c == ']') {
		close_container(r, c == ']');
	} else {
		request_malformed(r);
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Between strings and words. */
static void step(struct request_reader *r, char c)
{
	if (is_blank(c))
		return;
	switch (r->state) {
	case S_FIRST_VALUE:
		if (c == ']')
			return close_container(r, true);
		return begin_value(r, c);
	case S_VALUE:
		return begin_value(r, c);
	case S_FIRST_KEY:
		if (c == '}')
			return close_container(r, false);
		/* fall through */
	case S_KEY:
		if (c != '"')
			return request_malformed(r);
		return begin_string(r, true);
	case S_COLON:
		if (c != ':')
			return request_malformed(r);
		r->state = S_VALUE;
		return;
	case S_AFTER:
		return after_value(r, c);
	default:
		request_malformed(r);	/* after the end */
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Known names are ASCII: others only have to differ. */
static void in_hex(struct request_reader *r, char c)
{
	int digit = hex_digit(c);

	if (digit < 0)
		return request_malformed(r);
	r->hex = r->hex << 4 | (unsigned)digit;
	if (--r->hex_left)
		return;
	add(r, r->hex && r->hex < 0x80 ? (char)r->hex : '?');
	r->state = S_STRING;
}

static void in_escape(struct request_reader *r, char c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = c ? strchr(from, c) : NULL;

	if (c == 'u') {
		r->hex = 0;
		r->hex_left = 4;
		r->state = S_HEX;
	} else if (at) {
		add(r, to[at - from]);
		r->state = S_STRING;
	} else {
		request_malformed(r);
	}
}

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS (ONES << 7)

/*
 * Finds zero bytes in w (their high bit is set in the result; bytes above a
 * true one may be false positives).
 */
static uint64_t zeros(uint64_t w)
{
	return (w - ONES) & ~w & HIGHS;
}

/*
 * Advances by eight bytes while none of them ends the string or begins an
 * escape.
 */
static size_t skip_text(struct request_reader *r, const char *bytes, size_t n)
{
	size_t i = 0;
	uint64_t w;
	int high;

	for (; n - i >= 8; i += 8) {
		memcpy(&w, bytes + i, 8);
		if (zeros(w ^ ONES * '"') | zeros(w ^ ONES * '\\') |
		    ((w - ONES * 0x20) & ~w & HIGHS))
			break;
		high = __builtin_popcountll(w & HIGHS);
		r->wide += high;
		r->narrow += 8 - high;
	}
	return i;
}

/* Reads a string's bytes, up to the character that ends it or begins an escape. */
static size_t in_string(struct request_reader *r, const char *bytes, size_t n)
{
	bool data = r->region == R_DATA && !r->key;
	int64_t narrow = r->narrow, wide = r->wide;
	size_t i = 0, used;
	unsigned char c;

	while (i < n && r->state == S_STRING && !r->reading.fault) {
		if (!r->keep || (data && r->cut)) {
			used = skip_text(r, bytes + i, n - i);
			r->data += (int64_t)used;
			i += used;
			if (i == n)
				break;
		}
		c = (unsigned char)bytes[i++];
		r->data++;
		if (c >= 0x80)
			r->wide++;
		else
			r->narrow++;
		if (c == '"')
			finish_string(r);
		else if (c == '\\')
			r->state = S_ESCAPE;
		else if (c < ' ')
			request_malformed(r);
		else
			add(r, (char)c);
	}
	if (data) {
		r->narrow = narrow;
		r->wide = wide;
	}
	return i;
}

static bool in_word(struct request_reader *r, char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' ||
	    c == '.' || c == '-' || c == '+') {
		add(r, c);
		/*
		 * The body is held back until this was read: its end may be
		 * far away.
		 */
		if (r->cut || (request_counts(r->region) && r->len > DIGITS_MAX))
			request_malformed(r);
		return true;
	}
	r->text[r->len] = '\0';
	request_end_word(r);
	return false;
}

/* ---- */

int64_t request_tokens(int64_t bytes)
{
	return (bytes + 2) / 3;
}

static void count(struct request_reader *r)
{
	/* Hangul takes three bytes per syllable, and up to two tokens. */
	r->reading.input = request_tokens(r->narrow) + (2 * r->wide + 2) / 3 + r->pictures;
}

void request_reader_feed(struct request_reader *r, const char *bytes, size_t n)
{
	size_t i = 0, used;

	while (i < n && !r->reading.fault) {
		if (r->state == S_STRING) {
			used = in_string(r, bytes + i, n - i);
			i += used;
			r->at += (int64_t)used;
			continue;
		}
		if (r->state == S_WORD && !in_word(r, bytes[i]))
			continue;	/* belongs to the next token */
		else if (r->state == S_ESCAPE)
			in_escape(r, bytes[i]);
		else if (r->state == S_HEX)
			in_hex(r, bytes[i]);
		else if (r->state != S_WORD)
			step(r, bytes[i]);
		r->narrow++;
		i++;
		r->at++;
	}
	count(r);
}

struct request_reader *request_reader_new(const void *ctx, const char *allowed)
{
	struct request_reader *r =
		alloc_checked(talloc_zero(ctx, struct request_reader));

	r->allowed = allowed;
	r->state = S_VALUE;
	r->reading.max_tokens = r->reading.max_at = -1;
	return r;
}

const struct request_reading *request_reader_reading(const struct request_reader *r)
{
	return &r->reading;
}
