/* Beginning runs by hand. */
#ifndef PAGE_AGENT_H
#define PAGE_AGENT_H

#include "pages/agents/agent_view.h"

/*
 * Queues a run (trigger manual or test) and leads to its page. id: of a form
 * that may be sent twice, NULL or "" for a new one.
 */
int page_run_begin(struct request *r, struct response *out, const struct agent *a,
	      const char *trigger, const char *id, struct err *e) must_check;

/* Tells the workers that an execution has something to do; Redis may be away, for they look at the rows too. */
void page_run_tell(const struct request *r, const char *execution_id);

/* The page of an agent's form with all names of its template. */
struct view *agent_form_page(struct request *r, const struct agent *a,
			     const struct agent_form *f, const char *note);

/* A new agent's form with its presets. Gives (child of r). */
struct agent_form *agent_form_new(const struct request *r);

/* GET /agents/new?conversation=&message= -- what Claude wrote, or how far it is. */
int page_agent_from_chat(struct request *r, struct response *out,
			 struct err *e);

#endif
