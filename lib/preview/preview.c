#include "config.h"
#include "preview/preview.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "core/unicode.h"
#include "html/highlight.h"
#include "html/markdown.h"
#include "preview/csv_table.h"
#include "preview/json_tree.h"
#include "preview/notebook.h"
#include "preview/picture_size.h"
#include "preview/preview_text.h"

struct drawing {
	struct view *into;	/* "preview" */
	const struct preview_file *file;
	struct preview_tools *tools;
	const struct preview_type *type;
	struct buf text;	/* the content as UTF-8 */
	bool whole;		/* head is all of the file */
	void *pool;		/* parent of what is needed while drawing */
};

static void note(struct drawing *d, const char *sentence)
{
	view_text(d->into, "note", sentence);
}

/* A sentence of the catalogue with sizes or counts in it. */
#define fill(d, key, ...) \
	i18n_fill((d)->pool, (d)->tools->text, (key), __VA_ARGS__, NULL)

static void note_cut(struct drawing *d)
{
	if (!d->whole)
		note(d, fill(d, "preview_cut",
			     i18n_bytes(d->pool, (int64_t)d->file->n),
			     i18n_bytes(d->pool, d->file->size)));
}

static void render(struct drawing *d, const char *text, size_t n,
		   struct buf *html)
{
	int64_t began = clock_mono_ms();

	if (d->tools->renderer && d->tools->wait_ms > 0)
		renderer_markdown(d->tools->renderer, text, n,
				  d->tools->wait_ms, html);
	d->tools->wait_ms -= (int)(clock_mono_ms() - began);
}

/* The <pre> of the code, coloured, by way of a fence in Markdown; "" without colours. */
static const char *colour(struct drawing *d)
{
	const char *code = buf_text(&d->text), *at, *begin, *end;
	auto_buf text = BUF_INIT(3 * d->text.len + 64);
	auto_buf html = BUF_INIT(MARKDOWN_HTML_MAX);
	size_t fence = 3, run;
	struct err e = { 0 };

	if (!*d->type->language || d->text.len > HIGHLIGHT_CODE_MAX)
		return "";
	for (at = code; (at = strchr(at, '`')); at += run) {
		run = strspn(at, "`");
		fence = run >= fence ? run + 1 : fence;
	}
	at = talloc_array(d->pool, char, (unsigned)fence + 1);
	memset((char *)at, '`', fence);
	((char *)at)[fence] = '\0';
	end = d->text.len && code[d->text.len - 1] == '\n' ? "" : "\n";
	if (buf_addf(&text, &e, "%s%s\n%s%s%s\n", at, d->type->language, code,
		     end, at) < 0)
		return "";
	render(d, buf_text(&text), text.len, &html);
	begin = strstr(buf_text(&html), "<pre");
	end = begin ? strstr(begin, "</pre>") : NULL;
	return end ? talloc_strndup(d->pool, begin,
				    (size_t)(end - begin) + strlen("</pre>")) : "";
}

static void draw_text(struct drawing *d)
{
	struct view *map = view_map(d->into, "text");

	view_text(map, "language", d->type->language);
	view_html(map, "html", colour(d));
	view_text(map, "words", buf_text(&d->text));
	view_flag(d->into, "empty", d->file->size == 0);
	note_cut(d);
}

static void draw_picture(struct drawing *d)
{
	struct picture_size size = { 0, 0 };
	bool svg = str_equal(d->type->media, "image/svg+xml");
	struct view *map;

	if (!svg && (!picture_size_read(d->file->head, d->file->n, &size) ||
		     !picture_size_shown(&size))) {
		note(d, size.width ? fill(d, "preview_picture_large",
					  i18n_number(d->pool, size.width),
					  i18n_number(d->pool, size.height)) :
				     i18n_sentence(d->tools->text,
						   "preview_picture_broken"));
		view_flag(d->into, "other", true);
		return;
	}
	map = view_map(d->into, "picture");
	view_text(map, "src", d->file->raw);
	view_text(map, "alt", unicode_escape(d->pool, d->file->name));
	view_flag(map, "sized", !svg);
	view_number(map, "width", size.width);
	view_number(map, "height", size.height);
	if (!svg)
		view_text(d->into, "facts", fill(d, "preview_picture_size",
						 i18n_number(d->pool, size.width),
						 i18n_number(d->pool, size.height)));
}

static void draw_table(struct drawing *d)
{
	struct csv_table *t = csv_table_parse(d->pool, buf_text(&d->text),
					      d->text.len, d->type->delimiter,
					      d->whole);
	struct view *map, *head, *rows, *cells, *cell;
	size_t row, column;

	if (!t->rows || !t->columns) {
		draw_text(d);
		return;
	}
	map = view_map(d->into, "table");
	head = view_list(map, "head");
	rows = view_list(map, "rows");
	for (row = 0; row < t->rows; row++) {
		cells = row ? view_list(view_append(rows), "cells") : head;
		for (column = 0; column < t->columns; column++) {
			cell = view_append(cells);
			view_text(cell, "words", t->cells[row][column]);
			view_flag(cell, "number", t->number[column]);
		}
	}
	if (t->more_rows || t->more_columns)
		note(d, fill(d, t->more_columns ? "preview_table_columns_more" :
						  "preview_table_more",
			     i18n_number(d->pool, (int64_t)t->rows - 1),
			     i18n_number(d->pool, (int64_t)t->columns)));
}

