#include "config.h"
#include "html/view.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/err.h"

struct slot {
	uint32_t hash;
	struct view *value;
};

struct view {
	enum view_type type;
	const char *name;	/* in its map; "" in a list */
	const char *text;
	struct slot *slots;	/* of a map or list */
	size_t n, size;
};

uint32_t view_hash(const char *name)	/* FNV-1a, 32 bits */
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash;
}

/* One allocation holds the value, its name and its text. */
static struct view *make(const void *ctx, enum view_type type,
			 const char *name, const char *text, size_t text_len)
{
	size_t name_len = strlen(name);
	struct view *v;
	char *bytes;

	v = talloc_size(ctx, sizeof(*v) + name_len + text_len + 2);
	if (!v)
		err_abort("out of memory");
	bytes = (char *)(v + 1);
	memcpy(bytes, name, name_len + 1);
	memcpy(bytes + name_len + 1, text, text_len);
	bytes[name_len + 1 + text_len] = '\0';
	*v = (struct view) {
		.type = type,
		.name = bytes,
		.text = bytes + name_len + 1,
	};
	return v;
}

struct view *view_new(const void *ctx)
{
	return make(ctx, VIEW_MAP, "", "", 0);
}

static void push(struct view *v, uint32_t hash, struct view *value)
{
	if (v->n == v->size) {
		v->size = v->size ? v->size * 2 : 8;
		v->slots = talloc_realloc(v, v->slots, struct slot, v->size);
		if (!v->slots)
			err_abort("out of memory");
	}
	v->slots[v->n++] = (struct slot) { .hash = hash, .value = value };
}

static struct slot *find(const struct view *map, const char *name,
			 uint32_t hash)
{
	size_t i;

	for (i = 0; i < map->n; i++) {
		if (map->slots[i].hash == hash &&
		    strcmp(map->slots[i].value->name, name) == 0)
			return &map->slots[i];
	}
	return NULL;
}

static struct view *put(struct view *map, const char *name,
			enum view_type type, const char *text)
{
	uint32_t hash = view_hash(name);
	struct view *value;
	struct slot *old;

	assert(map->type == VIEW_MAP);
	text = text ? text : "";
	value = make(map, type, name, text, strlen(text));
	old = find(map, name, hash);
	if (old) {
		talloc_free(old->value);
		old->value = value;
	} else {
		push(map, hash, value);
	}
	return value;
}

void view_text(struct view *map, const char *name, const char *text)
{
	put(map, name, VIEW_TEXT, text);
}

void view_textf(struct view *map, const char *name, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = talloc_vasprintf(map, fmt, ap);
	va_end(ap);
	if (!text)
		err_abort("out of memory");
	put(map, name, VIEW_TEXT, text);
	talloc_free(text);
}

void view_html(struct view *map, const char *name, const char *html)
{
	put(map, name, VIEW_HTML, html);
}

void view_flag(struct view *map, const char *name, bool on)
{
	put(map, name, on ? VIEW_TRUE : VIEW_FALSE, "");
}

void view_number(struct view *map, const char *name, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	put(map, name, VIEW_TEXT, text);
}

struct view *view_map(struct view *map, const char *name)
{
	return put(map, name, VIEW_MAP, "");
}

struct view *view_list(struct view *map, const char *name)
{
	return put(map, name, VIEW_LIST, "");
}

static struct view *append(struct view *list, enum view_type type,
			   const char *text)
{
	struct view *item;

	assert(list->type == VIEW_LIST);
	item = make(list, type, "", text, strlen(text));
	push(list, 0, item);
	return item;
}

struct view *view_append(struct view *list)
{
	return append(list, VIEW_MAP, "");
}

struct view *view_append_list(struct view *list)
{
	return append(list, VIEW_LIST, "");
}

void view_append_text(struct view *list, const char *text)
{
	append(list, VIEW_TEXT, text ? text : "");
}

enum view_type view_type(const struct view *v)
{
	return v->type;
}

const struct view *view_get(const struct view *map, const char *name)
{
	return view_get_hashed(map, name, view_hash(name));
}

const struct view *view_get_hashed(const struct view *map, const char *name,
				   uint32_t hash)
{
	const struct slot *slot;

	if (map->type != VIEW_MAP)
		return NULL;
	slot = find(map, name, hash);
	return slot ? slot->value : NULL;
}

const char *view_string(const struct view *v)
{
	return v->type == VIEW_TEXT || v->type == VIEW_HTML ? v->text : NULL;
}

const struct view *view_item(const struct view *list, size_t i)
{
	if (list->type != VIEW_LIST || i >= list->n)
		return NULL;
	return list->slots[i].value;
}

bool view_truthy(const struct view *v)
{
	switch (v->type) {
	case VIEW_FALSE:
		return false;
	case VIEW_TEXT:
	case VIEW_HTML:
		return *v->text;
	case VIEW_LIST:
		return v->n > 0;
	case VIEW_TRUE:
	case VIEW_MAP:
		break;
	}
	return true;
}
