#include "config.h"
#include "gateway/bounded_buffer.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"

#define SMALLEST 2048	/* bytes at first: most events of a stream are smaller */

void window_init(struct window *w, size_t cap, bool keeps)
{
	memset(w, 0, sizeof(*w));
	w->cap = cap;
	w->keeps = keeps;
}

void window_release(struct window *w)
{
	free(w->data);
	window_init(w, w->cap, w->keeps);
	w->lost = true;
}

size_t window_room(const struct window *w)
{
	return w->cap - w->len;
}

static void grow(struct window *w, size_t need)
{
	size_t size = w->size ? w->size : SMALLEST;

	while (size < need)
		size *= 2;
	if (size > w->cap)
		size = w->cap;
	w->data = realloc(w->data, size);
	if (!w->data)
		err_abort("out of memory");
	w->size = size;
}

static void compact(struct window *w)
{
	memmove(w->data, w->data + w->from, w->len);
	w->from = 0;
	w->lost = true;
}

size_t window_add(struct window *w, const void *bytes, size_t n)
{
	if (n > window_room(w))
		n = window_room(w);
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

size_t window_take(struct window *w, void *to, size_t n)
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

bool window_rewind(struct window *w)
{
	if (w->lost)
		return false;
	w->len += w->from;
	w->from = 0;
	return true;
}
