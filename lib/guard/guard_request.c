#include "config.h"
#include "guard/guard_request.h"

#include <string.h>
#include <strings.h>

#include "core/str.h"

static int refuse(struct guard_request *r, const char *why)
{
	return err_set(&r->e, ERR_INPUT, "%s", why);
}

/* Transfer codings enable request smuggling; the driver sends none. */
static int end_header(struct guard_request *r)
{
	const char *name = buf_text(&r->name), *value = buf_text(&r->value);

	if (strchr(name, ' '))
		return refuse(r, "a blank in a header's name");
	if (!strcasecmp(name, "Transfer-Encoding"))
		return refuse(r, "a transfer coding");
	if (!strcasecmp(name, "Upgrade")) {
		if (r->upgrade || !str_equal(value, "tcp"))
			return refuse(r, "an upgrade other than tcp");
		r->upgrade = true;
	}
	buf_clear(&r->name);
	buf_clear(&r->value);
	r->in_value = false;
	return 0;
}

static int on_url(http_parser *p, const char *bytes, size_t n)
{
	struct guard_request *r = p->data;

	return buf_add(&r->target, bytes, n, &r->e);
}

static int on_name(http_parser *p, const char *bytes, size_t n)
{
	struct guard_request *r = p->data;

	if (r->in_value && end_header(r) < 0)
		return -1;
	return buf_add(&r->name, bytes, n, &r->e);
}

static int on_value(http_parser *p, const char *bytes, size_t n)
{
	struct guard_request *r = p->data;

	r->in_value = true;
	return buf_add(&r->value, bytes, n, &r->e);
}

static int on_head(http_parser *p)
{
	struct guard_request *r = p->data;

	if (r->name.len && end_header(r) < 0)
		return -1;
	if (p->http_major != 1 || p->http_minor != 1)
		return refuse(r, "another HTTP than 1.1");
	if (p->content_length != UINT64_MAX &&
	    p->content_length > GUARD_BODY_MAX)
		return refuse(r, "a body past the cap");
	r->method = http_method_str((enum http_method)p->method);
	/* Otherwise the parser takes all bytes after the head as the stream's. */
	p->upgrade = 0;
	return 0;
}

static int on_body(http_parser *p, const char *bytes, size_t n)
{
	struct guard_request *r = p->data;

	return buf_add(&r->body, bytes, n, &r->e);
}

static int on_done(http_parser *p)
{
	struct guard_request *r = p->data;

	r->done = true;
	http_parser_pause(p, 1);
	return 0;
}

static const http_parser_settings events = {
	.on_url = on_url,
	.on_header_field = on_name,
	.on_header_value = on_value,
	.on_headers_complete = on_head,
	.on_body = on_body,
	.on_message_complete = on_done,
};

void guard_request_init(struct guard_request *r)
{
	*r = (struct guard_request){ 0 };
	http_parser_init(&r->parser, HTTP_REQUEST);
	r->parser.data = r;
	buf_init(&r->target, 1024);
	buf_init(&r->body, GUARD_BODY_MAX);
	buf_init(&r->name, 256);
	buf_init(&r->value, 8192);
}

void guard_request_release(struct guard_request *r)
{
	buf_release(&r->target);
	buf_release(&r->body);
	buf_release(&r->name);
	buf_release(&r->value);
}

int guard_request_feed(struct guard_request *r, const char *bytes, size_t n,
		       struct err *e)
{
	size_t used = http_parser_execute(&r->parser, &events, bytes, n);
	enum http_errno code = HTTP_PARSER_ERRNO(&r->parser);

	r->head += used;
	if (r->done && used == n)
		return 0;
	if (r->done)
		return err_set(e, ERR_INPUT, "bytes behind the request");
	if (code != HPE_OK || used != n)
		return err_set(e, ERR_INPUT, "%s", r->e.kind ? r->e.text :
			       http_errno_description(code));
	if (r->head > GUARD_HEAD_MAX + GUARD_BODY_MAX)
		return err_set(e, ERR_INPUT, "a head past the cap");
	return 0;
}
