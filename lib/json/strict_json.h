/*
 * JSON from outside (RFC 8259) as a json-c tree: the only caller of json-c's
 * parser. A tree costs far more memory than its text, so each reader says how
 * much it takes.
 */
#ifndef JSON_STRICT_JSON_H
#define JSON_STRICT_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct strict_json_limits {
	size_t bytes;
	int depth;
	size_t containers;	/* objects and arrays; an empty object costs some 700 bytes */
	size_t elements;	/* commas outside strings; each costs some 70 bytes */
	bool loose;		/* texts may be ill-formed or hold a NUL, numbers be infinite */
};

#define auto_strict_json __attribute__((cleanup(strict_json_release))) struct json_object

void strict_json_release(struct json_object **o);

/*
 * One value of n bytes and nothing after it; NULL when it is not one, is past
 * a limit, or (unless loose) is not UTF-8 or holds a NUL. Linear time. Gives
 * (json_object_put).
 */
struct json_object *strict_json_parse(const char *text, size_t n,
				      const struct strict_json_limits *limits);

/* Whether it is such a value, null too. */
bool strict_json_valid(const char *text, size_t n,
		       const struct strict_json_limits *limits);

/* One of its objects named a member twice: readers differ in which holds. */
bool strict_json_repeats(struct json_object *o, const char *text, size_t n);

#endif
