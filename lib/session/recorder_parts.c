/* A session's parts in memory, in the log's order, until they are recorded. */
#include "config.h"
#include "session/recorder_internal.h"

#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"

struct part *part_copy(const void *ctx, const struct part *p)
{
	struct part *copy = talloc(ctx, struct part);

	*copy = *p;
	copy->role = talloc_strdup(copy, p->role);
	copy->kind = talloc_strdup(copy, p->kind);
	copy->state = talloc_strdup(copy, p->state);
	copy->data = talloc_strdup(copy, p->data);
	return copy;
}

struct live_part *live_part_find(const struct session *s, int64_t at)
{
	struct live_part *m;

	TAILQ_FOREACH_REVERSE(m, &s->recorder->parts, live_parts, next) {
		if (m->part.at == at)
			return m;
	}
	return NULL;
}

static struct live_part *live_part_of(const struct part *p)
{
	return (struct live_part *)((uintptr_t)p - offsetof(struct live_part, part));
}

const struct part *recorder_find(const struct session *s, int64_t at)
{
	const struct live_part *m = live_part_find(s, at);

	return m ? &m->part : NULL;
}

const struct part *recorder_next(const struct session *s, const struct part *before)
{
	const struct live_part *m = before ?
		TAILQ_NEXT(live_part_of(before), next) :
		TAILQ_FIRST(&s->recorder->parts);

	return m ? &m->part : NULL;
}

bool part_open(const struct part *p)
{
	return str_equal(p->state, "running") || str_equal(p->state, "waiting");
}

bool live_part_dirty(const struct live_part *m)
{
	return m->saved != m->version && !m->streaming;
}

void live_part_count(struct session *s, const struct live_part *m, int n)
{
	if (!live_part_dirty(m))
		return;
	s->recorder->dirty += n;
	s->recorder->dirty_bytes += n > 0 ? m->bytes : -m->bytes;
}

void live_part_drop_if_done(struct session *s, struct live_part *m)
{
	if (m->saved != m->version || m->streaming || part_open(&m->part))
		return;
	TAILQ_REMOVE(&s->recorder->parts, m, next);
	talloc_free(m);
}

static struct live_part *get_part(struct session *s, int64_t at)
{
	struct live_part *m = live_part_find(s, at);

	if (m)
		return m;
	m = talloc_zero(s, struct live_part);
	m->part.at = at;
	TAILQ_INSERT_TAIL(&s->recorder->parts, m, next);
	return m;
}

static void set_part(struct live_part *m, const struct part *p)
{
	struct part *old = m->texts;

	m->texts = part_copy(m, p);
	m->part = *m->texts;
	m->bytes = strlen(p->data);
	talloc_free(old);
}

static bool streams(const struct part *p)
{
	return str_equal(p->state, "running") &&
	       (str_equal(p->kind, "text") || str_equal(p->kind, "thinking"));
}

void recorder_add(struct session *s, const struct part *p)
{
	struct live_part *m = get_part(s, p->at);

	live_part_count(s, m, -1);
	set_part(m, p);
	m->version = ++s->recorder->version;
	m->answered = m->answered && str_equal(p->state, "waiting");
	m->streaming = streams(p);
	live_part_count(s, m, 1);
}

void recorder_load(struct session *s, const struct part *p)
{
	struct live_part *m = get_part(s, p->at);

	set_part(m, p);
	m->saved = m->version = ++s->recorder->version;
}

bool recorder_waiting(const struct session *s)
{
	const struct live_part *m;

	TAILQ_FOREACH(m, &s->recorder->parts, next) {
		if (str_equal(m->part.state, "waiting"))
			return true;
	}
	return false;
}

/* A part whose answer is being sent waits for Claude, not for the user. */
static bool waits_for_person(const struct session *s)
{
	const struct live_part *m;

	TAILQ_FOREACH(m, &s->recorder->parts, next) {
		if (str_equal(m->part.state, "waiting") && !m->answered)
			return true;
	}
	return false;
}

void recorder_asked(struct session *s)
{
	s->recorder->waiting_at = waits_for_person(s) ? clock_mono_ms() : 0;
}

void recorder_set_answered(struct session *s, int64_t at, bool answered)
{
	struct live_part *m = live_part_find(s, at);

	if (m)
		m->answered = answered;
	recorder_asked(s);
}

bool recorder_answered(const struct session *s, int64_t at)
{
	const struct live_part *m = live_part_find(s, at);

	return m && m->answered;
}

int64_t session_waiting_since(const struct session *s)
{
	return s->recorder->waiting_at;
}
