#include "config.h"
#include "json/strict_json.h"

#include <math.h>
#include <string.h>

#include "core/str.h"

void strict_json_release(struct json_object **o)
{
	if (*o)
		json_object_put(*o);
	*o = NULL;
}

static bool sound_text(const char *s, size_t n)
{
	return strlen(s) == n && utf8_valid(s, n);
}

/* json-c accepts NaN and \u0000, which later readers do not expect. */
static bool sound(struct json_object *o)
{
	size_t i;

	switch (json_object_get_type(o)) {
	case json_type_double:
		return isfinite(json_object_get_double(o));
	case json_type_string:
		return sound_text(json_object_get_string(o),
				  (size_t)json_object_get_string_len(o));
	case json_type_array:
		for (i = 0; i < json_object_array_length(o); i++) {
			if (!sound(json_object_array_get_idx(o, i)))
				return false;
		}
		return true;
	case json_type_object: {
		json_object_object_foreach(o, key, value) {
			if (!utf8_valid(key, strlen(key)) || !sound(value))
				return false;
		}
		return true;
	}
	default:
		return true;
	}
}

/* A NUL in a member's name would end it early in json-c's table. */
static bool escapes_nul(const char *text, size_t n)
{
	size_t i;

	for (i = 0; i + 5 < n; i++) {
		if (text[i] != '\\')
			continue;
		if (memcmp(text + i, "\\u0000", 6) == 0)
			return true;
		i++;
	}
	return false;
}

/* Checked before parsing. json-c would accept a name in single quotes. */
static bool within(const char *text, size_t n, size_t containers, size_t elements)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (quoted) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				quoted = false;
		} else if (text[i] == '"') {
			quoted = true;
		} else if (text[i] == '{' || text[i] == '[') {
			if (!containers--)
				return false;
		} else if (text[i] == ',') {
			if (!elements--)
				return false;
		} else if (text[i] == '\'') {
			return false;
		}
	}
	return true;
}

static bool fits(const char *text, size_t n,
		 const struct strict_json_limits *limits)
{
	return n <= limits->bytes && n < INT32_MAX && !memchr(text, '\0', n) &&
	       (limits->loose || (utf8_valid(text, n) && !escapes_nul(text, n))) &&
	       within(text, n, limits->containers, limits->elements);
}

struct json_object *strict_json_parse(const char *text, size_t n,
				      const struct strict_json_limits *limits)
{
	struct json_tokener *t;
	struct json_object *o;

	if (!n || !fits(text, n, limits))
		return NULL;
	t = json_tokener_new_ex(limits->depth);
	if (!t)
		err_abort("out of memory");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(t, text, (int)n);
	/* A bare number ends only with the character after it. */
	if (!o && json_tokener_get_error(t) == json_tokener_continue)
		o = json_tokener_parse_ex(t, "\n", 1);
	else if (o && json_tokener_get_parse_end(t) != n)
		strict_json_release(&o);
	json_tokener_free(t);
	if (o && !limits->loose && !sound(o))
		strict_json_release(&o);
	return o;
}

bool strict_json_valid(const char *text, size_t n,
		       const struct strict_json_limits *limits)
{
	auto_strict_json *o = strict_json_parse(text, n, limits);
	static const char blank[] = " \t\r\n";

	if (o)
		return true;
	while (n && strchr(blank, *text)) {
		text++;
		n--;
	}
	while (n && strchr(blank, text[n - 1]))
		n--;
	return n == 4 && memcmp(text, "null", 4) == 0;
}

static size_t members(struct json_object *o)
{
	size_t count = 0, i;

	if (json_object_is_type(o, json_type_array)) {
		for (i = 0; i < json_object_array_length(o); i++)
			count += members(json_object_array_get_idx(o, i));
	} else if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, value) {
			(void)key;
			count += 1 + members(value);
		}
	}
	return count;
}

bool strict_json_repeats(struct json_object *o, const char *text, size_t n)
{
	size_t colons = 0, i;
	bool quoted = false;

	for (i = 0; i < n; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted)
			colons += text[i] == ':';
	}
	return colons != members(o);
}
