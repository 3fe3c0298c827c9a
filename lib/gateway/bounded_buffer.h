/* Bytes on their way from one side to the other, never more than a cap. */
#ifndef GATEWAY_BOUNDED_BUFFER_H
#define GATEWAY_BOUNDED_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct bounded_buffer {
	char *data;		/* NULL until something is added */
	size_t from, len;	/* content: data[from .. from + len) */
	size_t size, cap;
	bool keeps;		/* keeps taken bytes as long as there is room */
	bool lost;		/* some taken bytes were discarded */
};

/* keeps: see bounded_buffer_rewind. */
void bounded_buffer_init(struct bounded_buffer *w, size_t cap, bool keeps);
/* Frees the bytes; the buffer may be used again. */
void bounded_buffer_release(struct bounded_buffer *w);

size_t bounded_buffer_room(const struct bounded_buffer *w);

/* Adds as many of n bytes as there is room for; returns how many. */
size_t bounded_buffer_add(struct bounded_buffer *w, const void *bytes,
			  size_t n);

/* Takes at most n bytes from the front; returns how many. */
size_t bounded_buffer_take(struct bounded_buffer *w, void *to, size_t n);

/* Rewinds to the first byte ever added; false when it was discarded. */
bool bounded_buffer_rewind(struct bounded_buffer *w);

#endif
