/* Fields of a form or query: application/x-www-form-urlencoded (URL Standard, section 5). */
#ifndef HTTP_FORM_H
#define HTTP_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct form;

/*
 * Parses at most 200 fields. ERR_INPUT "error_form" for NUL, bad escapes or
 * ill-formed UTF-8. CRLF and CR become LF. Gives (child of ctx).
 */
struct form *form_parse(const void *ctx, const char *text, size_t n,
			struct err *e) must_check;

/* The first field of that name, "" if there is none. Borrowed. */
const char *form_text(const struct form *f, const char *name);

/* A new empty form; appends a field (copies). */
struct form *form_new(const void *ctx);
void form_add(struct form *f, const char *name, const char *value);

/* As form_text, but NULL if there is none. Borrowed. */
const char *form_find(const struct form *f, const char *name);

/* The i-th (from 0) field of that name, for checkboxes; NULL past the last. Borrowed. */
const char *form_nth(const struct form *f, const char *name, size_t i);

/*
 * Decodes %XX, and "+" as a space when plus, from n bytes into out (n + 1
 * bytes); ERR_INPUT "error_form" for a bad escape, NUL or ill-formed UTF-8.
 */
int form_decode(char *out, const char *text, size_t n, bool plus,
		struct err *e) must_check;

#endif
