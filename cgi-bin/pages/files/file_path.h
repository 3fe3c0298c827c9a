/*
 * Paths of a workspace's files: any bytes but NUL, relative to its home, "" for
 * the home itself. Pages write them in URLs and forms as text: what a URL of ours
 * may not contain (control bytes, backslash, ill-formed UTF-8), and "%" itself, is
 * percent-encoded in it once, below the encoding of the URL or form.
 */
#ifndef FILES_FILE_PATH_H
#define FILES_FILE_PATH_H

#include "http/request.h"

#define FILE_PATH_MAX 1000	/* bytes: encoded twice, it fits a request to the bridge */
#define FILE_NAME_MAX 255

/* The path as such a text. Gives (child of ctx). */
char *file_path_text(const void *ctx, const char *path);

/* The path of such a text: ERR_MISSING "error_file_missing" if it is none. Gives (child of ctx). */
char *file_path_read(const void *ctx, const char *text, struct err *e) must_check;

/* A path that a person wrote: as above, but "%" is itself, and it becomes NFC. */
char *file_path_typed(const void *ctx, const char *text, struct err *e) must_check;

/* "a/b" of "a/b/c", "" of "a". Gives (child of ctx). The last segment; borrowed. */
char *file_path_parent(const void *ctx, const char *path);
const char *file_path_name(const char *path);
/* Gives (child of ctx). */
char *file_path_join(const void *ctx, const char *folder, const char *name);

/* URLs with base_path: the page of a path; its bytes from the bridge. Each gives (child of r). */
const char *file_url(const struct request *r, const char *path);
const char *file_raw_url(const struct request *r, const char *path);

/* How a path or name is shown: NFC, and nothing that could mislead. Gives (child of ctx). */
char *file_path_shown(const void *ctx, const char *path);

#endif
