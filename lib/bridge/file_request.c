/*
 * Files over the web socket: /files/raw/<path>, /files/archive[/<path>] and
 * /files/upload/<id>[/finish]. Checks login, Host, Origin and CSRF token, then
 * relays to the caller's own workspace.
 *
 * What a user or a model made never acts as our page: it is an attachment, or,
 * with ?view=1, one of a few types that cannot run, in a sandbox. With ?version=
 * it is 410 once the file's content is another.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "bridge/caller.h"
#include "bridge/file_relay.h"
#include "core/log.h"
#include "core/percent.h"
#include "core/str.h"
#include "core/unicode.h"

struct file_request {
	struct caller caller;
	struct bridge *bridge;
	struct exchange *x;
	const struct place *place;
	const char *method;	/* of the shim's request */
	char *path;		/* the shim's, without a range */
	char *name;		/* of a download */
	char *if_range, *if_none_match;	/* headers; NULL: absent */
	char *version;		/* the only one wanted; NULL: any */
	bool view, as_image;
	bool ranged;		/* bytes first to last of the file, or its last ones */
	int64_t first, last, suffix;	/* last, suffix: -1 absent */
};

static const char sandbox[] = "default-src 'none'; frame-ancestors 'self'; sandbox";

/* Types that may be shown by their address: no script runs in any of them. */
static const struct shown {
	const char *type, *content_type, *csp;
	bool image_only;	/* never as a page */
} shown[] = {
	{ "png", "image/png", sandbox, false },
	{ "jpeg", "image/jpeg", sandbox, false },
	{ "gif", "image/gif", sandbox, false },
	{ "webp", "image/webp", sandbox, false },
	{ "avif", "image/avif", sandbox, false },
	{ "svg", "image/svg+xml", "default-src 'none'; style-src 'unsafe-inline'; "
	  "frame-ancestors 'self'; sandbox", true },
	/* Browsers' own viewers do not start in a sandbox; they have no access to our pages. */
	{ "pdf", "application/pdf", "default-src 'none'; object-src 'self'; "
	  "style-src 'unsafe-inline'; frame-ancestors 'self'", false },
	{ "text", "text/plain; charset=utf-8", sandbox, false },
};

/* ---- the answer ---- */

/* RFC 6266 with RFC 8187: in the first name "_" replaces all but plain ASCII. */
static char *disposition(const void *ctx, const char *how, const char *name)
{
	char *clean = unicode_name(ctx, name, 255), *plain, *encoded, *to;
	const char *at;

	plain = to = talloc_size(ctx, strlen(clean) + 1);
	encoded = talloc_size(ctx, 3 * strlen(clean) + 1);
	if (!plain || !encoded)
		err_abort("out of memory");
	percent_encode(encoded, clean, "");
	for (at = clean; *at; at++) {
		if ((*at & 0xc0) != 0x80)	/* one for a character */
			*to++ = *at < ' ' || *at > '~' || strchr("\"\\%", *at) ?
				'_' : *at;
	}
	*to = '\0';
	return talloc_asprintf(ctx, "%s; filename=\"%s\"; filename*=UTF-8''%s",
			       how, plain, encoded);
}

