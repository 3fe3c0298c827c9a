#include "config.h"
#include "guard/engine_call.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/digest.h"
#include "core/id.h"
#include "core/str.h"
#include "engine/docker.h"
#include "engine/docker_spec.h"
#include "guard/host_user.h"
#include "json/strict_json.h"

#define PATH_MAX_BYTES 8192
#define GRACE_MAX 600
#define TOKEN_ENV "ANTHROPIC_AUTH_TOKEN="

/* Paths are before NAME after; a target matches at most one row. */
static const struct route {
	enum guard_verb verb;
	const char *method, *before, *after;
	int64_t deadline_ms;
	size_t answer_max;
	bool of_container, upgrade;
} routes[] = {
	{ GUARD_CREATE, "POST", "/containers/create?name=", "", 60000, DOCKER_ANSWER_MAX, false, false },
	{ GUARD_LIST, "GET", "/containers/json?filters=", "", 30000, 32u << 20, false, false },
	{ GUARD_START, "POST", "/containers/", "/start", 30000, DOCKER_ANSWER_MAX, true, false },
	{ GUARD_STOP, "POST", "/containers/", "/stop?t=", 10000, DOCKER_ANSWER_MAX, true, false },
	{ GUARD_REMOVE, "DELETE", "/containers/", "?force=1", 30000, DOCKER_ANSWER_MAX, true, false },
	{ GUARD_INSPECT, "GET", "/containers/", "/json", 5000, DOCKER_ANSWER_MAX, true, false },
	{ GUARD_BOOST, "POST", "/containers/", "/update", 5000, DOCKER_ANSWER_MAX, true, false },
	{ GUARD_EXEC, "POST", "/containers/", "/exec", 30000, DOCKER_ANSWER_MAX, true, false },
	{ GUARD_EXEC_START, "POST", "/exec/", "/start", 30000, DOCKER_ANSWER_MAX, false, true },
	{ GUARD_EXEC_INSPECT, "GET", "/exec/", "/json", 5000, DOCKER_ANSWER_MAX, false, false },
	{ GUARD_REMOVE_VOLUME, "DELETE", "/volumes/", "", 120000, DOCKER_ANSWER_MAX, false, false },
	{ GUARD_IMAGE, "GET", "/images/", "/json", 5000, DOCKER_ANSWER_MAX, false, false },
};

static const char name_bytes[] =
	"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-";

static int deny(struct err *e, const char *why)
{
	return err_set(e, ERR_DENIED, "%s", why);
}

void guard_call_init(struct guard_call *call)
{
	*call = (struct guard_call){ 0 };
	buf_init(&call->path, PATH_MAX_BYTES);
	buf_init(&call->body, GUARD_BODY_MAX);
}

void guard_call_release(struct guard_call *call)
{
	buf_release(&call->path);
	buf_release(&call->body);
}

/* Finds the part between before and after; the stop's seconds follow after. */
static bool takes(const struct route *row, const struct guard_request *r,
		  const char **name, size_t *n, const char **tail)
{
	const char *target = buf_text(&r->target);
	size_t before = strlen(row->before), after = strlen(row->after);

	if (!str_equal(row->method, r->method) ||
	    !str_starts(target, row->before))
		return false;
	*name = target + before;
	if (row->verb == GUARD_LIST || row->verb == GUARD_IMAGE) {
		*n = strlen(*name);
		if (*n < after || !str_equal(*name + *n - after, row->after))
			return false;
		*n -= after;
		*tail = "";
		return true;
	}
	*n = strspn(*name, name_bytes);
	*tail = *name + *n + after;
	return *n > 0 && str_starts(*name + *n, row->after) &&
	       (row->verb == GUARD_STOP || !**tail);
}

static int same_text(struct json_object *o, const struct buf *body, struct err *e)
{
	size_t n;
	const char *text = json_object_to_json_string_length(
		o, JSON_C_TO_STRING_PLAIN, &n);

	if (n != body->len || memcmp(text, body->data, n) != 0)
		return deny(e, "not the body that the driver writes");
	return 0;
}

/*
 * Checks the two values of a body that the guard cannot predict: the token in
 * the environment's last entry, and its hash in a label.
 */
static int take_token(struct container_spec *spec, struct json_object *body,
		      struct err *e)
{
	struct json_object *label = docker_json_find(body, "Labels", LABEL_TOKEN, NULL);
	struct json_object *env = docker_json_find(body, "Env", NULL);
	const char *secret, *hash = json_object_get_string(label);
	char digest[DIGEST_SIZE];
	size_t n;

