/*
 * Prepares a user's uid and volume on the host before a container is created or
 * started. POST /volumes/create finds the volume: it answers for one that exists
 * as for a new one.
 */
#include "config.h"

#include <json-c/json.h>
#include <talloc.h>

#include "core/log.h"
#include "core/str.h"
#include "engine/docker.h"
#include "guard/guard_internal.h"

/* Prepares a user's uid, files and volume in a thread; outlives its connection. */
struct preparation {
	uv_work_t work;
	struct guard *guard;
	struct connection *connection;	/* NULL: it closed */
	const struct host *host;
	struct host_user user;
	bool create;
	enum volume_quota held;
	int rc;
	struct err e;
};

static void prepare(uv_work_t *work)
{
	struct preparation *p = work->data;

	p->rc = p->create ? host_user_names(p->host, &p->user, &p->e) : 0;
	if (p->rc == 0)
		p->rc = host_user_volume(p->host, &p->user, &p->held, &p->e);
}

static void prepared(uv_work_t *work, int status)
{
	struct preparation *p = work->data;
	struct connection *c = p->connection;

	json_object_object_del(p->guard->preparing, p->user.id);
	if (p->rc == 0 && p->e.kind)
		log_failure(p->held == VOLUME_WATCH ? "volume_only_watched" :
			    "volume_not_grown", &p->e, "user", p->user.id, NULL);
	p->e.kind = p->rc == 0 ? ERR_NONE : p->e.kind;
	if (c && p->rc == 0 && p->create)
		p->rc = guard_call_place(&c->call, c->guard->policy, &p->user, &p->e);
	if (p->rc < 0)
		log_failure("volume", &p->e, "user", p->user.id, NULL);
	if (c) {
		c->worker = NULL;
		if (p->rc < 0)
			guard_reply_words(c, p->e.kind == ERR_LIMIT ? 507 : 500, p->e.text);
		else
			guard_forward_answer(c);
	}
	talloc_free(p);
}

static void begin_preparation(struct connection *c, const char *path)
{
	struct guard *g = c->guard;
	struct preparation *p =
		alloc_checked(talloc_zero(NULL, struct preparation));
	struct err e = { 0 };

	p->work.data = p;
	p->guard = g;
	p->connection = c;
	p->host = g->policy->host;
	p->create = c->call.verb == GUARD_CREATE;
	if (host_user_find(g->policy->host, c->call.user_id, path, &p->user,
			   &e) < 0) {
		log_failure("uid", &e, "user", c->call.user_id, NULL);
		guard_reply_words(c, 500, e.text);
		talloc_free(p);
		return;
	}
	c->worker = &p->connection;
	guard_know(g->preparing, p->user.id, "");
	uv_queue_work(g->engine.loop, &p->work, prepare, prepared);
}

/*
 * Only a plain volume of the engine's local driver is a folder that we may
 * change.
 */
const char *guard_volume_path(struct json_object *o)
{
	const char *path = json_object_get_string(docker_json_find(o, "Mountpoint", NULL));
	const char *driver = json_object_get_string(docker_json_find(o, "Driver", NULL));
	struct json_object *options = docker_json_find(o, "Options", NULL);

	return path && *path == '/' && driver && str_equal(driver, "local") &&
	       !(options && json_object_object_length(options)) ? path : NULL;
}

static void volume_created(void *data, int status, const struct buf *body,
			 const struct err *trouble)
{
	struct connection *c = data;
	struct err e = { 0 };
	auto_json *o = trouble ? NULL : docker_json(body, &e);
	const char *path = guard_volume_path(o);

	if (!guard_answered(c, trouble))
		return;
	if (status != 201 && status != 200)
		guard_reply(c, status, body->data, body->len);
	else if (!path)
		guard_forward_answer(c);
	else
		begin_preparation(c, path);
}

static const struct docker_http_events create_events = { .answer = volume_created };

void guard_prepare_volume(struct connection *c)
{
	struct guard *g = c->guard;
	void *ctx = talloc_new(NULL);
	struct container_spec *spec = g->policy->spec(ctx, g->policy->data,
						      c->call.user_id);
	struct docker_request rq = {
		.method = "POST",
		.path = "/volumes/create",
		.deadline_ms = DOCKER_QUICK_MS,
		.body_max = DOCKER_ANSWER_MAX,
	};

	if (!spec) {
		guard_reply_words(c, 403, "no such user");
	} else if (json_object_object_get_ex(g->preparing, c->call.user_id,
					     NULL)) {
		guard_reply_words(c, 409, "its volume is being prepared");
	} else {
		auto_json *body = guard_volume_new(spec);

		rq.body = json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN);
		c->http = docker_http_send(&g->engine, &rq, &create_events, c);
	}
	talloc_free(ctx);
}