/* Refusals are a line of text. Statuses that pages need pass; others are ours. */
static void pass_refusal(struct file_relay *r, int status)
{
	static const struct exchange_row rows[] = {
		{ "Content-Type", "text/plain; charset=utf-8" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Cache-Control", "no-store" },
	};

	file_relay_stream(r, status >= 400 && status < 600 ? status : 502, -1,
			  rows, sizeof(rows) / sizeof(rows[0]));
}

/* Both kinds of comparison (RFC 9110, 8.8.3.2) are the same for our strong tags. */
static bool names_tag(const char *header, const char *tag)
{
	return header && (str_equal(header, "*") || strstr(header, tag));
}

static const struct shown *shown_as(const struct file_request *q,
				    const struct file_head *head)
{
	const struct shown *s = q->view ? table_find(shown, head->type) : NULL;

	return s && (!s->image_only || q->as_image) ? s : NULL;
}


/* The bytes that the shim sends of the range. */
static void range_of(const struct file_request *q, int64_t size, int64_t *first,
		     int64_t *n)
{
	*first = q->suffix < 0 ? q->first : q->suffix < size ? size - q->suffix : 0;
	*n = size - *first;
	if (q->last >= 0 && q->last - q->first + 1 < *n)
		*n = q->last - q->first + 1;
}

/* path with the range that was asked for, as the shim's parameters. */
static char *ranged_path(const struct file_request *q)
{
	if (q->suffix >= 0)
		return talloc_asprintf(q, "%s?last=%lld", q->path,
				       (long long)q->suffix);
	if (q->last < 0)
		return talloc_asprintf(q, "%s?offset=%lld", q->path,
				       (long long)q->first);
	return talloc_asprintf(q, "%s?offset=%lld&length=%lld", q->path,
			       (long long)q->first,
			       (long long)(q->last - q->first + 1));
}

#define RAW_ROWS 9

static void send_raw(struct file_request *q, struct file_relay *r,
		     const struct file_head *head, const char *tag)
{
	const struct shown *s = shown_as(q, head);
	int64_t first = 0, n = head->size;
	const char *range = NULL;
	const struct exchange_row *rows;

	if (q->ranged) {
		range_of(q, head->size, &first, &n);
		range = talloc_asprintf(q, "bytes %lld-%lld/%lld",
					(long long)first,
					(long long)(first + n - 1),
					(long long)head->size);
	}
	rows = (const struct exchange_row[RAW_ROWS]){
		{ "Content-Type", s ? s->content_type : "application/octet-stream" },
		{ "Content-Disposition",
		  disposition(q, s ? "inline" : "attachment", q->name) },
		{ "Content-Security-Policy", s ? s->csp : sandbox },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cache-Control", "private, no-cache" },
		{ "Accept-Ranges", "bytes" },
		{ "ETag", tag },
		{ "Content-Range", range },
	};
	file_relay_stream(r, range ? 206 : 200, n, rows, RAW_ROWS);
}

static void head_of_raw(void *data, struct file_relay *r,
			const struct file_head *head)
{
	struct file_request *q = data;
	const char *tag = talloc_asprintf(q, "\"%s\"", head->version);
	const struct exchange_row tagged[] = { { "ETag", tag } };
	struct exchange_row unsatisfied = { "Content-Range", NULL };

	if (head->status == 416 && head->size >= 0) {
		unsatisfied.value = talloc_asprintf(q, "bytes */%lld",
						    (long long)head->size);
		file_relay_drop(r, 416, &unsatisfied, 1);
	} else if (head->status != 200 || head->size < 0) {
		pass_refusal(r, head->status);
	} else if (q->version && !str_equal(q->version, head->version)) {
		file_relay_drop(r, 410, tagged, 1);
	} else if (names_tag(q->if_none_match, tag)) {
		file_relay_drop(r, 304, tagged, 1);
	} else if (q->ranged && q->if_range && !str_equal(q->if_range, tag)) {
		q->ranged = false;
		file_relay_again(r, q->path);
	} else {
		send_raw(q, r, head, tag);
	}
}

static void head_of_archive(void *data, struct file_relay *r,
			    const struct file_head *head)
{
	struct file_request *q = data;
	const struct exchange_row rows[] = {
		{ "Content-Type", "application/zip" },
		{ "Content-Disposition",
		  disposition(q, "attachment",
			      talloc_asprintf(q, "%s.zip", q->name)) },
		{ "Content-Security-Policy", sandbox },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cache-Control", "no-store" },
	};

	if (head->status != 200)
		pass_refusal(r, head->status);
	else
		file_relay_stream(r, 200, -1, rows, sizeof(rows) / sizeof(rows[0]));
}

/* Its answers are lines of text, as the shim's. */
static void head_of_upload(void *data, struct file_relay *r,
			   const struct file_head *head)
{
	static const struct exchange_row rows[] = {
		{ "Content-Type", "text/plain; charset=utf-8" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Cache-Control", "no-store" },
	};

	if (head->status >= 400)
		pass_refusal(r, head->status);
	else
		file_relay_stream(r, head->status, -1, rows,
				  sizeof(rows) / sizeof(rows[0]));
}

/* ---- the request ---- */

/* One range of bytes (RFC 9110, 14.2); others are ignored, as the RFC allows. */
static void read_range(struct file_request *q, const char *text)
{
	char first[24] = "", last[24] = "";
	struct err e = { 0 };
	size_t n;

	q->last = q->suffix = -1;
	if (!text || !str_starts(text, "bytes="))
		return;
	text += strlen("bytes=");
	n = strcspn(text, "-");
	if (n >= sizeof(first) || text[n] != '-')
		return;
	memcpy(first, text, n);
	if (!str_copy(last, sizeof(last), text + n + 1))
		return;
	if (!*first) {
		q->ranged = str_parse_number(last, 0, INT64_MAX, &q->suffix,
					     &e) == 0;
		return;
	}
	q->ranged = str_parse_number(first, 0, INT64_MAX, &q->first, &e) == 0 &&
		    (!*last || (str_parse_number(last, 0, INT64_MAX - 1,
						 &q->last, &e) == 0 &&
				q->last >= q->first));
}

static char *keep(const void *ctx, const char *text)
{
	return text ? talloc_strdup(ctx, text) : NULL;
}

static char *encode(const void *ctx, const char *text)
{
	char *out = talloc_size(ctx, 3 * strlen(text) + 1);

	if (!out)
		err_abort("out of memory");
	percent_encode(out, text, "");
	return out;
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void read_raw(struct file_request *q, const char *rest)
{
	const char *view = exchange_query(q->x, "view");
	const char *dest = exchange_header(q->x, "Sec-Fetch-Dest");

	q->path = talloc_asprintf(q, "/files/%s", encode(q, rest));
	q->name = talloc_strdup(q, name_of(rest));
	q->view = view && str_equal(view, "1");
	q->as_image = dest && str_equal(dest, "image");
	q->version = keep(q, exchange_query(q->x, "version"));
	q->if_range = keep(q, exchange_header(q->x, "If-Range"));
	q->if_none_match = keep(q, exchange_header(q->x, "If-None-Match"));
	read_range(q, exchange_header(q->x, "Range"));
}

static void read_archive(struct file_request *q, const char *rest)
{
	q->path = talloc_asprintf(q, "/archive%s%s", *rest ? "/" : "",
				  encode(q, rest));
	q->name = talloc_strdup(q, *rest ? name_of(rest) : "workspace");
}

/* Parameters go on by name: offset for a chunk, to and size for the end. */
static void read_upload(struct file_request *q, const char *rest)
{
	static const char *const names[] = { "offset", "to", "size" };
	const char *value;
	char mark = '?';
	size_t i;

	q->path = talloc_asprintf(q, "/uploads/%s", rest);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = exchange_query(q->x, names[i]);
		if (!value)
			continue;
		q->path = talloc_asprintf(q, "%s%c%s=%s", q->path, mark,
					  names[i], encode(q, value));
		mark = '&';
	}
}

/* <id> or <id>/finish. */
static bool upload_valid(const char *rest)
{
	char id[ID_SIZE];
	size_t n = strcspn(rest, "/");

	if (n >= sizeof(id) || (rest[n] && !str_equal(rest + n, "/finish")))
		return false;
	memcpy(id, rest, n);
	id[n] = '\0';
	return id_valid(id);
}

static bool path_valid(const char *rest)
{
	return *rest;
}

static bool anything(const char *rest)
{
	return true;
}

static const struct place {
	const char *prefix;
	bool (*valid)(const char *rest);
	void (*read)(struct file_request *q, const char *rest);
	void (*head)(void *data, struct file_relay *r,
		     const struct file_head *head);
	bool writes;		/* also POST and DELETE */
} places[] = {
	{ "/files/raw/", path_valid, read_raw, head_of_raw, false },
	{ "/files/archive/", path_valid, read_archive, head_of_archive, false },
	{ "/files/archive", anything, read_archive, head_of_archive, false },
	{ "/files/upload/", upload_valid, read_upload, head_of_upload, true },
};

static const struct place *place_of(const struct bridge *b,
				    const struct exchange *x, const char **rest)
{
	const char *base = settings_text(b->settings, SET_BASE_PATH);
	const char *path = exchange_path(x);
	size_t i, n;

	if (!str_starts(path, base))
		return NULL;
	path += strlen(base);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		n = strlen(places[i].prefix);
		if (!str_starts(path, places[i].prefix) ||
		    (path[n] && places[i].prefix[n - 1] != '/'))
			continue;
		*rest = path + n;
		return &places[i];
	}
	return NULL;
}

static void refuse(struct exchange *x, int status)
{
	static const struct {
		int status;
		const char *text;
	} rows[] = {
		{ 401, "log in first\n" },
		{ 403, "not from here\n" },
		{ 404, "no such thing\n" },
		{ 405, "not with this method\n" },
		{ 503, "come back later\n" },
	};
	size_t i;

	for (i = 0; i + 1 < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].status == status)
			break;
	}
	exchange_answer(x, rows[i].status, "text/plain", rows[i].text,
			"X-Content-Type-Options", "nosniff");
}

