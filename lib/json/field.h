/*
 * Reading json-c values that nobody vouches for: each getter gives its "none"
 * for a missing field and for one of the wrong type alike.
 */
#ifndef JSON_FIELD_H
#define JSON_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/strict_json.h"

/*
 * One JSON value of n bytes and nothing after it (RFC 8259). NULL when it is
 * not one, nests too deep, or has so many elements that its tree would cost
 * far more memory than its text. Gives (json_object_put).
 */
struct json_object *field_parse(const char *text, size_t n);

/* Borrowed from o; NULL when there is none. n (may be NULL): bytes, NULs included. */
const char *field_text(struct json_object *o, const char *key, size_t *n);
struct json_object *field_object(struct json_object *o, const char *key);
struct json_object *field_list(struct json_object *o, const char *key);
/* Negative numbers count as 0, fractions are cut. */
int64_t field_number(struct json_object *o, const char *key);
bool field_flag(struct json_object *o, const char *key);
bool field_is(struct json_object *o, const char *key, const char *text);

/*
 * A copy with every text (keys too) made valid UTF-8; *budget is what it may
 * cost in bytes of text, and is lowered. What does not fit is left out, and
 * *cut says so. Gives.
 */
struct json_object *field_copy(struct json_object *o, size_t *budget, bool *cut);

/* Sets key of o to s made valid UTF-8, at most max bytes of it; true when it was cut. */
bool field_put_text(struct json_object *o, const char *key, const char *s,
		    size_t n, size_t max, bool strip_ansi);

void field_put_number(struct json_object *o, const char *key, int64_t n);
void field_put_flag(struct json_object *o, const char *key, bool on);

#endif
