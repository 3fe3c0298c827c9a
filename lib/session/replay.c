/* Parts that a page lacks: from the store, and newer ones from memory. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "session/recorder.h"
#include "session/session_internal.h"

#define REPLAY_MAX 2000		/* parts */
#define REPLAY_BYTES_MAX (32u << 20)

struct replay {
	struct session *s;
	uint64_t asker;
	int64_t from;
	char *conversation;
	const struct part **parts;
	size_t n, bytes;
};

/* Replaces an older copy of the part. */
static void put_part(struct replay *r, const struct part *p)
{
	size_t i;

	for (i = 0; i < r->n && r->parts[i]->at != p->at; i++)
		;
	if (i == r->n) {
		r->parts = talloc_realloc(r, r->parts, const struct part *,
					  ++r->n);
	} else {
		r->bytes -= strlen(r->parts[i]->data);
		talloc_free((void *)(uintptr_t)r->parts[i]);
	}
	r->parts[i] = part_copy(r, p);
	r->bytes += strlen(p->data);
	/* Only a forged log has that many: the newest are kept. */
	for (i = 0; r->bytes > REPLAY_BYTES_MAX && i + 1 < r->n; i++) {
		r->bytes -= strlen(r->parts[i]->data);
		talloc_free((void *)(uintptr_t)r->parts[i]);
	}
	r->n -= i;
	memmove(r->parts, r->parts + i, r->n * sizeof(*r->parts));
}

/*
 * A turn's files are completed when its last line is decoded already, and a
 * page may have begun at that offset before.
 */
static bool is_newer(const struct replay *r, const struct part *p)
{
	return p->changed_at > r->from ||
	       (p->changed_at == r->from && str_equal(p->kind, "files"));
}

static int add_replayed(void *data, const struct part *p, struct err *e)
{
	struct replay *r = data;

	if (is_newer(r, p))
		put_part(r, p);
	return 0;
}

static int replay_work(void *data, struct db *db, struct err *e)
{
	struct replay *r = data;

	return part_each(db, r->conversation, r->from - 1, 0, REPLAY_MAX,
			 add_replayed, r, e);
}

static int by_change(const void *a, const void *b)
{
	const struct part *x = *(const struct part *const *)a;
	const struct part *y = *(const struct part *const *)b;

	if (x->changed_at != y->changed_at)
		return x->changed_at < y->changed_at ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void put_open(void *data, const struct part *p)
{
	put_part(data, p);
}

/*
 * The copy in memory is newer than the store's; none was freed since the job
 * began. An open text is sent as far as it is known; deltas continue there.
 */
static void merge(struct session *s, struct replay *r)
{
	const struct part *p;

	for (p = recorder_next(s, NULL); p; p = recorder_next(s, p)) {
		if (is_newer(r, p))
			put_part(r, p);
	}
	if (s->decoder)
		decoder_each_open(s->decoder, put_open, r);
	if (r->n)
		qsort(r->parts, r->n, sizeof(*r->parts), by_change);
}

static void replay_done(void *data, const struct err *e)
{
	struct replay *r = data;
	struct session *s = r->s;

	if (!s->closed) {
		if (e)
			s->ev->trouble(s->data, r->asker, e);
		merge(s, r);
		s->ev->replayed(s->data, r->asker, r->parts, r->n,
				s->decoder ? decoder_offset(s->decoder) : 0);
	}
	talloc_free(r);
	session_job_over(s);
}

void session_replay(struct session *s, uint64_t asker, int64_t from)
{
	struct replay *r = talloc_zero(NULL, struct replay);

	r->s = s;
	r->asker = asker;
	r->from = from;
	r->conversation = talloc_strdup(r, s->id);
	session_job(s, replay_work, replay_done, r);
}
