#include "config.h"
#include "http/response.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/percent.h"
#include "core/str.h"

#define HEADERS_MAX (16 << 10)
#define BODY_MAX (16 << 20)

void response_init(struct response *out, const char *base_path)
{
	*out = (struct response) {
		.status = 200,
		.type = "text/html; charset=utf-8",
		.headers = BUF_INIT(HEADERS_MAX),
		.body = BUF_INIT(BODY_MAX),
		.base_path = base_path,
	};
}

void response_release(struct response *out)
{
	buf_release(&out->headers);
	buf_release(&out->body);
}

static bool clean(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	}
	return true;
}

int response_header(struct response *out, const char *name, const char *value,
		    struct err *e)
{
	if (!*name || !clean(name) || !clean(value) || strpbrk(name, ": "))
		return err_set(e, ERR_INPUT,
			       "header: a byte is not allowed");
	return buf_addf(&out->headers, e, "%s: %s\r\n", name, value);
}

int response_cookie(struct response *out, const struct cookie *c,
		    struct err *e)
{
	auto_buf value = BUF_INIT(4096);

	if (cookie_format(&value, c, e) < 0)
		return -1;
	return response_header(out, "Set-Cookie", buf_text(&value), e);
}

/* Characters allowed in a URL (RFC 3986, 2); "%" is left to the caller. */
static int add_location(struct buf *out, const char *path, struct err *e)
{
	return percent_add(out, path, ":/?#[]@!$&'()*+,;=%", e);
}

int response_redirect(struct response *out, struct err *e, const char *fmt, ...)
{
	auto_buf location = BUF_INIT(8192);
	char path[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	/* "//host" and "/\host" would lead a browser elsewhere. */
	if (n < 1 || n >= (int)sizeof(path) || path[0] != '/' ||
	    path[1] == '/' || path[1] == '\\' || !clean(path))
		return err_set(e, ERR_INPUT, "redirect: not a path of ours");
	if (buf_add_text(&location, out->base_path, e) < 0 ||
	    add_location(&location, path, e) < 0 ||
	    response_header(out, "Location", buf_text(&location), e) < 0)
		return -1;
	out->status = 303;
	buf_clear(&out->body);
	return 0;
}

int response_status(const struct err *e)
{
	static const struct { const char *key; int status; } keys[] = {
		{ "error_method", 405 }, { "error_too_large", 413 },
		{ "error_message_too_long", 413 },
		{ "error_export_large", 413 }, { "error_csv_large", 413 },
		{ "error_agent_prompt_long", 413 },
		{ "error_agent_json_long", 413 }, { "error_share_large", 413 },
		{ "error_file_large", 413 }, { "error_files_full", 507 },
	};
	static const int kinds[] = {
		[ERR_NONE] = 200,	 [ERR_INPUT] = 400,
		[ERR_AUTH] = 401,	 [ERR_DENIED] = 403,
		[ERR_MISSING] = 404,	 [ERR_CONFLICT] = 409,
		[ERR_LIMIT] = 429,	 [ERR_UNAVAILABLE] = 503,
		[ERR_INTERNAL] = 500,
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (str_equal(e->key, keys[i].key))
			return keys[i].status;
	}
	return kinds[e->kind];
}

static const char *reason(int status)
{
	static const struct { int status; const char *reason; } rows[] = {
		{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" },
		{ 204, "No Content" }, { 303, "See Other" },
		{ 304, "Not Modified" }, { 400, "Bad Request" },
		{ 401, "Unauthorized" }, { 403, "Forbidden" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 409, "Conflict" }, { 413, "Content Too Large" },
		{ 421, "Misdirected Request" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
		{ 507, "Insufficient Storage" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].status == status)
			return rows[i].reason;
	}
	return "Other";
}

static const char policy[] =
	"Content-Security-Policy: default-src 'none'; script-src 'self'; "
	"style-src 'self'";
static const char security[] =
	"; img-src 'self' data:; font-src 'self'; "
	"connect-src 'self'; form-action 'self'; base-uri 'none'; "
	"frame-ancestors 'none'\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"X-Frame-Options: DENY\r\n"
	"Referrer-Policy: same-origin\r\n"
	"Cross-Origin-Opener-Policy: same-origin\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n"
	"Permissions-Policy: camera=(), microphone=(), geolocation=(), "
	"payment=(), usb=()\r\n";

int response_format(const struct response *out, bool head, struct buf *bytes,
		    struct err *e)
{
	if (!clean(out->type))
		return err_set(e, ERR_INTERNAL, "response: bad type");
	if (buf_addf(bytes, e, "Status: %d %s\r\n", out->status,
		     reason(out->status)) < 0 ||
	    buf_addf(bytes, e, "Content-Type: %s\r\n", out->type) < 0 ||
	    buf_add(bytes, buf_text(&out->headers), out->headers.len, e) < 0 ||
	    buf_add_text(bytes, policy, e) < 0 ||
	    buf_add_text(bytes, out->inline_styles ? " 'unsafe-inline'" : "",
			 e) < 0 ||
	    buf_add(bytes, security, sizeof(security) - 1, e) < 0 ||
	    buf_addf(bytes, e, "Cache-Control: %s\r\n", out->kept ?
		     "private, max-age=31536000, immutable" : "no-store") < 0 ||
	    buf_addf(bytes, e, "Content-Length: %zu\r\n\r\n",
		     out->body.len) < 0)
		return -1;
	return head ? 0 : buf_add(bytes, buf_text(&out->body), out->body.len, e);
}
