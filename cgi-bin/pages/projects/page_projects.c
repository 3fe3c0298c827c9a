/* Projects: their list, one of them, and what is done with conversations of the list. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "pages/pages.h"
#include "store/projects.h"

#define HOME "/workspace/"

struct listing {
	struct request *r;
	struct view *list;
	const char *chosen;
};

static int add_project(void *data, const struct project *p, struct err *e)
{
	struct listing *l = data;
	const char *base = context_of(l->r)->app->base_path;
	struct view *item = view_append(l->list);

	(void)e;
	view_text(item, "id", p->id);
	view_text(item, "name", p->name);
	view_text(item, "folder", *p->folder ?
		  talloc_asprintf(l->r, HOME "%s", p->folder) : "");
	view_textf(item, "href", "%s/projects/%s", base, p->id);
	view_textf(item, "list_href", "%s/workspace?project=%s", base, p->id);
	view_flag(item, "current", l->chosen && str_equal(l->chosen, p->id));
	return 0;
}

int page_project_list(struct request *r, struct view *view, const char *chosen,
		      struct err *e)
{
	const struct context *v = context_of(r);
	struct listing l = { .r = r, .list = view_list(view, "projects"),
			     .chosen = chosen };

	if (project_each(v->db, v->user->id, add_project, &l, e) < 0)
		return -1;
	view_flag(view, "has_projects", view_truthy(l.list));
	return 0;
}

/* The project that was deleted a moment ago. */
static void add_undo(struct request *r, struct view *view)
{
	const struct context *v = context_of(r);
	const char *id = form_text(r->args, "deleted");
	struct project *p = NULL;
	struct err none = { 0 };
	struct view *undo;
	int64_t left = 0;

	view_flag(view, "undo", false);
	if (id_valid(id))
		p = project_load(v->db, r, id, v->user->id, true, &none);
	if (p && p->deleted_at)
		left = p->deleted_at + PROJECT_UNDO_MS - clock_now_ms();
	if (left <= 0)
		return;
	undo = view_map(view, "undo");
	view_text(undo, "id", p->id);
	view_text(undo, "words", i18n_fill(r, v->text, "project_deleted",
					   p->name, NULL));
}

int page_projects(struct request *r, struct response *out, struct err *e)
{
	struct view *view = page_view(r, "projects");

	if (page_project_list(r, view, NULL, e) < 0)
		return -1;
	add_undo(r, view);
	return page_render(r, out, "pages/projects", view, e);
}

/* A refused form keeps its values. */
static int show_form(struct request *r, struct response *out,
		     const struct project *p, const struct err *why,
		     struct err *e)
{
	struct view *view = page_view(r, *p->id ? "project" : "project_new");

	view_text(view, "id", p->id);
	view_text(view, "name", p->name);
	view_text(view, "folder", p->folder);
	view_text(view, "instructions", p->instructions);
	view_text(view, "problem", why ? page_sentence(r, why) : "");
	view_textf(view, "list_href", "%s/workspace?project=%s",
		   context_of(r)->app->base_path, p->id);
	return page_render(r, out, "pages/project", view, e);
}

int page_project_new(struct request *r, struct response *out, struct err *e)
{
	const struct project none = { .name = "", .folder = "",
				      .instructions = "" };

	return show_form(r, out, &none, NULL, e);
}

int page_project(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);
	struct project *p = project_load(v->db, r, request_arg(r, "id"),
					 v->user->id, false, e);

	return p ? show_form(r, out, p, NULL, e) : -1;
}

/* "/workspace/shop/" is the folder "shop". */
static const char *folder_of(struct request *r)
{
	const char *text = form_text(r->form, "folder");
	char *folder;
	size_t n;

	if (str_equal(text, "/workspace"))
		return "";
	if (str_starts(text, HOME))
		text += strlen(HOME);
	folder = alloc_checked(talloc_strdup(r, text));
	for (n = strlen(folder); n && folder[n - 1] == '/'; n--)
		folder[n - 1] = '\0';
	return folder;
}

static int refused(struct request *r, struct response *out,
		   const struct project *p, struct err *e)
{
	struct err why = *e;

	if (why.kind != ERR_INPUT && why.kind != ERR_LIMIT)
		return -1;
	out->status = 400;
	return show_form(r, out, p, &why, e);
}

static struct project *form_project(struct request *r, const char *id)
{
	struct project *p = alloc_checked(talloc_zero(r, struct project));

	if (!str_copy(p->id, ID_SIZE, id) ||
	    !str_copy(p->user_id, ID_SIZE, context_of(r)->user->id))
		err_abort("an id too long");
	p->name = form_text(r->form, "name");
	p->folder = folder_of(r);
	p->instructions = form_text(r->form, "instructions");
	return p;
}

int page_project_create(struct request *r, struct response *out, struct err *e)
{
	struct project *p = form_project(r, "");
	char id[ID_SIZE];

	if (project_create(context_of(r)->db, p, id, e) < 0)
		return refused(r, out, p, e);
	return response_redirect(out, e, "/workspace?project=%s", id);
}

int page_project_save(struct request *r, struct response *out, struct err *e)
{
	struct project *p = form_project(r, request_arg(r, "id"));

	if (project_save(context_of(r)->db, p, e) < 0)
		return refused(r, out, p, e);
	return response_redirect(out, e, "/projects");
}

int page_project_delete(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);
	const char *id = request_arg(r, "id");

	if (project_mark_deleted(v->db, id, v->user->id, e) < 0)
		return -1;
	return response_redirect(out, e, "/projects?deleted=%s", id);
}

int page_project_restore(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);

	if (project_restore(v->db, request_arg(r, "id"), v->user->id, e) < 0)
		return -1;
	return response_redirect(out, e, "/projects");
}

/* ---- a conversation's place in the list ---- */

static bool on(const struct request *r)
{
	return str_equal(form_text(r->form, "on"), "1");
}

int page_conversation_pin(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);
	const char *id = request_arg(r, "id");

	if (conversation_pin(v->db, id, v->user->id, on(r), e) < 0)
		return -1;
	bridge_tell(r, "/conversations/%s/refresh", id);
	return response_redirect(out, e, "/workspace/%s", id);
}

int page_conversation_archive(struct request *r, struct response *out,
			      struct err *e)
{
	const struct context *v = context_of(r);
	const char *id = request_arg(r, "id");

	if (conversation_archive(v->db, id, v->user->id, on(r), e) < 0)
		return -1;
	bridge_tell(r, "/conversations/%s/refresh", id);
	return on(r) ? response_redirect(out, e, "/workspace?archived=%s", id) :
		       response_redirect(out, e, "/workspace/%s", id);
}

int page_conversation_move(struct request *r, struct response *out,
			   struct err *e)
{
	const struct context *v = context_of(r);
	const char *id = request_arg(r, "id");
	const char *project = form_text(r->form, "project");

	if (*project && !id_valid(project))
		return err_set(e, ERR_MISSING, "no such project");
	if (conversation_move(v->db, id, v->user->id, project, e) < 0)
		return -1;
	bridge_tell(r, "/conversations/%s/refresh", id);
	return response_redirect(out, e, "/workspace/%s", id);
}
