#include "config.h"
#include "preview/notebook.h"

#include <ctype.h>
#include <string.h>
#include <talloc.h>

#include "core/buf.h"
#include "core/str.h"
#include "json/field.h"
#include "preview/picture_size.h"

#define HEAD_BYTES 49152	/* of a picture, decoded for its size */

static const struct strict_json_limits limits = {
	.bytes = 16 << 20, .depth = 32, .containers = 20000,
	.elements = 200000, .loose = true,
};

struct reader {
	void *ctx;
	size_t pictures;	/* bytes of them so far */
};

/* Adds at most NOTEBOOK_TEXT_MAX bytes in all; true when that was not all of it. */
static bool add_text(struct buf *out, struct json_object *value)
{
	size_t n = (size_t)json_object_get_string_len(value);
	size_t fits = utf8_prefix(json_object_get_string(value), n,
				  NOTEBOOK_TEXT_MAX - out->len);
	struct err e = { 0 };

	return buf_add(out, json_object_get_string(value), fits, &e) < 0 ||
	       fits < n;
}

/* nbformat's multiline_string: a text, or a list of its lines. */
static const char *read_lines(struct reader *r, struct json_object *value,
			      bool *cut)
{
	auto_buf all = BUF_INIT(NOTEBOOK_TEXT_MAX);
	auto_buf clean = BUF_INIT(4 * NOTEBOOK_TEXT_MAX);
	struct err e = { 0 };
	size_t i, n;

	*cut = false;
	if (json_object_is_type(value, json_type_string)) {
		*cut = add_text(&all, value);
	} else if (json_object_is_type(value, json_type_array)) {
		n = json_object_array_length(value);
		for (i = 0; i < n && !*cut; i++) {
			struct json_object *line =
				json_object_array_get_idx(value, i);

			if (json_object_is_type(line, json_type_string))
				*cut = add_text(&all, line);
		}
	}
	if (utf8_scrub(&clean, buf_text(&all), all.len, true, &e) < 0)
		*cut = true;
	return alloc_checked(talloc_strdup(r->ctx, buf_text(&clean)));
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, key, &value);
	return value;
}

static struct notebook_output *add_output(struct notebook_cell *c,
					  enum notebook_output_kind kind)
{
	if (c->n == NOTEBOOK_OUTPUTS)
		return NULL;
	c->outputs[c->n].kind = kind;
	return &c->outputs[c->n++];
}

static int digit_of(char byte)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *d = byte ? strchr(digits, byte) : NULL;

	return d ? (int)(d - digits) : -1;
}

/* Decodes the first bytes of base64 (RFC 4648, 4). Returns how many. */
static size_t decode_head(const char *s, size_t n, uint8_t *out, size_t size)
{
	size_t i, done = 0;
	uint32_t bits = 0;
	int have = 0, digit;

	for (i = 0; i < n && done < size; i++) {
		digit = digit_of(s[i]);
		if (digit < 0)
			break;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[done++] = (uint8_t)(bits >> have);
		}
	}
	return done;
}

/* Copies base64 without line ends; false for another byte. */
static bool copy_base64(struct buf *out, const char *s, size_t n)
{
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < n; i++) {
		if (isspace((unsigned char)s[i]))
			continue;
		if ((digit_of(s[i]) < 0 && s[i] != '=') ||
		    buf_add(out, s + i, 1, &e) < 0)
			return false;
	}
	return out->len > 0;
}

/* A picture as data: URL, if it is one, whose size a browser may be asked to draw. */
static const char *picture_url(struct reader *r, const char *media,
			       struct json_object *value)
{
	auto_buf base64 = BUF_INIT(NOTEBOOK_PICTURES_MAX - r->pictures);
	uint8_t head[HEAD_BYTES];
	struct picture_size size;
	size_t n;

	if (!json_object_is_type(value, json_type_string) ||
	    !copy_base64(&base64, json_object_get_string(value),
			 (size_t)json_object_get_string_len(value)))
		return NULL;
	n = decode_head(base64.data, base64.len, head, sizeof(head));
	if (!picture_size_read(head, n, &size) || !picture_size_shown(&size))
		return NULL;
	r->pictures += base64.len;
	return alloc_checked(talloc_asprintf(r->ctx, "data:%s;base64,%s", media,
					     base64.data));
}

