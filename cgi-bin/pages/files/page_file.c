/* The page of one file: its preview, facts, and what can be done with it. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "pages/files/files_view.h"
#include "preview/preview.h"
#include "preview/preview_text.h"

#define RENDER_MS 1000		/* for its markdown */
#define PAGE_MAX (40u << 20)	/* bytes: a notebook with its pictures, escaped */

/* As many of the first bytes as its preview needs: more of a few types. */
static int read_head(struct request *r, const char *path,
		     const struct file_record *f, struct buf *head,
		     struct err *e)
{
	const struct preview_type *type;
	size_t wanted;

	if (file_read(r, path, PREVIEW_SNIFF_BYTES, head, e) < 0)
		return -1;
	type = preview_type_find(file_path_name(path), buf_text(head), head->len);
	wanted = preview_type_bytes(type);
	if (head->len >= wanted || (int64_t)head->len >= f->bytes)
		return 0;
	buf_clear(head);
	return file_read(r, path, wanted, head, e);
}

static bool may_edit(const struct preview_type *type, const struct buf *head,
		     const struct file_record *f)
{
	static const bool kinds[] = {
		[PREVIEW_TABLE] = true, [PREVIEW_MARKDOWN] = true,
		[PREVIEW_NOTEBOOK] = true, [PREVIEW_JSON] = true,
		[PREVIEW_TEXT] = true, [PREVIEW_MEDIA] = false,
	};
	auto_buf text = BUF_INIT(3 * head->len + 16);
	const char *encoding;

	if (f->bytes > FILE_EDIT_MAX || !kinds[type->kind])
		return false;
	encoding = preview_text_decode(buf_text(head), head->len, &text);
	return encoding && str_equal(encoding, "UTF-8");
}

static void add_facts(struct request *r, struct view *view, const char *path,
		      const struct file_record *f)
{
	view_text(view, "name", file_path_shown(r, file_path_name(path)));
	view_text(view, "folder_shown", file_path_shown(r,
		  file_path_parent(r, path)));
	view_text(view, "raw", file_raw_url(r, path));
	view_text(view, "size", i18n_bytes(r, f->bytes));
	view_textf(view, "bytes", "%s B", i18n_number(r, f->bytes));
	view_textf(view, "edit_href", "%s?edit=1", file_url(r, path));
	page_time(r, view, "changed", f->changed, clock_now_ms());
}

int files_show_file(struct request *r, struct response *out, const char *path,
		    const struct file_record *f, struct err *e)
{
	auto_buf head = BUF_INIT(8u << 20);
	struct preview_file file = {
		.name = file_path_name(path), .size = f->bytes,
		.raw = talloc_asprintf(r, "%s?view=1", file_raw_url(r, path)),
	};
	struct preview_tools tools = {
		.text = context_of(r)->text,
		.renderer = context_of(r)->worker->renderer,
		.wait_ms = RENDER_MS,
	};
	const struct preview_type *type;
	struct view *view;

	if (read_head(r, path, f, &head, e) < 0)
		return -1;
	view = files_view(r, path);
	add_facts(r, view, path, f);
	file.head = buf_text(&head);
	file.n = head.len;
	type = preview_view(view, &file, &tools);
	view_flag(view, "can_edit", may_edit(type, &head, f));
	view_text(view, "open_href", type->kind == PREVIEW_PDF ? file.raw : "");
	out->body.cap = PAGE_MAX;
	return page_render(r, out, *form_text(r->args, "panel") ?
			   "partials/file_panel" : "pages/file", view, e);
}
