/* Creates, renames, deletes and exports a conversation. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "pages/chat/composer_view.h"
#include "pages/pages.h"
#include "store/composer.h"
#include "store/projects.h"
#include "transcript/export.h"
#include "transcript/message_title.h"

#define TITLE_CHARACTERS 60
/* nginx buffers this much for a slow reader: more would occupy a thread. */
#define EXPORT_MAX (60u << 20)

const char *page_title(const struct request *r, const struct conversation *c)
{
	return *c->title ? c->title : page_text(r, "conversation_untitled");
}

/* A refused message leaves no empty conversation. */
static int add_first(struct request *r, const char *conversation,
		     const char *message, const char *text,
		     const char *pictures, struct err *e)
{
	struct db *db = context_of(r)->db;
	struct err more = { 0 };

	if (message_add_for(db, conversation, message, text, pictures, NULL, e) >= 0)
		return 0;
	if (conversation_purge(db, conversation, &more) < 0)
		log_failure("purge_failed", &more, "conversation", conversation,
			    NULL);
	return -1;
}

int chat_check_message(const struct request *r, const char *text,
		       struct err *e)
{
	const struct context *v = context_of(r);
	int64_t max = settings_number(v->app->settings, SET_MESSAGE_MAX);

	if ((int64_t)strlen(text) > max)
		return err_tell(e, ERR_LIMIT, "error_message_too_long",
				"message over %lld bytes", (long long)max);
	return message_check_room(v->db, v->user->id, text,
		settings_number(v->app->settings, SET_RECORD_ACCOUNT_MAX) << 20, e);
}

/* The mode it begins in; a form without one: the usual. */
static int set_mode(struct request *r, const char *id, struct err *e)
{
	const char *mode = form_text(r->form, "mode");

	if (!*mode || str_equal(mode, "default"))
		return 0;
	if (!chat_mode_known(mode))
		return err_set(e, ERR_INPUT, "unknown mode");
	return conversation_set_mode(context_of(r)->db, id, mode, e);
}

/* The model and effort it begins with: the form's, or the account's. */
static int set_model(struct request *r, const char *id, struct err *e)
{
	const struct context *v = context_of(r);
	struct composer_choice *c = composer_choice_load(v->db, r, v->user->id, e);
	const char *model, *effort;

	if (!c)
		return -1;
	model = form_find(r->form, "model");
	effort = form_find(r->form, "effort");
	model = model ? model : c->model;
	effort = effort ? effort : c->effort;
	if (!composer_model_valid(model))
		return err_tell(e, ERR_INPUT, "error_model_refused", "not a model's name");
	if ((*model && conversation_set_model(v->db, id, model, e) < 0) ||
	    (*effort && conversation_set_effort(v->db, id, effort, e) < 0))
		return -1;
	return *form_text(r->form, "keep") ? composer_choice_take(r, e) : 0;
}

/* Of the text; a picture's name when there is none. */
static const char *first_title(const struct request *r, const char *text, bool pictures)
{
	const char *title = message_title(r, text, TITLE_CHARACTERS);

	return *title || !pictures ? title : page_text(r, "picture");
}

static int set_project(struct request *r, const char *id, struct err *e)
{
	const struct context *v = context_of(r);
	const char *project = form_text(r->form, "project");

	if (!*project)
		return 0;
	return conversation_move(v->db, id, v->user->id, project, e);
}

/*
 * POST /conversations -- starts one, with its first message when there is
 * text. Thanks to the form's id, sending it again (reload, back) leads to the
 * same one. Its conversation has the id for which Claude may have been
 * prestarted.
 */
int page_conversation_create(struct request *r, struct response *out,
			     struct err *e)
{
	struct context *v = context_of(r);
	const char *text = form_text(r->form, "text");
	const char *message = form_text(r->form, "id");
	char made[ID_SIZE], id[ID_SIZE];
	const char *pictures;
	bool says;

