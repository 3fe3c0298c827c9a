#include "config.h"
#include "session/recorder_internal.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "session/agent_run.h"
#include "session/claude_start.h"
#include "session/log_reader.h"
#include "transcript/part_search.h"
#include "transcript/truncate_part.h"

#define BATCH_MS 50		/* from a change to its batch; a turn's end does not wait */
#define LAZY_MS 1000		/* if only the offset changed */
#define RETRY_MS 2000
#define DIRTY_MAX 400		/* unrecorded parts before log reading pauses */
#define DIRTY_BYTES_MAX (8u << 20)

struct batch {
	struct session *s;
	struct recording r;
	struct part *parts;
	uint64_t *versions;
	struct seen_message *seen;
	struct attempt_end *end;
	char state[12];
};

void recorder_add_seen(struct session *s, const char *id, int64_t at)
{
	struct seen *seen = talloc_zero(s, struct seen);

	if (!str_copy(seen->m.id, sizeof(seen->m.id), id)) {
		talloc_free(seen);
		return;
	}
	seen->m.at = at;
	TAILQ_INSERT_TAIL(&s->recorder->seen, seen, next);
	s->recorder->touched = true;
	s->spoken = true;
	claude_start_resume(s);
}

bool recorder_has_seen(const struct session *s, const char *id)
{
	const struct seen *seen;

	TAILQ_FOREACH(seen, &s->recorder->seen, next) {
		if (str_equal(seen->m.id, id))
			return true;
	}
	return false;
}

bool recorder_pressed(const struct session *s)
{
	const struct session_env *env = s->env;
	const struct recorder *r = s->recorder;

	return r->stuck ||
	       r->dirty > (env->unrecorded_max ? env->unrecorded_max :
						 DIRTY_MAX) ||
	       r->dirty_bytes > (env->unrecorded_bytes_max ?
				 env->unrecorded_bytes_max : DIRTY_BYTES_MAX);
}

static int record_work(void *data, struct db *db, struct err *e)
{
	struct batch *b = data;

	return conversation_record(db, &b->r, e);
}

static void saved(struct session *s, const struct batch *b)
{
	struct recorder *r = s->recorder;
	struct seen *seen;
	struct live_part *m;
	size_t i;

	for (i = 0; i < b->r.nparts; i++) {
		m = live_part_find(s, b->parts[i].at);
		if (!m)
			continue;
		if (m->version == b->versions[i])
			live_part_count(s, m, -1);
		m->saved = b->versions[i];
		live_part_drop_if_done(s, m);
	}
	while ((seen = TAILQ_FIRST(&r->seen)) && seen->in_flight) {
		TAILQ_REMOVE(&r->seen, seen, next);
		talloc_free(seen);
	}
	r->offset = b->r.offset;
	memcpy(r->state, b->state, sizeof(b->state));
}

static void on_record_timer(uv_timer_t *timer);

/* The batch failed: its changes count as new again. */
static void refused(struct session *s, const struct batch *b)
{
	struct recorder *r = s->recorder;
	struct seen *seen;

	r->touched = r->touched || b->r.touched;
	r->mode_changed = r->mode_changed || b->r.mode;
	s->line_changed = s->line_changed || b->r.last_line;
	TAILQ_FOREACH(seen, &r->seen, next)
		seen->in_flight = false;
}

static void go_on(struct session *s, bool was_stuck)
{
	struct recorder *r = s->recorder;

	if (r->stuck != was_stuck)
		s->ev->status(s->data);
	if (r->stuck)
		uv_timer_start(&r->timer, on_record_timer, RETRY_MS, 0);
	else
		log_reader_recorded(s);
}

static void record_done(void *data, const struct err *e)
{
	struct batch *b = data;
	struct session *s = b->s;
	bool was_stuck = s->recorder->stuck;

	s->recorder->recording = s->recorder->mode_in_flight = false;
	s->recorder->stuck = e != NULL;
	if (!e) {
		saved(s, b);
		if (b->end)
			agent_run_written(s);
	} else {
		if (!was_stuck)
			session_trouble(s, "record", e);
		refused(s, b);
	}
	talloc_free(b);
	if (!s->closed)
		go_on(s, was_stuck);
	session_job_over(s);
}

/* Copies changed and complete parts for the store's thread. */
static void add_parts(struct session *s, struct batch *b)
{
	struct live_part *m;
	size_t n = 0;

	TAILQ_FOREACH(m, &s->recorder->parts, next)
		n += live_part_dirty(m);
	b->parts = talloc_zero_array(b, struct part, n + 1);
	b->versions = talloc_zero_array(b, uint64_t, n + 1);
	TAILQ_FOREACH(m, &s->recorder->parts, next) {
		if (!live_part_dirty(m))
			continue;
		b->versions[b->r.nparts] = m->version;
		b->parts[b->r.nparts++] = *part_copy(b, &m->part);
	}
	b->r.parts = b->parts;
}