/* Scripts send the page's token in a header. */
static bool csrf_missing(const struct file_request *q)
{
	return !str_equal(q->method, "GET") &&
	       !csrf_matches(q->caller.token,
			     exchange_header(q->x, "X-CSRF-Token"));
}

static void found(void *data, const struct err *e)
{
	struct file_request *q = data;
	struct bridge *b = q->bridge;
	struct file_relay_request rq = {
		.method = q->method, .data = q,
	};

	int status = e ? caller_status(e) : csrf_missing(q) ? 403 : 0;

	if (e && status == 503)
		log_failure("files", e, NULL);
	if (status && b->web)
		refuse(q->x, status);
	b->handshakes--;
	if (status || !b->web) {
		talloc_free(q);
		bridge_left(b);
		return;
	}
	rq.user_id = q->caller.login.user_id;
	rq.path = q->ranged ? ranged_path(q) : q->path;
	rq.head = q->place->head;
	file_relay_begin(b, q->x, &rq);
}

/* 0, or the status to refuse with. */
static int check(struct file_request *q, const char *rest)
{
	const char *method = exchange_method(q->x);
	bool reads = str_equal(method, "GET") || str_equal(method, "HEAD");

	if (!q->place->valid(rest))
		return 404;
	if (!reads && (!q->place->writes || (!str_equal(method, "POST") &&
					     !str_equal(method, "DELETE"))))
		return 405;
	if (!caller_from_here(q->bridge, q->x, !reads))
		return 403;
	q->method = reads ? "GET" : str_equal(method, "POST") ? "POST" : "DELETE";
	return q->bridge->stopping ? 503 : caller_find(&q->caller, q->bridge, q->x);
}

bool file_request_is_ours(const struct bridge *b, const struct exchange *x)
{
	const char *rest;

	return place_of(b, x, &rest) != NULL;
}

void file_request_begin(struct bridge *b, struct exchange *x)
{
	struct file_request *q = talloc_zero(NULL, struct file_request);
	const char *rest = "";
	int status;

	q->bridge = b;
	q->x = x;
	q->place = place_of(b, x, &rest);
	q->caller = (struct caller){ .owner = q, .done = found };
	q->place->read(q, rest);
	status = check(q, rest);
	if (status) {
		talloc_free(q);
		refuse(x, status);
		return;
	}
	b->handshakes++;
}
