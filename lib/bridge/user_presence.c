/* Accounts with an open page or a live conversation: their pages and workspace. */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "core/clock.h"
#include "core/hash.h"
#include "core/str.h"

#define RATE_WINDOW_MS 10000

static unsigned bucket(const char *id)
{
	return hash_text(id) % PEOPLE_BUCKETS;
}

struct presence *presence_find(struct bridge *b, const char *id)
{
	struct presence *p;

	LIST_FOREACH(p, &b->people[bucket(id)], next) {
		if (str_equal(p->id, id))
			return p;
	}
	return NULL;
}

struct presence *presence_get(struct bridge *b, const char *id)
{
	struct presence *p = presence_find(b, id);

	if (p)
		return p;
	p = talloc_zero(b, struct presence);
	p->bridge = b;
	if (!str_copy(p->id, sizeof(p->id), id))
		err_abort("an id too long");
	p->name = talloc_strdup(p, "");
	p->zone = talloc_strdup(p, settings_text(b->settings,
						 SET_DEFAULT_TIMEZONE));
	p->workspace = workspace_get(b->workspaces, p->id);
	p->told_state = -1;
	TAILQ_INIT(&p->clients);
	TAILQ_INIT(&p->terminals);
	LIST_INIT(&p->rooms);
	LIST_INSERT_HEAD(&b->people[bucket(id)], p, next);
	return p;
}

void presence_workspace_status(struct presence *p, struct session_status *out)
{
	static const struct session_status rows[] = {
		[WORKSPACE_STOPPED] = { "stopped", "status_stopped", "", 0, 0, 0, true, false },
		[WORKSPACE_CREATING] = { "starting", "status_creating", "", 0, 1, 4, false, false },
		[WORKSPACE_STARTING] = { "starting", "status_starting", "", 0, 2, 4, false, false },
		[WORKSPACE_LINKING] = { "starting", "status_linking", "", 0, 3, 4, false, false },
		[WORKSPACE_READY] = { "ready", "status_workspace_ready", "", 0, 0, 0, false, false },
		[WORKSPACE_STOPPING] = { "stopped", "status_stopping_workspace", "", 0, 0, 0, false, false },
		[WORKSPACE_FAILED] = { "failed", "error_workspace_start", "", 0, 0, 0, true, false },
		[WORKSPACE_REMOVED] = { "stopped", "status_stopped", "", 0, 0, 0, false, false },
	};
	enum workspace_state state = workspace_state(p->workspace);
	const struct err *e = workspace_error(p->workspace);

	*out = rows[state];
	out->reason = out->aside = "";
	out->restart = state == WORKSPACE_FAILED;
	session_status_queued(out, workspace_place(p->workspace),
			      workspace_place_short(p->workspace));
	out->since = p->told_since;
	if (state == WORKSPACE_FAILED && e->key[0])
		out->key = e->key;
}

/*
 * Only numbers changed, or also the state, which pages in a room learn from
 * their session.
 */
static void on_workspace(void *data)
{
	struct presence *p = data;
	const struct workspace_health *h = workspace_health(p->workspace);
	int place = workspace_place(p->workspace);
	bool state = p->told_state != (int)workspace_state(p->workspace);
	struct client *c;
	struct room *r;

	if (!state && p->told_place == place && p->told_memory == h->memory >> 20 &&
	    p->told_disk == h->disk_used >> 20 &&
	    p->told_cpu == h->cpu_percent)
		return;
	if (state)
		p->told_since = clock_now_ms();
	p->told_state = (int)workspace_state(p->workspace);
	p->told_place = place;
	p->told_memory = h->memory >> 20;
	p->told_disk = h->disk_used >> 20;
	p->told_cpu = h->cpu_percent;
	TAILQ_FOREACH(c, &p->clients, in_person) {
		if (!c->room)
			client_tell_workspace(c);
	}
	if (state || place)
		return;
	LIST_FOREACH(r, &p->rooms, in_person)
		room_tell_status(r, NULL);
}

void presence_watch(struct presence *p)
{
	if (p->nclients && !p->watch) {
		workspace_hold(p->workspace);
		p->told_since = clock_now_ms();
		p->watch = workspace_watch(p->workspace, on_workspace, p);
	} else if (!p->nclients && p->watch) {
		workspace_unwatch(p->watch);
		p->watch = NULL;
		workspace_release(p->workspace);
	}
}

bool presence_may(struct presence *p, int *counter, int max)
{
	int64_t now = clock_mono_ms();

	if (now - p->window > RATE_WINDOW_MS) {
		p->window = now;
		p->messages = p->others = p->opened = 0;
	}
	return ++*counter <= max;
}

static void forget(struct presence *p)
{
	LIST_REMOVE(p, next);
	talloc_free(p);
}

void presence_release_unused(struct presence *p)
{
	struct room *r, *next;

	for (r = LIST_FIRST(&p->rooms); r; r = next) {
		next = LIST_NEXT(r, in_person);
		if (room_unused(r))
			room_close(r);
	}
	presence_watch(p);
	if (!p->nclients && !p->relays && LIST_EMPTY(&p->rooms))
		forget(p);
}

void presence_each(struct bridge *b, void (*each)(struct presence *p,
						  void *data),
		   void *data)
{
	struct presence *p, *next;
	size_t i;

	for (i = 0; i < PEOPLE_BUCKETS; i++) {
		for (p = LIST_FIRST(&b->people[i]); p; p = next) {
			next = LIST_NEXT(p, next);
			each(p, data);
		}
	}
}

static void close_pages(struct presence *p)
{
	struct terminal_client *t;
	struct client *c;

	TAILQ_FOREACH(c, &p->clients, in_person)
		client_close(c, WEBSOCKET_LOGIN_ENDED, "login ended");
	TAILQ_FOREACH(t, &p->terminals, in_person)
		terminal_client_close(t, WEBSOCKET_LOGIN_ENDED, "login ended");
}

/* Stop the processes before revoking their tokens, so they exit cleanly. */
void presence_leave(struct presence *p)
{
	struct bridge *b = p->bridge;
	struct room *r;

	close_pages(p);
	LIST_FOREACH(r, &p->rooms, in_person) {
		if (!session_is_run(r->session))
			session_leave(r->session, "error_claude_left");
	}
	token_lifecycle_end(b, p->id);
	presence_release_unused(p);
}

void presence_end(struct presence *p)
{
	struct workspace *w = p->workspace;
	struct room *r;

	close_pages(p);
	while ((r = LIST_FIRST(&p->rooms)))
		room_close(r);
	token_lifecycle_end(p->bridge, p->id);
	runs_poll(p->bridge);	/* a disabled account's runs end too */
	presence_release_unused(p);
	workspace_stop(w);
}
