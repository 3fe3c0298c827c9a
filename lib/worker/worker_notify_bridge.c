/*
 * The bridge is told which session to look at: POST /conversations/<id>/refresh
 * on its control socket, one at a time. A failure is no loss: it takes up open
 * tries at its own start, and each sweep tells it again.
 */
#include "config.h"
#include "worker/worker_internal.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/log.h"
#include "http/http_client.h"

#define POKE_MS 2000
#define WAITING_MAX 1000

struct poker {
	struct worker *worker;
	uv_work_t slot;
	struct ids waiting;
	char now[ID_SIZE];
	const char *socket;
	struct err error;
	int status;
	bool busy;
};

struct poker *poker_new(struct worker *w)
{
	struct poker *p = talloc_zero(w, struct poker);

	if (!p)
		err_abort("out of memory");
	p->worker = w;
	p->socket = settings_text(w->settings, SET_CONTROL_SOCKET);
	p->slot.data = p;
	return p;
}

static void poke(uv_work_t *slot)
{
	struct poker *p = slot->data;
	char path[80];
	const struct client_call call = {
		.socket = p->socket,
		.method = "POST",
		.path = path,
		.deadline_ms = POKE_MS,
	};

	snprintf(path, sizeof(path), "/conversations/%s/refresh", p->now);
	p->error = (struct err){ 0 };
	if (client_run(&call, &p->status, NULL, &p->error) < 0)
		p->status = 0;
}

static void next(struct poker *p);

static void poked(uv_work_t *slot, int status)
{
	struct poker *p = slot->data;

	(void)status;
	p->busy = false;
	if (!p->status) {
		log_failure("poke", &p->error, "conversation", p->now, NULL);
		p->waiting.n = 0;	/* the sweep tells them again */
	}
	next(p);
}

static void next(struct poker *p)
{
	struct ids *l = &p->waiting;

	if (p->busy || !l->n || p->worker->stopping)
		return;
	p->busy = true;
	memcpy(p->now, l->list[0], ID_SIZE);
	l->n--;
	memmove(l->list[0], l->list[1], l->n * ID_SIZE);
	uv_queue_work(p->worker->loop, &p->slot, poke, poked);
}

void poker_refresh(struct poker *p, const char *conversation_id)
{
	size_t i;

	for (i = 0; i < p->waiting.n; i++) {
		if (strcmp(p->waiting.list[i], conversation_id) == 0)
			return;
	}
	if (p->waiting.n < WAITING_MAX)
		ids_add(&p->waiting, p, conversation_id);
	next(p);
}

bool poker_stop(struct poker *p)
{
	p->waiting.n = 0;
	return p->busy;
}
