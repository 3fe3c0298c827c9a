/*
 * Redis' stream of runs (XREADGROUP and its kin): who queues or ends something
 * adds an entry, one worker of the group gets it, looks, and acknowledges it.
 * What a dead worker was given is taken over; a stream or a group that is gone
 * is made again, with an entry for each row that waits. Without Redis the
 * worker's own look each second goes on.
 */
#include "config.h"
#include "schedule/worker_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "store/planning.h"

#define BLOCK_MS "700"		/* less than kv_async waits for an answer */
#define RETRY_MS 1000
#define ALIVE_MS 3000
#define TAKE_OVER_MS 10000
#define STALE_MS "30000"
#define TIDY_MS 3600000
#define ENTRY_SIZE 48		/* "1764105600000-0" */
#define READ_MAX "100"
#define CLAIMED_MAX 400		/* entries in hand */
#define SAID_AT_ONCE 50
#define WAITING_MAX 10000

static const char say_script[] =
	"for i = 1, #ARGV do redis.call('XADD', KEYS[1], 'MAXLEN', '~',"
	" '10000', '*', 'id', ARGV[i]) end return #ARGV";

/* Members of the group that have nothing, for an hour: those are dead. */
static const char tidy_script[] =
	"for _, c in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1],"
	" ARGV[1])) do local m = {} for i = 1, #c, 2 do m[c[i]] = c[i + 1] end"
	" if m.pending == 0 and m.idle > 3600000 and m.name ~= ARGV[2] then"
	" redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], m.name)"
	" redis.call('SREM', KEYS[2], m.name) end end return 0";

struct stream {
	struct worker *worker;
	struct kv_async *kv, *reader;	/* the reader's connection blocks */
	char name[ID_SIZE], alive[sizeof(WORKER_ALIVE) + ID_SIZE];
	char (*entries)[ENTRY_SIZE];	/* delivered; the first of them */
	size_t n, marked;		/* were there when the look began */
	struct pass waiting;		/* the rows' rebuilding */
	bool reading, making;
	int64_t read_at, alive_at, taken_at, tidied_at;
};

static void keep_entry(struct stream *s, const char *id, size_t n)
{
	if (s->n == CLAIMED_MAX || n >= ENTRY_SIZE)
		return;
	memcpy(s->entries[s->n], id, n);
	s->entries[s->n++][n] = '\0';
}

/* "<digits>-<digits>" */
static bool is_entry(const char *line, size_t n)
{
	size_t digits = strspn(line, "0123456789");

	return digits && line[digits] == '-' &&
	       digits + 1 + strspn(line + digits + 1, "0123456789") == n;
}

/* Ids of entries among an answer's lines; a UUID has letters or more dashes. */
static void keep_entries(struct stream *s, const char *lines)
{
	const size_t had = s->n;
	size_t n;

	for (; *lines; lines += n + (lines[n] == '\n')) {
		n = strcspn(lines, "\n");
		if (is_entry(lines, n) && !str_equal(lines, "0-0\n") &&
		    strncmp(lines, "0-0\n", 4) != 0)
			keep_entry(s, lines, n);
	}
	if (s->n > had)
		worker_look(s->worker);
}

/* ---- the group, and the rows that wait */

struct rebuilt {
	struct stream *stream;
	struct ids waiting;
};

static int keep_waiting(void *data, const char *execution_id, struct err *e)
{
	struct rebuilt *r = data;

	(void)e;
	ids_add(&r->waiting, r, execution_id);
	return 0;
}

static int rebuild_work(void *data, struct db *db, struct err *e)
{
	return queue_each(db, WAITING_MAX, keep_waiting, data, e);
}

static void rebuild_done(void *data, const struct err *e)
{
	struct rebuilt *r = data;
	struct stream *s = r->stream;

	pass_end(s->worker, &s->waiting, "rebuild", e);
	if (!e && !s->worker->stopping)
		stream_say(s, &r->waiting);
	talloc_free(r);
}

static void rebuild(struct stream *s)
{
	struct rebuilt *r;

	if (!pass_begin(s->worker, &s->waiting))
		return;
	r = talloc_zero(NULL, struct rebuilt);
	if (!r)
		err_abort("out of memory");
	r->stream = s;
	jobs_add(s->worker->jobs, rebuild_work, rebuild_done, r);
}

static void group_made(void *data, const char *value, const struct err *e)
{
	struct stream *s = data;

	(void)value;
	s->making = false;
	s->read_at = 0;
	if (!e)
		rebuild(s);
}

static void make_group(struct stream *s)
{
	const char *const args[] = { "XGROUP", "CREATE", WORKER_STREAM,
				     WORKER_GROUP, "0", "MKSTREAM" };

	if (s->making)
		return;
	s->making = true;
	s->n = s->marked = 0;
	kv_async_run(s->kv, group_made, s, 6, args);
}

static bool group_is_gone(const struct err *e)
{
	return strstr(e->text, "NOGROUP") != NULL;
}

/* ---- reading */

static void read_next(struct stream *s);

