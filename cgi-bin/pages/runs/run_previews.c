#include "config.h"
#include "pages/runs/run_previews.h"

#include <string.h>

#include <talloc.h>

#include "core/buf.h"
#include "core/str.h"
#include "core/unicode.h"
#include "pages/pages.h"
#include "preview/picture_size.h"
#include "preview/preview.h"

#define SHOWN_MAX 8
#define RENDER_MS 500		/* for all of their markdown */

struct choosing {
	struct request *r;
	char *paths[SHOWN_MAX];
	size_t n, pictures, texts;	/* that may still be chosen */
};

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_text(enum preview_kind kind)
{
	return kind == PREVIEW_TABLE || kind == PREVIEW_MARKDOWN ||
	       kind == PREVIEW_NOTEBOOK;
}

static int choose(void *data, const struct execution_file *f, struct err *e)
{
	struct choosing *c = data;
	enum preview_kind kind = preview_type_of_name(name_of(f->path))->kind;
	size_t *left = kind == PREVIEW_PICTURE ? &c->pictures :
		       is_text(kind) ? &c->texts : NULL;

	(void)e;
	if (!f->own || !f->kept || !f->size || !left || !*left ||
	    c->n == SHOWN_MAX)
		return 0;
	--*left;
	c->paths[c->n++] = talloc_strdup(c->r, f->path);
	return 0;
}

static void add_picture(struct view *row, const struct execution_file *f,
			const char *href)
{
	struct picture_size size = { 0 };

	if (picture_size_read(f->content, (size_t)f->size, &size))
		picture_size_fit(&size, PICTURE_SHOWN_WIDTH,
				 PICTURE_SHOWN_HEIGHT);
	view_textf(row, "src", "%s&view=1", href);
	view_flag(row, "sized", size.width > 0);
	view_textf(row, "width", "%u", size.width);
	view_textf(row, "height", "%u", size.height);
}

static void add(struct request *r, struct view *list,
		const struct execution *x, const struct execution_file *f,
		struct preview_tools *tools)
{
	const char *href = talloc_asprintf(r, "%s/executions/%s/files?path=%s",
		context_of(r)->app->base_path, x->id,
		url_encode(r, f->path, ""));
	const struct preview_type *type =
		preview_type_find(name_of(f->path), f->content, (size_t)f->size);
	const size_t bytes = preview_type_bytes(type);
	struct view *row = view_append(list);
	struct picture_size size;
	const struct preview_file file = {
		.name = name_of(f->path), .head = f->content,
		.n = (size_t)f->size < bytes ? (size_t)f->size : bytes,
		.size = f->size, .raw = href,
	};
	const bool picture = type->kind == PREVIEW_PICTURE &&
		(!picture_size_read(f->content, (size_t)f->size, &size) ||
		 picture_size_shown(&size));

	view_text(row, "path", unicode_escape(r, unicode_nfc(r, f->path)));
	view_text(row, "icon", type->icon);
	view_text(row, "size", i18n_bytes(r, f->size));
	view_flag(row, "made", f->made);
	view_text(row, "time", f->changed_at ?
		  i18n_time(r, context_of(r)->text, f->changed_at,
			    context_of(r)->zone) : "");
	view_text(row, "href", picture ?
		  talloc_asprintf(r, "%s&view=1", href) : href);
	view_text(row, "raw", href);
	view_flag(row, "picture", picture);
	add_picture(row, f, href);
	if (picture || !is_text(type->kind))
		view_flag(row, "preview", false);
	else
		preview_view(row, &file, tools);
}

int run_previews(struct request *r, struct view *list,
		 const struct execution *x, size_t pictures, size_t texts,
		 struct err *e)
{
	const struct context *v = context_of(r);
	struct preview_tools tools = {
		.text = v->text, .renderer = v->worker->renderer,
		.wait_ms = RENDER_MS,
	};
	struct choosing c = { .r = r, .pictures = pictures, .texts = texts };
	struct execution_file *f;
	size_t i;

	if (execution_file_each(v->db, x->id, choose, &c, e) < 0)
		return -1;
	for (i = 0; i < c.n; i++) {
		f = execution_file_load(v->db, r, x->id, c.paths[i], e);
		if (!f)
			return -1;
		if (f->kept)
			add(r, list, x, f, &tools);
		talloc_free(f);
	}
	return 0;
}
