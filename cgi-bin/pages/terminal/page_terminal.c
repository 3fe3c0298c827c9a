/* GET /terminal and /terminal/{id}, POST /terminal/{id}/... -- shells in the workspace. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/id.h"
#include "core/percent.h"
#include "core/str.h"
#include "core/unicode.h"
#include "pages/pages.h"

#define LIST_MAX (256u << 10)	/* bytes of the shim's list */
#define ASK_MS 40000		/* a workspace that sleeps is started first */
#define NAME_MAX_SHOWN 64	/* characters */
#define FIELDS 9

static int ask(struct request *r, const char *method, const char *path,
	       struct buf *answer, struct err *e)
{
	struct bridge_answer got;
	int failed = bridge_fetch(r, method, path, NULL, 0, LIST_MAX, ASK_MS,
				  &got, e);

	if (!failed && got.status == 404)
		failed = err_tell(e, ERR_MISSING, "error_terminal_ended", "ended");
	else if (!failed && got.status / 100 != 2)
		failed = err_tell(e, ERR_UNAVAILABLE, "error_terminal_away",
				  "the shim answered %d", got.status);
	if (!failed && answer)
		failed = buf_add(answer, buf_text(&got.body), got.body.len, e);
	buf_release(&got.body);
	return failed;
}

/* A field of the list, as text that is safe to show; "-" is none. */
static char *field(struct request *r, const char *text)
{
	char *out = alloc_checked(talloc_size(r, strlen(text) + 1));

	if (str_equal(text, "-") ||
	    percent_decode(out, text, strlen(text), false) < 0)
		out[0] = '\0';
	return unicode_name(r, out, NAME_MAX_SHOWN);
}

/* "<id> <rows> <cols> <started> <viewers> <program> <name> <folder> <title>" */
static void add_row(struct request *r, struct view *list, char *line, int number)
{
	const char *fields[FIELDS];
	struct view *row;
	char *name, *save = NULL, *at = strtok_r(line, " ", &save);
	size_t n;

	for (n = 0; at && n < FIELDS; n++, at = strtok_r(NULL, " ", &save))
		fields[n] = at;
	if (n < FIELDS || !id_valid(fields[0]))
		return;
	name = field(r, fields[6]);
	row = view_append(list);
	view_text(row, "id", fields[0]);
	view_text(row, "name", *name ? name :
		  talloc_asprintf(r, "%s %d", page_text(r, "terminal"), number));
	view_text(row, "own_name", name);
	view_text(row, "size", talloc_asprintf(r, "%.6s × %.6s", fields[2],
					       fields[1]));
	view_text(row, "program", field(r, fields[5]));
	view_text(row, "folder", field(r, fields[7]));
	view_text(row, "heading", field(r, fields[8]));
}

int page_terminals(struct request *r, struct response *out, struct err *e)
{
	auto_buf answer = BUF_INIT(LIST_MAX);
	struct view *view = page_view(r, "terminal_title"), *list;
	char *line, *save = NULL, *text, id[ID_SIZE];
	int number = 0;

	if (ask(r, "GET", "/terminals", &answer, e) < 0)
		return -1;
	list = view_list(view, "terminals");
	text = talloc_strdup(r, buf_text(&answer));
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		add_row(r, list, line, ++number);
	view_flag(view, "any", view_truthy(list));
	id_new(id);
	view_text(view, "fresh", id);
	return page_render(r, out, "pages/terminals", view, e);
}

/* ?new=1: the page's socket starts it. */
int page_terminal(struct request *r, struct response *out, struct err *e)
{
	const char *id = request_arg(r, "terminal");
	struct view *view = page_view(r, "terminal_title");
	char fresh[ID_SIZE];

	if (!id_valid(id))
		return err_tell(e, ERR_MISSING, "error_terminal_ended", "no id");
	id_new(fresh);
	view_text(view, "id", id);
	view_text(view, "fresh", fresh);
	view_flag(view, "starts", *form_text(r->args, "new"));
	out->inline_styles = true;	/* xterm.js sets its colours by them */
	return page_render(r, out, "pages/terminal", view, e);
}

static int change(struct request *r, struct response *out, const char *method,
		  const char *rest, struct err *e)
{
	const char *id = request_arg(r, "terminal");

	if (!id_valid(id))
		return err_tell(e, ERR_MISSING, "error_terminal_ended", "no id");
	if (ask(r, method, talloc_asprintf(r, "/terminals/%s%s", id, rest), NULL,
		e) < 0 && e->kind != ERR_MISSING)
		return -1;
	return response_redirect(out, e, "/terminal");
}

int page_terminal_rename(struct request *r, struct response *out, struct err *e)
{
	const char *name = unicode_name(r, form_text(r->form, "name"),
					NAME_MAX_SHOWN / 2);

	return change(r, out, "POST",
		      talloc_asprintf(r, "/name?to=%s", url_encode(r, name, "")),
		      e);
}

int page_terminal_end(struct request *r, struct response *out, struct err *e)
{
	return change(r, out, "DELETE", "", e);
}
