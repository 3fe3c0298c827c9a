/* Rooms for runs of agents, and news of their ends to the workers. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "agent/definition.h"
#include "bridge/bridge_internal.h"
#include "core/log.h"
#include "kv/kv.h"
#include "schedule/wake_list.h"

#define LOOKS 6			/* how many ticks pass between reads of requests to end */

struct session_rules *runs_read_rules(const void *ctx,
				      const struct run_rules *stored,
				      struct err *e)
{
	struct session_rules *r = talloc_zero(ctx, struct session_rules);
	struct definition *d = definition_parse(r, stored->definition,
						strlen(stored->definition), e);

	if (!d) {
		talloc_free(r);
		return NULL;
	}
	memcpy(r->execution_id, stored->execution_id, ID_SIZE);
	r->everything = d->policy == POLICY_EVERYTHING;
	r->tools = d->tools;
	r->ntools = d->ntools;
	r->max_turns = d->max_turns;
	r->tokens_max = d->budget_tokens;
	r->deadline_at = stored->deadline_at;
	r->started_at = stored->deadline_at - d->timeout_minutes * 60000;
	r->cancel_at = stored->cancel_at;
	r->cancel_reason = talloc_strdup(r, stored->cancel_reason);
	return r;
}

void runs_announce_end(struct bridge *b)
{
	static const char script[] = KV_WAKE_SCRIPT;
	const char *const args[] = { WORKER_WAKE };

	if (b->kv)
		kv_async_script(b->kv, script, 1, 1, args, NULL, NULL);
}

/* ---- open attempts ---- */

struct look {
	struct bridge *bridge;
	struct open {
		char id[ID_SIZE], user_id[ID_SIZE];
	} *rows;
	size_t n;
	bool again;		/* attempts that have a room are read too */
};

static int add(void *data, const struct attempt *a, struct err *e)
{
	struct look *l = data;
	struct open *row;

	l->rows = talloc_realloc(l, l->rows, struct open, l->n + 1);
	row = &l->rows[l->n++];
	memcpy(row->id, a->conversation_id, ID_SIZE);
	memcpy(row->user_id, a->user_id, ID_SIZE);
	return 0;
}

static int look_work(void *data, struct db *db, struct err *e)
{
	return attempt_each_open(db, add, data, e);
}

static void looked(void *data, const struct err *e)
{
	struct look *l = data;
	struct bridge *b = l->bridge;
	size_t i;

	b->looking = false;
	if (e)
		log_failure("look_for_runs", e, NULL);
	for (i = 0; i < l->n && !b->stopping; i++) {
		struct presence *p = presence_get(b, l->rows[i].user_id);
		struct room *r = room_find(p, l->rows[i].id);

		if (!r)
			room_get(p, l->rows[i].id);
		else if (l->again)
			session_refresh(r->session);
	}
	talloc_free(l);
}

void runs_poll(struct bridge *b)
{
	struct look *l;

	if (b->looking || b->stopping || !b->resumed)
		return;
	b->looking = true;
	l = talloc_zero(NULL, struct look);
	l->bridge = b;
	l->again = ++b->looks % LOOKS == 0;
	jobs_add(b->jobs, look_work, looked, l);
}
