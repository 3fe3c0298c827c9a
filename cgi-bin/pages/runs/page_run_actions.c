/* Actions on a run: download one of its files, cancel, continue, run again. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "pages/agents/page_agent.h"
#include "pages/pages.h"
#include "pages/runs/run_view.h"
#include "preview/preview_type.h"

/* With view=1, a picture's by its bytes; an SVG's only in a page of ours. */
static const char *shown_type(const struct request *r,
			      const struct execution_file *f)
{
	const struct preview_type *type =
		preview_type_find(f->path, f->content, (size_t)f->size);

	if (!str_equal(form_text(r->args, "view"), "1") ||
	    type->kind != PREVIEW_PICTURE ||
	    (strstr(type->media, "svg") && !r->as_image))
		return "application/octet-stream";
	return type->media;
}

/*
 * GET /executions/{id}/files?path= -- a run's file as a download. With view=1 it
 * may be shown as a picture; nothing of it is ever executed here.
 */
int page_run_file(struct request *r, struct response *out, struct err *e)
{
	struct execution *x = execution_here(r, e);
	struct execution_file *f;

	if (!x)
		return -1;
	f = execution_file_load(context_of(r)->db, r, x->id,
				form_text(r->args, "path"), e);
	if (!f)
		return -1;
	if (!f->kept)
		return err_set(e, ERR_MISSING, "only its name was kept");
	if (page_download(r, out, f->path, f->content, (size_t)f->size, e) < 0)
		return -1;
	out->type = shown_type(r, f);
	return 0;
}

static int tell_session(void *data, const struct attempt *a, struct err *e)
{
	(void)e;
	if (!*a->outcome)
		bridge_tell(data, "/conversations/%s/refresh",
			    a->conversation_id);
	return 0;
}

/* A run that has ended meanwhile is not changed. */
int page_run_cancel(struct request *r, struct response *out,
		    struct err *e)
{
	struct db *db = context_of(r)->db;
	struct execution *x = execution_here(r, e);

	if (!x || execution_cancel(db, x->id, "person", clock_now_ms(), e) < 0 ||
	    attempt_each(db, x->id, tell_session, r, e) < 0)
		return -1;
	page_run_tell(r, x->id);
	log_event(LOG_INFO, "run_cancel_requested", "execution", x->id, "request",
		  r->id, NULL);
	return response_redirect(out, e, "/executions/%s", x->id);
}

int page_run_continue(struct request *r, struct response *out,
		      struct err *e)
{
	const struct context *v = context_of(r);
	char conversation[ID_SIZE];

	if (attempt_continue(v->db, request_arg(r, "id"), v->user->id,
			     conversation, e) < 0)
		return -1;
	bridge_tell(r, "/conversations/%s/refresh", conversation);
	return response_redirect(out, e, "/workspace/%s", conversation);
}

/* With the first run's trigger payload; the form's id prevents a second copy. */
int page_run_again(struct request *r, struct response *out,
		   struct err *e)
{
	const struct context *v = context_of(r);
	struct execution *x = execution_here(r, e);
	const char *id = form_text(r->form, "id");
	struct agent *a;
	char run[ID_SIZE];

	if (!x)
		return -1;
	if (*id && !id_valid(id))
		return err_set(e, ERR_INPUT, "run id");
	a = agent_load(v->db, r, x->agent_id, v->user->id, false, e);
	if (!a || execution_add(v->db, a, "manual", x->payload,
				*id ? id : NULL, clock_now_ms(), run, e) < 0)
		return -1;
	page_run_tell(r, run);
	log_event(LOG_INFO, "run_queued", "execution", run, "agent", a->id,
		  "trigger", "manual", "request", r->id, NULL);
	return response_redirect(out, e, "/executions/%s", run);
}
