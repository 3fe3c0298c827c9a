/* Actions on an agent: run it, pause, resume, delete. */
#include "config.h"
#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "pages/agents/page_agent.h"
#include "pages/pages.h"
#include "schedule/wake_list.h"
#include "store/executions.h"

void page_run_tell(const struct request *r, const char *execution_id)
{
	struct err why = { 0 };

	if (kv_wake(context_of(r)->kv, WORKER_WAKE, &why) < 0)
		log_failure("run_not_announced", &why, "execution", execution_id,
			    "request", r->id, NULL);
}

int page_run_begin(struct request *r, struct response *out, const struct agent *a,
	      const char *trigger, const char *id, struct err *e)
{
	char run[ID_SIZE];

	if (id && *id && !id_valid(id))
		return err_set(e, ERR_INPUT, "run id");
	if (execution_add(context_of(r)->db, a, trigger, "",
			  id && *id ? id : NULL, clock_now_ms(), run, e) < 0)
		return -1;
	page_run_tell(r, run);
	log_event(LOG_INFO, "run_queued", "execution", run, "agent", a->id,
		  "trigger", trigger, "request", r->id, NULL);
	return response_redirect(out, e, "/executions/%s", run);
}

int page_agent_run(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);

	return a ? page_run_begin(r, out, a, "manual", form_text(r->form, "id"),
			     e) : -1;
}

int page_agent_test(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);

	return a ? page_run_begin(r, out, a, "test", form_text(r->form, "id"), e) :
		   -1;
}

/* Back to the page with the button. */
static int back(struct request *r, struct response *out, const struct agent *a,
		const char *done, struct err *e)
{
	const char *next = form_text(r->form, "next");

	if (page_is_ours(next))
		return response_redirect(out, e, "%s", next);
	return response_redirect(out, e, "/agents/%s?done=%s", a->id, done);
}

int page_agent_pause(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);

	if (!a || agent_pause(context_of(r)->db, a->id, "person", e) < 0)
		return -1;
	log_event(LOG_INFO, "agent_paused", "agent", a->id, "request", r->id,
		  NULL);
	return back(r, out, a, "paused", e);
}

/* Occurrences missed while it was paused stay missed: it continues after now. */
int page_agent_resume(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);
	struct definition *d = a ? agent_definition(r, a->definition, e) : NULL;
	int64_t next;

	if (!d || agent_next(r, d, clock_now_ms(), &next, e) < 0 ||
	    agent_resume(context_of(r)->db, a->id, next, e) < 0)
		return -1;
	log_event(LOG_INFO, "agent_resumed", "agent", a->id, "request", r->id,
		  NULL);
	return back(r, out, a, "resumed", e);
}

int page_agent_delete_ask(struct request *r, struct response *out,
			  struct err *e)
{
	struct agent *a = agent_here(r, e);
	struct view *view;

	if (!a)
		return -1;
	view = page_view(r, "agent_delete_title");
	view_text(view, "id", a->id);
	view_text(view, "name", a->name);
	return page_render(r, out, "pages/agent_delete", view, e);
}

struct ending {
	const struct request *r;
	const char *agent_id;
	char runs[64][ID_SIZE];
	size_t n;
};

static int keep_run(void *data, const struct outcome *o, struct err *e)
{
	struct ending *end = data;

	(void)e;
	if (str_equal(o->agent_id, end->agent_id) && end->n < 64 &&
	    str_copy(end->runs[end->n], ID_SIZE, o->execution_id))
		end->n++;
	return 0;
}

static int tell_session(void *data, const struct attempt *t, struct err *e)
{
	const struct ending *end = data;

	(void)e;
	if (!t->ended_at)
		bridge_tell(end->r, "/conversations/%s/refresh",
			    t->conversation_id);
	return 0;
}

/* Running ones were asked to end already; this tells their bridge at once. */
static void tell_ending(const struct ending *end)
{
	struct err why = { 0 };
	size_t i;

	for (i = 0; i < end->n; i++) {
		page_run_tell(end->r, end->runs[i]);
		if (attempt_each(context_of(end->r)->db, end->runs[i],
				 tell_session, (void *)end, &why) < 0)
			log_failure("run_not_announced", &why, "execution",
				    end->runs[i], "request", end->r->id, NULL);
	}
}

int page_agent_delete(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);
	struct ending end = { .r = r, .agent_id = a ? a->id : "" };

	if (!a || outcome_each_open(context_of(r)->db, context_of(r)->user->id,
				    keep_run, &end, e) < 0 ||
	    agent_delete(context_of(r)->db, a->id, e) < 0)
		return -1;
	tell_ending(&end);
	log_event(LOG_INFO, "agent_deleted", "agent", a->id, "request", r->id,
		  NULL);
	return response_redirect(out, e, "/agents?deleted=1");
}