	if (!label)
		return 0;
	n = json_object_is_type(env, json_type_array) ? json_object_array_length(env) : 0;
	secret = n ? json_object_get_string(json_object_array_get_idx(env, n - 1)) : NULL;
	if (!secret || !hash || !str_starts(secret, TOKEN_ENV) ||
	    !token_valid(secret + strlen(TOKEN_ENV)))
		return deny(e, "no token where the driver puts it");
	digest_hex(secret + strlen(TOKEN_ENV), TOKEN_SIZE - 1, digest);
	if (!str_equal(digest, hash))
		return deny(e, "a token's hash that is not its own");
	spec->secret = talloc_strdup(spec, secret);
	spec->token_hash = talloc_strdup(spec, hash);
	return 0;
}

/* Which of the two weights; the driver never sends another one. */
static bool is_boosted(struct json_object *body)
{
	struct json_object *o = docker_json_find(body, "HostConfig", "CpuShares", NULL);

	return json_object_get_int64(o) == DOCKER_SHARES_BOOSTED;
}

static int same_spec(struct guard_call *call, const struct guard_policy *policy,
		     const void *ctx, struct json_object *given,
		     const struct buf *body, struct err *e)
{
	const char *user_id = json_object_get_string(
		docker_json_find(given, "Labels", LABEL_USER, NULL));
	struct container_spec *spec = user_id ?
		policy->spec(ctx, policy->data, user_id) : NULL;
	auto_json *ours = NULL;

	if (!spec || !str_equal(spec->name, call->name))
		return deny(e, "a container without an owner");
	if (take_token(spec, given, e) < 0)
		return -1;
	spec->boosted = is_boosted(given);
	ours = docker_spec_new(spec);
	if (same_text(ours, body, e) < 0)
		return -1;
	if (!str_copy(call->user_id, sizeof(call->user_id), user_id))
		return deny(e, "a user's id too long");
	return buf_add(&call->body, body->data, body->len, e);
}

static const struct strict_json_limits limits = {
	.bytes = 1 << 20, .depth = 32, .containers = 64, .elements = 512,
};

static int check_create(struct guard_call *call,
			const struct guard_policy *policy,
			const struct buf *body, struct err *e)
{
	auto_json *given = NULL;
	void *ctx;
	int rc;

	given = strict_json_parse(buf_text(body), body->len, &limits);
	if (!json_object_is_type(given, json_type_object))
		return deny(e, "a body that cannot be the driver's");
	ctx = talloc_new(NULL);
	rc = same_spec(call, policy, ctx, given, body, e);
	talloc_free(ctx);
	return rc;
}

static int check_exec(struct guard_call *call, const struct guard_policy *policy,
		      const struct buf *body, struct err *e)
{
	const char *const *const *argv;
	int rc = -1;

	for (argv = policy->execs; *argv && rc < 0; argv++) {
		auto_json *ours = docker_exec_new(*argv);

		rc = same_text(ours, body, e);
	}
	return rc < 0 ? deny(e, "a program that is not the shim's way in") :
	       buf_add(&call->body, body->data, body->len, e);
}

static int check_boost(struct guard_call *call, const struct buf *body,
		       struct err *e)
{
	auto_json *usual = docker_boost_new(false);
	auto_json *boosted = docker_boost_new(true);

	if (same_text(usual, body, e) < 0 && same_text(boosted, body, e) < 0)
		return deny(e, "a weight that no workspace has");
	return buf_add(&call->body, body->data, body->len, e);
}

static int check_list(const struct guard_policy *policy,
		      const struct guard_request *r, struct err *e)
{
	auto_buf path = BUF_INIT(PATH_MAX_BYTES);

	if (docker_instance_path(&path, policy->instance, e) < 0)
		return -1;
	return str_equal(path.data, buf_text(&r->target)) ? 0 :
	       deny(e, "a list of other containers than this installation's");
}

static int check_image(const struct guard_policy *policy, const char *name,
		       size_t n, struct err *e)
{
	auto_buf image = BUF_INIT(PATH_MAX_BYTES);

	if (docker_encode(&image, policy->image, e) < 0)
		return -1;
	return image.len == n && memcmp(image.data, name, n) == 0 ? 0 :
	       deny(e, "another image");
}

static int check_tail(enum guard_verb verb, const char *tail, struct err *e)
{
	int64_t grace;

	if (verb != GUARD_STOP)
		return 0;
	return tail[strspn(tail, "0123456789")] ||
	       str_parse_number(tail, 0, GRACE_MAX, &grace, e) < 0 ?
	       deny(e, "no seconds to stop in") : 0;
}

static int check_container(struct guard_call *call,
			   const struct guard_policy *policy,
			   const struct buf *body, struct err *e)
{
	if (!policy->named(policy->data, call->name))
		return deny(e, "a container of somebody else");
	if (call->verb == GUARD_CREATE)
		return check_create(call, policy, body, e);
	if (call->verb == GUARD_EXEC)
		return check_exec(call, policy, body, e);
	if (call->verb == GUARD_BOOST)
		return check_boost(call, body, e);
	return 0;
}

/*
 * Removal of one user's volume by its full name; a query is not allowed, so it
 * cannot be forced.
 */
