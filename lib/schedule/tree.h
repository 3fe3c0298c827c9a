/* JSON from outside (RFC 8259), as a json-c tree: agents' files, triggers' payloads. */
#ifndef SCHEDULE_TREE_H
#define SCHEDULE_TREE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#define auto_tree __attribute__((cleanup(tree_release))) struct json_object

void tree_release(struct json_object **o);

/*
 * One value of n bytes and nothing after it; NULL when it is not one, is no
 * UTF-8, nests too deep, is too rich for its size, or holds a NUL. Gives
 * (json_object_put).
 */
struct json_object *tree_parse(const char *text, size_t n);

/* Whether it is such a value, null too. */
bool tree_valid(const char *text, size_t n);

/* One of its objects named a member twice: readers differ in which holds. */
bool tree_repeats(struct json_object *o, const char *text, size_t n);

#endif
