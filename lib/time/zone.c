#include "config.h"
#include "time/zone.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>


#define HEAD 44			/* bytes of a header */

struct type {
	int32_t offset;
	uint8_t name;		/* index into names */
};

struct zone {
	int64_t *at;		/* transitions, ascending */
	uint8_t *to;		/* index into types */
	size_t n;
	struct type *types;
	size_t n_types;
	char *names;
	bool has_rule;
	struct zone_rule rule;
};

struct head {
	char version;
	uint32_t isut, isstd, leap, times, types, chars;
};

static uint32_t read32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

static int64_t read64(const uint8_t *b)
{
	return (int64_t)((uint64_t)read32(b) << 32 | read32(b + 4));
}

static int malformed(struct err *e, const char *what)
{
	return err_set(e, ERR_INPUT, "zone file: bad %s", what);
}

static int read_head(const uint8_t *b, size_t n, struct head *h, struct err *e)
{
	if (n < HEAD || memcmp(b, "TZif", 4) != 0)
		return malformed(e, "header");
	*h = (struct head) {
		.version = (char)b[4], .isut = read32(b + 20),
		.isstd = read32(b + 24), .leap = read32(b + 28),
		.times = read32(b + 32), .types = read32(b + 36),
		.chars = read32(b + 40),
	};
	if (h->isut > 256 || h->isstd > 256 || h->leap > 4096 ||
	    h->times > 16384 || !h->types || h->types > 256 || !h->chars ||
	    h->chars > 256)
		return malformed(e, "count");
	return 0;
}

static size_t block_size(const struct head *h, size_t time_size)
{
	return h->times * (time_size + 1) + h->types * 6u + h->chars +
	       h->leap * (time_size + 4) + h->isstd + h->isut;
}

static int read_times(struct zone *z, const struct head *h, const uint8_t *b,
		      size_t size, struct err *e)
{
	const uint8_t *to = b + h->times * size;
	size_t i;

	z->n = h->times;
	z->at = talloc_array(z, int64_t, z->n);
	z->to = talloc_array(z, uint8_t, z->n);
	if (!z->at || !z->to)
		err_abort("out of memory");
	for (i = 0; i < z->n; i++, b += size) {
		z->at[i] = size == 8 ? read64(b) : (int32_t)read32(b);
		z->to[i] = to[i];
		if (to[i] >= h->types || (i && z->at[i] <= z->at[i - 1]))
			return malformed(e, "transition");
	}
	return 0;
}

static int read_types(struct zone *z, const struct head *h, const uint8_t *b,
		      struct err *e)
{
	size_t i;

	z->n_types = h->types;
	z->types = talloc_array(z, struct type, z->n_types);
	z->names = talloc_strndup(z, "", 0);
	z->names = talloc_realloc(z, z->names, char, h->chars + 1);
	if (!z->types || !z->names)
		err_abort("out of memory");
	for (i = 0; i < z->n_types; i++, b += 6) {
		z->types[i].offset = (int32_t)read32(b);
		z->types[i].name = b[5];
		if (b[5] >= h->chars || z->types[i].offset < -93600 ||
		    z->types[i].offset > 93600)
			return malformed(e, "type");
	}
	memcpy(z->names, b, h->chars);
	z->names[h->chars] = '\0';
	return 0;
}

/* "\n" rule "\n" at the end of a version 2+ file; an empty one means no rule. */
static int read_footer(struct zone *z, const uint8_t *b, size_t n,
		       struct err *e)
{
	const uint8_t *end;
	char text[128];

	if (n < 2 || b[0] != '\n' || !(end = memchr(b + 1, '\n', n - 1)) ||
	    (size_t)(end - b) > sizeof(text))
		return malformed(e, "footer");
	if (end == b + 1)
		return 0;
	memcpy(text, b + 1, (size_t)(end - b) - 1);
	text[end - b - 1] = '\0';
	z->has_rule = true;
	return zone_rule_parse(text, &z->rule, e);
}

static int parse(struct zone *z, const uint8_t *b, size_t n, struct err *e)
{
	size_t size = 4, skip;
	struct head h;

	if (read_head(b, n, &h, e) < 0)
		return -1;
	if (h.version >= '2') {		/* the 64-bit block follows the first */
		skip = HEAD + block_size(&h, 4);
		if (skip > n)
			return malformed(e, "length");
		b += skip;
		n -= skip;
		size = 8;
		if (read_head(b, n, &h, e) < 0)
			return -1;
	}
	b += HEAD;
	n -= HEAD;
	if (block_size(&h, size) > n)
		return malformed(e, "length");
	if (read_times(z, &h, b, size, e) < 0 ||
	    read_types(z, &h, b + h.times * (size + 1), e) < 0)
		return -1;
	if (size == 4)
		return 0;
	skip = block_size(&h, 8);
	return read_footer(z, b + skip, n - skip, e);
}

struct zone *zone_parse(const void *ctx, const void *bytes, size_t n,
			struct err *e)
{
	struct zone *z = alloc_checked(talloc_zero(ctx, struct zone));

	if (parse(z, bytes, n, e) < 0) {
		talloc_free(z);
		return NULL;
	}
	return z;
}

void zone_at(const struct zone *z, int64_t utc, struct zone_time *out)
{
	size_t low = 0, high = z->n, middle;
	const struct type *type;

	if (z->has_rule && (!z->n || utc >= z->at[z->n - 1])) {
		zone_rule_at(&z->rule, utc, out);
		return;
	}
	while (low < high) {		/* low: number of transitions not after utc */
		middle = (low + high) / 2;
		if (z->at[middle] <= utc)
			low = middle + 1;
		else
			high = middle;
	}
	type = &z->types[low ? z->to[low - 1] : 0];
	out->offset = type->offset;
	snprintf(out->name, sizeof(out->name), "%s", z->names + type->name);
}
