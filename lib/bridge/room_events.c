/* One conversation's events to all pages that show it, in the language of each. */
#include "config.h"

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "transcript/part.h"

/* Makes an event in one language. */
typedef char *make_event(const void *ctx, struct room *r,
			 const struct i18n_locale *l, const void *what);

#define LOCALES 4
#define REPLAY_MS 40		/* drawing time for history before other work gets a turn */
#define REPLAY_WAITING (4u << 20)	/* bytes of parts that are drawn in one go */

/* Each language is drawn once, however many pages there are. */
static void broadcast(struct room *r, make_event *make, const void *what)
{
	const struct i18n_locale *made[LOCALES];
	void *tmp = talloc_new(r);
	char *texts[LOCALES];
	struct client *c;
	size_t n = 0, i;

	TAILQ_FOREACH(c, &r->clients, in_room) {
		if (!c->live)
			continue;
		for (i = 0; i < n && made[i] != c->locale; i++)
			;
		if (i == LOCALES)
			continue;
		if (i == n) {
			made[n] = c->locale;
			texts[n++] = make(tmp, r, c->locale, what);
		}
		if (texts[i])
			client_send(c, texts[i]);
	}
	talloc_free(tmp);
}

/* The same in every language. Takes text. */
static void tell_text(struct room *r, char *text)
{
	struct client *c;

	TAILQ_FOREACH(c, &r->clients, in_room) {
		if (c->live)
			client_send(c, text);
	}
	talloc_free(text);
}

static struct client *find_client(struct room *r, uint64_t serial)
{
	struct client *c;

	TAILQ_FOREACH(c, &r->clients, in_room) {
		if (c->serial == serial)
			return c;
	}
	return NULL;
}

static char *draw_part(const void *ctx, struct room *r,
		       const struct i18n_locale *l, const struct part *p,
		       int64_t at)
{
	return outgoing_part(ctx, &(struct part_event){
		.templates = r->bridge->templates, .locale = l,
		.zone = r->presence->zone, .name = r->presence->name,
		.part = p, .at = at,
	});
}

struct drawn {
	const struct part *p;
	int64_t at;
};

static char *make_part(const void *ctx, struct room *r,
		       const struct i18n_locale *l, const void *what)
{
	const struct drawn *d = what;

	return draw_part(ctx, r, l, d->p, d->at);
}

/* Each language is drawn once. */
static void tell_heavy(struct room *r, const struct part *p, int64_t at)
{
	struct { const struct i18n_locale *locale; struct render_job *d; } made[LOCALES];
	struct client *c;
	size_t n = 0, i;

	TAILQ_FOREACH(c, &r->clients, in_room) {
		if (!c->live)
			continue;
		for (i = 0; i < n && made[i].locale != c->locale; i++)
			;
		if (i == LOCALES)
			continue;
		if (i == n) {
			made[n].locale = c->locale;
			made[n++].d = render_job_new(r, c->locale, p, at);
		}
		client_send_rendered(c, made[i].d);
	}
}

static void on_part(void *data, const struct part *p, int64_t at)
{
	const struct drawn d = { p, at };

	if (part_heavy(p))
		tell_heavy(data, p, at);
	else
		broadcast(data, make_part, &d);
}

static void on_delta(void *data, int64_t part, const char *text, size_t n,
		     int64_t at)
{
	struct room *r = data;

	if (r->nclients)
		tell_text(r, outgoing_delta(r, part, text, n, at));
}

static void wake_others(struct room *r)
{
	struct room *other;

	LIST_FOREACH(other, &r->presence->rooms, in_person) {
		if (other != r && !other->gone)
			session_wake(other->session);
	}
}

static void on_end(void *data, int64_t at)
{
	struct room *r = data;

	tell_text(r, outgoing_at(r, "end", at));
	budget_status_turn_ended(r->presence);
	wake_others(r);
}

