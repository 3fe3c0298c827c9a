/* The assistant's blocks: while they stream, and when complete. */
#include "config.h"
#include "transcript/decoder_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "transcript/tool_title.h"

#define ID_MAX 200

/* Tools whose part is of another kind, built from their input. */
static bool has_own_part(const char *name)
{
	return str_equal(name, "AskUserQuestion") || str_equal(name, "ExitPlanMode");
}

static const char *kind_of(struct json_object *block)
{
	if (field_is(block, "type", "text"))
		return "text";
	if (field_is(block, "type", "thinking"))
		return "thinking";
	if (!field_is(block, "type", "tool_use"))
		return NULL;
	return field_is(block, "name", "TodoWrite") ? "todo" : "tool_use";
}

static void name_tool(struct live *l, struct json_object *block)
{
	const char *name, *id;
	size_t n;

	id = field_text(block, "id", &n);
	if (id && n < ID_MAX && !l->id) {
		l->id = talloc_strdup(l, id);
		field_put_text(l->data, "id", id, n, ID_MAX, false);
	}
	name = field_text(block, "name", &n);
	if (name)
		field_put_text(l->data, "name", name, n, NAME_MAX_BYTES, true);
}

static struct live *find_block(struct decoder *d, int64_t index)
{
	struct live *l;

	for (l = d->open; l; l = l->next) {
		if (l->stream && !l->stale && l->index == index)
			return l;
	}
	return NULL;
}

static void block_start(struct decoder *d, struct json_object *event)
{
	struct json_object *block = field_object(event, "content_block");
	const char *kind = kind_of(block), *name = field_text(block, "name", NULL);
	struct live *l;

	if (!kind || (name && has_own_part(name)))
		return;
	if (str_equal(kind, "todo")) {	/* drawn when its list is known */
		activity(d, "tool", name);
		return;
	}
	l = find_block(d, field_number(event, "index"));
	if (l)
		l->stale = true;	/* begun twice without an end */
	l = live_again(d, kind);
	l->stream = true;
	l->index = field_number(event, "index");
	if (str_equal(kind, "tool_use")) {
		name_tool(l, block);
		activity(d, "tool", field_text(l->data, "name", NULL));
	} else {
		field_put_text(l->data, "text", "", 0, TEXT_MAX, false);
		activity(d, str_equal(kind, "text") ? "writing" : "thinking", NULL);
	}
	live_emit(d, l);
}

static void append(struct decoder *d, struct live *l, const char *text, size_t n)
{
	auto_strict_json *holder = json_object_new_object();
	struct err e = { 0 };
	size_t room = TEXT_MAX - l->text.len;
	const char *clean;

	if (!room)
		return;
	if (field_put_text(holder, "text", text, n, room, false))
		field_put_flag(l->data, "cut", true);
	clean = field_text(holder, "text", &n);
	if (!n || buf_add(&l->text, clean, n, &e) < 0)
		return;
	l->p.changed_at = d->line_end;
	if (d->ev->delta)
		d->ev->delta(d->data, l->p.at, clean, n);
}

static void block_delta(struct decoder *d, struct json_object *event)
{
	struct json_object *delta = field_object(event, "delta");
	struct live *l = find_block(d, field_number(event, "index"));
	const char *text;
	size_t n;

	if (!l)
		return;
	if (str_equal(l->p.kind, "text") && field_is(delta, "type", "text_delta"))
		text = field_text(delta, "text", &n);
	else if (str_equal(l->p.kind, "thinking") && field_is(delta, "type", "thinking_delta"))
		text = field_text(delta, "thinking", &n);
	else
		return;
	if (text)
		append(d, l, text, n);
}

/* A new message while blocks of the last are open: its stream broke. */
static void message_start(struct decoder *d)
{
	struct live *l;

	turn_start(d);
	for (l = d->open; l; l = l->next) {
		if (l->stream)
			l->stale = true;
	}
}

/* Blocks from an index on were abandoned; other open ones are complete. */
static void message_stop(struct decoder *d, struct json_object *line)
{
	struct json_object *gone = field_object(line, "abandoned_blocks");
	int64_t from = gone ? field_number(gone, "from_block_index") : INT64_MAX;
	struct live *l, *next;

	for (l = d->open; l; l = next) {
		next = l->next;
		if (!l->stream || l->stale)
			continue;
		if (l->index >= from)
			l->stale = true;
		else if (str_equal(l->p.kind, "tool_use"))
			l->stream = false;
		else
			live_finish(d, l, "ok");
	}
}

void stream_event(struct decoder *d, struct json_object *line)
{
	struct json_object *event = field_object(line, "event");
	const char *type = field_text(event, "type", NULL);

	if (!type)
		return;
	if (str_equal(type, "message_start"))
		message_start(d);
	else if (str_equal(type, "content_block_start"))
		block_start(d, event);
	else if (str_equal(type, "content_block_delta"))
		block_delta(d, event);
	else if (str_equal(type, "message_stop"))
		message_stop(d, line);
}

/* The open block that this complete one ends. */
static struct live *find_begun(struct decoder *d, const char *kind,
			       struct json_object *block)
{
	const char *id = field_text(block, "id", NULL);
	struct live *l;