static void on_read(void *data, const char *value, const struct err *e)
{
	struct stream *s = data;

	s->reading = false;
	if (s->worker->stopping)
		return;
	if (e) {
		s->read_at = clock_mono_ms() + RETRY_MS;
		if (group_is_gone(e))
			make_group(s);
		return;
	}
	if (value)
		keep_entries(s, value);
}

static void read_next(struct stream *s)
{
	const char *const args[] = { "XREADGROUP", "GROUP", WORKER_GROUP,
		s->name, "COUNT", READ_MAX, "BLOCK", BLOCK_MS, "STREAMS",
		WORKER_STREAM, ">" };

	if (s->reading || s->making || s->n + 100 > CLAIMED_MAX ||
	    clock_mono_ms() < s->read_at)
		return;
	s->reading = true;
	kv_async_run(s->reader, on_read, s, 11, args);
}

static void on_taken(void *data, const char *value, const struct err *e)
{
	struct stream *s = data;

	if (e && group_is_gone(e))
		make_group(s);
	else if (value && !s->worker->stopping)
		keep_entries(s, value);
}

static void take_over(struct stream *s)
{
	const char *const args[] = { "XAUTOCLAIM", WORKER_STREAM,
		WORKER_GROUP, s->name, STALE_MS, "0-0", "COUNT", READ_MAX };

	if (s->n + 100 <= CLAIMED_MAX)
		kv_async_run(s->kv, on_taken, s, 8, args);
}

/* ---- what is known to be done */

static void acknowledge(struct stream *s, size_t n)
{
	const char *args[3 + SAID_AT_ONCE] = { "XACK", WORKER_STREAM,
					       WORKER_GROUP };
	size_t i;

	for (i = 0; i < n; i++)
		args[3 + i] = s->entries[i];
	kv_async_run(s->kv, NULL, NULL, 3 + n, args);
	s->n -= n;
	memmove(s->entries[0], s->entries[n], s->n * ENTRY_SIZE);
}

void stream_mark(struct stream *s)
{
	s->marked = s->n;
}

/* Not done: they stay the group's, and come again with the next look. */
void stream_looked(struct stream *s, bool done)
{
	size_t n;

	for (; done && s->marked; s->marked -= n) {
		n = s->marked < SAID_AT_ONCE ? s->marked : SAID_AT_ONCE;
		acknowledge(s, n);
	}
	s->marked = 0;
	read_next(s);
}

void stream_say(struct stream *s, const struct ids *l)
{
	const char *args[1 + SAID_AT_ONCE] = { WORKER_STREAM };
	size_t i, n;

	for (i = 0; i < l->n; i += n) {
		for (n = 0; n < SAID_AT_ONCE && i + n < l->n; n++)
			args[1 + n] = l->list[i + n];
		kv_async_script(s->kv, say_script, 1, 1 + n, args, NULL, NULL);
	}
}

/* ---- being alive */

static void tell_alive(struct stream *s)
{
	char ttl[12];
	const char *const set[] = { "SET", s->alive, "1", "EX", ttl };
	const char *const add[] = { "SADD", WORKER_SET, s->name };

	snprintf(ttl, sizeof(ttl), "%d", WORKER_ALIVE_S);
	kv_async_run(s->kv, NULL, NULL, 5, set);
	kv_async_run(s->kv, NULL, NULL, 3, add);
}

static void tidy(struct stream *s)
{
	const char *const args[] = { WORKER_STREAM, WORKER_SET, WORKER_GROUP,
				     s->name };

	kv_async_script(s->kv, tidy_script, 2, 4, args, NULL, NULL);
}

static bool passed(int64_t *at, int64_t now, int64_t ms)
{
	if (*at && now - *at < ms)
		return false;
	*at = now;
	return true;
}

void stream_tick(struct stream *s, int64_t now)
{
	if (passed(&s->alive_at, now, ALIVE_MS))
		tell_alive(s);
	if (passed(&s->taken_at, now, TAKE_OVER_MS))
		take_over(s);
	if (passed(&s->tidied_at, now, TIDY_MS))
		tidy(s);
	read_next(s);
}

struct stream *stream_new(struct worker *w)
{
	const char *path = settings_text(w->settings, SET_REDIS_SOCKET);
	struct stream *s = talloc_zero(w, struct stream);

	if (!s)
		err_abort("out of memory");
	s->entries = talloc_zero_size(s, CLAIMED_MAX * ENTRY_SIZE);
	s->worker = w;
	id_new(s->name);
	snprintf(s->alive, sizeof(s->alive), WORKER_ALIVE "%s", s->name);
	s->kv = kv_async_new(w->loop, path);
	s->reader = kv_async_new(w->loop, path);
	return s;
}

/* Its entries that are not acknowledged are the group's; its name goes. */
void stream_free(struct stream *s)
{
	const char *const gone[] = { "DEL", s->alive };
	const char *const left[] = { "SREM", WORKER_SET, s->name };
	int i;

	kv_async_run(s->kv, NULL, NULL, 2, gone);
	kv_async_run(s->kv, NULL, NULL, 3, left);
	for (i = 0; i < 10; i++) {
		uv_run(s->worker->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
	}
	kv_async_free(s->reader);
	kv_async_free(s->kv);
}
