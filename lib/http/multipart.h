/*
 * A form with files: multipart/form-data (RFC 7578), as browsers send it. Texts
 * go into a form; a file's bytes stay where they are.
 */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "http/form.h"

#define MULTIPART_FILES_MAX 20

struct multipart_file {
	const char *field, *name;	/* name: as the browser says it, hostile */
	const char *bytes;		/* borrowed from the body */
	size_t n;
};

struct multipart {
	struct form *form;
	struct multipart_file files[MULTIPART_FILES_MAX];
	size_t nfiles;		/* chosen files only: empty ones without a name are left out */
};

/* True if a body of that type is for multipart_parse. */
bool multipart_type(const char *content_type);

/*
 * Parses n bytes; content_type names the boundary. ERR_INPUT "error_form" for
 * what is malformed, ill-formed UTF-8 in a text, or too many parts; ERR_LIMIT
 * "error_pictures_many" for too many files. Gives (child of ctx).
 */
struct multipart *multipart_parse(const void *ctx, const char *content_type,
				  const char *body, size_t n, struct err *e) must_check;

#endif
