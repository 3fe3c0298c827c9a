#include "config.h"
#include "http/multipart.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "core/str.h"

#define PARTS_MAX 220
#define BOUNDARY_MAX 70		/* bytes (RFC 2046, 5.1.1) */
#define HEAD_MAX 4096		/* bytes of a part's headers */

static const char type[] = "multipart/form-data";

bool multipart_type(const char *content_type)
{
	size_t n = sizeof(type) - 1;

	return strncasecmp(content_type, type, n) == 0 &&
	       strchr("; \t", content_type[n]) != NULL;
}

static int malformed(struct err *e, const char *what)
{
	return err_tell(e, ERR_INPUT, "error_form", "form: %s", what);
}

/* "\r\n--" and the boundary, which ends each part. */
static int read_boundary(const char *content_type, char out[BOUNDARY_MAX + 8],
			 struct err *e)
{
	const char *at = strcasestr(content_type, "boundary=");
	size_t n;

	if (!at)
		return malformed(e, "no boundary");
	at += strlen("boundary=");
	at += *at == '"';
	n = strcspn(at, "\"; \t");
	if (!n || n > BOUNDARY_MAX)
		return malformed(e, "the boundary's length");
	memcpy(out, "\r\n--", 4);
	memcpy(out + 4, at, n);
	out[4 + n] = '\0';
	return 0;
}

/* The value of name="..." in a part's headers; NULL if there is none. */
static char *parameter(const void *ctx, const char *head, size_t n, const char *name)
{
	char *lines = alloc_checked(talloc_strndup(ctx, head, n));
	char *at = strcasestr(lines, "content-disposition:"), *end;
	char *wanted = talloc_asprintf(ctx, "; %s=\"", name);

	if (at)
		at[strcspn(at, "\r\n")] = '\0';
	at = at ? strcasestr(at, wanted) : NULL;
	if (!at)
		return NULL;
	at += strlen(wanted);
	end = strchr(at, '"');
	return end ? talloc_strndup(ctx, at, (size_t)(end - at)) : NULL;
}

/* CRLF and CR become LF, as in other forms. */
static char *text_of(const void *ctx, const char *from, size_t n)
{
	char *text = alloc_checked(talloc_size(ctx, n + 1)), *to = text;
	size_t i;

	for (i = 0; i < n; i++) {
		if (from[i] == '\r' && i + 1 < n && from[i + 1] == '\n')
			continue;
		*to++ = from[i] == '\r' ? '\n' : from[i];
	}
	*to = '\0';
	return text;
}

static int add_file(struct multipart *m, char *field, char *name,
		    const char *bytes, size_t n, struct err *e)
{
	if (!n && !*name)
		return 0;
	if (m->nfiles == MULTIPART_FILES_MAX)
		return err_tell(e, ERR_LIMIT, "error_pictures_many",
				"more than %d files", MULTIPART_FILES_MAX);
	m->files[m->nfiles++] = (struct multipart_file){ field, name, bytes, n };
	return 0;
}

static int add_part(struct multipart *m, const char *part, size_t n, struct err *e)
{
	const char *body = memmem(part, n < HEAD_MAX ? n : HEAD_MAX, "\r\n\r\n", 4);
	char *field, *name;

	if (!body)
		return malformed(e, "a part without headers");
	if (memchr(part, '\0', (size_t)(body - part)))
		return malformed(e, "NUL in a header");
	field = parameter(m, part, (size_t)(body - part), "name");
	name = parameter(m, part, (size_t)(body - part), "filename");
	body += 4;
	n -= (size_t)(body - part);
	if (!field || !utf8_valid(field, strlen(field)) ||
	    (name && !utf8_valid(name, strlen(name))))
		return malformed(e, "a part's name");
	if (name)
		return add_file(m, field, name, body, n, e);
	if (!utf8_valid(body, n))
		return malformed(e, "a text is not UTF-8");
	form_add(m->form, field, text_of(m, body, n));
	return 0;
}

static int read_parts(struct multipart *m, const char *boundary,
		      const char *body, size_t n, struct err *e)
{
	size_t mark = strlen(boundary), parts = 0;
	const char *end = body + n, *next;

	/* The first one has no line end before it. */
	if (n < mark - 2 || memcmp(body, boundary + 2, mark - 2) != 0)
		return malformed(e, "does not begin with its boundary");
	for (body += mark - 2; ; body = next + mark) {
		if (end - body >= 2 && memcmp(body, "--", 2) == 0)
			return 0;
		if (end - body < 2 || memcmp(body, "\r\n", 2) != 0 ||
		    parts++ == PARTS_MAX)
			return malformed(e, "its parts");
		body += 2;
		next = memmem(body, (size_t)(end - body), boundary, mark);
		if (!next)
			return malformed(e, "ends within a part");
		if (add_part(m, body, (size_t)(next - body), e) < 0)
			return -1;
	}
}

struct multipart *multipart_parse(const void *ctx, const char *content_type,
				  const char *body, size_t n, struct err *e)
{
	struct multipart *m = alloc_checked(talloc_zero(ctx, struct multipart));
	char boundary[BOUNDARY_MAX + 8];

	m->form = form_new(m);
	if (read_boundary(content_type, boundary, e) == 0 &&
	    read_parts(m, boundary, body, n, e) == 0)
		return m;
	talloc_free(m);
	return NULL;
}
