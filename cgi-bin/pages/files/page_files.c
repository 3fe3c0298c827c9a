/* GET /files and /files/{path*} -- a folder of the workspace, or a file with its preview. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "core/unicode.h"
#include "pages/files/files_view.h"
#include "pages/pages.h"
#include "preview/preview_type.h"
#include "store/casefold.h"

#define ROWS_SHOWN 150		/* a form with all of them chosen has fewer than 200 fields */
#define SEARCH_MAX 255		/* bytes */

/* A row, with what it is sorted and searched by. */
struct row {
	const struct file_record *file;
	const char *folded;	/* its name in NFC and lower case */
};

struct order {
	const char *word;
	int (*compare)(const struct row *a, const struct row *b);
};

static int by_name(const struct row *a, const struct row *b)
{
	return strcmp(a->folded, b->folded);
}

static int by_size(const struct row *a, const struct row *b)
{
	return (a->file->bytes < b->file->bytes) -
	       (a->file->bytes > b->file->bytes);
}

static int by_change(const struct row *a, const struct row *b)
{
	return (a->file->changed < b->file->changed) -
	       (a->file->changed > b->file->changed);
}

/* Sizes and changes begin with the largest and the newest. */
static const struct order orders[] = {
	{ "name", by_name }, { "size", by_size }, { "changed", by_change },
};

/* Folders first; what the order leaves equal is sorted by name. */
static int compare_rows(const void *a, const void *b, void *data)
{
	const struct row *x = a, *y = b;
	const struct order *order = data;
	bool fx = x->file->kind == FILE_FOLDER, fy = y->file->kind == FILE_FOLDER;
	int diff;

	if (fx != fy)
		return fx ? -1 : 1;
	diff = order->compare(x, y);
	if (!diff)
		diff = by_name(x, y);
	return diff ? diff : strcmp(x->file->name, y->file->name);
}

static const char *fold(const void *ctx, const char *name)
{
	char *nfc = unicode_nfc(ctx, name);
	size_t n = strlen(nfc);
	char *out = alloc_checked(talloc_size(ctx, 4 * n + 1));

	out[casefold_lower(out, nfc, n)] = '\0';
	return out;
}

/* The query: ?q=&sort=&hidden=1&from= */
struct asked {
	const char *search;
	const struct order *order;
	bool hidden;
	size_t from;
};

static int read_asked(const struct request *r, struct asked *q, struct err *e)
{
	const char *search = form_text(r->args, "q");
	int64_t from = 0;

	if (page_number(r, "from", &from, e) < 0)
		return -1;
	*q = (struct asked){
		.search = strlen(search) > SEARCH_MAX ? "" : search,
		.order = table_find(orders, form_text(r->args, "sort")),
		.hidden = *form_text(r->args, "hidden"),
		.from = from > 0 && from < FILES_MAX ? (size_t)from : 0,
	};
	if (!q->order)
		q->order = &orders[0];
	return 0;
}

struct chosen {
	struct row *rows;
	size_t n, hidden;	/* hidden: left out because of their dot */
};

static void choose(struct request *r, const struct file_list *list,
		   const struct asked *q, struct chosen *out)
{
	const char *search = fold(r, q->search);
	size_t i;

	*out = (struct chosen){
		.rows = alloc_checked(talloc_array(r, struct row,
						   (unsigned)list->n + 1)),
	};
	for (i = 0; i < list->n; i++) {
		struct row row = { &list->rows[i], fold(r, list->rows[i].name) };

		if (list->rows[i].name[0] == '.' && !q->hidden)
			out->hidden++;
		else if (strstr(row.folded, search))
			out->rows[out->n++] = row;
	}
	qsort_r(out->rows, out->n, sizeof(out->rows[0]), compare_rows,
		(void *)q->order);
}

/* This folder's URL with another sort, start or choice of hidden files. */
static const char *href(const struct request *r, const char *path,
			const struct asked *q)
{
	const char *url = file_url(r, path);
	const char *query = "";

	if (*q->search)
		query = talloc_asprintf(r, "%s&q=%s", query,
					url_encode(r, q->search, ""));
	if (q->order != &orders[0])
		query = talloc_asprintf(r, "%s&sort=%s", query, q->order->word);
	if (q->hidden)
		query = talloc_asprintf(r, "%s&hidden=1", query);
	if (q->from)
		query = talloc_asprintf(r, "%s&from=%zu", query, q->from);
	return *query ? talloc_asprintf(r, "%s?%s", url, query + 1) : url;
}