/* Sets html and words: html is empty when the text is shown as it is. */
static void add_markdown(struct drawing *d, struct view *map, const char *text,
			 size_t n)
{
	auto_buf html = BUF_INIT(MARKDOWN_HTML_MAX);

	render(d, text, n, &html);
	view_html(map, "html", buf_text(&html));
	view_text(map, "words", html.len ? "" : text);
}

static void draw_markdown(struct drawing *d)
{
	add_markdown(d, view_map(d->into, "markdown"), buf_text(&d->text),
		     d->text.len);
	view_flag(d->into, "empty", d->file->size == 0);
	note_cut(d);
}

static void draw_output(struct view *outputs, const struct notebook_output *o)
{
	struct view *map = view_append(outputs);

	view_flag(map, "drawn", o->kind == NOTEBOOK_DRAWN);
	view_flag(map, "failed", o->kind == NOTEBOOK_FAILED);
	view_text(map, "words", o->text);
	view_flag(map, "cut", o->cut);
}

static void draw_cell(struct drawing *d, struct view *cells,
		      const struct notebook_cell *c)
{
	struct view *map = view_append(cells), *outputs;
	size_t i;

	view_flag(map, "code", c->kind == NOTEBOOK_CODE);
	view_text(map, "number", c->number ? i18n_number(d->pool, c->number) : "");
	view_flag(map, "cut", c->cut);
	if (c->kind == NOTEBOOK_MARKDOWN) {
		add_markdown(d, map, c->source, strlen(c->source));
	} else {
		view_html(map, "html", "");
		view_text(map, "words", c->source);
	}
	view_flag(map, "pictures_left_out", c->pictures_left_out > 0);
	outputs = view_list(map, "outputs");
	for (i = 0; i < c->n; i++)
		draw_output(outputs, &c->outputs[i]);
}

static void draw_notebook(struct drawing *d)
{
	struct notebook *book = notebook_parse(d->pool, buf_text(&d->text),
					       d->text.len);
	struct view *cells;
	size_t i;

	if (!book) {
		draw_text(d);
		note(d, i18n_sentence(d->tools->text, "preview_notebook_broken"));
		return;
	}
	cells = view_list(view_map(d->into, "notebook"), "cells");
	for (i = 0; i < book->n; i++)
		draw_cell(d, cells, &book->cells[i]);
	if (book->more)
		note(d, fill(d, "preview_cells_more",
			     i18n_number(d->pool, NOTEBOOK_CELLS)));
}

static void draw_json(struct drawing *d)
{
	struct json_tree *t = d->whole ?
		json_tree_parse(d->pool, buf_text(&d->text), d->text.len) : NULL;

	if (!t) {
		draw_text(d);
		return;
	}
	json_tree_view(view_map(d->into, "json"), d->tools->text, t);
	if (t->more)
		note(d, fill(d, "preview_json_more",
			     i18n_number(d->pool, JSON_ROWS)));
}

static void draw_other(struct drawing *d)
{
	view_flag(d->into, "other", true);
}

static void draw(struct drawing *d)
{
	static void (*const rows[])(struct drawing *d) = {
		[PREVIEW_NONE] = draw_other,	[PREVIEW_PICTURE] = draw_picture,
		[PREVIEW_TABLE] = draw_table,	[PREVIEW_MARKDOWN] = draw_markdown,
		[PREVIEW_NOTEBOOK] = draw_notebook, [PREVIEW_JSON] = draw_json,
		[PREVIEW_TEXT] = draw_text,	[PREVIEW_PDF] = draw_other,
		[PREVIEW_ARCHIVE] = draw_other, [PREVIEW_MEDIA] = draw_other,
	};

	rows[d->type->kind](d);
}

/* Every name that the template knows. */
static void begin_view(struct drawing *d, const char *kind)
{
	static const char *const none[] = { "picture", "table", "markdown",
					    "notebook", "json", "text", "other",
					    "empty" };
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		view_flag(d->into, none[i], false);
	view_text(d->into, "note", "");
	view_text(d->into, "facts", "");
	view_text(d->into, "icon", d->type->icon);
	view_text(d->into, "kind", d->type->word);
	view_text(d->into, "kind_words", i18n_sentence(d->tools->text, kind));
}

const struct preview_type *preview_view(struct view *into,
					const struct preview_file *f,
					struct preview_tools *t)
{
	struct drawing d = {
		.into = view_map(into, "preview"), .file = f, .tools = t,
		.type = preview_type_find(f->name, f->head, f->n),
		.text = BUF_INIT(3 * f->n + 16),	/* CP949 at its longest */
		.whole = (int64_t)f->n >= f->size,
		.pool = talloc_new(NULL),
	};
	char key[40];

	snprintf(key, sizeof(key), "preview_kind_%s", d.type->word);
	begin_view(&d, key);
	if (*d.type->media == '\0' && d.type->kind != PREVIEW_NONE &&
	    !preview_text_decode(f->head, f->n, &d.text))
		buf_clear(&d.text);
	draw(&d);
	buf_release(&d.text);
	talloc_free(d.pool);
	return d.type;
}
