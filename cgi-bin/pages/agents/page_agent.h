/* Starts runs by hand; shared by the pages of agents. */
#ifndef PAGE_AGENT_H
#define PAGE_AGENT_H

#include "pages/agents/agent_view.h"

/*
 * Queues a run (trigger manual or test) and redirects to its page. id: of a
 * form that may be sent twice, NULL or "" for a new one.
 */
int page_run_begin(struct request *r, struct response *out, const struct agent *a,
	      const char *trigger, const char *id, struct err *e) must_check;

/* Wakes a worker for an execution; Redis may be away, because workers also poll. */
void page_run_tell(const struct request *r, const char *execution_id);

/* The page of an agent's form with all names of its template. */
struct view *agent_form_page(struct request *r, const struct agent *a,
			     const struct agent_form *f, const char *note);

/* A new agent's form with its presets. Gives (child of r). */
struct agent_form *agent_form_new(const struct request *r);

/*
 * GET /agents/new?conversation=&message= -- a form filled with what Claude
 * wrote, or the progress.
 */
int page_agent_from_chat(struct request *r, struct response *out,
			 struct err *e);

#endif
