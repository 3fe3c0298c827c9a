/* What the pages of files share. */
#ifndef FILES_FILES_VIEW_H
#define FILES_FILES_VIEW_H

#include "html/view.h"
#include "http/response.h"
#include "pages/files/file_path.h"
#include "pages/files/workspace_file.h"
#include "web/web.h"

#define FILE_EDIT_MAX (1 << 20)		/* bytes of a text that is edited in the page */
#define FILE_EDIT_BODY (4u << 20)	/* of its form */
#define FILES_BODY (2u << 20)		/* of a form with a page's paths, at their longest */

/* The path in the URL: "" without one. */
char *files_path_here(struct request *r, struct err *e) must_check;

/* The view of a page of that path, with breadcrumbs, and what happened before. */
struct view *files_view(struct request *r, const char *path);

/* The page of a folder; problem: a sentence's key, "" for none. */
int files_show_folder(struct request *r, struct response *out, const char *path,
		      const char *problem, struct err *e) must_check;

/* The page of a file. */
int files_show_file(struct request *r, struct response *out, const char *path,
		    const struct file_record *f, struct err *e) must_check;

/* The page that edits a text; f NULL: a new file in the folder path. */
int files_show_edit(struct request *r, struct response *out, const char *path,
		    const struct file_record *f, struct err *e) must_check;

#endif
