/*
 * DELETE /volumes/NAME: only for an account that root marked, of this
 * installation, without a container; unmounts and releases the volume first,
 * and forgets its owner.
 */
#include "config.h"

#include <json-c/json.h>
#include <talloc.h>

#include "core/log.h"
#include "core/str.h"
#include "engine/docker.h"
#include "engine/docker_spec.h"
#include "guard/guard_internal.h"
#include "guard/removing.h"

#define PATH_SIZE 1024

/* Runs in a thread; outlives its connection. */
struct removal {
	uv_work_t work;
	struct guard *guard;
	struct connection *connection;	/* NULL: it closed */
	char user_id[ID_SIZE], path[PATH_SIZE];
	int rc;
	struct err e;
};

static void forget_user(struct connection *c)
{
	struct err e = { 0 };

	if (c->guard->policy->host &&
	    host_user_forget(c->guard->policy->host, c->call.user_id, &e) < 0)
		log_failure("forget_uid", &e, "user", c->call.user_id, NULL);
}

static void removed(void *data, int status, const struct buf *body,
		    const struct err *trouble)
{
	struct connection *c = data;

	if (!guard_answered(c, trouble))
		return;
	if (status == 204 || status == 404)
		forget_user(c);
	guard_reply(c, status, body->data, body->len);
}

static const struct docker_http_events removed_events = { .answer = removed };

static void release(uv_work_t *work)
{
	struct removal *r = work->data;

	r->rc = volume_release(r->path, &r->e);
}

static void released(uv_work_t *work, int status)
{
	struct removal *r = work->data;
	struct connection *c = r->connection;

	json_object_object_del(r->guard->preparing, r->user_id);
	if (r->rc < 0)
		log_failure("volume", &r->e, "user", r->user_id, NULL);
	if (c) {
		c->worker = NULL;
		if (r->rc < 0)
			guard_reply_words(c, r->e.kind == ERR_CONFLICT ? 409 : 500,
					  r->e.text);
		else
			guard_forward(c, &removed_events);
	}
	talloc_free(r);
}

/* Nothing of the user starts meanwhile: starts check this set. */
static void begin_release(struct connection *c)
{
	struct guard *g = c->guard;
	struct removal *r = talloc_zero(NULL, struct removal);

	if (!r || !str_copy(r->path, sizeof(r->path), c->volume_path) ||
	    !str_copy(r->user_id, sizeof(r->user_id), c->call.user_id))
		err_abort("a volume's names");
	r->work.data = r;
	r->guard = g;
	r->connection = c;
	c->worker = &r->connection;
	guard_know(g->preparing, r->user_id, "");
	uv_queue_work(g->engine.loop, &r->work, release, released);
}

static void users_listed(void *data, int status, const struct buf *body,
			 const struct err *trouble)
{
	struct connection *c = data;
	struct guard *g = c->guard;
	struct err e = { 0 };
	auto_json *list = trouble ? NULL : docker_json(body, &e);

	if (!guard_answered(c, trouble))
		return;
	if (status != 200 || !json_object_is_type(list, json_type_array))
		guard_reply_words(c, 502, "the volume's containers are unknown");
	else if (json_object_array_length(list))
		guard_reply_words(c, 409, "a container has the volume");
	else if (json_object_object_get_ex(g->preparing, c->call.user_id, NULL))
		guard_reply_words(c, 409, "the volume is being prepared");
	else if (g->policy->host && c->volume_path)
		begin_release(c);
	else
		guard_forward(c, &removed_events);
}

static const struct docker_http_events users_events = { .answer = users_listed };

static void ask_users(struct connection *c)
{
	auto_buf path = BUF_INIT(1024);
	struct err e = { 0 };

	if (guard_users_path(&path, c->call.name, &e) < 0)
		err_abort("a volume's name too long");
	guard_ask(c, path.data, &users_events);
}

static bool is_ours(const struct connection *c, struct json_object *volume)
{
	const char *user_id = guard_label_user(c, docker_json_find(volume,
								   "Labels", NULL));

	return user_id && str_equal(user_id, c->call.user_id);
}

static void inspected(void *data, int status, const struct buf *body,
		      const struct err *trouble)
{
	struct connection *c = data;
	struct err e = { 0 };
	auto_json *o = trouble ? NULL : docker_json(body, &e);
	const char *path = guard_volume_path(o);

	if (!guard_answered(c, trouble))
		return;
	if (status == 404) {
		forget_user(c);
		guard_reply(c, status, body->data, body->len);
	} else if (status != 200 || !is_ours(c, o)) {
		guard_refuse_words(c, "a volume of another installation");
	} else {
		c->volume_path = path ? talloc_strdup(c, path) : NULL;
		ask_users(c);
	}
}

static const struct docker_http_events inspect_events = { .answer = inspected };

void guard_remove_volume(struct connection *c)
{
	auto_buf path = BUF_INIT(1024);
	struct err e = { 0 };

	if (!removing_marked(c->guard->policy->state, c->call.user_id)) {
		guard_refuse_words(c, "root has not marked the account for removal");
		return;
	}
	if (buf_addf(&path, &e, "/volumes/%s", c->call.name) < 0)
		err_abort("a volume's name too long");
	guard_ask(c, path.data, &inspect_events);
}