	for (l = d->open; l; l = l->next) {
		if (!l->stream || l->stale || !str_equal(l->p.kind, kind))
			continue;
		if (!str_equal(kind, "tool_use") || (id && l->id && str_equal(l->id, id)))
			return l;
	}
	return NULL;
}

static void whole_text(struct decoder *d, const char *kind, struct json_object *block)
{
	struct live *l = find_begun(d, kind, block);
	const char *text;
	size_t n;

	text = field_text(block, kind, &n);
	if (!text)
		return;
	if (!l && !n)
		return;
	if (!l)
		l = live_again(d, kind);
	buf_clear(&l->text);
	json_object_object_del(l->data, "cut");
	if (field_put_text(l->data, "text", text, n, TEXT_MAX, true))
		field_put_flag(l->data, "cut", true);
	live_finish(d, l, "ok");
}

static void set_input(struct live *l, struct json_object *input)
{
	size_t budget = INPUT_MAX;
	bool cut = false;

	json_object_object_add(l->data, "input", field_copy(input, &budget, &cut));
	if (cut)
		field_put_flag(l->data, "input_cut", true);
}

static void whole_todo(struct decoder *d, struct json_object *block)
{
	struct json_object *todos = field_list(field_object(block, "input"), "todos");
	struct live *l = live_find_kind(d, "todo");
	size_t budget = INPUT_MAX;
	bool cut = false;

	if (!todos)
		return;
	if (!l)
		l = live_begin(d, "assistant", "todo", "running");
	talloc_free(l->id);
	l->id = NULL;
	name_tool(l, block);
	json_object_object_add(l->data, "todos", field_copy(todos, &budget, &cut));
	live_emit(d, l);
}

static void whole_tool(struct decoder *d, struct json_object *block)
{
	struct json_object *input = field_object(block, "input");
	const char *name = field_text(block, "name", NULL);
	struct live *l;

	if (!name || has_own_part(name))
		return;
	l = find_begun(d, "tool_use", block);
	if (!l)
		l = live_find(d, field_text(block, "id", NULL));
	if (!l)
		l = live_again(d, "tool_use");
	l->stream = false;
	name_tool(l, block);
	if (input) {
		set_input(l, input);
		tool_title(l->data, name, json_object_object_get(l->data, "input"));
	}
	activity(d, "tool", field_text(l->data, "name", NULL));
	live_emit(d, l);
}

/* The API's refusals and their catalogue keys. */
static const char *error_key(struct json_object *line, const char *text)
{
	int64_t status = field_number(line, "api_error_status");

	if (status == 429)
		return "error_api_rate";
	if (status == 401 || status == 402 || status == 403)
		return "error_api_auth";
	if (status == 413)
		return "error_api_large";
	if (status >= 500)
		return "error_api_away";
	if (status >= 400)
		return "error_api_request";
	if (text && strstr(text, "output token maximum"))
		return "error_api_length";
	if (text && strstr(text, "safeguards"))
		return "error_api_refused";
	if (field_is(line, "error", "model_not_found"))
		return "error_api_model";
	return "error_api";
}

/*
 * "API Error: Request rejected (429) · words": the service explained the
 * refusal in words, as our gateway does for a budget. Returns their position
 * in text, NULL for none.
 */
static const char *said_words(const char *text)
{
	static const char mark[] = "Request rejected (", dot[] = ") \xc2\xb7 ";
	const char *at = text ? strstr(text, mark) : NULL;

	if (!at)
		return NULL;
	at += strlen(mark);
	at += strspn(at, "0123456789");
	return str_starts(at, dot) && at[strlen(dot)] ? at + strlen(dot) : NULL;
}

static void api_error(struct decoder *d, struct json_object *line,
		      struct json_object *content)
{
	struct json_object *block = json_object_array_get_idx(content, 0);
	const char *text, *words;
	size_t n = 0;

	text = field_text(block, "text", &n);
	words = said_words(text);
	if (d->end_key)
		live_say(d, "error", d->end_key, "detail", NULL, 0);
	else if (words)
		live_say(d, "error", error_key(line, text), "said", words,
			 strlen(words));
	else
		live_say(d, "error", error_key(line, text), "detail", text, n);
	d->failed = true;
}

void stream_assistant(struct decoder *d, struct json_object *line)
{
	struct json_object *content, *block;
	const char *kind;
	size_t i;

	content = field_list(field_object(line, "message"), "content");
	if (!content)
		return;
	turn_start(d);
	retract(d, line, "supersedes");
	d->emitted_at = -1;
	if (field_flag(line, "is_api_error_message")) {
		api_error(d, line, content);
		return;
	}
	for (i = 0; i < json_object_array_length(content); i++) {
		block = json_object_array_get_idx(content, i);
		kind = kind_of(block);
		if (!kind)
			continue;
		if (str_equal(kind, "tool_use"))
			whole_tool(d, block);
		else if (str_equal(kind, "todo"))
			whole_todo(d, block);
		else
			whole_text(d, kind, block);
		retract_note(d, line);
	}
}
