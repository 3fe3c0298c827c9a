/* POST /files/... -- new folders, moves, deletion and its undo; the trash. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "core/unicode.h"
#include "pages/files/files_view.h"
#include "pages/pages.h"

#define PATHS_MAX 150	/* of one form */
#define UNDO_MAX 20

/* Redirects to the page of a path, saying what was done. */
static int go_to(struct request *r, struct response *out, const char *path,
		 const char *query, struct err *e)
{
	const char *text = url_encode(r, file_path_text(r, path), "/");

	return response_redirect(out, e, "/files%s%s?%s", *text ? "/" : "", text,
				 query);
}

/* A path of a form, but not the home's. */
static char *path_of_entry(struct request *r, const char *text, struct err *e)
{
	char *path = file_path_read(r, text, e);

	if (!path || *path)
		return path;
	err_tell(e, ERR_MISSING, "error_file_missing", "no path");
	return NULL;
}

/* A name for one entry, as a person wrote it. Gives (child of r). */
static char *typed_name(struct request *r, struct err *e)
{
	char *name = file_path_typed(r, form_text(r->form, "name"), e);

	if (!name || (*name && !strchr(name, '/')))
		return name;
	err_tell(e, ERR_INPUT, "error_file_name", "not one name");
	return NULL;
}

/* The folder again, with what was wrong. */
static int show_problem(struct request *r, struct response *out,
			const char *folder, const struct err *why, struct err *e)
{
	if ((why->kind != ERR_CONFLICT && why->kind != ERR_INPUT) || !*why->key) {
		*e = *why;
		return -1;
	}
	out->status = response_status(why);
	return files_show_folder(r, out, folder, why->key, e);
}

/* POST /files/folder -- makes the folder `name` in `path`. */
int page_file_folder(struct request *r, struct response *out, struct err *e)
{
	char *folder = file_path_read(r, form_text(r->form, "path"), e), *name;
	struct err why = { 0 };

	if (!folder)
		return -1;
	name = typed_name(r, &why);
	if (!name || file_make_folder(r, file_path_join(r, folder, name), &why) < 0)
		return show_problem(r, out, folder, &why, e);
	return go_to(r, out, file_path_join(r, folder, name), "done=made", e);
}

/* Moves one entry; *taken: it got another name than that one. Gives its path. */
static char *move_to(struct request *r, const char *path, const char *folder,
		     const char *name, bool *taken, struct err *e)
{
	const char *to = file_path_join(r, folder, name);
	char *got = str_equal(path, to) ? talloc_strdup(r, path) :
					  file_move(r, path, to, e);

	if (got && !str_equal(got, to))
		*taken = true;
	return got;
}

/* POST /files/rename -- gives `path` the name `name` in its folder. */
int page_file_rename(struct request *r, struct response *out, struct err *e)
{
	char *path = path_of_entry(r, form_text(r->form, "path"), e), *got, *name;
	struct err why = { 0 };
	bool taken = false;

	if (!path)
		return -1;
	name = typed_name(r, &why);
	got = name ? move_to(r, path, file_path_parent(r, path), name,
				      &taken, &why) : NULL;
	if (!got)
		return show_problem(r, out, file_path_parent(r, path), &why, e);
	return go_to(r, out, got, taken ? "done=taken" : "done=moved", e);
}

/* POST /files/move -- moves each `path` into the folder `to`. */
int page_file_move(struct request *r, struct response *out, struct err *e)
{
	char *to = file_path_typed(r, form_text(r->form, "to"), e), *path;
	const char *text;
	struct file_record f;
	bool taken = false;
	size_t i;

	if (!to || (*to && file_stat(r, to, &f, e) < 0))
		return -1;
	for (i = 0; i < PATHS_MAX &&
		    (text = form_nth(r->form, "path", i)); i++) {
		path = path_of_entry(r, text, e);
		if (!path || !move_to(r, path, to, file_path_name(path), &taken, e))
			return -1;
	}
	return go_to(r, out, to, taken ? "done=taken" : "done=moved", e);
}

/* POST /files/delete -- moves each `path` into the trash; `folder` is shown next. */
int page_file_delete(struct request *r, struct response *out, struct err *e)
{
	char *folder = file_path_read(r, form_text(r->form, "folder"), e);
	char *ids = talloc_strdup(r, ""), *path, *id;
	const char *text;
	size_t i;

	if (!folder)
		return -1;
	for (i = 0; i < PATHS_MAX &&
		    (text = form_nth(r->form, "path", i)); i++) {
		path = path_of_entry(r, text, e);
		id = path ? file_delete(r, path, e) : NULL;
		if (!id)
			return -1;
		if (i < UNDO_MAX)
			ids = talloc_asprintf(r, "%s%s%s", ids, i ? "," : "", id);
	}
	return go_to(r, out, folder, !i ? "done=" : i > UNDO_MAX ? "done=deleted" :
		     talloc_asprintf(r, "done=deleted&undo=%s", ids), e);
}

/* POST /files/restore -- brings back each `id` from the trash. */
int page_file_restore(struct request *r, struct response *out, struct err *e)
{
	const char *id;
	char *path = NULL;
	size_t i;

	for (i = 0; i < PATHS_MAX && (id = form_nth(r->form, "id", i)); i++) {
		path = trash_restore(r, id, e);
		if (!path)
			return -1;
	}
	return go_to(r, out, path ? file_path_parent(r, path) : "",
		     "done=restored", e);
}

/* POST /trash/empty -- deletes `id`, or all of the trash, for good. */
int page_trash_empty(struct request *r, struct response *out, struct err *e)
{
	if (trash_empty(r, form_find(r->form, "id"), e) < 0)
		return -1;
	return response_redirect(out, e, "/trash?done=emptied");
}

/* GET /trash -- what was deleted and can be brought back. */
int page_trash(struct request *r, struct response *out, struct err *e)
{
	struct trash_list *list = trash_list(r, e);
	struct view *view, *rows, *row;
	int64_t now = clock_now_ms();
	size_t i;

	if (!list)
		return -1;
	view = files_view(r, "");
	view_text(view, "title", page_text(r, "files_trash"));
	view_flag(view, "any", list->n > 0);
	rows = view_list(view, "rows");
	for (i = 0; i < list->n; i++) {
		const struct trashed_file *f = &list->rows[i];

		row = view_append(rows);
		view_text(row, "id", f->id);
		view_text(row, "name", file_path_shown(r, file_path_name(f->path)));
		view_text(row, "from", file_path_shown(r, file_path_parent(r, f->path)));
		view_text(row, "icon", f->folder ? "folder" : "file");
		view_text(row, "size", i18n_bytes(r, f->bytes));
		page_time(r, row, "deleted", f->deleted, now);
	}
	return page_render(r, out, "pages/trash", view, e);
}
