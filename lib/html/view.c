#include "config.h"
#include "html/view.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/err.h"
#include "core/hash.h"

#define PIECE 4096	/* bytes */

struct slot {
	uint32_t hash;
	struct view *value;
};

/* A view's values are freed together, so they are cut from larger pieces. */
struct arena {
	const void *ctx;	/* owns the pieces: the root */
	char *at;
	size_t left;
};

struct view {
	enum view_type type;
	struct arena *arena;	/* owned by the root */
	const char *name;	/* key in its map; "" in a list */
	const char *text;
	struct slot *slots;	/* for a map or list */
	size_t n, size;
};

static void *cut_piece(struct arena *a, size_t size)
{
	char *piece;

	size = (size + 7) & ~(size_t)7;
	if (size > PIECE / 4) {
		piece = alloc_checked(talloc_size(a->ctx, size));
		return piece;
	}
	if (size > a->left) {
		a->at = alloc_checked(talloc_size(a->ctx, PIECE));
		a->left = PIECE;
	}
	piece = a->at;
	a->at += size;
	a->left -= size;
	return piece;
}

static struct view *make_view(struct arena *a, enum view_type type,
			      const char *name, const char *text, size_t text_len)
{
	size_t name_size = strlen(name) + 1;
	struct view *v = cut_piece(a, sizeof(*v) + name_size + text_len + 1);
	char *bytes = (char *)(v + 1);

	memcpy(bytes, name, name_size);
	memcpy(bytes + name_size, text, text_len);
	bytes[name_size + text_len] = '\0';
	*v = (struct view) {
		.type = type,
		.arena = a,
		.name = bytes,
		.text = bytes + name_size,
	};
	return v;
}

struct view *view_new(const void *ctx)
{
	struct root {
		struct view view;
		struct arena arena;
	} *root = alloc_checked(talloc_zero(ctx, struct root));

	root->arena.ctx = root;
	root->view = (struct view) {
		.type = VIEW_MAP,
		.arena = &root->arena,
		.name = "",
		.text = "",
	};
	return &root->view;
}

static void push(struct view *v, uint32_t hash, struct view *value)
{
	struct slot *wider;

	if (v->n == v->size) {
		v->size = v->size ? v->size * 2 : 8;
		wider = cut_piece(v->arena, v->size * sizeof(*wider));
		if (v->n)
			memcpy(wider, v->slots, v->n * sizeof(*wider));
		v->slots = wider;
	}
	v->slots[v->n++] = (struct slot) { .hash = hash, .value = value };
}

static struct slot *find_slot(const struct view *map, const char *name,
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

static struct view *put_value(struct view *map, const char *name,
			      enum view_type type, const char *text)
{
	uint32_t hash = hash_text(name);
	struct view *value;
	struct slot *old;

	assert(map->type == VIEW_MAP);
	text = text ? text : "";
	value = make_view(map->arena, type, name, text, strlen(text));
	old = find_slot(map, name, hash);
	if (old)
		old->value = value;
	else
		push(map, hash, value);
	return value;
}

void view_text(struct view *map, const char *name, const char *text)
{
	put_value(map, name, VIEW_TEXT, text);
}

void view_textf(struct view *map, const char *name, const char *fmt, ...)
{
	char text[256], *longer;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n >= 0 && n < (int)sizeof(text)) {
		put_value(map, name, VIEW_TEXT, text);
		return;
	}
	va_start(ap, fmt);
	longer = talloc_vasprintf(NULL, fmt, ap);
	va_end(ap);
	if (!longer)
		err_abort("out of memory");
	put_value(map, name, VIEW_TEXT, longer);
	talloc_free(longer);
}

void view_html(struct view *map, const char *name, const char *html)
{
	put_value(map, name, VIEW_HTML, html);
}

void view_flag(struct view *map, const char *name, bool on)
{
	put_value(map, name, on ? VIEW_TRUE : VIEW_FALSE, "");
}

void view_number(struct view *map, const char *name, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	put_value(map, name, VIEW_TEXT, text);
}

struct view *view_map(struct view *map, const char *name)
{
	return put_value(map, name, VIEW_MAP, "");
}

struct view *view_list(struct view *map, const char *name)
{
	return put_value(map, name, VIEW_LIST, "");
}

static struct view *append(struct view *list, enum view_type type,
			   const char *text)
{
	struct view *item;

	assert(list->type == VIEW_LIST);
	item = make_view(list->arena, type, "", text, strlen(text));
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
	return view_get_hashed(map, name, hash_text(name));
}

const struct view *view_get_hashed(const struct view *map, const char *name,
				   uint32_t hash)
{
	const struct slot *slot;

	if (map->type != VIEW_MAP)
		return NULL;
	slot = find_slot(map, name, hash);
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
