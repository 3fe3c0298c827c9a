#include "config.h"
#include "core/buf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t cap)
{
	*b = (struct buf)BUF_INIT(cap);
}

void buf_release(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->size = 0;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t n, struct err *e)
{
	size_t need, size;
	char *data;

	if (n > b->cap || b->len > b->cap - n) {
		err_set(e, ERR_LIMIT, "more than %zu bytes", b->cap);
		return NULL;
	}
	need = b->len + n + 1;
	if (need > b->size) {
		size = b->size ? b->size : 64;
		while (size < need)
			size = size > b->cap / 2 ? b->cap + 1 : size * 2;
		if (size < need)
			size = need;
		data = alloc_checked(realloc(b->data, size));
		b->data = data;
		b->size = size;
		b->data[b->len] = '\0';
	}
	return b->data + b->len;
}

void buf_grew(struct buf *b, size_t n)
{
	assert(b->len + n < b->size);
	b->len += n;
	b->data[b->len] = '\0';
}

int buf_add(struct buf *b, const void *bytes, size_t n, struct err *e)
{
	char *room = buf_reserve(b, n, e);

	if (!room)
		return -1;
	if (n)
		memcpy(room, bytes, n);
	buf_grew(b, n);
	return 0;
}

int buf_add_text(struct buf *b, const char *text, struct err *e)
{
	return buf_add(b, text, strlen(text), e);
}

int buf_addf(struct buf *b, struct err *e, const char *fmt, ...)
{
	va_list ap;
	char *room;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return err_set(e, ERR_INTERNAL, "format \"%s\"", fmt);
	room = buf_reserve(b, (size_t)n, e);
	if (!room)
		return -1;
	va_start(ap, fmt);
	vsnprintf(room, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_grew(b, (size_t)n);
	return 0;
}

int buf_read_file(struct buf *b, FILE *f, struct err *e)
{
	char bytes[8192];
	size_t n;

	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0) {
		if (buf_add(b, bytes, n, e) < 0)
			return -1;
	}
	return ferror(f) ? err_set(e, ERR_INPUT, "cannot be read") : 0;
}

void buf_drop(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (!n)
		return;
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
	b->data[b->len] = '\0';
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}