static char *make_queue(const void *ctx, struct room *r,
			const struct i18n_locale *l, const void *what)
{
	return outgoing_queue(ctx, r, l);
}

static void on_queue(void *data)
{
	broadcast(data, make_queue, NULL);
}

static char *make_status(const void *ctx, struct room *r,
			 const struct i18n_locale *l, const void *what)
{
	return outgoing_status(ctx, r->presence, r, l, what);
}

void room_tell_status(struct room *r, struct client *only)
{
	struct session_status s;
	char *text;

	if (r->gone)
		return;
	session_status(r->session, &s);
	if (!only) {
		broadcast(r, make_status, &s);
		return;
	}
	text = outgoing_status(only->presence, r->presence, r, only->locale,
			       &s);
	if (text)
		client_send(only, text);
	talloc_free(text);
}

static void on_status(void *data)
{
	room_tell_status(data, NULL);
	turnover_tell(data);
}

static char *mode_event(struct room *r)
{
	return outgoing_text(r, "mode", "mode", session_mode(r->session), NULL,
			     NULL);
}

/* The row goes to every page of the user; the mode to those in the room. */
void room_tell_row(struct room *r)
{
	struct client *c;
	char *text;

	TAILQ_FOREACH(c, &r->presence->clients, in_person) {
		text = c->live ? outgoing_row(r, r, c->locale) : NULL;
		if (text)
			client_send(c, text);
		talloc_free(text);
	}
}

static void on_changed(void *data)
{
	struct room *r = data;
	char *now;

	if (!session_loaded(r->session))
		return;
	if (!r->mode || !str_equal(r->mode, session_mode(r->session))) {
		talloc_free(r->mode);
		r->mode = talloc_strdup(r, session_mode(r->session));
		tell_text(r, mode_event(r));
	}
	now = talloc_asprintf(r, "%s %s", session_model(r->session),
			      session_effort(r->session));
	if (!r->choice || !str_equal(r->choice, now))
		tell_text(r, outgoing_text(r, "choice", "model",
					   session_model(r->session), "effort",
					   session_effort(r->session)));
	talloc_free(r->choice);
	r->choice = now;
	if (session_is_run(r->session))
		return;		/* not in any list */
	now = talloc_asprintf(r, "%s\n%s\n%s\n%d%d", session_state(r->session),
			      session_title(r->session),
			      session_last_line(r->session),
			      session_pinned(r->session),
			      session_archived(r->session));
	if (!r->row || !str_equal(now, r->row))
		room_tell_row(r);
	talloc_free(r->row);
	r->row = now;
}

static void on_loaded(void *data, const struct err *e)
{
	room_tell_status(data, NULL);
}

static void on_accepted(void *data, uint64_t asker, const char *id)
{
	struct room *r = data;

	tell_text(r, outgoing_text(r, "accepted", "id", id, NULL, NULL));
}

static void on_refused(void *data, uint64_t asker, const char *id,
		       const struct err *e)
{
	struct room *r = data;
	struct client *c = find_client(r, asker);
	char *text;

	if (e->kind == ERR_INTERNAL || e->kind == ERR_UNAVAILABLE)
		log_failure("message_refused", e, "conversation",
			    session_id(r->session), NULL);
	if (!c)
		return;
	text = outgoing_text(r, "refused", "id", id, "text",
			     outgoing_sentence(c->locale, e));
	client_send(c, text);
	talloc_free(text);
}

static char *make_trouble(const void *ctx, struct room *r,
			  const struct i18n_locale *l, const void *what)
{
	return outgoing_text(ctx, "error", "text", outgoing_sentence(l, what),
			     NULL, NULL);
}

/* asker 0: no particular page. */
static void on_trouble(void *data, uint64_t asker, const struct err *e)
{
	struct room *r = data;
	struct client *c = asker ? find_client(r, asker) : NULL;
	char *text;

	if (!asker) {
		broadcast(r, make_trouble, e);
	} else if (c) {
		text = make_trouble(r, r, c->locale, e);
		client_send(c, text);
		talloc_free(text);
	}
}

