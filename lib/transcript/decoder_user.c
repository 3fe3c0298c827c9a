/* Lines of type user: echoes of the user's messages, and the tools' results. */
#include "config.h"
#include "transcript/decoder_internal.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "transcript/tool_title.h"

#define CONTENT_MAX (DECODER_LINE_MAX + 16)
#define HUNKS_MAX (64 << 10)

/*
 * Appends all text of content (a text, or a list of blocks) to out, which is
 * empty, blocks separated by newlines.
 */
static void gather(struct json_object *message, const char *key, struct buf *out)
{
	struct json_object *list = field_list(message, key), *block;
	struct err e = { 0 };
	const char *text;
	size_t n, i;

	text = field_text(message, key, &n);
	if (text && buf_add(out, text, n, &e) < 0)
		return;
	for (i = 0; list && i < json_object_array_length(list); i++) {
		block = json_object_array_get_idx(list, i);
		text = field_is(block, "type", "text") ? field_text(block, "text", &n) : NULL;
		if (!text)
			continue;
		if ((out->len && buf_add(out, "\n", 1, &e) < 0) ||
		    buf_add(out, text, n, &e) < 0)
			return;
	}
}

static bool base64(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((s[i] < 'A' || s[i] > 'Z') && (s[i] < 'a' || s[i] > 'z') &&
		    (s[i] < '0' || s[i] > '9') && s[i] != '+' && s[i] != '/' &&
		    s[i] != '=')
			return false;
	}
	return n > 0;
}

static void image(struct decoder *d, const char *role, struct json_object *block)
{
	static const char *const types[] = { "image/png", "image/jpeg", "image/gif",
		"image/webp" };
	struct json_object *source = field_object(block, "source");
	const char *type = field_text(source, "media_type", NULL), *data;
	struct live *l;
	size_t n;

	data = field_text(source, "data", &n);
	if (!table_find(types, type) || !data || n > IMAGE_MAX ||
	    !base64(data, n)) {
		live_say(d, "status", "status_image_dropped", "text", NULL, 0);
		return;
	}
	l = live_begin(d, role, "image", "running");
	field_put_text(l->data, "media_type", type, strlen(type), NAME_MAX_BYTES, false);
	field_put_text(l->data, "data", data, n, IMAGE_MAX, false);
	live_finish(d, l, "ok");
}

static void images(struct decoder *d, const char *role, struct json_object *list)
{
	struct json_object *block;
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		block = json_object_array_get_idx(list, i);
		if (field_is(block, "type", "image"))
			image(d, role, block);
	}
}

/* Of a message whose pictures the store has: what the echo says of them is not used. */
static void stored_pictures(struct decoder *d, const char *json)
{
	auto_strict_json *list = field_parse(json, strlen(json));
	static const char *const texts[] = { "media_type", "name" };
	struct json_object *from;
	struct live *l;
	const char *text;
	size_t i, t, n;

	for (i = 0; json_object_is_type(list, json_type_array) &&
	     i < json_object_array_length(list); i++) {
		from = json_object_array_get_idx(list, i);
		l = live_begin(d, "user", "image", "running");
		field_put_string(l->data, "picture", field_string(from, "id"));
		for (t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
			text = field_text(from, texts[t], &n);
			if (text)
				field_put_text(l->data, texts[t], text, n,
					       NAME_MAX_BYTES, false);
		}
		field_put_number(l->data, "width", field_number(from, "width"));
		field_put_number(l->data, "height", field_number(from, "height"));
		live_finish(d, l, "ok");
	}
}

bool known(struct decoder *d, const char *uuid, bool add)
{
	size_t i;

	for (i = 0; i < KNOWN; i++) {
		if (str_equal(d->known[i], uuid))
			return true;
	}
	if (add && str_copy(d->known[d->nknown % KNOWN], ID_SIZE, uuid))
		d->nknown++;
	return false;
}

void decoder_know(struct decoder *d, const char *uuid)
{
	if (id_valid(uuid))
		known(d, uuid, true);
}

/* Removes earlier echoes that are joined into this one. */
static size_t joined_prefix(struct decoder *d, const char *text, size_t n)
{
	size_t len = d->joined.len;
	bool joined = len && n > len && memcmp(text, d->joined.data, len) == 0;

	buf_clear(&d->joined);
	d->joined_at = -1;
	return joined ? len : 0;
}

static void remember(struct decoder *d, const char *text, size_t n)
{
	struct err e = { 0 };
	size_t before = d->joined.len;

	if (buf_add(&d->joined, text, n, &e) < 0 || buf_add(&d->joined, "\n", 1, &e) < 0)
		d->joined.len = before;
	if (d->joined_at < 0)
		d->joined_at = d->line_at;
}

