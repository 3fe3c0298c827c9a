/* A user's conversations in memory: each with its session and the pages that show it. */
#include "config.h"

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "core/str.h"

#define RETRIES_GENTLE 3
#define BEGUN_LEFT_MS 8000	/* from a page's end to its message on another one */

struct room *room_find(struct presence *p, const char *conversation)
{
	struct room *r;

	LIST_FOREACH(r, &p->rooms, in_person) {
		if (!r->gone && str_equal(session_id(r->session), conversation))
			return r;
	}
	return NULL;
}

typedef struct session *new_session(const void *ctx, const struct session_env *env,
				    const char *id, const char *user_id,
				    const struct session_events *ev, void *data);

static struct room *room_make(struct presence *p, const char *conversation,
			      new_session *make)
{
	struct bridge *b = p->bridge;
	struct room *r;

	r = talloc_zero(p, struct room);
	r->bridge = b;
	r->presence = p;
	r->tokens = -1;
	TAILQ_INIT(&r->clients);
	LIST_INSERT_HEAD(&p->rooms, r, in_person);
	r->session = make(b, &b->env, conversation, p->id, &room_events, r);
	return r;
}

struct room *room_get(struct presence *p, const char *conversation)
{
	struct room *r = room_find(p, conversation);

	return r ? r : room_make(p, conversation, session_new);
}

static void end_other_ahead(struct presence *p, const char *id)
{
	struct room *r;

	LIST_FOREACH(r, &p->rooms, in_person) {
		if (!r->gone && session_is_ahead(r->session) &&
		    !str_equal(session_id(r->session), id))
			session_end_ahead(r->session, 0);
	}
}

void room_begin(struct client *c, const char *id)
{
	struct presence *p = c->presence;
	struct room *r = c->room ? c->room : room_find(p, id);

	if (r && session_is_ahead(r->session)) {
		session_begin_ahead(r->session);
	} else if (c->room) {
		if (!session_running(r->session) &&
		    !session_start_failed(r->session))
			session_start(r->session);
	} else if (!r) {
		end_other_ahead(p, id);
		r = room_make(p, id, session_new_ahead);
	}
	if (r && session_is_ahead(r->session))
		r->begun_by = c->serial;
}

void room_begun_left(struct client *c)
{
	struct room *r;

	LIST_FOREACH(r, &c->presence->rooms, in_person) {
		if (!r->gone && r->begun_by == c->serial)
			session_end_ahead(r->session, BEGUN_LEFT_MS);
	}
}

static bool others_work(const struct room *r)
{
	const struct room *other;

	LIST_FOREACH(other, &r->presence->rooms, in_person) {
		if (other != r && !other->gone &&
		    !str_equal(session_state(other->session), "idle"))
			return true;
	}
	return false;
}

void room_retry(struct room *r)
{
	/*
	 * Processes that escaped their session may have left no room to start
	 * one.
	 */
	if (!session_start_failed(r->session))
		r->retries = 0;
	else if (++r->retries >= RETRIES_GENTLE || !others_work(r))
		workspace_restart(r->presence->workspace);
	session_start(r->session);
}

bool room_unused(const struct room *r)
{
	return !r->nclients && session_at_rest(r->session);
}

/* Detach the pages; the session records what it has. */
void room_close(struct room *r)
{
	struct client *c;

	r->gone = true;
	while ((c = TAILQ_FIRST(&r->clients))) {
		TAILQ_REMOVE(&r->clients, c, in_room);
		c->room = NULL;
		c->live = false;
	}
	token_registry_forget(r->bridge->tokens, r);
	session_close(r->session);
	LIST_REMOVE(r, in_person);
	talloc_free(r);
}
