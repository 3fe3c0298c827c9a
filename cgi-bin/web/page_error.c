/* The page of a failure. */
#include "config.h"
#include <talloc.h>

#include "web/web.h"

/*
 * By kind: what happened when nothing more specific is known, what is safe
 * ("": unsaid), what to do.
 */
static const struct {
	const char *what, *safe, *todo;
} words[] = {
	[ERR_NONE] = { "error_internal", "error_safe", "error_todo_later" },
	[ERR_INPUT] = { "error_input", "error_safe", "error_todo_back" },
	[ERR_AUTH] = { "error_auth", "error_safe", "error_todo_login" },
	[ERR_DENIED] = { "error_denied", "", "error_todo_back" },
	[ERR_MISSING] = { "error_missing", "", "error_todo_list" },
	[ERR_CONFLICT] = { "error_conflict", "error_safe", "error_todo_back" },
	[ERR_LIMIT] = { "error_limit", "error_safe", "error_todo_back" },
	[ERR_UNAVAILABLE] = { "error_unavailable", "error_safe_away",
			      "error_todo_later" },
	[ERR_INTERNAL] = { "error_internal", "error_safe", "error_todo_report" },
};

const char *page_sentence(const struct request *r, const struct err *why)
{
	const char *own = NULL;

	if (*why->key && why->kind != ERR_INTERNAL)
		own = i18n_sentence(context_of(r)->text, why->key);
	return own ? own : page_text(r, words[why->kind].what);
}

int page_error(struct request *r, struct response *out, const struct err *why,
	       struct err *e)
{
	const char *safe = words[why->kind].safe;
	struct view *view = page_view(r, why->kind == ERR_MISSING ?
				      "error_title_missing" : "error_title");

	out->status = response_status(why);
	if (out->status == 503 && response_header(out, "Retry-After", "5", e) < 0)
		return -1;
	view_text(view, "what", page_sentence(r, why));
	view_text(view, "safe", *safe ? page_text(r, safe) : "");
	view_text(view, "todo", page_text(r, words[why->kind].todo));
	view_text(view, "request_id", r->id);
	view_number(view, "status", out->status);
	return page_render(r, out, "pages/error", view, e);
}