/* Between <tag> and </tag>; false when the tag is missing. */
static bool tagged(const char *text, const char *open, const char *close,
		   const char **inner, size_t *n)
{
	const char *from = strstr(text, open), *to;

	if (!from)
		return false;
	from += strlen(open);
	to = strstr(from, close);
	if (!to)
		return false;
	*inner = from;
	*n = (size_t)(to - from);
	return true;
}

/* at: an earlier position in the log, or -1. */
static void say_text(struct decoder *d, int64_t at, const char *text, size_t n)
{
	struct live *l = at < 0 ? live_begin(d, "user", "text", "running") :
			 live_insert(d, at, d->line_time, "user", "text");

	if (field_put_text(l->data, "text", text, n, TEXT_MAX, true))
		field_put_flag(l->data, "cut", true);
	live_finish(d, l, "ok");
}

/*
 * A slash command is echoed as markup, or by another name; shown is the text
 * that was typed.
 */
static bool command(struct decoder *d, const char *uuid, int64_t at,
		    const struct buf *text)
{
	const char *name = NULL, *args, *words;
	struct err e = { 0 };
	size_t n = 0, nargs = 0;
	auto_buf typed = BUF_INIT(CONTENT_MAX);
	bool markup = (str_starts(text->data, "<command-name>") ||
		       str_starts(text->data, "<command-message>")) &&
		      tagged(text->data, "<command-name>", "</command-name>",
			     &name, &n);

	if (!markup && text->data[0] != '/')
		return false;
	words = d->ev->words ? d->ev->words(d->data, uuid) : NULL;
	if (words)	/* /review is echoed as /code-review */
		say_text(d, at, words, strlen(words));
	if (words || !markup)
		return words != NULL;
	if (!tagged(text->data, "<command-args>", "</command-args>", &args, &nargs))
		args = "";
	if (buf_add(&typed, name, n, &e) == 0 && nargs && buf_add(&typed, " ", 1, &e) == 0 &&
	    buf_add(&typed, args, nargs, &e) < 0)
		return false;
	say_text(d, at, buf_text(&typed), typed.len);
	return true;
}

static void say_recalled(struct decoder *d)
{
	struct live *l = live_begin(d, "user", "status", "running");
	static const char key[] = "status_recalled";

	field_put_text(l->data, "key", key, strlen(key), NAME_MAX_BYTES, false);
	live_finish(d, l, "ok");
}

static void echo(struct decoder *d, struct json_object *line)
{
	struct json_object *message = field_object(line, "message");
	const char *uuid = field_text(line, "uuid", NULL), *inner;
	const char *pictures;
	auto_buf text = BUF_INIT(CONTENT_MAX);
	size_t n, skip = 0;
	int64_t at;

	gather(message, "content", &text);
	if (str_starts(buf_text(&text), "<local-command-stdout>")) {
		if (tagged(text.data, "<local-command-stdout>", "</local-command-stdout>",
			   &inner, &n) && n)
			live_say(d, "status", NULL, "text", inner, n);
		return;
	}
	if (!uuid || !id_valid(uuid))
		return;
	at = command_echoed(d, uuid);
	if (known(d, uuid, true))
		return;
	if (field_text(line, "timestamp", NULL))
		skip = joined_prefix(d, buf_text(&text), text.len);
	else
		remember(d, buf_text(&text), text.len);
	pictures = d->ev->pictures ? d->ev->pictures(d->data, uuid) : NULL;
	if (pictures)
		stored_pictures(d, pictures);
	if (text.len && str_starts(text.data, RECALL_MARK))
		say_recalled(d);
	else if (pictures && text.len == skip)
		;	/* pictures alone */
	else if (!text.len || !command(d, uuid, at, &text))
		say_text(d, at, buf_text(&text) + skip, text.len - skip);
	if (d->ev->echo)
		d->ev->echo(d->data, uuid, at < 0 ? d->line_at : at);
	if (!pictures)
		images(d, "user", field_list(message, "content"));
}

/* The entry of tool_result_meta for id. */
static struct json_object *meta_of(struct json_object *line, const char *id)
{
	struct json_object *list = field_list(line, "tool_result_meta"), *entry;
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		entry = json_object_array_get_idx(list, i);
		if (field_is(entry, "id", id))
			return entry;
	}
	return NULL;
}

static const char *result_state(struct json_object *line, const char *id, bool failed)
{
	struct json_object *meta = meta_of(line, id);

	if (!failed)
		return "ok";
	if (field_is(meta, "non_execution_kind", "user-rejected"))
		return "cancelled";
	if (field_is(field_object(meta, "permission_decision"), "decision", "reject"))
		return "denied";
	return "failed";
}

