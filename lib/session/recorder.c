/* Parts in memory, and their way into the store: a batch each 50 ms or at a turn's end. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/agent_run_internal.h"
#include "transcript/truncate_part.h"

#define BATCH_MS 50
#define LAZY_MS 1000		/* when only the offset has moved */
#define RETRY_MS 2000
#define DIRTY_MAX 400		/* unrecorded parts before the log is read no further */
#define DIRTY_BYTES_MAX (8u << 20)
#define REPLAY_MAX 2000		/* parts */
#define REPLAY_BYTES_MAX (32u << 20)

struct batch {
	struct session *s;
	struct recording r;
	struct part *parts;
	uint64_t *versions;
	struct seen_message *seen;
	struct attempt_end *end;
	char state[12];
};

struct replay {
	struct session *s;
	uint64_t asker;
	int64_t from;
	char *conversation;
	const struct part **parts;
	size_t n, bytes;
};

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

struct live_part *recorder_find(const struct session *s, int64_t at)
{
	struct live_part *m;

	TAILQ_FOREACH_REVERSE(m, &s->memos, memos, next) {
		if (m->part.at == at)
			return m;
	}
	return NULL;
}

bool part_open(const struct part *p)
{
	return str_equal(p->state, "running") || str_equal(p->state, "waiting");
}

static bool dirty(const struct live_part *m)
{
	return m->saved != m->version && !m->streaming;
}

static void count_dirty(struct session *s, const struct live_part *m, int n)
{
	if (!dirty(m))
		return;
	s->dirty += n;
	s->dirty_bytes += n > 0 ? m->bytes : -m->bytes;
}

/* Recorded and ended: the store has it. */
static void drop_if_done(struct session *s, struct live_part *m)
{
	if (m->saved != m->version || m->streaming || part_open(&m->part))
		return;
	TAILQ_REMOVE(&s->memos, m, next);
	talloc_free(m);
}

static struct live_part *memo_for(struct session *s, int64_t at)
{
	struct live_part *m = recorder_find(s, at);

	if (m)
		return m;
	m = talloc_zero(s, struct live_part);
	m->part.at = at;
	TAILQ_INSERT_TAIL(&s->memos, m, next);
	return m;
}

static void set(struct live_part *m, const struct part *p)
{
	const char *const old[] = {
		m->part.role, m->part.kind, m->part.state, m->part.data
	};
	size_t i;

	m->part = *p;
	m->part.role = talloc_strdup(m, p->role);
	m->part.kind = talloc_strdup(m, p->kind);
	m->part.state = talloc_strdup(m, p->state);
	m->part.data = talloc_strdup(m, p->data);
	m->bytes = strlen(p->data);
	for (i = 0; i < 4; i++)
		talloc_free((void *)(uintptr_t)old[i]);
}

static bool streams(const struct part *p)
{
	return str_equal(p->state, "running") &&
	       (str_equal(p->kind, "text") || str_equal(p->kind, "thinking"));
}

void recorder_part(struct session *s, const struct part *p)
{
	struct live_part *m = memo_for(s, p->at);

	count_dirty(s, m, -1);
	set(m, p);
	m->version = ++s->version;
	m->answered = m->answered && str_equal(p->state, "waiting");
	m->streaming = streams(p);
	count_dirty(s, m, 1);
}

void recorder_load(struct session *s, const struct part *p)
{
	struct live_part *m = memo_for(s, p->at);

	set(m, p);
	m->saved = m->version = ++s->version;
}

void recorder_seen(struct session *s, const char *id, int64_t at)
{
	struct seen *seen = talloc_zero(s, struct seen);

	if (!str_copy(seen->m.id, sizeof(seen->m.id), id)) {
		talloc_free(seen);
		return;
	}
	seen->m.at = at;
	TAILQ_INSERT_TAIL(&s->seen, seen, next);
	s->touched = true;
	s->spoken = s->resume = true;
}

bool recorder_pressed(const struct session *s)
{
	return s->stuck || s->dirty > DIRTY_MAX ||
	       s->dirty_bytes > DIRTY_BYTES_MAX;
}

bool recorder_waiting(const struct session *s)
{
	const struct live_part *m;

	TAILQ_FOREACH(m, &s->memos, next) {
		if (str_equal(m->part.state, "waiting"))
			return true;
	}
	return false;
}

/* One whose answer is on its way waits for Claude. */
static bool waits_for_person(const struct session *s)
{
	const struct live_part *m;

	TAILQ_FOREACH(m, &s->memos, next) {
		if (str_equal(m->part.state, "waiting") && !m->answered)
			return true;
	}
	return false;
}

void recorder_asked(struct session *s)
{
	s->waiting_at = waits_for_person(s) ? clock_mono_ms() : 0;
}

static int record_work(void *data, struct db *db, struct err *e)
{
	struct batch *b = data;

	return conversation_record(db, &b->r, e);
}

static void saved(struct session *s, const struct batch *b)
{
	struct seen *seen;
	struct live_part *m;
	size_t i;

	for (i = 0; i < b->r.nparts; i++) {
		m = recorder_find(s, b->parts[i].at);
		if (!m)
			continue;
		if (m->version == b->versions[i])
			count_dirty(s, m, -1);
		m->saved = b->versions[i];
		drop_if_done(s, m);
	}
	while ((seen = TAILQ_FIRST(&s->seen)) && seen->in_flight) {
		TAILQ_REMOVE(&s->seen, seen, next);
		talloc_free(seen);
	}
	s->recorded_offset = b->r.offset;
	memcpy(s->recorded_state, b->state, sizeof(b->state));
}

static void on_record_timer(uv_timer_t *timer);

