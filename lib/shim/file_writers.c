#include "config.h"
#include "shim/file_writers.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "core/hash.h"
#include "core/id.h"
#include "core/str.h"

#define BUCKETS 4096
#define SPANS 3
/* A file's times are those of the kernel's last tick. */
#define SLACK_MS 20

/* A session's opens with none of another session between them. */
struct span {
	char session[ID_SIZE];
	int64_t first, last;	/* UTC ms */
};

struct entry {
	TAILQ_ENTRY(entry) by_time;	/* the last opened one at the end */
	LIST_ENTRY(entry) by_name;
	struct span spans[SPANS];	/* the last one at the end */
	unsigned n;
	char path[];
};

static TAILQ_HEAD(entries, entry) entries = TAILQ_HEAD_INITIALIZER(entries);
static LIST_HEAD(bucket, entry) buckets[BUCKETS];
static size_t count, text;
static int64_t forgotten;	/* UTC ms of the latest forgotten open; 0 none */
static bool missed;

const char *const file_writer_words[] = {
	[FILE_WRITER_OWN] = "own",
	[FILE_WRITER_OTHER] = "other",
	[FILE_WRITER_NONE] = "none",
	[FILE_WRITER_UNKNOWN] = "unknown",
};

static struct bucket *bucket_of(const char *path)
{
	return &buckets[hash_text(path) % BUCKETS];
}

static struct entry *find(const char *path)
{
	struct entry *e;

	LIST_FOREACH(e, bucket_of(path), by_name) {
		if (str_equal(e->path, path))
			return e;
	}
	return NULL;
}

static void drop(struct entry *e)
{
	LIST_REMOVE(e, by_name);
	TAILQ_REMOVE(&entries, e, by_time);
	count--;
	text -= strlen(e->path);
	free(e);
}

static void make_room(size_t n)
{
	struct entry *first;

	while ((first = TAILQ_FIRST(&entries)) &&
	       (count >= FILE_WRITERS_MAX || text + n > FILE_WRITERS_TEXT_MAX)) {
		if (first->spans[first->n - 1].last > forgotten)
			forgotten = first->spans[first->n - 1].last;
		drop(first);
	}
}

static void insert(struct entry *e, const char *path)
{
	strcpy(e->path, path);
	LIST_INSERT_HEAD(bucket_of(path), e, by_name);
	TAILQ_INSERT_TAIL(&entries, e, by_time);
	count++;
	text += strlen(path);
}

static struct entry *add(const char *path)
{
	const size_t n = strlen(path);
	struct entry *e;

	make_room(n);
	e = alloc_checked(calloc(1, sizeof(*e) + n + 1));
	insert(e, path);
	return e;
}

void file_writers_miss(void)
{
	missed = true;
}

/* Opens are noted in order, but those that Claude's calls name come later. */
static void add_span(struct entry *e, const char *session, int64_t at)
{
	struct span *last = e->n ? &e->spans[e->n - 1] : NULL;

	if (last && str_equal(last->session, session)) {
		last->first = at < last->first ? at : last->first;
		last->last = at > last->last ? at : last->last;
		return;
	}
	if (last && at < last->first)
		return;
	if (e->n == SPANS)
		memmove(e->spans, e->spans + 1, --e->n * sizeof(*e->spans));
	last = &e->spans[e->n++];
	memcpy(last->session, session, ID_SIZE);
	last->first = last->last = at;
}

void file_writers_note(const char *session, int64_t at, const char *path)
{
	struct entry *e = find(path);

	if (e) {
		TAILQ_REMOVE(&entries, e, by_time);
		TAILQ_INSERT_TAIL(&entries, e, by_time);
	} else {
		e = add(path);
	}
	add_span(e, session, at);
}

static void rename_entry(struct entry *e, const char *to, const char *rest)
{
	const size_t n = strlen(to) + strlen(rest);
	struct entry *moved = alloc_checked(calloc(1, sizeof(*e) + n + 1)), *old;
	char *path = alloc_checked(malloc(n + 1));

	stpcpy(stpcpy(path, to), rest);
	memcpy(moved->spans, e->spans, sizeof(e->spans));
	moved->n = e->n;
	old = find(path);
	if (old)
		drop(old);
	insert(moved, path);
	free(path);
	drop(e);
}

void file_writers_move(const char *from, const char *to)
{
	const size_t n = strlen(from);
	struct entry *e = TAILQ_FIRST(&entries), *next;
	struct entry *last = TAILQ_LAST(&entries, entries);
	bool more;

	if (str_equal(from, to))
		return;
	for (; e; e = more ? next : NULL) {
		next = TAILQ_NEXT(e, by_time);
		more = e != last;
		if (str_starts(e->path, from) && e->path[n] == '/')
			rename_entry(e, to, e->path + n);
	}
}

/* The writer of a file that the table lacks, or has only before the change. */
static enum file_writer untold(int64_t changed)
{
	return missed || (forgotten && changed <= forgotten + SLACK_MS) ?
	       FILE_WRITER_UNKNOWN : FILE_WRITER_NONE;
}

enum file_writer file_writers_find(const char *session, const char *path,
				   int64_t changed, int64_t since)
{
	const struct entry *e = find(path);
	const struct span *s, *before;
	bool own, also;
	size_t i;

	for (i = e ? e->n : 0; i && e->spans[i - 1].first > changed + SLACK_MS; i--)
		;
	if (!i)
		return untold(changed);
	s = &e->spans[i - 1];
	before = i > 1 ? s - 1 : NULL;
	own = str_equal(s->session, session);
	/* Two at one moment: either may have changed it last. */
	also = before && before->last >= s->first - SLACK_MS &&
	       changed <= s->first + SLACK_MS;
	if (also && (own || str_equal(before->session, session)))
		return FILE_WRITER_UNKNOWN;
	if (own && s->last < since - SLACK_MS)
		return FILE_WRITER_UNKNOWN;
	return own ? FILE_WRITER_OWN : FILE_WRITER_OTHER;
}

static bool opened(const struct entry *e, const char *session, int64_t since,
		   int64_t until)
{
	unsigned i;

	for (i = 0; i < e->n; i++) {
		if (e->spans[i].last >= since - SLACK_MS &&
		    e->spans[i].first <= until + SLACK_MS &&
		    str_equal(e->spans[i].session, session))
			return true;
	}
	return false;
}

void file_writers_each(const char *session, int64_t since, int64_t until,
		       bool (*each)(void *data, const char *path), void *data)
{
	struct entry *e;

	TAILQ_FOREACH_REVERSE(e, &entries, entries, by_time) {
		if (opened(e, session, since, until) && !each(data, e->path))
			return;
	}
}