/* What a cell showed, in the richest form that is inert. */
static void read_data(struct reader *r, struct notebook_cell *c,
		      struct json_object *data)
{
	static const char *const pictures[] = { "image/png", "image/jpeg",
						"image/gif" };
	static const char *const words[] = { "text/plain", "text/markdown",
					     "text/html", "text/latex" };
	struct notebook_output *out;
	const char *url;
	size_t i;

	for (i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
		if (!member(data, pictures[i]))
			continue;
		url = picture_url(r, pictures[i], member(data, pictures[i]));
		out = url ? add_output(c, NOTEBOOK_DRAWN) : NULL;
		if (out) {
			out->text = url;
			return;
		}
		c->pictures_left_out++;
	}
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!member(data, words[i]))
			continue;
		out = add_output(c, NOTEBOOK_PRINTED);
		if (out)
			out->text = read_lines(r, member(data, words[i]),
					       &out->cut);
		return;
	}
}

static void read_error(struct reader *r, struct notebook_cell *c,
		       struct json_object *o)
{
	struct notebook_output *out = add_output(c, NOTEBOOK_FAILED);
	struct json_object *trace = field_list(o, "traceback"), *line;
	const char *text = "", *part;
	size_t i, n = trace ? json_object_array_length(trace) : 0;
	bool cut = false;

	if (!out)
		return;
	for (i = 0; i < n && i < 100 && strlen(text) < NOTEBOOK_TEXT_MAX; i++) {
		line = json_object_array_get_idx(trace, i);
		part = read_lines(r, line, &cut);
		text = alloc_checked(talloc_asprintf(r->ctx, "%s%s\n", text, part));
	}
	if (!n)
		text = talloc_asprintf(r->ctx, "%s: %s",
				       read_lines(r, member(o, "ename"), &cut),
				       read_lines(r, member(o, "evalue"), &cut));
	out->text = alloc_checked((char *)text);
	out->cut = cut || i < n;
}

static void read_output(struct reader *r, struct notebook_cell *c,
			struct json_object *o)
{
	struct notebook_output *out;

	if (field_is(o, "output_type", "stream")) {
		out = add_output(c, NOTEBOOK_PRINTED);
		if (out)
			out->text = read_lines(r, member(o, "text"), &out->cut);
	} else if (field_is(o, "output_type", "error")) {
		read_error(r, c, o);
	} else if (field_object(o, "data")) {
		read_data(r, c, field_object(o, "data"));
	}
}

static void read_cell(struct reader *r, struct notebook_cell *c,
		      struct json_object *o)
{
	struct json_object *outputs = field_list(o, "outputs");
	size_t i, n = outputs ? json_object_array_length(outputs) : 0;

	c->kind = field_is(o, "cell_type", "code") ? NOTEBOOK_CODE :
		  field_is(o, "cell_type", "markdown") ? NOTEBOOK_MARKDOWN :
							 NOTEBOOK_RAW;
	c->number = field_number(o, "execution_count");
	c->source = read_lines(r, member(o, "source"), &c->cut);
	if (c->kind != NOTEBOOK_CODE)
		return;
	for (i = 0; i < n; i++)
		read_output(r, c, json_object_array_get_idx(outputs, i));
}

struct notebook *notebook_parse(const void *ctx, const char *text, size_t n)
{
	auto_strict_json *o = strict_json_parse(text, n, &limits);
	struct json_object *cells = field_list(o, "cells");
	struct notebook *book;
	struct reader r = { .pictures = 0 };
	size_t i, count;

	if (!cells)
		return NULL;
	count = json_object_array_length(cells);
	book = alloc_checked(talloc_zero(ctx, struct notebook));
	book->more = count > NOTEBOOK_CELLS;
	book->n = book->more ? NOTEBOOK_CELLS : count;
	book->cells = alloc_checked(talloc_zero_array(book, struct notebook_cell,
						      (unsigned)book->n + 1));
	r.ctx = book;
	for (i = 0; i < book->n; i++)
		read_cell(&r, &book->cells[i], json_object_array_get_idx(cells, i));
	return book;
}
