#include "config.h"
#include "demo/demo_turn.h"

#include <string.h>

#include "core/str.h"
#include "json/field.h"
#include "json/strict_json.h"

static const struct strict_json_limits limits = {
	.bytes = INT32_MAX, .depth = 100, .containers = 50000, .elements = 500000,
};

/* Blocks of a message: the number, and one each (a bare string is one). */
static size_t block_count(struct json_object *message)
{
	struct json_object *content = NULL;

	if (!json_object_is_type(message, json_type_object) ||
	    !json_object_object_get_ex(message, "content", &content))
		return 0;
	if (json_object_is_type(content, json_type_array))
		return json_object_array_length(content);
	return json_object_is_type(content, json_type_string);
}

static struct json_object *block_at(struct json_object *message, size_t i)
{
	struct json_object *content = NULL;

	json_object_object_get_ex(message, "content", &content);
	if (json_object_is_type(content, json_type_array))
		return json_object_array_get_idx(content, i);
	return content;
}

static const char *block_text(struct json_object *block)
{
	if (json_object_is_type(block, json_type_string))
		return json_object_get_string(block);
	if (str_equal(field_string(block, "type"), "text"))
		return field_string(block, "text");
	return "";
}

/* What the CLI itself adds to a user's text. */
static bool is_notice(const char *text)
{
	static const char *const begins[] = {
		"<system-reminder>", "<task-notification>", "Tool loaded.",
		"[Request interrupted by user",
	};
	size_t i;

	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		if (str_starts(text, begins[i]))
			return true;
	}
	return false;
}

static bool has_hangul(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	for (; p[0]; p++) {
		if (p[0] >= 0xea && p[0] <= 0xed && p[1] && p[2])
			return true;
	}
	return false;
}

/* The last text of one user message; NULL when it has none (only results). */
static const char *words_in(struct json_object *message)
{
	size_t i = block_count(message);

	while (i-- > 0) {
		const char *text = block_text(block_at(message, i));

		while (*text == ' ' || *text == '\n' || *text == '\t')
			text++;
		if (*text && !is_notice(text))
			return text;
	}
	return NULL;
}

static bool has_picture(struct json_object *message)
{
	size_t i = block_count(message);

	while (i-- > 0) {
		if (str_equal(field_string(block_at(message, i), "type"), "image"))
			return true;
	}
	return false;
}

static void read_result(struct demo_turn *t, struct json_object *message)
{
	size_t i = block_count(message);

	while (i-- > 0) {
		struct json_object *block = block_at(message, i);

		if (!str_equal(field_string(block, "type"), "tool_result"))
			continue;
		t->result = block;
		t->result_failed = field_flag(block, "is_error");
		return;
	}
}

static void read_calls(struct demo_turn *t, struct json_object *message)
{
	size_t i = block_count(message);

	while (i-- > 0) {
		struct json_object *block = block_at(message, i);

		if (!str_equal(field_string(block, "type"), "tool_use"))
			continue;
		if (!t->step++)
			t->last_tool = field_string(block, "name");
	}
}

static void read_messages(struct demo_turn *t)
{
	size_t i = json_object_array_length(t->messages);
	bool answered = false;

	t->last_tool = "";
	while (i-- > 0) {
		struct json_object *m = json_object_array_get_idx(t->messages, i);
		const char *role = field_string(m, "role");

		if (str_equal(role, "assistant")) {
			answered = true;
			read_calls(t, m);
			continue;
		}
		if (!answered)
			t->fresh += strlen(json_object_to_json_string_ext(
				m, JSON_C_TO_STRING_PLAIN));
		if (!str_equal(role, "user"))
			continue;
		if (!t->result)
			read_result(t, m);
		t->text = words_in(m);
		t->asked = m;
		if (t->text || (!t->step && has_picture(m)))
			break;
	}
	if (!t->text)
		t->text = "";
	if (!t->step)
		t->result = NULL;
	t->text_len = strlen(t->text);
	t->korean = has_hangul(t->text);
}

int demo_turn_parse(struct demo_turn *t, const char *body, size_t n,
		    struct err *e)
{
	memset(t, 0, sizeof(*t));
	if (n > limits.bytes)
		return err_set(e, ERR_LIMIT, "request of %zu bytes", n);
	t->root = strict_json_parse(body, n, &limits);
	if (!t->root)
		return err_set(e, ERR_INPUT, "the body is not JSON, or has too many elements");
	t->messages = field_list(t->root, "messages");
	if (!t->messages || !json_object_array_length(t->messages)) {
		demo_turn_release(t);
		return err_set(e, ERR_INPUT, "messages: a list with at least one message is needed");
	}
	t->stream = field_flag(t->root, "stream");
	t->bytes = n;
	read_messages(t);
	return 0;
}

void demo_turn_release(struct demo_turn *t)
{
	json_object_put(t->root);
	memset(t, 0, sizeof(*t));
}

bool demo_turn_has_tool(const struct demo_turn *t, const char *name)
{
	struct json_object *tools = field_list(t->root, "tools");
	size_t i, n = tools ? json_object_array_length(tools) : 0;

	for (i = 0; i < n; i++) {
		if (str_equal(field_string(json_object_array_get_idx(tools, i),
					   "name"), name))
			return true;
	}
	return false;
}

/* The first occurrence of words in any text; newest message first. NULL: none. */
static const char *find_words(const struct demo_turn *t, const char *words)
{
	size_t i = json_object_array_length(t->messages), b;

	while (i-- > 0) {
		struct json_object *m = json_object_array_get_idx(t->messages, i);

		for (b = block_count(m); b-- > 0;) {
			const char *at = strstr(block_text(block_at(m, b)), words);

			if (at)
				return at;
		}
	}
	return NULL;
}

bool demo_turn_mentions(const struct demo_turn *t, const char *words)
{
	return find_words(t, words) != NULL;
}

bool demo_turn_may_find(const struct demo_turn *t, const char *name)
{
	const char *list = find_words(t, "deferred tools are now available");

	return list && demo_turn_has_tool(t, "ToolSearch") && strstr(list, name);
}

bool demo_turn_find(const struct demo_turn *t, const char *before,
		    const char *prefix, const char *suffix, char *out,
		    size_t size)
{
	const char *at = find_words(t, before), *end;
	size_t n;

	at = at ? strstr(at, prefix) : NULL;
	end = at ? strstr(at, suffix) : NULL;
	if (!end)
		return false;
	n = (size_t)(end - at) + strlen(suffix);
	if (n >= size || memchr(at, ' ', n) || memchr(at, '\n', n))
		return false;
	memcpy(out, at, n);
	out[n] = '\0';
	return true;
}

const char *demo_turn_result_text(const struct demo_turn *t)
{
	size_t i, n = t->result ? block_count(t->result) : 0;

	for (i = 0; i < n; i++) {
		const char *text = block_text(block_at(t->result, i));

		if (*text)
			return text;
	}
	return "";
}

bool demo_turn_picture(const struct demo_turn *t, size_t n,
		       const char **media_type, size_t *bytes)
{
	size_t i, count = t->asked ? block_count(t->asked) : 0, length = 0;
	struct json_object *block, *source;
	const char *data;

	for (i = 0; i < count; i++) {
		block = block_at(t->asked, i);
		if (!str_equal(field_string(block, "type"), "image") || n--)
			continue;
		source = field_object(block, "source");
		data = field_text(source, "data", &length);
		*media_type = field_string(source, "media_type");
		*bytes = length / 4 * 3;
		while (data && length && data[--length] == '=')
			--*bytes;
		return true;
	}
	return false;
}
