/*
 * Reads fields of untrusted json-c values: each getter returns its "none" for a
 * missing field and for one of the wrong type. Sets fields of our own.
 */
#ifndef JSON_FIELD_H
#define JSON_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/strict_json.h"

/*
 * Parses n bytes as one JSON value (RFC 8259) with nothing after it. NULL if it
 * is malformed, nested too deep, or has so many elements that its tree would
 * need far more memory than its text. Gives (json_object_put).
 */
struct json_object *field_parse(const char *text, size_t n);

/* Borrowed from o; NULL if there is none. *n (n may be NULL): bytes, NULs included. */
const char *field_text(struct json_object *o, const char *key, size_t *n);
/* The text, "" if there is none. Borrowed from o. */
const char *field_string(struct json_object *o, const char *key);
struct json_object *field_object(struct json_object *o, const char *key);
struct json_object *field_list(struct json_object *o, const char *key);
/* Negative numbers become 0, fractions are truncated. */
int64_t field_number(struct json_object *o, const char *key);
bool field_flag(struct json_object *o, const char *key);
bool field_is(struct json_object *o, const char *key, const char *text);

/*
 * Copies o and makes every text (keys too) valid UTF-8. *budget limits the bytes
 * of text and is lowered; what does not fit is omitted and sets *cut. Gives.
 */
struct json_object *field_copy(struct json_object *o, size_t *budget, bool *cut);

/* Sets key of o to s as valid UTF-8 of at most max bytes; true if it was truncated. */
bool field_put_text(struct json_object *o, const char *key, const char *s,
		    size_t n, size_t max, bool strip_ansi);

/* s: well-formed UTF-8, without limit. */
void field_put_string(struct json_object *o, const char *key, const char *s);
void field_put_number(struct json_object *o, const char *key, int64_t n);
void field_put_flag(struct json_object *o, const char *key, bool on);

#endif
