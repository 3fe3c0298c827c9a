/* The files of the user's workspace, by requests to its shim (lib/shim/shim_api.h). */
#ifndef FILES_WORKSPACE_FILE_H
#define FILES_WORKSPACE_FILE_H

#include "core/buf.h"
#include "http/request.h"

enum file_kind { FILE_FOLDER, FILE_REGULAR, FILE_OTHER };

#define FILE_VERSION_SIZE 33
#define FILES_MAX 10000		/* entries of a folder that are read */

struct file_record {
	enum file_kind kind;	/* of what a link leads to */
	bool link;
	int64_t bytes, changed;	/* changed: UTC ms */
	char version[FILE_VERSION_SIZE];
	const char *name;	/* any bytes but NUL and "/" */
};

/*
 * Parses a line "<kind> <bytes> <mtime> <version> <name>" without its end; false
 * if it is malformed. The name is a child of ctx.
 */
bool file_record_parse(const void *ctx, const char *line, size_t n,
		       struct file_record *out);

struct file_list {
	struct file_record *rows;
	size_t n;
	int64_t all;		/* entries of the folder, at least n */
};

struct trashed_file {
	const char *id, *path;
	int64_t bytes, deleted;	/* deleted: UTC ms */
	bool folder;
};

struct trash_list {
	struct trashed_file *rows;
	size_t n;
};

/*
 * Each asks the shim, starting the workspace if it sleeps. Errors: ERR_MISSING
 * "error_file_missing"; ERR_CONFLICT "error_file_taken"; ERR_LIMIT
 * "error_files_full"; ERR_UNAVAILABLE. What it gives is a child of r.
 */
int file_stat(struct request *r, const char *path, struct file_record *out,
	      struct err *e) must_check;
struct file_list *file_list(struct request *r, const char *path,
			    struct err *e) must_check;
/* Appends the first n bytes, or all. */
int file_read(struct request *r, const char *path, size_t n, struct buf *out,
	      struct err *e) must_check;
/* version: as it was read, "none" for a new file: ERR_CONFLICT "error_file_changed". */
int file_save(struct request *r, const char *path, const char *version,
	      const char *text, size_t n, struct err *e) must_check;
int file_make_folder(struct request *r, const char *path, struct err *e) must_check;
/* The path it got: a free name, when that one is taken. */
char *file_move(struct request *r, const char *path, const char *to,
		struct err *e) must_check;
/* The id in the trash. */
char *file_delete(struct request *r, const char *path, struct err *e) must_check;
struct trash_list *trash_list(struct request *r, struct err *e) must_check;
/* The path it got. */
char *trash_restore(struct request *r, const char *id, struct err *e) must_check;
/* id NULL: everything. For good. */
int trash_empty(struct request *r, const char *id, struct err *e) must_check;

#endif
