/* The files that a turn made or changed: the first few with their content, others as chips. */
#include "config.h"
#include "transcript/part_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/percent.h"
#include "core/str.h"
#include "json/field.h"
#include "preview/picture_size.h"
#include "preview/preview.h"

#define CHIPS 8			/* further ones are folded */

static char *encode(const void *ctx, const char *text)
{
	char *out = alloc_checked(talloc_size(ctx, 3 * strlen(text) + 1));

	percent_encode(out, text, "/");
	return out;
}

/* Whether a URL of ours may contain it, percent-encoded once. */
static bool is_plain(const char *path)
{
	const char *at;

	for (at = path; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '%' ||
		    *at == '\\')
			return false;
	}
	return utf8_valid(path, strlen(path));
}

/* name: percent-encoded. Other paths are encoded twice (pages/files/file_path.h). */
static void draw_links(struct drawing *d, struct view *one, const char *name,
		       const char *version)
{
	char *path = alloc_checked(talloc_strdup(d->ctx, name));
	const char *once;

	percent_decode(path, path, strlen(path), false);
	once = encode(d->ctx, path);
	view_textf(one, "href", "../files/%s",
		   is_plain(path) ? once : encode(d->ctx, once));
	view_textf(one, "raw", "../files/raw/%s", once);
	view_textf(one, "src", "../files/raw/%s?view=1&version=%s", once,
		   version);
}

/* In CSS pixels, so that nothing moves when the picture arrives. */
static void draw_size(struct view *one, struct json_object *file)
{
	const int64_t width = field_number(file, "width");
	const int64_t height = field_number(file, "height");
	struct picture_size size = { 0 };

	if (width > 0 && width <= PICTURE_SIDE_MAX && height > 0 &&
	    height <= PICTURE_SIDE_MAX)
		size = (struct picture_size){ (uint32_t)width, (uint32_t)height };
	picture_size_fit(&size, PICTURE_SHOWN_WIDTH, PICTURE_SHOWN_HEIGHT);
	view_flag(one, "sized", size.width > 0);
	view_textf(one, "width", "%u", size.width);
	view_textf(one, "height", "%u", size.height);
}

static void draw_file(struct drawing *d, struct view *one,
		      struct json_object *file)
{
	const char *path = field_string(file, "path");
	const int64_t at = field_number(file, "at");

	view_text(one, "path", path);
	view_text(one, "icon", field_string(file, "icon"));
	view_text(one, "size", i18n_bytes(d->ctx, field_number(file, "size")));
	view_flag(one, "made", field_flag(file, "made"));
	view_text(one, "time", d->text && at ?
		  i18n_time(d->ctx, d->text, at, d->zone) : "");
	draw_links(d, one, field_string(file, "name"),
		   field_string(file, "version"));
	draw_size(one, file);
}

/* The text that was kept, as lib/preview shows it. */
static void draw_kept(struct drawing *d, struct view *one,
		      struct json_object *file)
{
	size_t n = 0;
	const char *head = field_text(file, "head", &n);
	const char *path = field_string(file, "path");
	const char *slash = strrchr(path, '/');
	const struct preview_file f = {
		.name = slash ? slash + 1 : path,
		.head = head, .n = n,
		.size = (int64_t)n + !field_flag(file, "whole"),
		.raw = "",
	};
	struct preview_tools tools = {
		.text = d->text,
		.renderer = d->rendering ? d->rendering->renderer : NULL,
		.wait_ms = d->rendering ? d->rendering->wait_ms : 0,
	};

	preview_view(one, &f, &tools);
	if (d->rendering)
		d->rendering->wait_ms = tools.wait_ms;
}

static void draw_counted(struct drawing *d, const char *name, const char *key,
			 int64_t n)
{
	view_text(d->view, name, n && d->text ?
		  i18n_count(d->ctx, d->text, key, n) : "");
}

void draw_files(struct drawing *d)
{
	struct json_object *files = field_list(d->data, "files"), *file;
	size_t n = files ? json_object_array_length(files) : 0, i;
	size_t chips = 0, meanwhile = 0;
	struct view *shown = view_list(d->view, "shown"), *one;
	struct view *few = view_list(d->view, "chips");
	struct view *rest = view_list(d->view, "rest");
	struct view *unsure = view_list(d->view, "meanwhile");
	int64_t more = field_number(d->data, "more");

	for (i = 0; i < n; i++) {
		bool picture, kept;

		file = json_object_array_get_idx(files, i);
		picture = field_flag(file, "shown");
		kept = field_text(file, "head", NULL) && d->text;
		if (field_flag(file, "meanwhile") && ++meanwhile)
			one = view_append(unsure);
		else if (picture || kept)
			one = view_append(shown);
		else
			one = view_append(++chips > CHIPS ? rest : few);
		draw_file(d, one, file);
		view_flag(one, "picture", picture);
		if (kept && !picture)
			draw_kept(d, one, file);
		else
			view_flag(one, "preview", false);
	}
	if (chips > CHIPS)
		more += (int64_t)(chips - CHIPS);
	view_flag(d->view, "any", n > 0 || more);
	view_flag(d->view, "has_chips", chips > 0);
	view_flag(d->view, "has_rest", chips > CHIPS);
	view_flag(d->view, "has_meanwhile", meanwhile > 0);
	draw_counted(d, "more_words", "turn_files_more", more);
	draw_counted(d, "unlisted_words", "turn_files_unlisted",
		     field_number(d->data, "more"));
	draw_counted(d, "meanwhile_words", "turn_files_meanwhile",
		     (int64_t)meanwhile);
}
