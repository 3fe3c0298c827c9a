/* Ends idle Claude processes that a bridge left when it died. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "core/clock.h"
#include "core/str.h"

#define QUIET_MS 15000	/* after READY: active sessions have been re-adopted by then */

/* A child of the link it uses: freed with it. */
struct sweep {
	struct bridge *bridge;
	struct link *link;
	char user_id[ID_SIZE];
	struct buf list;
};

static int release(struct sweep *w)
{
	buf_release(&w->list);
	return 0;
}

static const struct link_response_events no_events;

static void end_one(struct link *l, const char *id)
{
	struct link_request rq = { .method = "DELETE" };
	struct err e = { 0 };
	char path[80];

	snprintf(path, sizeof(path), "/sessions/%s?grace=5", id);
	rq.path = path;
	if (!link_request(l, &rq, &no_events, NULL, &e))
		return;		/* the link is closing, and the processes end with it or later */
}

static void end_unknown(struct sweep *w, const char *id)
{
	end_one(w->link, id);
	token_lifecycle_end_conversation(w->bridge, id, w->user_id);
}

static bool on_body(void *data, const void *bytes, size_t n)
{
	struct sweep *w = data;
	struct err full = { 0 };

	if (buf_add(&w->list, bytes, n, &full) < 0)
		buf_clear(&w->list);
	return true;
}

static void on_end(void *data, const struct err *e)
{
	struct sweep *w = data;
	struct presence *p = presence_find(w->bridge, w->user_id);
	char *rest = w->list.data, *line, id[ID_SIZE];

	while (!e && p && rest && (line = strsep(&rest, "\n"))) {
		if (strlen(line) < ID_SIZE ||
		    !str_starts(line + ID_SIZE - 1, " running"))
			continue;
		memcpy(id, line, ID_SIZE - 1);
		id[ID_SIZE - 1] = '\0';
		if (id_valid(id) && !room_find(p, id))
			end_unknown(w, id);
	}
	talloc_free(w);
}

void presence_sweep(struct presence *p)
{
	static const struct link_response_events events = {
		.body = on_body,
		.end = on_end,
	};
	struct link_request rq = { .method = "GET", .path = "/sessions" };
	struct link *l = workspace_link(p->workspace);
	struct err e = { 0 };
	struct sweep *w;

	if (!l || l == p->swept || !p->bridge->resumed || !p->nclients ||
	    clock_now_ms() - p->told_since < QUIET_MS)
		return;
	p->swept = l;
	w = talloc_zero(l, struct sweep);
	w->bridge = p->bridge;
	w->link = l;
	memcpy(w->user_id, p->id, ID_SIZE);
	buf_init(&w->list, 256u << 10);
	talloc_set_destructor(w, release);
	if (!link_request(l, &rq, &events, w, &e))
		talloc_free(w);
}
