/* Bytes on their way from one side to the other, never more than a cap. */
#ifndef GATEWAY_BOUNDED_BUFFER_H
#define GATEWAY_BOUNDED_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct window {
	char *data;		/* NULL until something is added */
	size_t from, len;	/* what is there: data[from .. from + len) */
	size_t size, cap;
	bool keeps;		/* what was taken stays as long as there is room */
	bool lost;		/* something taken is no longer there */
};

/* keeps: see window_rewind. */
void window_init(struct window *w, size_t cap, bool keeps);
/* Frees the bytes; it may be used again. */
void window_release(struct window *w);

size_t window_room(const struct window *w);

/* As many of n bytes as there is room for; how many that was. */
size_t window_add(struct window *w, const void *bytes, size_t n);

/* At most n bytes from the front; how many that was. */
size_t window_take(struct window *w, void *to, size_t n);

/* Back to the first byte ever added; false when it is no longer there. */
bool window_rewind(struct window *w);

#endif
