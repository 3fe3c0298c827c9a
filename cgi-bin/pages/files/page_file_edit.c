/*
 * A text in a form. It is saved only if the file is still what was opened;
 * otherwise both texts are shown. A browser ends lines by CR LF, which forms
 * make LF again: how the file ends its lines is noted in the form.
 */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "core/unicode.h"
#include "pages/files/files_view.h"
#include "pages/pages.h"
#include "preview/preview_text.h"

#define MARK "\xef\xbb\xbf"	/* a byte order mark */

/* A text as it is edited, and what the form leaves out. */
struct text {
	const char *words;	/* lines end with LF; without byte order mark */
	bool crlf, mark;
};

static int not_editable(struct err *e)
{
	return err_tell(e, ERR_INPUT, "error_file_not_text", "not editable");
}

/* Lines that end by LF: false when some end otherwise than the others. */
static bool join_lines(char *s, bool *crlf)
{
	size_t returns = 0, feeds = 0;
	char *to = s;

	for (; *s; s++) {
		feeds += *s == '\n';
		if (*s == '\r') {
			if (s[1] != '\n')
				return false;
			returns++;
			continue;
		}
		*to++ = *s;
	}
	*to = '\0';
	*crlf = returns > 0;
	return !returns || returns == feeds;
}

static int read_text(struct request *r, const char *path, struct text *out,
		     struct err *e)
{
	auto_buf bytes = BUF_INIT(FILE_EDIT_MAX + 1);
	auto_buf text = BUF_INIT(FILE_EDIT_MAX + 1);
	const char *encoding;
	char *words;

	if (file_read(r, path, FILE_EDIT_MAX + 1, &bytes, e) < 0)
		return -1;
	encoding = preview_text_decode(buf_text(&bytes), bytes.len, &text);
	if (bytes.len > FILE_EDIT_MAX || !encoding ||
	    !str_equal(encoding, "UTF-8"))
		return not_editable(e);
	out->mark = str_starts(buf_text(&bytes), MARK);
	if (text.len + (out->mark ? strlen(MARK) : 0) != bytes.len)
		return not_editable(e);		/* a character is cut off */
	words = alloc_checked(talloc_strdup(r, buf_text(&text)));
	if (!join_lines(words, &out->crlf))
		return not_editable(e);
	out->words = words;
	return 0;
}

/* The file's bytes from the form's text. Gives (child of r). */
static char *bytes_of(struct request *r)
{
	const char *s = form_text(r->form, "text");
	bool crlf = *form_text(r->form, "crlf");
	char *out = alloc_checked(talloc_size(r, 2 * strlen(s) + 4)), *to = out;

	if (*form_text(r->form, "mark"))
		to += sprintf(to, MARK);
	for (; *s; s++) {
		if (*s == '\n' && crlf)
			*to++ = '\r';
		*to++ = *s;
	}
	*to = '\0';
	return out;
}

static void add_text(struct view *view, const struct text *t, const char *version)
{
	view_text(view, "words", t->words);
	view_text(view, "crlf", t->crlf ? "1" : "");
	view_text(view, "mark", t->mark ? "1" : "");
	view_text(view, "version_read", version);
}

int files_show_edit(struct request *r, struct response *out, const char *path,
		    const struct file_record *f, struct err *e)
{
	struct text t = { .words = "" };
	struct view *view;

	if (f && read_text(r, path, &t, e) < 0)
		return -1;
	view = files_view(r, path);
	view_flag(view, "fresh", !f);
	view_text(view, "name", f ? file_path_shown(r, file_path_name(path)) :
				    page_text(r, "files_new_file"));
	view_text(view, "new_name", "");
	add_text(view, &t, f ? f->version : "none");
	return page_render(r, out, "pages/file_edit", view, e);
}

/* Both texts, when the file is no longer what was opened. */
static int show_conflict(struct request *r, struct response *out,
			 const char *path, struct err *e)
{
	struct text mine = {
		.words = form_text(r->form, "text"),
		.crlf = *form_text(r->form, "crlf"),
		.mark = *form_text(r->form, "mark"),
	}, theirs = { .words = "" };
	struct err why = { 0 };
	struct file_record f = { .version = "none" };
	struct view *view = files_view(r, path);
	bool there = file_stat(r, path, &f, &why) == 0;

	if (!there && why.kind != ERR_MISSING) {
		*e = why;
		return -1;
	}
	view_flag(view, "there", there);
	view_flag(view, "readable", there &&
		  read_text(r, path, &theirs, &why) == 0);
	view_text(view, "theirs", theirs.words);
	view_text(view, "name", file_path_shown(r, file_path_name(path)));
	add_text(view, &mine, f.version);
	out->status = 409;
	return page_render(r, out, "pages/file_conflict", view, e);
}

/* A new file again, whose name cannot be had. */
static int show_new_again(struct request *r, struct response *out,
			  const char *folder, const char *typed,
			  const char *problem, struct err *e)
{
	const struct text t = { .words = form_text(r->form, "text") };
	struct view *view = files_view(r, folder);

	view_flag(view, "fresh", true);
	view_text(view, "name", page_text(r, "files_new_file"));
	view_text(view, "new_name", typed);
	view_text(view, "problem", page_text(r, problem));
	add_text(view, &t, "none");
	out->status = 409;
	return page_render(r, out, "pages/file_edit", view, e);
}

static int save_new(struct request *r, struct response *out, const char *folder,
		    const char *typed, struct err *e)
{
	const char *bytes = bytes_of(r);
	struct err why = { 0 };
	char *name = file_path_typed(r, typed, &why);
	const char *path;

	if (!name || !*name || strchr(name, '/'))
		return show_new_again(r, out, folder, typed, "error_file_name", e);
	path = file_path_join(r, folder, name);
	if (file_save(r, path, "none", bytes, strlen(bytes), &why) < 0) {
		if (why.kind == ERR_CONFLICT)
			return show_new_again(r, out, folder, typed,
					      "error_file_taken", e);
		*e = why;
		return -1;
	}
	return response_redirect(out, e, "/files/%s?done=made",
				 url_encode(r, file_path_text(r, path), "/"));
}

/*
 * POST /files/save -- a text from the form: as `path`; with a name, as a new file
 * in that folder; with `copy`, as `copy_name` beside it.
 */
int page_file_save(struct request *r, struct response *out, struct err *e)
{
	char *path = file_path_read(r, form_text(r->form, "path"), e);
	const char *bytes;
	struct err why = { 0 };

	if (!path)
		return -1;
	if (*form_text(r->form, "copy"))
		return save_new(r, out, file_path_parent(r, path),
				form_text(r->form, "copy_name"), e);
	if (form_find(r->form, "name"))
		return save_new(r, out, path, form_text(r->form, "name"), e);
	bytes = bytes_of(r);
	if (file_save(r, path, form_text(r->form, "version"), bytes,
		      strlen(bytes), &why) < 0) {
		if (why.kind == ERR_CONFLICT || why.kind == ERR_MISSING)
			return show_conflict(r, out, path, e);
		*e = why;
		return -1;
	}
	return response_redirect(out, e, "/files/%s?done=saved",
				 url_encode(r, file_path_text(r, path), "/"));
}
