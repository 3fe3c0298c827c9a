/* What a file is, by its first bytes and its name, and so how it is shown. */
#ifndef PREVIEW_PREVIEW_TYPE_H
#define PREVIEW_PREVIEW_TYPE_H

#include <stddef.h>

/* A file's first bytes, which are enough to tell its type. */
#define PREVIEW_SNIFF_BYTES 65536

enum preview_kind {
	PREVIEW_NONE,		/* no view of its content */
	PREVIEW_PICTURE,
	PREVIEW_TABLE,
	PREVIEW_MARKDOWN,
	PREVIEW_NOTEBOOK,
	PREVIEW_JSON,
	PREVIEW_TEXT,
	PREVIEW_PDF,
	PREVIEW_ARCHIVE,
	PREVIEW_MEDIA,		/* sound and video */
};

struct preview_type {
	enum preview_kind kind;
	const char *word;	/* the kind's, in catalogue keys: preview_kind_WORD */
	const char *icon;	/* of static/icons.list */
	const char *media;	/* a picture's media type; else "" */
	const char *language;	/* of a text's code, as highlighters name it; else "" */
	char delimiter;		/* of a table; 0: to be found */
};

/*
 * The type of a file with that name (any bytes; its last segment) and these
 * first bytes, at least PREVIEW_SNIFF_BYTES of a longer file. Pictures, archives
 * and the like are known by their bytes alone, texts by bytes and name. Borrowed.
 */
const struct preview_type *preview_type_find(const char *name, const void *head,
					     size_t n);

/*
 * The type that the name alone suggests: for an icon in a list. Borrowed.
 */
const struct preview_type *preview_type_of_name(const char *name);

/* How many of a file's first bytes its preview needs. */
size_t preview_type_bytes(const struct preview_type *type);

#endif