static void add_row(struct request *r, struct view *list, const char *path,
		    const struct file_record *f, int64_t now)
{
	const char *at = file_path_join(r, path, f->name);
	struct view *row = view_append(list);
	bool folder = f->kind == FILE_FOLDER;

	view_text(row, "name", file_path_shown(r, f->name));
	view_text(row, "text", file_path_text(r, at));
	view_text(row, "href", file_url(r, at));
	view_text(row, "icon", folder ? "folder" :
		  f->kind == FILE_OTHER ? "skip" :
					  preview_type_of_name(f->name)->icon);
	view_flag(row, "folder", folder);
	view_flag(row, "opens", f->kind != FILE_OTHER);
	view_flag(row, "link", f->link);
	view_text(row, "raw", f->kind == FILE_REGULAR ? file_raw_url(r, at) : "");
	view_text(row, "size", folder ? "" : i18n_bytes(r, f->bytes));
	page_time(r, row, "changed", f->changed, now);
}

static void add_orders(struct request *r, struct view *view, const char *path,
		       const struct asked *q)
{
	struct view *list = view_map(view, "sort"), *head;
	struct asked other = *q;
	size_t i;

	other.from = 0;
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		other.order = &orders[i];
		head = view_map(list, orders[i].word);
		view_text(head, "href", href(r, path, &other));
		view_text(head, "direction", q->order != &orders[i] ? "" :
			  i ? "descending" : "ascending");
	}
	view_text(view, "sort_word", q->order->word);
}

static void add_pages(struct request *r, struct view *view, const char *path,
		      const struct asked *q, size_t n)
{
	struct asked other = *q;

	view_text(view, "before_href", "");
	view_text(view, "after_href", "");
	view_text(view, "range", n <= ROWS_SHOWN ? "" :
		  i18n_fill(r, context_of(r)->text, "files_range",
			    i18n_number(r, (int64_t)q->from + 1),
			    i18n_number(r, (int64_t)(q->from + ROWS_SHOWN < n ?
						     q->from + ROWS_SHOWN : n)),
			    i18n_number(r, (int64_t)n), NULL));
	if (q->from) {
		other.from = q->from > ROWS_SHOWN ? q->from - ROWS_SHOWN : 0;
		view_text(view, "before_href", href(r, path, &other));
	}
	if (q->from + ROWS_SHOWN < n) {
		other.from = q->from + ROWS_SHOWN;
		view_text(view, "after_href", href(r, path, &other));
	}
}

static void add_list(struct request *r, struct view *view, const char *path,
		     const struct file_list *list, struct asked *q)
{
	struct view *rows = view_list(view, "rows");
	struct asked other = *q;
	struct chosen all;
	int64_t now = clock_now_ms();
	size_t i;

	choose(r, list, q, &all);
	if (q->from >= all.n)
		q->from = 0;
	for (i = q->from; i < all.n && i < q->from + ROWS_SHOWN; i++)
		add_row(r, rows, path, all.rows[i].file, now);
	other.hidden = !q->hidden;
	other.from = 0;
	view_flag(view, "any", all.n > 0);
	view_text(view, "search", q->search);
	view_flag(view, "hidden", q->hidden);
	view_text(view, "hidden_href", q->hidden || all.hidden ?
		  href(r, path, &other) : "");
	view_text(view, "hidden_words", q->hidden ? page_text(r, "files_hide") :
		  i18n_count(r, context_of(r)->text, "files_show_hidden",
			     (int64_t)all.hidden));
	view_text(view, "limit", list->all <= (int64_t)list->n ? "" :
		  i18n_fill(r, context_of(r)->text, "files_limit",
			    i18n_number(r, list->all),
			    i18n_number(r, (int64_t)list->n), NULL));
	add_orders(r, view, path, q);
	add_pages(r, view, path, q, all.n);
}

int files_show_folder(struct request *r, struct response *out, const char *path,
		      const char *problem, struct err *e)
{
	struct file_list *list = file_list(r, path, e);
	struct view *view;
	struct asked q;

	if (!list || read_asked(r, &q, e) < 0)
		return -1;
	view = files_view(r, path);
	view_text(view, "problem", *problem ? page_text(r, problem) : "");
	view_textf(view, "archive", "%s/files/archive%s%s",
		   context_of(r)->app->base_path, *path ? "/" : "",
		   url_encode(r, path, "/"));
	add_list(r, view, path, list, &q);
	return page_render(r, out, *form_text(r->args, "panel") ?
			   "partials/files_panel" : "pages/files", view, e);
}

int page_files(struct request *r, struct response *out, struct err *e)
{
	char *path = files_path_here(r, e);
	struct file_record f = { .kind = FILE_FOLDER };

	if (!path || (*path && file_stat(r, path, &f, e) < 0))
		return -1;
	if (f.kind == FILE_FOLDER)
		return *form_text(r->args, "new") ?
		       files_show_edit(r, out, path, NULL, e) :
		       files_show_folder(r, out, path, "", e);
	if (f.kind != FILE_REGULAR)
		return err_tell(e, ERR_MISSING, "error_file_special",
				"not a regular file");
	return *form_text(r->args, "edit") ?
	       files_show_edit(r, out, path, &f, e) :
	       files_show_file(r, out, path, &f, e);
}
