#include "config.h"
#include "demo/demo_stream.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "json/field.h"

#define PIECE_BYTES 24		/* per piece of a text that people read as it arrives */
#define PIECE_MS 12
#define BULK_BYTES 2048		/* maximum number of pieces */
#define BULK_FROM 32768

struct demo_stream {
	struct demo_reply reply;
	size_t block, at;	/* the current block, and the position in it */
	bool opened, started;
	size_t pieces, sent;	/* text pieces in all; sent so far */
};

static const struct {
	const char *type;	/* of the block */
	const char *field;	/* contains its text */
	const char *delta;	/* type of its deltas */
	const char *delta_field;
} kinds[] = {
	{ "text", "text", "text_delta", "text" },
	{ "thinking", "thinking", "thinking_delta", "thinking" },
	{ "tool_use", "input", "input_json_delta", "partial_json" },
};

static struct json_object *current(const struct demo_stream *s)
{
	return json_object_array_get_idx(s->reply.content, s->block);
}

static size_t kind_of(struct json_object *block)
{
	const char *type = json_object_get_string(
		json_object_object_get(block, "type"));
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (str_equal(kinds[i].type, type))
			return i;
	}
	return 0;
}

/* The text that is sent in deltas; for a tool its input as JSON. */
static const char *body_of(struct json_object *block)
{
	struct json_object *v = json_object_object_get(
		block, kinds[kind_of(block)].field);

	if (json_object_is_type(v, json_type_string))
		return json_object_get_string(v);
	return json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN);
}

static size_t piece_size(size_t n)
{
	return n > BULK_FROM ? BULK_BYTES : PIECE_BYTES;
}

struct demo_stream *demo_stream_new(struct demo_reply *r)
{
	struct demo_stream *s = alloc_checked(calloc(1, sizeof(*s)));
	size_t i, n;

	s->reply = *r;
	r->content = NULL;
	for (i = 0; i < json_object_array_length(s->reply.content); i++) {
		n = strlen(body_of(json_object_array_get_idx(
			s->reply.content, i)));
		s->pieces += n / piece_size(n) + 1;
	}
	return s;
}

void demo_stream_free(struct demo_stream *s)
{
	if (!s)
		return;
	demo_reply_release(&s->reply);
	free(s);
}

/* Appends one event; takes data, whose size its builder limits. */
static void emit(struct buf *out, const char *type, struct json_object *data)
{
	struct err e = { 0 };

	field_put_string(data, "type", type);
	if (buf_addf(out, &e, "event: %s\ndata: %s\n\n", type,
		     json_object_to_json_string_ext(
			     data, JSON_C_TO_STRING_PLAIN)) < 0)
		err_abort(e.text);
	json_object_put(data);
}

static void emit_start(struct demo_stream *s, struct buf *out)
{
	struct json_object *event = json_object_new_object();
	struct json_object *message = demo_reply_json(&s->reply);

	json_object_object_add(message, "content", json_object_new_array());
	json_object_object_add(message, "stop_reason", NULL);
	json_object_object_add(message, "usage",
			       demo_usage_json(&s->reply.usage, false));
	json_object_object_add(event, "message", message);
	emit(out, "message_start", event);
	emit(out, "ping", json_object_new_object());
}

static struct json_object *block_event(const struct demo_stream *s)
{
	struct json_object *event = json_object_new_object();

	field_put_number(event, "index", (int64_t)s->block);
	return event;
}

static void emit_open(struct demo_stream *s, struct buf *out)
{
	struct json_object *event = block_event(s), *block = current(s);
	struct json_object *empty = json_object_new_object();
	const char *field = kinds[kind_of(block)].field;

	json_object_object_foreach(block, name, value)
		json_object_object_add(empty, name, json_object_get(value));
	json_object_object_add(empty, field, str_equal(field, "input") ?
			       json_object_new_object() :
			       json_object_new_string(""));
	if (str_equal(field, "thinking"))
		field_put_string(empty, "signature", "");
	json_object_object_add(event, "content_block", empty);
	emit(out, "content_block_start", event);
	s->opened = true;
	s->at = 0;
}

static void emit_delta(struct demo_stream *s, struct buf *out,
		       const char *type, const char *field, const char *text,
		       size_t n)
{
	struct json_object *event = block_event(s);
	struct json_object *delta = json_object_new_object();

	field_put_string(delta, "type", type);
	json_object_object_add(delta, field,
			       json_object_new_string_len(text, (int)n));
	json_object_object_add(event, "delta", delta);
	emit(out, "content_block_delta", event);
}

static void emit_close(struct demo_stream *s, struct buf *out)
{
	struct json_object *sign = json_object_object_get(current(s), "signature");
	const char *text = sign ? json_object_get_string(sign) : NULL;

	if (text)
		emit_delta(s, out, "signature_delta", "signature", text,
			   strlen(text));
	emit(out, "content_block_stop", block_event(s));
	s->opened = false;
	s->block++;
}

static void emit_end(struct demo_stream *s, struct buf *out)
{
	struct json_object *event = json_object_new_object();
	struct json_object *delta = json_object_new_object();

	field_put_string(delta, "stop_reason", s->reply.stop_reason);
	json_object_object_add(delta, "stop_sequence", NULL);
	json_object_object_add(event, "delta", delta);
	json_object_object_add(event, "usage",
			       demo_usage_json(&s->reply.usage, true));
	emit(out, "message_delta", event);
	emit(out, "message_stop", json_object_new_object());
	s->block++;
}

/* Sends one piece of the open block. Returns the pause before it. */
static int64_t emit_piece(struct demo_stream *s, struct buf *out)
{
	size_t kind = kind_of(current(s)), left, n, size;
	const char *body = body_of(current(s));

	left = strlen(body) - s->at;
	size = piece_size(left + s->at);
	n = utf8_prefix(body + s->at, left, size);
	if (!n)
		n = left < size ? left : size;
	if (n)
		emit_delta(s, out, kinds[kind].delta, kinds[kind].delta_field,
			   body + s->at, n);
	s->at += n;
	if (s->at == strlen(body))
		emit_close(s, out);
	if (!s->sent++)
		return 0;
	if (s->reply.spread_ms)
		return s->reply.spread_ms / (int64_t)s->pieces;
	return size == BULK_BYTES || kind == 2 ? 0 : PIECE_MS;
}

enum demo_stream_step demo_stream_next(struct demo_stream *s, struct buf *out,
				       int64_t *wait_ms)
{
	size_t blocks = json_object_array_length(s->reply.content);

	*wait_ms = 0;
	if (!s->started) {
		s->started = true;
		emit_start(s, out);
		return DEMO_STREAM_MORE;
	}
	if (s->reply.cut && s->sent > s->pieces / 2)
		return DEMO_STREAM_CUT;
	if (s->block > blocks)
		return DEMO_STREAM_END;
	if (s->block == blocks) {
		emit_end(s, out);
		return DEMO_STREAM_MORE;
	}
	if (!s->opened)
		emit_open(s, out);
	*wait_ms = emit_piece(s, out);
	return DEMO_STREAM_MORE;
}
