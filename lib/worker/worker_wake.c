/*
 * Wake-ups through Redis: a program that queues or ends a run pushes an
 * element onto a list, and one worker that waits for it reads the rows. A
 * lost element is made up for by the poll every second.
 */
#include "config.h"
#include "worker/worker_internal.h"

#include <stdio.h>

#include <talloc.h>

#include "core/clock.h"

#define BLOCK_S "0.7"		/* less than kv_async waits for an answer */
#define RETRY_MS 1000
#define ALIVE_MS 3000

struct wake {
	struct worker *worker;
	struct kv_async *kv, *reader;	/* the reader's connection blocks */
	char name[ID_SIZE], alive[sizeof(WORKER_ALIVE) + ID_SIZE];
	bool reading;
	int64_t read_at, alive_at;	/* clock_mono_ms */
};

static void read_next(struct wake *k);

static void on_read(void *data, const char *value, const struct err *e)
{
	struct wake *k = data;

	k->reading = false;
	if (k->worker->stopping)
		return;
	if (e)
		k->read_at = clock_mono_ms() + RETRY_MS;
	else if (value)
		worker_look(k->worker);
	read_next(k);
}

static void read_next(struct wake *k)
{
	const char *const args[] = { "BLPOP", WORKER_WAKE, BLOCK_S };

	if (k->reading || clock_mono_ms() < k->read_at)
		return;
	k->reading = true;
	kv_async_run(k->reader, on_read, k, 3, args);
}

/* Removes the names of workers that died. */
static void tell_alive(struct wake *k)
{
	static const char script[] =
		"redis.call('SET', KEYS[2], '1', 'EX', ARGV[2])"
		" redis.call('SADD', KEYS[1], ARGV[1])"
		" for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do"
		" if redis.call('EXISTS', '" WORKER_ALIVE "' .. name) == 0 then"
		" redis.call('SREM', KEYS[1], name) end end return 1";
	char ttl[12];
	const char *const args[] = { WORKER_SET, k->alive, k->name, ttl };

	snprintf(ttl, sizeof(ttl), "%d", WORKER_ALIVE_S);
	kv_async_script(k->kv, script, 2, 4, args, NULL, NULL);
}

void wake_tick(struct wake *k, int64_t now)
{
	if (!k->alive_at || now - k->alive_at >= ALIVE_MS) {
		k->alive_at = now;
		tell_alive(k);
	}
	read_next(k);
}

struct wake *wake_new(struct worker *w)
{
	const char *path = settings_text(w->settings, SET_REDIS_SOCKET);
	struct wake *k = alloc_checked(talloc_zero(w, struct wake));

	k->worker = w;
	id_new(k->name);
	snprintf(k->alive, sizeof(k->alive), WORKER_ALIVE "%s", k->name);
	k->kv = kv_async_new(w->loop, path);
	k->reader = kv_async_new(w->loop, path);
	return k;
}

void wake_free(struct wake *k)
{
	const char *const gone[] = { "DEL", k->alive };
	const char *const left[] = { "SREM", WORKER_SET, k->name };
	int i;

	kv_async_run(k->kv, NULL, NULL, 2, gone);
	kv_async_run(k->kv, NULL, NULL, 3, left);
	for (i = 0; i < 10; i++) {
		uv_run(k->worker->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
	}
	kv_async_free(k->reader);
	kv_async_free(k->kv);
}