	if (chat_check_message(r, text, e) < 0)
		return -1;
	if (*message && !id_valid(message))
		return err_set(e, ERR_INPUT, "message id");
	id_new(made);
	if (!*message)
		message = made;
	if (message_find(v->db, message, v->user->id, id, e) == 0)
		return response_redirect(out, e, "/workspace/%s", id);
	pictures = e->kind == ERR_MISSING ? composer_pictures(r, e) : NULL;
	if (!pictures)
		return -1;
	says = text[strspn(text, " \t\r\n")] || *pictures;
	if (conversation_create_as(v->db, v->user->id, first_title(r, text, *pictures),
				   form_text(r->form, "conversation"), id,
				   e) < 0)
		return -1;
	if (set_mode(r, id, e) < 0 || set_model(r, id, e) < 0 ||
	    set_project(r, id, e) < 0 ||
	    (says && add_first(r, id, message, text, pictures, e) < 0))
		return -1;
	bridge_tell(r, "/conversations/%s/refresh", id);
	return response_redirect(out, e, "/workspace/%s", id);
}

int page_conversation_rename(struct request *r, struct response *out,
			     struct err *e)
{
	struct context *v = context_of(r);
	const char *id = request_arg(r, "id");

	if (conversation_rename(v->db, id, v->user->id,
				form_text(r->form, "title"), e) < 0)
		return -1;
	bridge_tell(r, "/conversations/%s/refresh", id);
	return response_redirect(out, e, "/workspace/%s", id);
}

int page_conversation_delete_ask(struct request *r, struct response *out,
				 struct err *e)
{
	struct context *v = context_of(r);
	struct conversation *c;
	struct view *view;

	c = conversation_load(v->db, r, request_arg(r, "id"), v->user->id, e);
	if (!c)
		return -1;
	view = page_view(r, "conversation_delete_title");
	view_text(view, "id", c->id);
	view_text(view, "conversation_title", page_title(r, c));
	return page_render(r, out, "pages/delete", view, e);
}

int page_conversation_delete(struct request *r, struct response *out,
			     struct err *e)
{
	struct context *v = context_of(r);
	const char *id = request_arg(r, "id");

	if (conversation_mark_deleted(v->db, id, v->user->id, e) < 0)
		return -1;
	log_event(LOG_INFO, "conversation_deleted", "conversation", id,
		  "request", r->id, NULL);
	bridge_tell(r, "/conversations/%s/refresh", id);
	return response_redirect(out, e, "/workspace?deleted=%s", id);
}

/* One that is there is where its user wanted it, too. */
int page_conversation_restore(struct request *r, struct response *out,
			      struct err *e)
{
	struct context *v = context_of(r);
	const char *id = request_arg(r, "id");
	struct err none = { 0 };

	if (!conversation_load(v->db, r, id, v->user->id, &none)) {
		if (conversation_restore(v->db, id, v->user->id,
					 clock_now_ms() - CONVERSATION_UNDO_MS,
					 e) < 0)
			return -1;
		log_event(LOG_INFO, "conversation_restored", "conversation",
			  id, "request", r->id, NULL);
		bridge_tell(r, "/conversations/%s/refresh", id);
	}
	return response_redirect(out, e, "/workspace/%s", id);
}

static int name_export(struct request *r, struct response *out,
		       const struct conversation *c, const char *suffix,
		       struct err *e)
{
	return page_attachment(r, out, talloc_asprintf(r, "conversation.%s", suffix),
			       talloc_asprintf(r, "%s.%s", page_title(r, c), suffix),
			       e);
}

static int exported(int done, struct err *e)
{
	if (done == 0 || e->kind != ERR_LIMIT)
		return done;
	return err_tell(e, ERR_LIMIT, "error_export_large",
			"an export of more than %u bytes", EXPORT_MAX);
}

int page_export_markdown(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	struct conversation *c;

	c = conversation_load(v->db, r, request_arg(r, "id"), v->user->id, e);
	if (!c || name_export(r, out, c, "md", e) < 0)
		return -1;
	out->type = "text/markdown; charset=utf-8";
	out->body.cap = EXPORT_MAX;
	return exported(export_markdown(v->db, c, page_title(r, c), v->text,
					v->zone, &out->body, e), e);
}

int page_export_json(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	struct conversation *c;

	c = conversation_load(v->db, r, request_arg(r, "id"), v->user->id, e);
	if (!c || name_export(r, out, c, "json", e) < 0)
		return -1;
	out->type = "application/json";
	out->body.cap = EXPORT_MAX;
	return exported(export_json(v->db, c, &out->body, e), e);
}
