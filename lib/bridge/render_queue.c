/*
 * Draws slow parts in libuv's threads, two at a time and never two of one
 * account. Each page still gets everything in order: later messages wait for
 * such a part.
 */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "core/log.h"
#include "transcript/part.h"

#define WAIT_MS 2000		/* for the renderer; then the text is shown as written */

/* One part in one language. Separate talloc tree: another thread works on it. */
struct render_job {
	TAILQ_ENTRY(render_job) next;	/* in the queue */
	TAILQ_HEAD(, waiting) waiting;
	struct bridge *bridge;
	struct presence *presence;		/* valid while it is queued */
	char user_id[ID_SIZE], conversation[ID_SIZE];
	struct part_event event;
	char *text;			/* NULL: not drawn, or it failed */
	bool running, drawn;
};

/* Messages for a page, in order. */
struct waiting {
	TAILQ_ENTRY(waiting) in_client, in_drawing;
	struct client *client;
	struct render_job *drawing;	/* NULL: text is known */
	char *text;			/* NULL: close the socket instead */
	size_t bytes;
};

/* Runs one job at a time. Separate talloc tree. */
struct lane {
	uv_work_t work;
	struct bridge *bridge;
	struct render_job *now;		/* NULL: free */
	struct renderer *renderer;
	struct db *db;			/* opened by its first job */
};

struct drawings {
	TAILQ_HEAD(, render_job) line;
	struct lane *lanes[RENDER_LANES];
	uint64_t turns;
};

static int close_lanes(struct drawings *all)
{
	size_t i;

	for (i = 0; i < RENDER_LANES; i++)
		talloc_free(all->lanes[i]);
	return 0;
}

void render_queue_open(struct bridge *b)
{
	struct drawings *all = talloc_zero(b, struct drawings);
	size_t i;

	TAILQ_INIT(&all->line);
	for (i = 0; i < RENDER_LANES; i++) {
		all->lanes[i] = talloc_zero(NULL, struct lane);
		all->lanes[i]->bridge = b;
		all->lanes[i]->renderer = renderer_new(all->lanes[i]);
	}
	talloc_set_destructor(all, close_lanes);
	b->drawings = all;
}

/* ---- the queue ---- */

static void draw(uv_work_t *work)
{
	struct lane *lane = work->data;
	struct render_job *d = lane->now;
	struct rendering rendering;
	struct err e = { 0 };

	if (!lane->db)
		lane->db = db_open(lane, settings_text(lane->bridge->settings,
						       SET_DATABASE), &e);
	if (!lane->db)
		log_failure("open_store", &e, NULL);
	rendering_init(&rendering, lane->db, lane->renderer, d->conversation,
		       WAIT_MS);
	d->event.rendering = &rendering;
	d->text = outgoing_part(d, &d->event);
	rendering_release(&rendering);
}

static bool being_drawn(const struct drawings *all, const char *user_id)
{
	size_t i;

	for (i = 0; i < RENDER_LANES; i++) {
		if (all->lanes[i]->now &&
		    strcmp(all->lanes[i]->now->user_id, user_id) == 0)
			return true;
	}
	return false;
}

/* The first entry of the account that has waited longest for a turn. */
static struct render_job *choose(struct drawings *all)
{
	struct render_job *d, *found = NULL;

	TAILQ_FOREACH(d, &all->line, next) {
		if (!being_drawn(all, d->user_id) &&
		    (!found || d->presence->drawn < found->presence->drawn))
			found = d;
	}
	return found;
}

static void drawn(uv_work_t *work, int status);

static void start_next(struct bridge *b)
{
	struct drawings *all = b->drawings;
	struct render_job *d;
	size_t i;

	for (i = 0; i < RENDER_LANES; i++) {
		struct lane *lane = all->lanes[i];

		d = lane->now ? NULL : choose(all);
		if (!d)
			continue;
		TAILQ_REMOVE(&all->line, d, next);
		d->presence->drawn = ++all->turns;
		d->running = true;
		lane->now = d;
		lane->work.data = lane;
		uv_queue_work(b->loop, &lane->work, draw, drawn);
	}
}

