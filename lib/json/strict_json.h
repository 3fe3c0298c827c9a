/*
 * Parses untrusted JSON (RFC 8259) into a json-c tree; nothing else calls
 * json-c's parser. A tree needs far more memory than its text, so each caller
 * sets limits.
 */
#ifndef JSON_STRICT_JSON_H
#define JSON_STRICT_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct strict_json_limits {
	size_t bytes;
	int depth;
	size_t containers;	/* objects and arrays; json-c needs ~700 bytes for "{}" */
	size_t elements;	/* commas outside strings; json-c needs ~70 bytes each */
	bool loose;		/* allows ill-formed texts, NULs and infinite numbers */
};

#define auto_strict_json __attribute__((cleanup(strict_json_release))) struct json_object

void strict_json_release(struct json_object **o);

/*
 * Parses n bytes as one value with nothing after it; NULL if it is malformed,
 * exceeds a limit, or (unless loose) is not UTF-8 or contains a NUL. Linear
 * time. Gives (json_object_put).
 */
struct json_object *strict_json_parse(const char *text, size_t n,
				      const struct strict_json_limits *limits);

/* True if strict_json_parse would accept the text; also for "null". */
bool strict_json_valid(const char *text, size_t n,
		       const struct strict_json_limits *limits);

/* True if an object has a member twice, because parsers disagree which one counts. */
bool strict_json_repeats(struct json_object *o, const char *text, size_t n);

#endif
