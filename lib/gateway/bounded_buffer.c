#include "config.h"
#include "gateway/bounded_buffer.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"

#define SMALLEST 2048	/* initial size in bytes: most events of a stream are smaller */

void bounded_buffer_init(struct bounded_buffer *w, size_t cap, bool keeps)
{
	memset(w, 0, sizeof(*w));
	w->cap = cap;
	w->keeps = keeps;
}

void bounded_buffer_release(struct bounded_buffer *w)
{
	free(w->data);
	bounded_buffer_init(w, w->cap, w->keeps);
	w->lost = true;
}

size_t bounded_buffer_room(const struct bounded_buffer *w)
{
	return w->cap - w->len;
}

static void grow(struct bounded_buffer *w, size_t need)
{
	size_t size = w->size ? w->size : SMALLEST;

	while (size < need)
		size *= 2;
	if (size > w->cap)
		size = w->cap;
	w->data = alloc_checked(realloc(w->data, size));
	w->size = size;
}

static void compact(struct bounded_buffer *w)
{
	memmove(w->data, w->data + w->from, w->len);
	w->from = 0;
	w->lost = true;
}

size_t bounded_buffer_add(struct bounded_buffer *w, const void *bytes, size_t n)
{
	if (n > bounded_buffer_room(w))
		n = bounded_buffer_room(w);
	if (!n)
		return 0;
	if (w->keeps && w->from + w->len + n > w->size && w->size < w->cap)
		grow(w, w->from + w->len + n);
	if (w->from && w->from + w->len + n > w->size)
		compact(w);
	if (w->len + n > w->size)
		grow(w, w->len + n);
	memcpy(w->data + w->from + w->len, bytes, n);
	w->len += n;
	return n;
}

size_t bounded_buffer_take(struct bounded_buffer *w, void *to, size_t n)
{
	if (n > w->len)
		n = w->len;
	if (!n)
		return 0;
	memcpy(to, w->data + w->from, n);
	w->from += n;
	w->len -= n;
	if (!w->len && !w->keeps) {
		w->from = 0;
		w->lost = true;
	}
	return n;
}

bool bounded_buffer_rewind(struct bounded_buffer *w)
{
	if (w->lost)
		return false;
	w->len += w->from;
	w->from = 0;
	return true;
}
