/*
 * The data of a template: a tree of typed values owned by a talloc context. For
 * sections, an empty text is false, as is an empty list.
 */
#ifndef HTML_VIEW_H
#define HTML_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum view_type { VIEW_FALSE, VIEW_TRUE, VIEW_TEXT, VIEW_HTML, VIEW_LIST, VIEW_MAP };

struct view;

/* A new empty map, a talloc child of ctx; owns what is put into it. */
struct view *view_new(const void *ctx);

/* Each sets name in the map (copies), replacing an earlier value. NULL text is "". */
void view_text(struct view *map, const char *name, const char *text);
void view_textf(struct view *map, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* html: trusted, escaped markup, made by lib/html only. */
void view_html(struct view *map, const char *name, const char *html);
void view_flag(struct view *map, const char *name, bool on);
void view_number(struct view *map, const char *name, int64_t n);

/* A new empty map or list under name; borrowed from the map. */
struct view *view_map(struct view *map, const char *name);
struct view *view_list(struct view *map, const char *name);

/* Each appends to the list: a new map, a new list, a text. */
struct view *view_append(struct view *list);
struct view *view_append_list(struct view *list);
void view_append_text(struct view *list, const char *text);

/* For the renderer and tests; NULL if there is none. */
enum view_type view_type(const struct view *v);
const struct view *view_get(const struct view *map, const char *name);
const char *view_string(const struct view *v);
const struct view *view_item(const struct view *list, size_t i);
bool view_truthy(const struct view *v);

/* view_get with a precomputed hash_text of the name, for the renderer. */
const struct view *view_get_hashed(const struct view *map, const char *name,
				   uint32_t hash);

#endif
