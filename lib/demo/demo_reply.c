#include "config.h"
#include "demo/demo_reply.h"

#include <stdio.h>
#include <string.h>

#include "core/id.h"
#include "json/field.h"

#define BYTES_PER_TOKEN 4

static void random_id(char *out, size_t size, const char *prefix)
{
	char token[TOKEN_SIZE];

	token_new(token);
	snprintf(out, size, "%s%.24s", prefix, token);
}

void demo_reply_init(struct demo_reply *r)
{
	memset(r, 0, sizeof(*r));
	r->status = 200;
	r->content = json_object_new_array();
	r->stop_reason = "end_turn";
	random_id(r->id, sizeof(r->id), "msg_");
}

void demo_reply_release(struct demo_reply *r)
{
	json_object_put(r->content);
	memset(r, 0, sizeof(*r));
}

static struct json_object *add_block(struct demo_reply *r, const char *type)
{
	struct json_object *block = json_object_new_object();

	field_put_string(block, "type", type);
	json_object_array_add(r->content, block);
	return block;
}

void demo_reply_text(struct demo_reply *r, const char *text)
{
	field_put_string(add_block(r, "text"), "text", text);
}

void demo_reply_thinking(struct demo_reply *r, const char *text)
{
	struct json_object *block = add_block(r, "thinking");

	field_put_string(block, "thinking", text);
	field_put_string(block, "signature", "ZGVtb25zdHJhdGlvbg==");
}

void demo_reply_tool(struct demo_reply *r, const char *name,
		     struct json_object *input)
{
	struct json_object *block = add_block(r, "tool_use");
	char id[48];

	random_id(id, sizeof(id), "toolu_");
	field_put_string(block, "id", id);
	field_put_string(block, "name", name);
	json_object_object_add(block, "input", input);
	r->stop_reason = "tool_use";
}

void demo_reply_error(struct demo_reply *r, int status, const char *type,
		      const char *text, bool may_retry)
{
	r->status = status;
	r->error_type = type;
	r->error_text = text;
	r->may_retry = may_retry;
}

void demo_reply_count(struct demo_reply *r, const struct demo_turn *t)
{
	size_t old = t->bytes > t->fresh ? t->bytes - t->fresh : 0;
	bool first = json_object_array_length(t->messages) <= 2 && !t->step;
	const char *said = json_object_to_json_string_ext(
		r->content, JSON_C_TO_STRING_PLAIN);

	r->usage.input = 4;
	r->usage.cache_read = first ? 0 : (int64_t)(old / BYTES_PER_TOKEN);
	r->usage.cache_written = (int64_t)(t->bytes / BYTES_PER_TOKEN) -
				 r->usage.cache_read;
	r->usage.output = (int64_t)(strlen(said) / BYTES_PER_TOKEN) + 1;
}

struct json_object *demo_usage_json(const struct demo_usage *u, bool final)
{
	const struct { const char *name; int64_t n; } rows[] = {
		{ "input_tokens", u->input },
		{ "cache_creation_input_tokens", u->cache_written },
		{ "cache_read_input_tokens", u->cache_read },
		{ "output_tokens", final ? u->output : 1 },
	};
	struct json_object *o = json_object_new_object();
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		field_put_number(o, rows[i].name, rows[i].n);
	return o;
}

struct json_object *demo_reply_json(const struct demo_reply *r)
{
	struct json_object *o = json_object_new_object();

	field_put_string(o, "id", r->id);
	field_put_string(o, "type", "message");
	field_put_string(o, "role", "assistant");
	field_put_string(o, "model", DEMO_MODEL);
	json_object_object_add(o, "content", json_object_get(r->content));
	field_put_string(o, "stop_reason", r->stop_reason);
	json_object_object_add(o, "stop_sequence", NULL);
	json_object_object_add(o, "usage", demo_usage_json(&r->usage, true));
	return o;
}

struct json_object *demo_error_json(const char *type, const char *text)
{
	struct json_object *o = json_object_new_object();
	struct json_object *inner = json_object_new_object();

	field_put_string(inner, "type", type);
	field_put_string(inner, "message", text);
	field_put_string(o, "type", "error");
	json_object_object_add(o, "error", inner);
	return o;
}
