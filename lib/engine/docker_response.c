#include "config.h"
#include "engine/docker_response.h"

static int head(http_parser *p)
{
	struct docker_response *r = p->data;

	r->status = p->status_code;
	if (r->status < 100)
		return err_set(&r->e, ERR_UNAVAILABLE, "status %d", r->status);
	r->raw = r->upgrade && (r->status == 101 || r->status == 200);
	if (r->status == 101 && !r->upgrade)
		return err_set(&r->e, ERR_UNAVAILABLE, "an unrequested upgrade");
	return r->raw ? 2 : 0;
}

static int body(http_parser *p, const char *bytes, size_t n)
{
	struct docker_response *r = p->data;

	return buf_add(&r->body, bytes, n, &r->e);
}

static int complete(http_parser *p)
{
	struct docker_response *r = p->data;

	if (r->raw || r->status / 100 == 1)
		return 0;
	r->done = true;
	http_parser_pause(p, 1);
	return 0;
}

static const http_parser_settings events = {
	.on_headers_complete = head,
	.on_body = body,
	.on_message_complete = complete,
};

void docker_response_init(struct docker_response *r, bool upgrade,
			  size_t body_max)
{
	*r = (struct docker_response){ .upgrade = upgrade };
	http_parser_set_max_header_size(DOCKER_HEAD_MAX);
	http_parser_init(&r->parser, HTTP_RESPONSE);
	r->parser.data = r;
	buf_init(&r->body, body_max);
}

void docker_response_release(struct docker_response *r)
{
	buf_release(&r->body);
}

static int refuse(const struct docker_response *r, struct err *e)
{
	enum http_errno code = HTTP_PARSER_ERRNO(&r->parser);

	return err_tell(e, ERR_UNAVAILABLE, "error_engine",
			"the engine's answer: %s",
			r->e.kind ? r->e.text : http_errno_description(code));
}

ssize_t docker_response_feed(struct docker_response *r, const char *bytes,
			     size_t n, struct err *e)
{
	size_t used;

	if (r->done || r->raw)
		return 0;
	used = http_parser_execute(&r->parser, &events, bytes, n);
	if (r->done)
		return (ssize_t)used;
	if (HTTP_PARSER_ERRNO(&r->parser) != HPE_OK)
		return refuse(r, e);
	if (r->raw || used == n)
		return (ssize_t)used;
	err_set(&r->e, ERR_UNAVAILABLE, "an unrequested upgrade");
	return refuse(r, e);
}

int docker_response_end(struct docker_response *r, struct err *e)
{
	if (r->done || r->raw)
		return 0;
	http_parser_execute(&r->parser, &events, NULL, 0);
	if (r->done)
		return 0;
	return err_tell(e, ERR_UNAVAILABLE, "error_engine",
			"the engine's answer was cut short");
}
