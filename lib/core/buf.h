/* A growing byte buffer with a cap that is set when it is created. */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stddef.h>
#include <stdio.h>

#include "core/err.h"

struct buf {
	char *data;	/* always NUL-terminated; never NULL after an add */
	size_t len;	/* bytes in use, without the NUL */
	size_t size;	/* bytes allocated */
	size_t cap;	/* maximum of len */
};

#define auto_buf __attribute__((cleanup(buf_release))) struct buf

#define BUF_INIT(limit) { .data = NULL, .len = 0, .size = 0, .cap = (limit) }

void buf_init(struct buf *b, size_t cap);

/* Frees the bytes; the buffer is then empty and can be reused. */
void buf_release(struct buf *b);

/* Empties the buffer and keeps its memory. */
void buf_clear(struct buf *b);

/* Each appends, or fails with ERR_LIMIT and leaves the buffer unchanged. */
int buf_add(struct buf *b, const void *bytes, size_t n, struct err *e) must_check;
int buf_add_text(struct buf *b, const char *text, struct err *e) must_check;
int buf_addf(struct buf *b, struct err *e, const char *fmt, ...)
	must_check printf_like(3, 4);

/* Appends a file's content from here on; ERR_INPUT if it cannot be read. */
int buf_read_file(struct buf *b, FILE *f, struct err *e) must_check;
/* Reserves n more bytes at the end; NULL with ERR_LIMIT. Call buf_grew after writing. */
char *buf_reserve(struct buf *b, size_t n, struct err *e) must_check;
void buf_grew(struct buf *b, size_t n);

/* Removes n bytes from the front; n <= len. */
void buf_drop(struct buf *b, size_t n);

/* The content, "" when empty; borrowed until the buffer changes. */
const char *buf_text(const struct buf *b);

#endif
