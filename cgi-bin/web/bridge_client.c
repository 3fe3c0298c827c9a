/* gongbang.fcgi's side of the bridge's control socket. */
#include "config.h"
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "core/log.h"
#include "core/percent.h"
#include "core/str.h"
#include "http/http_client.h"
#include "web/web.h"

#define TELL_MS 1500
#define CHECK_MS 2000

static int send_call(const struct request *r, const char *method, const char *path,
		     int64_t deadline_ms, struct err *e)
{
	const struct settings *s = context_of(r)->app->settings;
	const struct http_client_call call = {
		.socket = settings_text(s, SET_CONTROL_SOCKET),
		.method = method,
		.path = path,
		.deadline_ms = deadline_ms,
		.request_id = r->id,
	};
	int status;

	if (http_client_run(&call, &status, NULL, e) < 0)
		return -1;
	if (status >= 300)
		return err_set(e, ERR_UNAVAILABLE, "the bridge answered %d",
			       status);
	return 0;
}

bool bridge_tell(const struct request *r, const char *fmt, ...)
{
	struct err e = { 0 };
	va_list ap;
	char *path;

	va_start(ap, fmt);
	path = talloc_vasprintf(r, fmt, ap);
	va_end(ap);
	if (!path)
		err_abort("out of memory");
	if (send_call(r, "POST", path, TELL_MS, &e) < 0)
		log_failure("bridge_not_notified", &e, "request", r->id, NULL);
	return e.kind == ERR_NONE;
}

int bridge_check(const struct request *r, struct err *e)
{
	return send_call(r, "GET", "/healthz", CHECK_MS, e);
}

void bridge_login_ended(const struct request *r, const char *token)
{
	char key[LOGIN_KEY_SIZE];

	login_key(token, key);
	bridge_tell(r, "/logins/%s/ended", key + strlen("session:"));
}

static void on_header(void *data, const char *name, const char *value)
{
	struct bridge_answer *out = data;
	struct err e = { 0 };
	bool fits = true;

	if (strcasecmp(name, "X-Version") == 0)
		fits = str_copy(out->version, sizeof(out->version), value);
	else if (strcasecmp(name, "X-Type") == 0)
		fits = str_copy(out->type, sizeof(out->type), value);
	else if (strcasecmp(name, "X-Size") == 0)
		fits = str_parse_number(value, 0, INT64_MAX, &out->size, &e) == 0;
	else if (strcasecmp(name, "X-Mtime") == 0)
		fits = str_parse_number(value, 0, INT64_MAX, &out->mtime, &e) == 0;
	(void)fits;	/* a field that is not one stays empty */
}

int bridge_fetch(const struct request *r, const char *method, const char *path,
		 const void *body, size_t n, size_t body_max,
		 int64_t deadline_ms, struct bridge_answer *out, struct err *e)
{
	const struct settings *s = context_of(r)->app->settings;
	struct http_client_call call = {
		.socket = settings_text(s, SET_CONTROL_SOCKET),
		.method = method,
		.body = body,
		.body_len = n,
		.deadline_ms = deadline_ms,
		.request_id = r->id,
		.header = on_header,
		.data = out,
	};
	char *to = talloc_size(r, 3 * strlen(path) + 1);

	if (!to)
		err_abort("out of memory");
	percent_encode(to, path, "");
	call.path = talloc_asprintf(r, "/users/%s/files?to=%s",
				    context_of(r)->user->id, to);
	*out = (struct bridge_answer){ .size = -1, .mtime = -1 };
	buf_init(&out->body, body_max);
	return http_client_run(&call, &out->status, &out->body, e);
}
