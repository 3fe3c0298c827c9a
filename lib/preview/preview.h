/*
 * The view of a file's content, for templates/preview/preview.html: the same in
 * the page of files, in conversations and in runs. Everything is drawn as text
 * or as <img>; nothing of a file becomes markup of ours, but what lib/html made.
 */
#ifndef PREVIEW_PREVIEW_H
#define PREVIEW_PREVIEW_H

#include "html/renderer.h"
#include "html/view.h"
#include "i18n/i18n.h"
#include "preview/preview_type.h"

struct preview_file {
	const char *name;	/* the last segment of its path; any bytes */
	const void *head;	/* its first bytes: preview_type_bytes() of them, or all */
	size_t n;		/* bytes of head */
	int64_t size;		/* bytes of the file */
	const char *raw;	/* the URL that serves it */
};

struct preview_tools {
	const struct i18n_locale *text;
	struct renderer *renderer;
	int wait_ms;		/* for all of its markdown; decreases */
};

/*
 * Sets "preview" in the map. Returns the file's type. Borrows.
 */
const struct preview_type *preview_view(struct view *into,
					const struct preview_file *f,
					struct preview_tools *t);

#endif
