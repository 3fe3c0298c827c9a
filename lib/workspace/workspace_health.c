#include "config.h"
#include "workspace/workspace_internal.h"

#include <stddef.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"

#define PING_BEATS 3		/* a beat is 5 s */
#define WAIT_BEATS 3
#define HEALTH_MAX 4096
#define DISK_LOW (INT64_C(16) << 20)
#define DISK_OUT (INT64_C(256) << 10)

/* The fields of the shim's report that we use; others are ignored. */
struct readings {
	int64_t memory, memory_max, cpu_usec, oom_kills, disk_free, disk_used;
	int64_t cpus;		/* hundredths */
};

static const struct {
	const char *key;
	size_t offset;
	bool hundredths;	/* "1.50" */
} words[] = {
	{ "memory", offsetof(struct readings, memory) },
	{ "memory_max", offsetof(struct readings, memory_max) },
	{ "cpu_usec", offsetof(struct readings, cpu_usec) },
	{ "cpus", offsetof(struct readings, cpus), true },
	{ "oom_kills", offsetof(struct readings, oom_kills) },
	{ "disk_free", offsetof(struct readings, disk_free) },
	{ "disk_used", offsetof(struct readings, disk_used) },
};

static int parse(char *value, bool hundredths, int64_t *out)
{
	char *point = strchr(value, '.');
	struct err e = { 0 };

	if (hundredths) {
		if (!point || strlen(point) != 3)
			return -1;
		memmove(point, point + 1, 3);
	}
	return str_parse_number(value, 0, INT64_MAX, out, &e);
}

static void read_line(struct readings *r, const char *line, size_t n)
{
	char text[64], *value;
	size_t i;

	if (n >= sizeof(text))
		return;
	memcpy(text, line, n);
	text[n] = '\0';
	value = strchr(text, ' ');
	if (!value)
		return;
	*value++ = '\0';
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int64_t *to = (int64_t *)((char *)r + words[i].offset);

		if (str_equal(words[i].key, text) &&
		    parse(value, words[i].hundredths, to) < 0)
			*to = -1;
	}
}

/* -1 until two readings are at least a moment apart. */
static int cpu_percent(const struct workspace *w, const struct readings *r,
		       int64_t now_ms)
{
	int64_t passed = now_ms - w->cpu_at;
	double part;

	/* Hostile: one of the two may be -1, the other the largest number. */
	if (w->cpu_at == 0 || w->cpu_usec < 0 || r->cpu_usec < w->cpu_usec ||
	    passed < 100)
		return -1;
	part = (double)(r->cpu_usec - w->cpu_usec) * 10.0 / (double)passed /
	       (double)(r->cpus > 0 ? r->cpus : 100);
	return part > 100 ? 100 : (int)(part + 0.5);
}

void workspace_health_parse(struct workspace *w, const char *text,
			    int64_t now_ms)
{
	struct readings r = { -1, -1, -1, -1, -1, -1, -1 };
	size_t n;

	for (; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		read_line(&r, text, n);
	}
	w->health = (struct workspace_health){
		.memory = r.memory,
		.memory_max = r.memory_max,
		.cpu_percent = cpu_percent(w, &r, now_ms),
		.oom_kills = r.oom_kills,
		.disk_free = r.disk_free,
		.disk_used = r.disk_used,
		.disk_max = settings_number(w->all->settings,
					    SET_WORKSPACE_DISK) << 20,
	};
	w->cpu_usec = r.cpu_usec;
	w->cpu_at = now_ms;
}

void workspace_health_clear(struct workspace *w)
{
	w->health = (struct workspace_health){ -1, -1, -1, -1, -1, -1, -1 };
	w->cpu_at = 0;
}

bool workspace_disk_is_full(const struct workspace *w)
{
	const struct workspace_health *h = &w->health;

	return (h->disk_max > 0 && h->disk_used > h->disk_max) ||
	       (h->disk_free >= 0 && h->disk_free < DISK_LOW);
}

bool workspace_disk_is_out(const struct workspace *w)
{
	return w->health.disk_free >= 0 && w->health.disk_free < DISK_OUT;
}

static void status(void *data, int code)
{
	struct workspace *w = data;

	w->status = code;
}

static bool body(void *data, const void *bytes, size_t n)
{
	struct workspace *w = data;
	struct err e = { 0 };

	if (w->answer.len + n > HEALTH_MAX ||
	    buf_add(&w->answer, bytes, n, &e) < 0)
		w->status = 0;		/* our shim never sends this much */
	return true;
}

static void health_received(void *data, const struct err *e)
{
	struct workspace *w = data;

	w->asked = NULL;
	w->waits = 0;
	if (e || w->status != 200)
		return;
	workspace_health_parse(w, buf_text(&w->answer), clock_mono_ms());
	workspace_tell(w);
}

static const struct link_response_events answer = {
	.status = status,
	.body = body,
	.end = health_received,
};

static void request_health(struct workspace *w)
{
	const struct link_request rq = { .method = "GET", .path = "/health" };
	struct err e = { 0 };

	buf_clear(&w->answer);
	w->status = 0;
	w->asked = link_request(w->link, &rq, &answer, w, &e);
}

void workspace_beat(struct workspace *w)
{
	if (w->state != WORKSPACE_READY || w->broken)
		return;
	if (++w->beats % PING_BEATS == 0)
		link_ping(w->link);
	if (w->broken || !w->holds)
		return;
	if (w->asked && ++w->waits >= WAIT_BEATS) {
		link_stream_cancel(w->asked);
		w->asked = NULL;
		w->waits = 0;
		workspace_health_clear(w);
		workspace_tell(w);
	}
	if (!w->asked)
		request_health(w);
}