/* The changed lines from the CLI's structuredPatch. */
static void set_diff(struct live *l, struct json_object *result)
{
	struct json_object *patch = field_list(result, "structuredPatch");
	size_t budget = HUNKS_MAX;
	bool cut = false;

	if (!patch || !json_object_array_length(patch))
		return;
	json_object_object_add(l->data, "diff", field_copy(patch, &budget, &cut));
	if (cut)
		field_put_flag(l->data, "diff_cut", true);
}

static void set_output(struct live *l, const struct buf *out, int64_t bytes)
{
	const char *text = buf_text(out);
	size_t n = out->len, head, tail;
	static const char open[] = "<tool_use_error>", close[] = "</tool_use_error>";

	if (n >= sizeof(open) + sizeof(close) - 2 && str_starts(text, open)) {
		text += sizeof(open) - 1;
		n -= sizeof(open) + sizeof(close) - 2;
	}
	field_put_number(l->data, "bytes", bytes > (int64_t)n ? bytes : (int64_t)n);
	if (n <= 2 * OUTPUT_HALF) {
		if (n)
			field_put_text(l->data, "output", text, n, 2 * OUTPUT_HALF, false);
		return;
	}
	head = utf8_prefix(text, n, OUTPUT_HALF);
	tail = n - OUTPUT_HALF;
	while (tail < n && ((unsigned char)text[tail] & 0xc0) == 0x80)
		tail++;
	field_put_text(l->data, "output", text, head, OUTPUT_HALF, false);
	field_put_text(l->data, "output_tail", text + tail, n - tail, OUTPUT_HALF, false);
	field_put_number(l->data, "output_left_out", (int64_t)(tail - head));
}

/* A tool killed by SIGKILL while memory was short. */
static void mark_oom(struct decoder *d, struct live *l)
{
	const char *output = field_text(l->data, "output", NULL);

	live_unkill(d);
	if (!output || !strstr(output, "Exit code 137"))
		return;
	if (d->oom_pending) {
		field_put_flag(l->data, "oom", true);
		d->oom_pending = false;
		return;
	}
	live_kill(d, l);
}

void call_wrote(struct decoder *d, struct json_object *call, int64_t from)
{
	const char *path = field_text(call, "title", NULL);

	if (d->ev->wrote && path && tool_writes(field_text(call, "name", NULL)))
		d->ev->wrote(d->data, path, from, d->line_time);
}

static void tool_result(struct decoder *d, struct json_object *line,
			struct json_object *block)
{
	struct json_object *result = field_object(line, "tool_use_result");
	const char *id = field_text(block, "tool_use_id", NULL);
	bool failed = field_flag(block, "is_error");
	auto_buf out = BUF_INIT(CONTENT_MAX);
	struct live *l;

	/* Before l is looked up: a further part may end the oldest one. */
	images(d, "assistant", field_list(block, "content"));
	l = live_find(d, id);
	if (!l || str_equal(l->p.state, "waiting"))
		return;
	if (str_equal(l->p.kind, "todo")) {
		if (failed)
			live_finish(d, l, "failed");
		return;
	}
	if (field_flag(result, "isAsync") && !failed) {
		l->background = true;
		field_put_flag(l->data, "background", true);
		live_emit(d, l);
		return;
	}
	gather(block, "content", &out);
	/* We ended it: the CLI only assumes that its user refused. */
	if (!d->end_key || !failed)
		set_output(l, &out, field_number(result, "persistedOutputSize"));
	set_diff(l, result);
	field_put_flag(l->data, "is_error", failed);
	if (!failed)
		call_wrote(d, l->data, l->p.created_at);
	l->p.state = result_state(line, id, failed);
	l->p.ended_at = d->line_time;
	if (failed)
		mark_oom(d, l);
	live_finish(d, l, l->p.state);
}

void user_line(struct decoder *d, struct json_object *line)
{
	static const char interrupted[] = "[Request interrupted by user";
	struct json_object *content, *block;
	const char *text;
	size_t i;

	if (field_flag(line, "isReplay")) {
		echo(d, line);
		return;
	}
	retract(d, line, "retracted_message_uuids");
	content = field_list(field_object(line, "message"), "content");
	for (i = 0; content && i < json_object_array_length(content); i++) {
		block = json_object_array_get_idx(content, i);
		text = field_text(block, "text", NULL);
		if (field_is(block, "type", "tool_result"))
			tool_result(d, line, block);
		else if (text && !d->end_key && str_starts(text, interrupted))
			live_say(d, "status", "status_interrupted", "text", NULL, 0);
	}
}
