/*
 * "Save as agent": asks Claude, in the conversation itself, to write the work
 * down as an agent; its reply fills the form.
 */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "core/unicode.h"
#include "json/field.h"
#include "pages/agents/page_agent.h"
#include "pages/pages.h"
#include "transcript/agent_script.h"

#define REFRESH_S "3"
#define ANSWER_MAX (2u << 20)
#define PLACED_SEEN 100		/* of the conversation's last messages */

/*
 * POST /conversations/{id}/agent -- the message has the form's id, so sending
 * it again leads to the same request.
 */
int page_agent_ask(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	const char *message = form_text(r->form, "id"), *text;
	struct conversation *c;

	if (!id_valid(message))
		return err_set(e, ERR_INPUT, "message id");
	text = i18n_fill(r, v->text, "agent_ask_claude", "{{date}}",
			 "{{planned_at}}", "{{last_run_at}}",
			 "{{last_result}}", NULL);
	c = conversation_load(v->db, r, request_arg(r, "id"), v->user->id, e);
	if (c && str_equal(c->kind, "run"))
		return err_tell(e, ERR_CONFLICT, "error_run_readonly",
				"runs accept no messages");
	if (!c || message_add(v->db, c->id, message, text, e) < 0)
		return -1;
	bridge_tell(r, "/conversations/%s/refresh", c->id);
	return response_redirect(out, e, "/agents/new?conversation=%s&message=%s",
				 c->id, message);
}

/*
 * POST /conversations/{id}/agent/cancel -- withdraws a queued request; one
 * that Claude has begun is stopped in the conversation.
 */
int page_agent_ask_cancel(struct request *r, struct response *out,
			  struct err *e)
{
	struct context *v = context_of(r);
	struct conversation *c;

	c = conversation_load(v->db, r, request_arg(r, "id"), v->user->id, e);
	if (!c || (message_set_state(v->db, c->id, form_text(r->form, "message"),
				     "withdrawn", e) < 0 &&
		   e->kind != ERR_CONFLICT && e->kind != ERR_MISSING))
		return -1;
	bridge_tell(r, "/conversations/%s/refresh", c->id);
	return response_redirect(out, e, "/workspace/%s", c->id);
}

/* The request's progress, and the reply to it. */
struct answer {
	const char *message;
	bool waits, placed;	/* the message: queued, or taken by Claude */
	int64_t asked_at, at;
	bool ended, failed;
	struct buf text;
};

static int find_waiting(void *data, const struct message *m, struct err *e)
{
	struct answer *a = data;

	(void)e;
	if (str_equal(m->id, a->message) && !m->held[0]) {
		a->waits = true;
		a->asked_at = m->created_at;
	}
	return 0;
}

static int find_placed(void *data, const struct message *m, struct err *e)
{
	struct answer *a = data;

	(void)e;
	if (str_equal(m->id, a->message)) {
		a->placed = true;
		a->asked_at = m->created_at;
		a->at = m->at;
	}
	return 0;
}

/* The reply is the last text with a block, otherwise the last text. */
static int keep_text(struct answer *a, const struct part *p, struct err *e)
{
	auto_strict_json *data = field_parse(p->data, strlen(p->data));
	const char *text = field_text(data, "text", NULL);
	struct agent_script script;

	if (!text || (agent_script_find(buf_text(&a->text), &script) &&
		      !agent_script_find(text, &script)))
		return 0;
	buf_clear(&a->text);
	return buf_add_text(&a->text, text, e);
}

/* The turn after the message; later turns are about something else. */
static int read_part(void *data, const struct part *p, struct err *e)
{
	struct answer *a = data;

	if (p->at <= a->at || a->ended || !str_equal(p->role, "assistant"))
		return 0;
	if (str_equal(p->kind, "text"))
		return keep_text(a, p, e);
	if (str_equal(p->kind, "error"))
		a->failed = a->ended = true;
	if (str_equal(p->kind, "usage"))
		a->ended = true;
	return 0;
}

static int read_answer(struct request *r, const struct conversation *c,
		       struct answer *a, struct err *e)
{
	struct db *db = context_of(r)->db;

	if (message_each_unplaced(db, c->id, find_waiting, a, e) < 0 ||
	    message_each_placed(db, c->id, INT64_MAX, PLACED_SEEN, find_placed,
				a, e) < 0)
		return -1;
	if (!a->waits && !a->placed)
		return err_set(e, ERR_MISSING, "no such question");
	if (a->placed && part_each(db, c->id, a->at, 0, 0, read_part, a, e) < 0)
		return -1;
	if (a->placed && !a->ended && str_equal(c->state, "idle") &&
	    buf_text(&a->text)[0])
		a->ended = true;
	return 0;
}

static int show_progress(struct request *r, struct response *out,
			 const struct conversation *c, const struct answer *a,
			 struct err *e)
{
	struct view *view = page_view(r, "agent_writing");
	int64_t now = clock_now_ms();
	bool asks = str_equal(c->state, "waiting");

	view_text(view, "conversation_title", page_title(r, c));
	view_textf(view, "conversation_href", "%s/workspace/%s",
		   context_of(r)->app->base_path, c->id);
	view_text(view, "id", c->id);
	view_text(view, "message", a->message);
	view_flag(view, "failed", a->failed);
	view_flag(view, "asks", !a->failed && asks);
	view_flag(view, "works", !a->failed && !asks);
	view_text(view, "step", page_text(r, a->waits ? "agent_writing_waits" :
					  "agent_writing_works"));
	view_text(view, "since", now - a->asked_at < 1000 ? "" :
		  i18n_duration(r, context_of(r)->text, now - a->asked_at));
	if (!a->failed &&
	    response_header(out, "Refresh", REFRESH_S, e) < 0)
		return -1;
	return page_render(r, out, "pages/agent_writing", view, e);
}

static int show_form(struct request *r, struct response *out,
		     const struct conversation *c, const struct answer *a,
		     struct err *e)
{
	struct agent_form *f = agent_form_new(r);
	struct agent_script script;
	struct view *view;
	bool found = agent_script_find(buf_text(&a->text), &script);

	f->text[FIELD_NAME] = !found || !script.name_n ? c->title :
		unicode_name(r, talloc_strndup(r, script.name, script.name_n),
			     AGENT_NAME_MAX);
	f->text[FIELD_PROMPT] = talloc_strndup(f, script.prompt,
					       script.prompt_n);
	if (*c->model)
		f->text[FIELD_MODEL] = c->model;
	view = agent_form_page(r, NULL, f, page_text(r, found ?
			       "agent_written" : "agent_written_plain"));
	return page_render(r, out, "pages/agent", view, e);
}

int page_agent_from_chat(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	struct answer a = {
		.message = form_text(r->args, "message"),
		.text = BUF_INIT(ANSWER_MAX),
	};
	struct conversation *c;
	int done = -1;

	c = conversation_load(v->db, r, form_text(r->args, "conversation"),
			      v->user->id, e);
	if (c && read_answer(r, c, &a, e) == 0)
		done = a.ended && !a.failed ? show_form(r, out, c, &a, e) :
					      show_progress(r, out, c, &a, e);
	buf_release(&a.text);
	return done;
}
