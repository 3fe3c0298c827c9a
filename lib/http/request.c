#include "config.h"
#include "http/request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "core/id.h"
#include "core/str.h"
#include "http/cookie.h"
#include "http/form.h"
#include "http/multipart.h"
#include "http/origin.h"

#define PATH_MAX_BYTES 4096
#define QUERY_MAX 8192
#define HEADER_MAX 8192		/* bytes of any header we read */
#define READ_MAX 65536		/* bytes per read from the source */

static int malformed(struct err *e, const char *what)
{
	return err_tell(e, ERR_INPUT, "error_request", "%s", what);
}

static char *copy_text(const void *ctx, const char *s, size_t n)
{
	char *text = alloc_checked(talloc_strndup(ctx, s, n));

	return text;
}

static int read_env(struct request *r, const struct request_source *src,
		    const char *name, const char **out, struct err *e)
{
	const char *value = src->env(src->data, name), *s;

	value = value ? value : "";
	if (strlen(value) > HEADER_MAX)
		return malformed(e, "a header is too long");
	for (s = value; *s; s++) {
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
			return malformed(e, "control byte in a header");
	}
	*out = copy_text(r, value, strlen(value));
	return 0;
}

static int read_method(struct request *r, const struct request_source *src,
		       struct err *e)
{
	static const struct { const char *name; enum method method; } rows[] = {
		{ "GET", METHOD_GET }, { "HEAD", METHOD_HEAD },
		{ "POST", METHOD_POST },
	};
	const char *name, *s;
	size_t i;

	if (read_env(r, src, "REQUEST_METHOD", &name, e) < 0)
		return -1;
	for (s = name; *s; s++) {
		if (!isalpha((unsigned char)*s) && *s != '-')
			return malformed(e, "no such method");
	}
	if (s == name || s - name > 32)
		return malformed(e, "no such method");
	r->method = METHOD_OTHER;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (str_equal(name, rows[i].name))
			r->method = rows[i].method;
	}
	return 0;
}

static int read_host(struct request *r, const struct request_source *src,
		     const char *server_names, struct err *e)
{
	if (read_env(r, src, "HTTP_HOST", &r->host, e) < 0)
		return -1;
	if (!origin_host_known(r->host, server_names))
		return err_tell(e, ERR_INPUT, "error_host",
				"host %.80s is not ours", r->host);
	return 0;
}

static int bad_path(struct err *e, const char *what)
{
	return err_tell(e, ERR_INPUT, "error_path", "path: %s", what);
}

/*
 * Decoded: begins with "/", no empty, "." or ".." segment except an empty last
 * one.
 */
static int check_path(const char *path, struct err *e)
{
	const char *s;
	size_t n;

	if (path[0] != '/')
		return bad_path(e, "does not begin with /");
	for (s = path; *s; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f || *s == '\\')
			return bad_path(e, "control byte or backslash");
	}
	for (s = path + 1; *s; s += n + (s[n] == '/')) {
		n = strcspn(s, "/");
		if (n == 0)
			return bad_path(e, "empty segment");
		if ((n == 1 && s[0] == '.') ||
		    (n == 2 && s[0] == '.' && s[1] == '.'))
			return bad_path(e, "dot segment");
	}
	return 0;
}

static int set_path(struct request *r, const char *raw, size_t n,
		    const char *base_path, struct err *e)
{
	size_t base = strlen(base_path);
	char *path = alloc_checked(talloc_size(r, n + 1));
	struct err ignored = { 0 };

	if (form_decode(path, raw, n, false, &ignored) < 0)
		return bad_path(e, ignored.text);
	if (check_path(path, e) < 0)
		return -1;
	if (strncmp(path, base_path, base) != 0 ||
	    (path[base] != '/' && path[base] != '\0'))
		return err_set(e, ERR_MISSING, "path is not below %s",
			       base_path);
	r->path = path[base] ? path + base : "/";
	return 0;
}

/*
 * Path and query from REQUEST_URI; plain CGI has only PATH_INFO, which is
 * decoded.
 */
static int read_target(struct request *r, const struct request_source *src,
		       const char *base_path, struct err *e)
{
	const char *uri = src->env(src->data, "REQUEST_URI"), *query;
	size_t n;

	if (!uri) {
		uri = src->env(src->data, "PATH_INFO");
		if (!uri || strlen(uri) > PATH_MAX_BYTES ||
		    !utf8_valid(uri, strlen(uri)))
			return bad_path(e, "missing, too long or not UTF-8");
		if (check_path(uri, e) < 0 ||
		    read_env(r, src, "QUERY_STRING", &r->query, e) < 0)
			return -1;
		r->path = copy_text(r, uri, strlen(uri));
		return 0;
	}
	n = strcspn(uri, "?");
	query = uri[n] ? uri + n + 1 : "";
	if (n > PATH_MAX_BYTES || strlen(query) > QUERY_MAX)
		return bad_path(e, "too long");
	if (strpbrk(uri, "#\r\n"))
		return bad_path(e, "a byte is not allowed");
	r->query = copy_text(r, query, strlen(query));
	return set_path(r, uri, n, base_path, e);
}

static void read_id(struct request *r, const struct request_source *src)
{
	const char *id = src->env(src->data, "REQUEST_ID"), *s;
	char own[ID_SIZE];

	id = id ? id : "";
	for (s = id; isalnum((unsigned char)*s) || *s == '-';)
		s++;
	if (!*id || *s || s - id > 64) {
		id_new(own);
		id = own;
	}
	r->id = copy_text(r, id, strlen(id));
}