static int check_volume(struct guard_call *call,
			const struct guard_policy *policy, struct err *e)
{
	const char *user_id = strchr(call->name, '-');
	void *ctx = talloc_new(NULL);
	struct container_spec *spec = user_id ?
		policy->spec(ctx, policy->data, ++user_id) : NULL;
	int rc = 0;

	if (!spec || !str_equal(spec->volume, call->name) ||
	    !str_copy(call->user_id, sizeof(call->user_id), user_id))
		rc = deny(e, "a volume without an owner");
	talloc_free(ctx);
	return rc;
}

static int check_exec_id(struct guard_call *call, const struct buf *body,
			 struct err *e)
{
	if (call->name[strspn(call->name, "0123456789abcdef")])
		return deny(e, "no id of an exec");
	if (call->verb != GUARD_EXEC_START)
		return 0;
	if (!str_equal(buf_text(body), DOCKER_EXEC_START))
		return deny(e, "an exec started another way");
	return buf_add_text(&call->body, DOCKER_EXEC_START, e);
}

static int check(struct guard_call *call, const struct guard_policy *policy,
		 const struct guard_request *r, const char *name, size_t n,
		 const char *tail, struct err *e)
{
	bool takes_body = call->verb == GUARD_CREATE ||
			  call->verb == GUARD_EXEC ||
			  call->verb == GUARD_BOOST ||
			  call->verb == GUARD_EXEC_START;

	if (r->body.len && !takes_body)
		return deny(e, "a body where none belongs");
	if (check_tail(call->verb, tail, e) < 0)
		return -1;
	switch (call->verb) {
	case GUARD_LIST:
		return check_list(policy, r, e);
	case GUARD_IMAGE:
		return check_image(policy, name, n, e);
	case GUARD_EXEC_START:
	case GUARD_EXEC_INSPECT:
		return check_exec_id(call, &r->body, e);
	case GUARD_REMOVE_VOLUME:
		return check_volume(call, policy, e);
	default:
		return check_container(call, policy, &r->body, e);
	}
}

static int write_create(struct guard_call *call, struct container_spec *spec,
			const struct host_user *u, struct err *e)
{
	auto_json *given = docker_json(&call->body, e);
	auto_json *placed = NULL;

	if (!given || take_token(spec, given, e) < 0)
		return -1;
	spec->boosted = is_boosted(given);
	spec->uid = u->uid;
	spec->passwd = *u->passwd ? u->passwd : NULL;
	spec->group = *u->group ? u->group : NULL;
	placed = docker_spec_new(spec);
	buf_clear(&call->body);
	if (buf_add_text(&call->body, json_object_to_json_string_ext(
				placed, JSON_C_TO_STRING_PLAIN), e) < 0)
		return -1;
	call->request.body = call->body.data;
	return 0;
}

int guard_call_place(struct guard_call *call, const struct guard_policy *policy,
		     const struct host_user *u, struct err *e)
{
	void *ctx = talloc_new(NULL);
	struct container_spec *spec = policy->spec(ctx, policy->data, u->id);
	int rc = spec ? write_create(call, spec, u, e) :
		 deny(e, "a container without an owner");

	talloc_free(ctx);
	return rc;
}

struct json_object *guard_volume_new(const struct container_spec *spec)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "Name", json_object_new_string(spec->volume));
	json_object_object_add(o, "Driver", json_object_new_string("local"));
	json_object_object_add(o, "Labels", docker_labels_new(spec));
	return o;
}

int guard_inspect_path(struct buf *path, const char *name, struct err *e)
{
	return buf_addf(path, e, "/containers/%s/json", name);
}

int guard_users_path(struct buf *path, const char *volume, struct err *e)
{
	return docker_list_path(path, true, "volume", volume, e);
}

int guard_call_parse(struct guard_call *call, const struct guard_policy *policy,
		     const struct guard_request *r, struct err *e)
{
	const char *name = "", *tail = "";
	const struct route *row = NULL;
	size_t n = 0, i;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]) && !row; i++) {
		if (takes(&routes[i], r, &name, &n, &tail))
			row = &routes[i];
	}
	if (!row || row->upgrade != r->upgrade)
		return deny(e, "a call that the driver does not make");
	call->verb = row->verb;
	call->of_container = row->of_container;
	if (row->verb != GUARD_LIST && row->verb != GUARD_IMAGE) {
		if (n >= sizeof(call->name))
			return deny(e, "a name too long");
		memcpy(call->name, name, n);
	}
	if (check(call, policy, r, name, n, tail, e) < 0 ||
	    buf_add_text(&call->path, buf_text(&r->target), e) < 0)
		return -1;
	call->request = (struct docker_request){
		.method = row->method,
		.path = call->path.data,
		.body = call->body.len ? call->body.data : NULL,
		.deadline_ms = row->deadline_ms +
			(row->verb == GUARD_STOP ? atoi(tail) * 1000 : 0),
		.body_max = row->answer_max,
		.upgrade = row->upgrade,
	};
	return 0;
}
