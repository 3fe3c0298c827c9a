/*
 * Scrollback: a ring of bytes that grows up to its cap. Each line is its
 * bytes between two heads (length << 1 | continues), so that it can be read
 * from both ends.
 */
#include "config.h"
#include "emulator/emulator_internal.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE (16 << 10)
#define HEAD sizeof(uint32_t)

static size_t at(const struct history *h, size_t offset)
{
	return (h->head + offset) & (h->size - 1);
}

static void copy_out(const struct history *h, size_t offset, void *to, size_t n)
{
	size_t from = at(h, offset);
	size_t first = h->size - from < n ? h->size - from : n;

	if (!n)
		return;
	memcpy(to, h->bytes + from, first);
	memcpy((char *)to + first, h->bytes, n - first);
}

static void copy_in(struct history *h, const void *from, size_t n)
{
	size_t to = at(h, h->used);
	size_t first = h->size - to < n ? h->size - to : n;

	memcpy(h->bytes + to, from, first);
	memcpy(h->bytes, (const char *)from + first, n - first);
	h->used += n;
}

static uint32_t head_at(const struct history *h, size_t offset)
{
	uint32_t head;

	copy_out(h, offset, &head, HEAD);
	return head;
}

static void drop_oldest(struct history *h)
{
	size_t n = (head_at(h, 0) >> 1) + 2 * HEAD;

	h->head = at(h, n);
	h->used -= n;
	h->lines--;
}

static void grow(struct history *h)
{
	size_t size = h->size ? 2 * h->size : FIRST_SIZE;
	char *bytes = alloc_checked(malloc(size));

	copy_out(h, 0, bytes, h->used);
	free(h->bytes);
	h->bytes = bytes;
	h->size = size;
	h->head = 0;
}

void history_push(struct history *h, const char *bytes, size_t n,
		  bool continues)
{
	uint32_t head = (uint32_t)n << 1 | continues;

	if (n + 2 * HEAD > EMULATOR_HISTORY_MAX)
		return;
	if (h->lines == EMULATOR_LINES_MAX)
		drop_oldest(h);
	while (h->used + n + 2 * HEAD > h->size &&
	       h->size < EMULATOR_HISTORY_MAX)
		grow(h);
	while (h->used + n + 2 * HEAD > h->size)
		drop_oldest(h);
	copy_in(h, &head, HEAD);
	copy_in(h, bytes, n);
	copy_in(h, &head, HEAD);
	h->lines++;
}

bool history_pop(struct history *h, struct buf *out, bool *continues)
{
	struct err e = { 0 };
	uint32_t head;
	char *room;
	size_t n;

	if (!h->lines)
		return false;
	head = head_at(h, h->used - HEAD);
	n = head >> 1;
	room = buf_reserve(out, n, &e);
	if (!room)
		return false;
	copy_out(h, h->used - HEAD - n, room, n);
	buf_grew(out, n);
	h->used -= n + 2 * HEAD;
	h->lines--;
	*continues = head & 1;
	return true;
}

static void put_head(struct history *h, size_t offset, uint32_t head)
{
	const char *bytes = (const char *)&head;
	size_t i;

	for (i = 0; i < HEAD; i++)
		h->bytes[at(h, offset + i)] = bytes[i];
}

void history_break(struct history *h)
{
	uint32_t head = head_at(h, h->used - HEAD) & ~1u;

	put_head(h, h->used - HEAD, head);
	put_head(h, h->used - 2 * HEAD - (head >> 1), head);
}

bool history_continues(const struct history *h)
{
	return h->lines && head_at(h, h->used - HEAD) & 1;
}

void history_clear(struct history *h)
{
	free(h->bytes);
	*h = (struct history){ 0 };
}

void history_each(const struct history *h, void *data,
		  void (*line)(void *data, const char *a, size_t an,
			       const char *b, size_t bn, bool continues))
{
	size_t offset = 0, n, from, first;
	uint32_t head;

	while (offset < h->used) {
		head = head_at(h, offset);
		n = head >> 1;
		from = at(h, offset + HEAD);
		first = h->size - from < n ? h->size - from : n;
		line(data, h->bytes + from, first, h->bytes, n - first, head & 1);
		offset += n + 2 * HEAD;
	}
}