/* ---- pages that wait for a drawing ---- */

static void drop(struct waiting *w)
{
	struct render_job *d = w->drawing;

	TAILQ_REMOVE(&w->client->waiting, w, in_client);
	w->client->waiting_bytes -= w->bytes;
	if (d) {
		TAILQ_REMOVE(&d->waiting, w, in_drawing);
		if (TAILQ_EMPTY(&d->waiting) && !d->running) {
			if (!d->drawn)
				TAILQ_REMOVE(&d->bridge->drawings->line, d, next);
			talloc_free(d);
		}
	}
	talloc_free(w);
}

static void flush(struct client *c)
{
	struct waiting *w;
	const char *text;

	while ((w = TAILQ_FIRST(&c->waiting)) && (!w->drawing || w->drawing->drawn)) {
		text = w->drawing ? w->drawing->text : w->text;
		if (text)
			websocket_send(c->ws, text, strlen(text));
		else if (!w->drawing)
			client_close(c, WEBSOCKET_TRY_AGAIN, "go on from here");
		drop(w);
	}
}

static void drawn(uv_work_t *work, int status)
{
	struct lane *lane = work->data;
	struct render_job *d = lane->now;
	struct waiting *w, *next;

	(void)status;
	lane->now = NULL;
	d->drawn = true;
	/* `running` holds it until each page has its copy. */
	for (w = TAILQ_FIRST(&d->waiting); w; w = next) {
		next = TAILQ_NEXT(w, in_drawing);
		if (TAILQ_FIRST(&w->client->waiting) == w)
			flush(w->client);
	}
	d->running = false;
	if (TAILQ_EMPTY(&d->waiting))
		talloc_free(d);
	if (!lane->bridge->stopping)
		start_next(lane->bridge);
}

struct render_job *render_job_new(struct room *r, const struct i18n_locale *l,
				  const struct part *p, int64_t at)
{
	struct render_job *d = talloc_zero(NULL, struct render_job);
	struct drawings *all = r->bridge->drawings;

	TAILQ_INIT(&d->waiting);
	d->bridge = r->bridge;
	d->presence = r->presence;
	memcpy(d->user_id, r->presence->id, ID_SIZE);
	memcpy(d->conversation, session_id(r->session), ID_SIZE);
	d->event = (struct part_event){
		.templates = r->bridge->templates, .locale = l,
		.zone = talloc_strdup(d, r->presence->zone),
		.name = talloc_strdup(d, r->presence->name),
		.part = part_copy(d, p), .at = at,
	};
	TAILQ_INSERT_TAIL(&all->line, d, next);
	return d;
}

static void wait_for(struct client *c, struct render_job *d, char *text,
		     size_t bytes)
{
	struct waiting *w = talloc_zero(c, struct waiting);

	w->client = c;
	w->drawing = d;
	w->text = talloc_steal(w, text);
	w->bytes = bytes;
	c->waiting_bytes += bytes;
	TAILQ_INSERT_TAIL(&c->waiting, w, in_client);
	if (d)
		TAILQ_INSERT_TAIL(&d->waiting, w, in_drawing);
}

void client_send_rendered(struct client *c, struct render_job *d)
{
	wait_for(c, d, NULL, strlen(d->event.part->data));
	start_next(c->bridge);
}

void client_wait(struct client *c, const char *text)
{
	wait_for(c, NULL, text ? talloc_strdup(c, text) : NULL,
		 text ? strlen(text) : 0);
	flush(c);
}

void client_forget_waiting(struct client *c)
{
	while (!TAILQ_EMPTY(&c->waiting))
		drop(TAILQ_FIRST(&c->waiting));
}