static void record_done(void *data, const struct err *e)
{
	struct batch *b = data;
	struct session *s = b->s;
	struct seen *seen;
	bool was_stuck = s->stuck;

	s->recording = false;
	s->stuck = e != NULL;
	if (!e) {
		saved(s, b);
		if (b->end)
			agent_run_written(s);
	} else {
		if (!was_stuck)
			session_trouble(s, "record", e);
		s->touched = s->touched || b->r.touched;
		s->mode_changed = s->mode_changed || b->r.mode;
		TAILQ_FOREACH(seen, &s->seen, next)
			seen->in_flight = false;
	}
	talloc_free(b);
	if (!s->closed) {
		if (s->stuck != was_stuck)
			s->ev->status(s->data);
		if (s->stuck)
			uv_timer_start(&s->record_timer, on_record_timer,
				       RETRY_MS, 0);
		else
			log_recorded(s);
	}
	session_job_over(s);
}

/* Copies, for the store's thread: parts that changed and are whole. */
static void add_parts(struct session *s, struct batch *b)
{
	struct live_part *m;
	size_t n = 0;

	TAILQ_FOREACH(m, &s->memos, next)
		n += dirty(m);
	b->parts = talloc_zero_array(b, struct part, n + 1);
	b->versions = talloc_zero_array(b, uint64_t, n + 1);
	TAILQ_FOREACH(m, &s->memos, next) {
		if (!dirty(m))
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

	TAILQ_FOREACH(seen, &s->seen, next)
		n++;
	b->seen = talloc_zero_array(b, struct seen_message, n + 1);
	TAILQ_FOREACH(seen, &s->seen, next) {
		seen->in_flight = true;
		b->seen[b->r.nseen++] = seen->m;
	}
	b->r.seen = b->seen;
}

/* What the next reader of the log must know of its place: not the queue. */
static const char *log_state(const struct session *s)
{
	if (!s->decoder || !decoder_in_turn(s->decoder))
		return "idle";
	return recorder_waiting(s) ? "waiting" : "working";
}

static bool nothing_new(const struct session *s)
{
	return !(s->run && s->run->stage == AGENT_RUN_WRITING) &&
	       !s->dirty && TAILQ_EMPTY(&s->seen) && !s->touched &&
	       !s->mode_changed &&
	       decoder_safe_offset(s->decoder) == s->recorded_offset &&
	       str_equal(s->recorded_state, log_state(s));
}

static void record(struct session *s)
{
	struct batch *b;

	if (s->recording || !s->decoder || s->gone || s->ahead ||
	    agent_run_frozen(s) || nothing_new(s))
		return;
	uv_timer_stop(&s->record_timer);
	b = talloc_zero(NULL, struct batch);
	b->s = s;
	add_parts(s, b);
	add_seen(s, b);
	b->r.conversation_id = talloc_strdup(b, s->id);
	b->r.offset = decoder_safe_offset(s->decoder);
	snprintf(b->state, sizeof(b->state), "%s", log_state(s));
	b->r.state = b->state;
	b->r.mode = s->mode_changed ? talloc_strdup(b, s->mode) : NULL;
	b->r.touched = s->touched;
	b->r.spoken = s->spoken;
	b->r.attempt_end = b->end = agent_run_end(s, b);
	b->r.conversation_max = settings_number(s->env->settings,
						SET_RECORD_CONVERSATION_MAX) << 20;
	b->r.account_max = settings_number(s->env->settings,
					   SET_RECORD_ACCOUNT_MAX) << 20;
	b->r.shrink = truncate_part;
	s->touched = s->mode_changed = false;
	s->recording = true;
	session_job(s, record_work, record_done, b);
}

static void on_record_timer(uv_timer_t *timer)
{
	record(timer->data);
}

void recorder_touch(struct session *s, bool now)
{
	int64_t wait = LAZY_MS;

	if (s->closed || s->recording || s->stuck || !s->decoder || s->ahead ||
	    agent_run_frozen(s) || nothing_new(s))
		return;
	if (s->dirty || s->touched || s->mode_changed)
		wait = now ? 0 : BATCH_MS;
	if (uv_is_active((uv_handle_t *)&s->record_timer) &&
	    uv_timer_get_due_in(&s->record_timer) <= (uint64_t)wait)
		return;
	uv_timer_start(&s->record_timer, on_record_timer, (uint64_t)wait, 0);
}

void session_flush(struct session *s)
{
	record(s);
}

/* Puts p in the place of an older one. */
static void put(struct replay *r, const struct part *p)
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
	/* So much at once only a forged log has: the newest count. */
	for (i = 0; r->bytes > REPLAY_BYTES_MAX && i + 1 < r->n; i++) {
		r->bytes -= strlen(r->parts[i]->data);
		talloc_free((void *)(uintptr_t)r->parts[i]);
	}
	r->n -= i;
	memmove(r->parts, r->parts + i, r->n * sizeof(*r->parts));
}

static int add_replayed(void *data, const struct part *p, struct err *e)
{
	struct replay *r = data;

	put(r, p);
	return 0;
}

static int replay_work(void *data, struct db *db, struct err *e)
{
	struct replay *r = data;

	return part_each(db, r->conversation, r->from, 0, REPLAY_MAX,
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
	put(data, p);
}

/*
 * What is in memory is newer than the store; between the job and now nothing
 * was forgotten. An open text comes with the words so far: deltas go on there.
 */
static void merge(struct session *s, struct replay *r)
{
	struct live_part *m;

	TAILQ_FOREACH(m, &s->memos, next) {
		if (m->part.changed_at > r->from)
			put(r, &m->part);
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
