/* Makes what was recorded before the search index findable, a little at a time. */
#include "config.h"

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "core/log.h"
#include "store/search.h"
#include "transcript/part_search.h"

#define STEP_PARTS 50		/* a transaction of some 20 ms */
#define PAUSE_MS 100		/* the store is others' in between */
#define RETRY_MS 10000

struct step {
	struct bridge *bridge;
	bool done;
};

static void on_timer(uv_timer_t *timer);

static int step_work(void *data, struct db *db, struct err *e)
{
	struct step *s = data;

	return search_backlog_step(db, STEP_PARTS, part_search_text, &s->done, e);
}

static void stepped(void *data, const struct err *e)
{
	struct step *s = data;
	struct bridge *b = s->bridge;
	bool done = s->done;

	talloc_free(s);
	if (e)
		log_failure("search_backlog", e, NULL);
	if (!b->stopping && (e || !done))
		uv_timer_start(&b->backlog_timer, on_timer,
			       e ? RETRY_MS : PAUSE_MS, 0);
	bridge_left(b);
}

static void on_timer(uv_timer_t *timer)
{
	struct bridge *b = timer->data;
	struct step *s;

	if (b->stopping)
		return;
	s = talloc_zero(NULL, struct step);
	s->bridge = b;
	jobs_add(b->jobs, step_work, stepped, s);
}

void search_backlog_begin(struct bridge *b)
{
	uv_timer_start(&b->backlog_timer, on_timer, PAUSE_MS, 0);
}
