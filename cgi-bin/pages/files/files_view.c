/* The frame of the pages of files: breadcrumbs, and what the last act did. */
#include "config.h"
#include "pages/files/files_view.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"

#define UNDO_MAX 20	/* files that one notice can bring back */

char *files_path_here(struct request *r, struct err *e)
{
	const char *text = form_find(r->captures, "path");

	return file_path_read(r, text ? text : "", e);
}

static void add_crumbs(struct request *r, struct view *view, const char *path)
{
	struct view *list = view_list(view, "crumbs"), *crumb;
	const char *end = path;
	char *part;

	while (*end) {
		end += strcspn(end + 1, "/") + 1;
		part = talloc_strndup(r, path, (size_t)(end - path));
		crumb = view_append(list);
		view_text(crumb, "name", file_path_shown(r, file_path_name(part)));
		view_text(crumb, "href", file_url(r, part));
		view_flag(crumb, "last", !*end);
	}
}

/* Ids of the trash are the shim's words; anything else is dropped. */
static bool is_id(const char *s, size_t n)
{
	return n > 0 && n <= 64 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789-") >= n;
}

static void add_undo(const struct request *r, struct view *view)
{
	struct view *list = view_list(view, "undo");
	const char *s = form_text(r->args, "undo");
	size_t n, count = 0;

	for (; *s; s += n + (s[n] == ',')) {
		n = strcspn(s, ",");
		if (is_id(s, n) && count++ < UNDO_MAX)
			view_append_text(list, talloc_strndup(r, s, n));
	}
	view_flag(view, "can_undo", count > 0);
}

/* What an act before this page did: a word of this list in its URL. */
static void add_done(const struct request *r, struct view *view)
{
	static const char *const words[][2] = {
		{ "saved", "files_saved" }, { "made", "files_made" },
		{ "moved", "files_moved" }, { "deleted", "files_deleted" },
		{ "restored", "files_restored" }, { "emptied", "files_emptied" },
		{ "taken", "files_name_taken" },
	};
	typeof(&words[0]) row = table_find(words, form_text(r->args, "done"));

	view_text(view, "done", row ? page_text(r, (*row)[1]) : "");
	add_undo(r, view);
}

struct view *files_view(struct request *r, const char *path)
{
	struct view *view = page_view(r, "files");

	if (*path)
		view_text(view, "title", file_path_shown(r, file_path_name(path)));
	view_text(view, "path_text", file_path_text(r, path));
	view_text(view, "parent_text", file_path_text(r, file_path_parent(r, path)));
	view_text(view, "here", file_url(r, path));
	view_text(view, "problem", "");
	view_flag(view, "root", !*path);
	add_crumbs(r, view, path);
	add_done(r, view);
	return view;
}
