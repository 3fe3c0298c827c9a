#include "config.h"
#include "json/field.h"

#include <math.h>
#include <string.h>

#include "core/str.h"

/*
 * For a line of the log, or a part built from one; field_copy makes its texts
 * valid.
 */
static const struct strict_json_limits limits = {
	.bytes = 32 << 20, .depth = 48, .containers = 10000,
	.elements = 100000, .loose = true,
};

struct json_object *field_parse(const char *text, size_t n)
{
	return strict_json_parse(text, n, &limits);
}

static struct json_object *get(struct json_object *o, const char *key,
			       enum json_type type)
{
	struct json_object *value;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, key, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

const char *field_text(struct json_object *o, const char *key, size_t *n)
{
	struct json_object *value = get(o, key, json_type_string);

	if (!value)
		return NULL;
	if (n)
		*n = (size_t)json_object_get_string_len(value);
	return json_object_get_string(value);
}

const char *field_string(struct json_object *o, const char *key)
{
	const char *text = field_text(o, key, NULL);

	return text ? text : "";
}

struct json_object *field_object(struct json_object *o, const char *key)
{
	return get(o, key, json_type_object);
}

struct json_object *field_list(struct json_object *o, const char *key)
{
	return get(o, key, json_type_array);
}

int64_t field_number(struct json_object *o, const char *key)
{
	struct json_object *value = get(o, key, json_type_int);
	int64_t n;

	if (!value)
		value = get(o, key, json_type_double);
	n = value ? json_object_get_int64(value) : 0;
	return n < 0 ? 0 : n;
}

bool field_flag(struct json_object *o, const char *key)
{
	struct json_object *value = get(o, key, json_type_boolean);

	return value && json_object_get_boolean(value);
}

bool field_is(struct json_object *o, const char *key, const char *text)
{
	const char *value = field_text(o, key, NULL);

	return value && str_equal(value, text);
}

/* s as valid UTF-8 of at most max bytes, in scratch. */
static bool scrub(struct buf *scratch, const char *s, size_t n, size_t max,
		  bool strip_ansi)
{
	size_t take = n > max ? max : n;
	struct err e = { 0 };
	bool cut;

	buf_init(scratch, take * 3 + 3);
	if (utf8_scrub(scratch, s, utf8_prefix(s, n, take), strip_ansi, &e) < 0)
		err_abort("a text grew past three times its size");
	cut = n > max || scratch->len > max;
	if (scratch->len > max) {
		scratch->len = utf8_prefix(scratch->data, scratch->len, max);
		scratch->data[scratch->len] = '\0';
	}
	return cut;
}

static struct json_object *text_object(const struct buf *b)
{
	struct json_object *o =
		alloc_checked(json_object_new_string_len(buf_text(b),
							 (int)b->len));

	return o;
}

static struct json_object *copy_text(struct json_object *o, size_t *budget, bool *cut)
{
	struct json_object *copy;
	auto_buf scratch = BUF_INIT(0);

	if (scrub(&scratch, json_object_get_string(o),
		  (size_t)json_object_get_string_len(o), *budget, false))
		*cut = true;
	*budget -= scratch.len;
	copy = text_object(&scratch);
	return copy;
}

static struct json_object *copy_list(struct json_object *o, size_t *budget, bool *cut)
{
	struct json_object *copy = json_object_new_array();
	size_t i;

	for (i = 0; i < json_object_array_length(o); i++) {
		if (*budget < 8) {
			*cut = true;
			break;
		}
		*budget -= 8;
		json_object_array_add(copy, field_copy(json_object_array_get_idx(o, i),
						       budget, cut));
	}
	return copy;
}

static struct json_object *copy_map(struct json_object *o, size_t *budget, bool *cut)
{
	struct json_object *copy = json_object_new_object();

	json_object_object_foreach(o, key, value) {
		size_t n = strlen(key);
		auto_buf name = BUF_INIT(0);

		scrub(&name, key, n, n * 3, false);
		if (*budget < n + 8) {
			*cut = true;
			break;
		}
		*budget -= n + 8;
		json_object_object_add(copy, buf_text(&name),
				       field_copy(value, budget, cut));
	}
	return copy;
}

struct json_object *field_copy(struct json_object *o, size_t *budget, bool *cut)
{
	switch (json_object_get_type(o)) {
	case json_type_string:
		return copy_text(o, budget, cut);
	case json_type_array:
		return copy_list(o, budget, cut);
	case json_type_object:
		return copy_map(o, budget, cut);
	case json_type_boolean:
		return json_object_new_boolean(json_object_get_boolean(o));
	case json_type_int:
		return json_object_new_int64(json_object_get_int64(o));
	case json_type_double:
		if (!isfinite(json_object_get_double(o)))
			return NULL;	/* 1e999; it would be written as invalid JSON */
		return json_object_new_double(json_object_get_double(o));
	case json_type_null:
	default:
		return NULL;
	}
}

bool field_put_text(struct json_object *o, const char *key, const char *s,
		    size_t n, size_t max, bool strip_ansi)
{
	auto_buf scratch = BUF_INIT(0);
	bool cut = scrub(&scratch, s, n, max, strip_ansi);

	json_object_object_add(o, key, text_object(&scratch));
	return cut;
}

void field_put_string(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, json_object_new_string(s));
}

void field_put_number(struct json_object *o, const char *key, int64_t n)
{
	json_object_object_add(o, key, json_object_new_int64(n));
}

void field_put_flag(struct json_object *o, const char *key, bool on)
{
	json_object_object_add(o, key, json_object_new_boolean(on));
}