static int read_all(struct request *r, const struct request_source *src,
		    const char *base_path, const char *server_names,
		    struct err *e)
{
	const char *https, *dest;

	read_id(r, src);
	if (read_method(r, src, e) < 0 ||
	    read_host(r, src, server_names, e) < 0 ||
	    read_target(r, src, base_path, e) < 0 ||
	    read_env(r, src, "REMOTE_ADDR", &r->remote, e) < 0 ||
	    read_env(r, src, "HTTPS", &https, e) < 0 ||
	    read_env(r, src, "HTTP_ACCEPT_LANGUAGE", &r->accept_language, e) < 0 ||
	    read_env(r, src, "HTTP_COOKIE", &r->cookie, e) < 0 ||
	    read_env(r, src, "HTTP_ORIGIN", &r->origin, e) < 0 ||
	    read_env(r, src, "HTTP_SEC_FETCH_DEST", &dest, e) < 0)
		return -1;
	r->as_image = str_equal(dest, "image");
	r->secure = strcasecmp(https, "on") == 0;
	r->args = form_parse(r, r->query, strlen(r->query), e);
	return r->args ? 0 : -1;
}

struct request *request_new(const void *ctx, const struct request_source *src,
			    const char *base_path, const char *server_names,
			    struct err *e)
{
	struct request *r = alloc_checked(talloc_zero(ctx, struct request));

	if (read_all(r, src, base_path, server_names, e) < 0) {
		talloc_free(r);
		return NULL;
	}
	return r;
}

/* The type alone, or with charset=utf-8. */
static bool form_type(const char *type)
{
	static const char wanted[] = "application/x-www-form-urlencoded";
	const char *s = type + sizeof(wanted) - 1;

	if (strncasecmp(type, wanted, sizeof(wanted) - 1) != 0)
		return false;
	s += strspn(s, " \t");
	if (*s == '\0')
		return true;
	if (*s != ';')
		return false;
	s++;
	s += strspn(s, " \t");
	return strcasecmp(s, "charset=utf-8") == 0 ||
	       strcasecmp(s, "charset=\"utf-8\"") == 0;
}

static int read_body(const struct request_source *src, size_t length,
		     struct buf *body, struct err *e)
{
	size_t want;
	int64_t n;
	char *room;

	while (body->len < length) {
		want = length - body->len;
		if (want > READ_MAX)
			want = READ_MAX;
		room = buf_reserve(body, want, e);
		if (!room)
			return -1;
		n = src->read(src->data, room, want);
		if (n <= 0 || (size_t)n > want)
			return malformed(e, "the body is shorter than it says");
		buf_grew(body, (size_t)n);
	}
	return 0;
}

/* The body's announced length; if missing: none, where that is allowed. */
static int read_length(struct request *r, const struct request_source *src,
		       size_t cap, bool may_miss, int64_t *n, struct err *e)
{
	const char *length, *encoding;
	struct err ignored = { 0 };

	if (read_env(r, src, "CONTENT_LENGTH", &length, e) < 0 ||
	    read_env(r, src, "HTTP_CONTENT_ENCODING", &encoding, e) < 0)
		return -1;
	*n = 0;
	if (*encoding)
		return malformed(e, "the body is encoded");
	if (!*length && may_miss)
		return 0;
	if (!isdigit((unsigned char)length[0]) ||
	    str_parse_number(length, 0, INT64_MAX, n, &ignored) < 0)
		return malformed(e, "no such length");
	if ((uint64_t)*n > cap)
		return err_tell(e, ERR_LIMIT, "error_too_large",
				"body of %lld bytes, at most %zu",
				(long long)*n, cap);
	return 0;
}

/* r->body keeps the files' bytes. */
static int read_files(struct request *r, const struct request_source *src,
		      const char *content_type, size_t cap, struct err *e)
{
	if (request_read_raw(r, src, cap, e) < 0)
		return -1;
	r->files = multipart_parse(r, content_type, r->body, r->body_len, e);
	if (!r->files)
		return -1;
	r->form = r->files->form;
	return 0;
}

int request_read_form(struct request *r, const struct request_source *src,
		      size_t cap, struct err *e)
{
	auto_buf body = BUF_INIT(cap);
	const char *type;
	struct form *form;
	int64_t n;

	if (read_env(r, src, "CONTENT_TYPE", &type, e) < 0)
		return -1;
	if (multipart_type(type))
		return read_files(r, src, type, cap, e);
	if (!form_type(type))
		return malformed(e, "the body is not a plain UTF-8 form");
	if (read_length(r, src, cap, false, &n, e) < 0 ||
	    read_body(src, (size_t)n, &body, e) < 0)
		return -1;
	form = form_parse(r, buf_text(&body), body.len, e);
	if (!form)
		return -1;
	r->form = form;
	return 0;
}

int request_read_raw(struct request *r, const struct request_source *src,
		     size_t cap, struct err *e)
{
	auto_buf body = BUF_INIT(cap);
	int64_t n;

	if (read_env(r, src, "CONTENT_TYPE", &r->body_type, e) < 0 ||
	    read_length(r, src, cap, true, &n, e) < 0 ||
	    read_body(src, (size_t)n, &body, e) < 0)
		return -1;
	r->body = talloc_memdup(r, buf_text(&body), body.len + 1);
	r->body_len = body.len;
	return 0;
}

const char *request_cookie(struct request *r, const char *name)
{
	return cookie_find(r, r->cookie, name);
}
