#include "config.h"
#include "gateway/inflater.h"

#include <stdint.h>
#include <strings.h>

#include <talloc.h>
#include <zlib.h>

#include "core/err.h"

#define PIECE 16384		/* bytes per call of sink */
#define ANY_HEADER (15 + 32)	/* gzip or zlib, the largest window */
#define MAGIC 0x1f		/* first byte of a member */
#define HEAD 3			/* bytes needed to recognize a member */
#define FREE_BYTES (1 << 20)	/* bytes that any input may expand to */
#define RATIO_MAX 250		/* text replies stay far below; deflate reaches 1032 */

struct inflater {
	z_stream z;
	enum { BEFORE, INSIDE, BETWEEN, BEHIND } state;
	size_t taken;		/* of the bytes that were passed again */
	int64_t in, out;	/* bytes so far */
	int members;		/* members that were complete */
	size_t held;		/* bytes of piece that sink refused */
	char piece[PIECE];
};

static int release(struct inflater *f)
{
	inflateEnd(&f->z);
	return 0;
}

struct inflater *inflater_new(const void *ctx, const char *coding)
{
	struct inflater *f;

	if (strcasecmp(coding, "gzip") && strcasecmp(coding, "x-gzip") &&
	    strcasecmp(coding, "deflate"))
		return NULL;
	f = talloc_zero(ctx, struct inflater);
	if (!f || inflateInit2(&f->z, ANY_HEADER) != Z_OK)
		err_abort("out of memory");
	talloc_set_destructor(f, release);
	return f;
}

/* A member, or data after the last one, begins with this byte. */
static void begin_member(struct inflater *f, unsigned char first)
{
	f->state = f->state == BETWEEN && first != MAGIC ? BEHIND : INSIDE;
	if (f->state == INSIDE)
		inflateReset(&f->z);
}

/* One step; its output is in piece. False: damaged. */
static bool step(struct inflater *f)
{
	uInt before = f->z.avail_in;
	int rc;

	f->z.next_out = (unsigned char *)f->piece;
	f->z.avail_out = PIECE;
	rc = inflate(&f->z, Z_SYNC_FLUSH);
	f->in += before - f->z.avail_in;
	f->held = PIECE - f->z.avail_out;
	f->out += (int64_t)f->held;
	if (rc == Z_STREAM_END) {
		f->state = BETWEEN;
		f->members++;
	} else if (rc == Z_DATA_ERROR && f->members && f->z.total_in <= HEAD) {
		f->state = BEHIND;
	} else if (rc != Z_OK && rc != Z_BUF_ERROR) {
		return false;
	}
	return f->out <= FREE_BYTES || f->out / RATIO_MAX <= f->in;
}

/* Whether the stream has more output or can take more input. */
static bool goes_on(const struct inflater *f)
{
	return f->z.avail_in || (f->state == INSIDE && !f->z.avail_out);
}

enum inflater_result inflater_feed(struct inflater *f, const char *bytes, size_t n,
				   bool (*sink)(void *data, const char *bytes, size_t n),
				   void *data)
{
	size_t known = f->taken < n ? f->taken : n;
	uInt fresh = (uInt)(n - known);

	f->z.next_in = (unsigned char *)(uintptr_t)bytes + known;
	f->z.avail_in = fresh;
	while (true) {
		if (f->held && !sink(data, f->piece, f->held)) {
			f->taken += fresh - f->z.avail_in;
			return INFLATER_FULL;
		}
		f->held = 0;
		if (!goes_on(f) || f->state == BEHIND)
			break;
		if (f->state != INSIDE)
			begin_member(f, *f->z.next_in);
		if (f->state == INSIDE && !step(f))
			return INFLATER_DAMAGED;
	}
	f->taken -= known;
	return INFLATER_TAKEN;
}

bool inflater_whole(const struct inflater *f)
{
	return f->state != INSIDE;
}
