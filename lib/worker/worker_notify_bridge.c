/*
 * Tells the bridge which session to look at: POST /conversations/<id>/refresh
 * on its control socket, one at a time. A failure is harmless: the bridge
 * reads open attempts at its start, and each sweep repeats the request.
 */
#include "config.h"
#include "worker/worker_internal.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/log.h"
#include "http/http_client.h"

#define NOTIFY_MS 2000
#define WAITING_MAX 1000

struct bridge_notifier {
	struct worker *worker;
	uv_work_t slot;
	struct ids waiting;
	char now[ID_SIZE];
	const char *socket;
	struct err error;
	int status;
	bool busy;
};

struct bridge_notifier *bridge_notifier_new(struct worker *w)
{
	struct bridge_notifier *p =
		alloc_checked(talloc_zero(w, struct bridge_notifier));

	p->worker = w;
	p->socket = settings_text(w->settings, SET_CONTROL_SOCKET);
	p->slot.data = p;
	return p;
}

static void notify(uv_work_t *slot)
{
	struct bridge_notifier *p = slot->data;
	char path[80];
	const struct http_client_call call = {
		.socket = p->socket,
		.method = "POST",
		.path = path,
		.deadline_ms = NOTIFY_MS,
	};

	snprintf(path, sizeof(path), "/conversations/%s/refresh", p->now);
	p->error = (struct err){ 0 };
	if (http_client_run(&call, &p->status, NULL, &p->error) < 0)
		p->status = 0;
}

static void next(struct bridge_notifier *p);

static void notified(uv_work_t *slot, int status)
{
	struct bridge_notifier *p = slot->data;

	(void)status;
	p->busy = false;
	if (!p->status) {
		log_failure("notify_bridge", &p->error, "conversation", p->now, NULL);
		p->waiting.n = 0;	/* the sweep repeats them */
	}
	next(p);
}

static void next(struct bridge_notifier *p)
{
	struct ids *l = &p->waiting;

	if (p->busy || !l->n || p->worker->stopping)
		return;
	p->busy = true;
	memcpy(p->now, l->list[0], ID_SIZE);
	l->n--;
	memmove(l->list[0], l->list[1], l->n * ID_SIZE);
	uv_queue_work(p->worker->loop, &p->slot, notify, notified);
}

void bridge_notifier_refresh(struct bridge_notifier *p,
			     const char *conversation_id)
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

bool bridge_notifier_stop(struct bridge_notifier *p)
{
	p->waiting.n = 0;
	return p->busy;
}
