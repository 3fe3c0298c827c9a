/* Strings: bounded copies, numbers, UTF-8. */
#ifndef CORE_STR_H
#define CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

/* Copies from with its NUL; false (and "") if it does not fit in size bytes. */
bool str_copy(char *to, size_t size, const char *from) must_check;

bool str_equal(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);

/*
 * The row of an array that begins with the word; NULL if there is none, or no
 * word. A row is a const char *, or a struct or array whose first one counts.
 */
#define table_find(rows, word)                                            \
	((typeof(&(rows)[0]))table_row((rows), sizeof(rows) / sizeof((rows)[0]), \
				       sizeof((rows)[0]), (word)))
const void *table_row(const void *rows, size_t n, size_t size, const char *word);

/* Parses the whole string as a decimal in min..max; ERR_INPUT otherwise. */
int str_parse_number(const char *s, int64_t min, int64_t max, int64_t *out,
		     struct err *e) must_check;

/* True when all n bytes are well-formed UTF-8 (RFC 3629) without NUL. */
bool utf8_valid(const char *s, size_t n);

/*
 * Appends s as well-formed UTF-8: ill-formed bytes and NUL become U+FFFD.
 * Terminal escape sequences (ECMA-48 CSI, OSC) are dropped when strip_ansi.
 */
int utf8_scrub(struct buf *out, const char *s, size_t n, bool strip_ansi,
	       struct err *e) must_check;

/* Length of the longest prefix of at most max bytes that splits no character. */
size_t utf8_prefix(const char *s, size_t n, size_t max);

/* Characters (code points) in n bytes of valid UTF-8. */
size_t utf8_count(const char *s, size_t n);

#endif
