/* A growing byte buffer that is born with its cap. */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stddef.h>

#include "core/err.h"

struct buf {
	char *data;	/* always NUL-terminated; never NULL after an add */
	size_t len;	/* bytes in use, the NUL not counted */
	size_t size;	/* bytes allocated */
	size_t cap;	/* len never passes it */
};

#define auto_buf __attribute__((cleanup(buf_release))) struct buf

#define BUF_INIT(limit) { .data = NULL, .len = 0, .size = 0, .cap = (limit) }

void buf_init(struct buf *b, size_t cap);

/* Frees the bytes; the buffer is empty and may be used again. */
void buf_release(struct buf *b);

/* Forgets the content, keeps the memory. */
void buf_clear(struct buf *b);

/* Each appends, or fails with ERR_LIMIT and leaves the buffer as it was. */
int buf_add(struct buf *b, const void *bytes, size_t n, struct err *e) must_check;
int buf_add_text(struct buf *b, const char *text, struct err *e) must_check;
int buf_addf(struct buf *b, struct err *e, const char *fmt, ...)
	must_check printf_like(3, 4);

/* Room for n more bytes at the end; NULL with ERR_LIMIT. Follow with buf_grew. */
char *buf_reserve(struct buf *b, size_t n, struct err *e) must_check;
void buf_grew(struct buf *b, size_t n);

/* Drops n bytes from the front; n <= len. */
void buf_drop(struct buf *b, size_t n);

/* The content, "" when empty; borrowed until the next change. */
const char *buf_text(const struct buf *b);

#endif