static void on_queried(void *data, uint64_t asker, const struct session_reply *reply)
{
	struct room *r = data;
	struct client *c = find_client(r, asker);
	char *text = c ? outgoing_reply(r, reply, c->locale) : NULL;

	if (text)
		client_send(c, text);
	talloc_free(text);
}

static void on_suggestion(void *data, const char *suggestion)
{
	struct room *r = data;

	tell_text(r, outgoing_text(r, "suggestion", "text", suggestion, NULL, NULL));
}

static bool send_text(struct client *c, char *text)
{
	bool open = !text || client_send(c, text);

	talloc_free(text);
	return open;
}

static void on_replayed(void *data, uint64_t asker,
			const struct part *const *parts, size_t n, int64_t at)
{
	struct room *r = data;
	struct client *c = find_client(r, asker);
	int64_t began = clock_mono_ms();
	size_t i;

	if (!c)
		return;
	for (i = 0; i < n; i++) {
		if (i && (clock_mono_ms() - began > REPLAY_MS ||
			  c->waiting_bytes > REPLAY_WAITING) &&
		    parts[i]->changed_at > parts[i - 1]->changed_at) {
			client_wait(c, NULL);
			return;
		}
		if (part_heavy(parts[i]))
			client_send_rendered(c, render_job_new(r, c->locale,
							       parts[i],
							       parts[i]->changed_at));
		else if (!send_text(c, draw_part(r, r, c->locale, parts[i],
						 parts[i]->changed_at)))
			return;
	}
	c->live = true;
	send_text(c, outgoing_queue(r, r, c->locale));
	send_text(c, mode_event(r));
	room_tell_status(r, c);
	blocked_read(r->presence);
	budget_status_read(r->presence);
}

static bool on_may_start(void *data)
{
	return turnover_may_start(data);
}

static void on_token(void *data, const char *hash, const char *address,
		     bool wanted)
{
	token_lifecycle_token(data, hash, address, wanted);
}

static void on_token_over(void *data, const char *hash)
{
	token_lifecycle_token_over(data, hash);
}

static void on_run_ended(void *data, const char *execution_id)
{
	struct room *r = data;

	runs_announce_end(r->bridge);
}

static void on_ended(void *data)
{
	wake_others(data);
	turnover_tell(data);
}

/* Pages in the room are told "gone"; other pages remove its row. */
static void on_gone(void *data)
{
	struct room *r = data;
	char *text = outgoing_text(r, "gone", NULL, NULL, NULL, NULL);
	char *row = outgoing_text(r, "conversation", "target",
				  session_id(r->session), "html", "");
	struct client *c;

	TAILQ_FOREACH(c, &r->presence->clients, in_person) {
		if (c->live && c->room != r)
			client_send(c, row);
	}
	talloc_free(row);
	TALLOC_FREE(r->row);	/* told again when it is restored */
	TAILQ_FOREACH(c, &r->clients, in_room) {
		client_send(c, text);
		client_close(c, WEBSOCKET_MISSING, "deleted");
	}
	talloc_free(text);
}

static void on_failed(void *data, const char *event, const struct err *e)
{
	struct room *r = data;

	log_failure(event, e, "conversation", session_id(r->session), "user",
		    r->presence->id, NULL);
}

const struct session_events room_events = {
	.loaded = on_loaded,
	.part = on_part,
	.delta = on_delta,
	.end = on_end,
	.queue = on_queue,
	.status = on_status,
	.changed = on_changed,
	.accepted = on_accepted,
	.refused = on_refused,
	.queried = on_queried,
	.suggestion = on_suggestion,
	.trouble = on_trouble,
	.replayed = on_replayed,
	.may_start = on_may_start,
	.token = on_token,
	.token_over = on_token_over,
	.run_ended = on_run_ended,
	.ended = on_ended,
	.gone = on_gone,
	.failed = on_failed,
};