static void add_seen(struct session *s, struct batch *b)
{
	struct seen *seen;
	size_t n = 0;

	TAILQ_FOREACH(seen, &s->recorder->seen, next)
		n++;
	b->seen = talloc_zero_array(b, struct seen_message, n + 1);
	TAILQ_FOREACH(seen, &s->recorder->seen, next) {
		seen->in_flight = true;
		b->seen[b->r.nseen++] = seen->m;
	}
	b->r.seen = b->seen;
}

/* The state that the next reader of the log needs; not the queue's. */
static const char *log_state(const struct session *s)
{
	if (!s->decoder || !decoder_in_turn(s->decoder))
		return "idle";
	return recorder_waiting(s) ? "waiting" : "working";
}

static bool nothing_new(const struct session *s)
{
	const struct recorder *r = s->recorder;

	return !agent_run_writing(s) && recorder_clean(s) && !r->touched &&
	       !r->mode_changed &&
	       decoder_safe_offset(s->decoder) == r->offset &&
	       str_equal(r->state, log_state(s));
}

/* A batch is in progress, or nothing may be recorded. */
static bool must_wait(const struct session *s)
{
	return s->recorder->recording || !s->decoder || s->ahead ||
	       agent_run_frozen(s) || nothing_new(s);
}

static void record(struct session *s)
{
	struct recorder *r = s->recorder;
	struct batch *b;

	if (s->gone || must_wait(s))
		return;
	uv_timer_stop(&r->timer);
	b = talloc_zero(NULL, struct batch);
	b->s = s;
	add_parts(s, b);
	add_seen(s, b);
	b->r.conversation_id = talloc_strdup(b, s->id);
	b->r.offset = decoder_safe_offset(s->decoder);
	snprintf(b->state, sizeof(b->state), "%s", log_state(s));
	b->r.state = b->state;
	b->r.mode = r->mode_changed ? talloc_strdup(b, session_mode(s)) : NULL;
	b->r.last_line = s->line_changed ? talloc_strdup(b, s->last_line) : NULL;
	s->line_changed = false;
	b->r.touched = r->touched;
	b->r.spoken = s->spoken;
	b->r.attempt_end = b->end = agent_run_end(s, b);
	b->r.conversation_max = settings_number(s->env->settings,
						SET_RECORD_CONVERSATION_MAX) << 20;
	b->r.account_max = settings_number(s->env->settings,
					   SET_RECORD_ACCOUNT_MAX) << 20;
	b->r.shrink = truncate_part;
	b->r.search_text = part_search_text;
	r->mode_in_flight = r->mode_changed;
	r->touched = r->mode_changed = false;
	r->recording = true;
	session_job(s, record_work, record_done, b);
}

static void on_record_timer(uv_timer_t *timer)
{
	record(timer->data);
}

void recorder_touch(struct session *s, bool now)
{
	struct recorder *r = s->recorder;
	int64_t wait = LAZY_MS;

	if (s->closed || r->stuck || must_wait(s))
		return;
	if (r->dirty || r->touched || r->mode_changed)
		wait = now ? 0 : BATCH_MS;
	if (uv_is_active((uv_handle_t *)&r->timer) &&
	    uv_timer_get_due_in(&r->timer) <= (uint64_t)wait)
		return;
	uv_timer_start(&r->timer, on_record_timer, (uint64_t)wait, 0);
}

void recorder_note_turn(struct session *s)
{
	s->recorder->touched = true;
}

void recorder_note_mode(struct session *s)
{
	s->recorder->mode_changed = true;
}

bool recorder_mode_unsaved(const struct session *s)
{
	return s->recorder->mode_changed || s->recorder->mode_in_flight;
}

int64_t recorder_offset(const struct session *s)
{
	return s->recorder->offset;
}

bool recorder_stuck(const struct session *s)
{
	return s->recorder->stuck;
}

bool recorder_busy(const struct session *s)
{
	return s->recorder->recording;
}

bool recorder_clean(const struct session *s)
{
	return !s->recorder->dirty && TAILQ_EMPTY(&s->recorder->seen);
}

void recorder_resume(struct session *s, int64_t offset, const char *state)
{
	struct recorder *r = s->recorder;

	r->offset = offset;
	snprintf(r->state, sizeof(r->state), "%s", state);
}

struct recorder *recorder_new(struct session *s)
{
	struct recorder *r = talloc_zero(s, struct recorder);

	TAILQ_INIT(&r->parts);
	TAILQ_INIT(&r->seen);
	session_init_timer(s, &r->timer);
	return r;
}

void recorder_close(struct session *s)
{
	session_close_timer(&s->recorder->timer);
}

void session_flush(struct session *s)
{
	record(s);
}
