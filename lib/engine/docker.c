#include "config.h"
#include "engine/docker.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "engine/docker_spec.h"

/*
 * Paths carry no version: the engine then uses its newest, and the calls used
 * here are unchanged since 1.41, while newer engines refuse old versions.
 */
enum call {
	CREATE, START, STOP, REMOVE, REMOVE_VOLUME, INSPECT, BOOST, LIST, IMAGE
};

static const struct call_row {
	const char *what;		/* prefix of an error's text */
	const char *method;
	int64_t deadline_ms;
	size_t body_max;
	const char *missing_key;	/* what a 404 means to a reader */
} calls[] = {
	[CREATE] = { "create", "POST", 60000, DOCKER_ANSWER_MAX, "error_no_image" },
	[START] = { "start", "POST", 30000, DOCKER_ANSWER_MAX, "" },
	[STOP] = { "stop", "POST", 10000, DOCKER_ANSWER_MAX, "" },
	[REMOVE] = { "remove", "DELETE", 30000, DOCKER_ANSWER_MAX, "" },
	/* room for a long answer */
	[REMOVE_VOLUME] = { "remove volume", "DELETE", 120000, DOCKER_ANSWER_MAX, "" },
	[INSPECT] = { "inspect", "GET", DOCKER_QUICK_MS, DOCKER_ANSWER_MAX, "" },
	[BOOST] = { "boost", "POST", DOCKER_QUICK_MS, DOCKER_ANSWER_MAX, "" },
	/*
	 * A row of the list has some 2 KB: room for all containers that one
	 * host can run.
	 */
	[LIST] = { "list", "GET", 30000, 32u << 20, "" },
	[IMAGE] = { "image", "GET", DOCKER_QUICK_MS, DOCKER_ANSWER_MAX, "" },
};

/* A pending call; a child of the engine. */
struct op {
	enum call call;
	engine_done *done;
	engine_state_done *state_done;
	engine_list_done *list_done;
	engine_places_done *places_done;
	void *data;
	char name[128];
};

struct docker *docker_of(struct engine *eng)
{
	return (struct docker *)eng;
}

void docker_json_put(struct json_object **o)
{
	json_object_put(*o);
}

struct json_object *docker_json(const struct buf *body, struct err *e)
{
	struct json_object *o = docker_tree(body);

	if (json_object_is_type(o, json_type_object) ||
	    json_object_is_type(o, json_type_array))
		return o;
	json_object_put(o);
	err_tell(e, ERR_UNAVAILABLE, "error_engine",
		 "the engine's answer is not JSON");
	return NULL;
}

struct json_object *docker_json_find(struct json_object *o, ...)
{
	const char *key;
	va_list keys;

	va_start(keys, o);
	while (o && (key = va_arg(keys, const char *))) {
		if (!json_object_object_get_ex(o, key, &o))
			o = NULL;
	}
	va_end(keys);
	return o;
}

/* false when it is missing or too long. */
static bool copy_text(char *to, size_t size, struct json_object *o)
{
	return json_object_is_type(o, json_type_string) &&
	       str_copy(to, size, json_object_get_string(o));
}

/* On the network it was created for; other networks are not ours. */
static struct json_object *address_of(struct json_object *o)
{
	struct json_object *network = docker_json_find(o, "HostConfig",
						       "NetworkMode", NULL);

	if (!json_object_is_type(network, json_type_string))
		return NULL;
	return docker_json_find(o, "NetworkSettings", "Networks",
				json_object_get_string(network), "IPAddress",
				NULL);
}

static int read_state(enum call call, const struct buf *body,
		      struct container_state *s, struct err *e)
{
	auto_json *o = docker_json(body, e);
	struct json_object *found;

	if (!o)
		return -1;
	s->exists = true;
	found = docker_json_find(o, call == IMAGE ? "Id" : "Image", NULL);
	if (!copy_text(s->image_id, sizeof(s->image_id), found))
		return err_tell(e, ERR_UNAVAILABLE, "error_engine",
				"the engine's answer names no image");
	found = docker_json_find(o, "State", "Running", NULL);
	s->running = json_object_get_boolean(found);
	found = docker_json_find(o, "State", "ExitCode", NULL);
	s->exit_code = json_object_get_int(found);
	found = docker_json_find(o, "Config", "Labels", LABEL_SPEC, NULL);
	if (!copy_text(s->spec_hash, sizeof(s->spec_hash), found))
		s->spec_hash[0] = '\0';
	found = docker_json_find(o, "Config", "Labels", LABEL_TOKEN, NULL);
	if (!copy_text(s->token_hash, sizeof(s->token_hash), found))
		s->token_hash[0] = '\0';
	found = docker_json_find(o, "HostConfig", "CpuShares", NULL);
	s->boosted = json_object_get_int64(found) > DOCKER_SHARES;
	if (!s->running ||
	    !copy_text(s->address, sizeof(s->address), address_of(o)))
		s->address[0] = '\0';
	return 0;
}

static void answer_state(struct op *op, const struct buf *body, struct err *e)
{
	struct container_state s = { 0 };

	if (e->kind == ERR_MISSING)
		*e = (struct err){ 0 };
	else if (!e->kind && read_state(op->call, body, &s, e) < 0)
		s = (struct container_state){ 0 };
	if (e->kind)
		op->state_done(op->data, NULL, e);
	else
		op->state_done(op->data, &s, NULL);
}

static void answer_list(struct op *op, const struct buf *body, struct err *e)
{
	struct json_object *label;
	auto_json *o = e->kind ? NULL : docker_json(body, e);
	size_t n = o ? json_object_array_length(o) : 0, i, found = 0;
	const char **ids = talloc_array(op, const char *, (unsigned)n + 1);

	for (i = 0; i < n; i++) {
		label = docker_json_find(json_object_array_get_idx(o, i),
					 "Labels", LABEL_USER, NULL);
		if (json_object_is_type(label, json_type_string))
			ids[found++] = json_object_get_string(label);
	}
	op->list_done(op->data, ids, found, e->kind ? e : NULL);
}

static const char *text_or_empty(struct json_object *o)
{
	return json_object_is_type(o, json_type_string) ?
	       json_object_get_string(o) : "";
}

static void answer_places(struct op *op, const struct buf *body, struct err *e)
{
	auto_json *o = e->kind ? NULL : docker_json(body, e);
	size_t n = o ? json_object_array_length(o) : 0, i;
	struct container_place *places;

	places = talloc_array(op, struct container_place, (unsigned)n + 1);
	for (i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(o, i);

		places[i] = (struct container_place){
			.user_id = text_or_empty(docker_json_find(
				row, "Labels", LABEL_USER, NULL)),
			.address = text_or_empty(address_of(row)),
			.token_hash = text_or_empty(docker_json_find(
				row, "Labels", LABEL_TOKEN, NULL)),
		};
	}
	op->places_done(op->data, places, n, e->kind ? e : NULL);
}

/* A start that finds no network also answers 404, though the container exists. */
static void name_missing(struct op *op, struct err *e)
{
	const char *key = calls[op->call].missing_key;

	if (op->call == START && strstr(e->text, "network"))
		key = "error_no_network";
	if (!str_copy(e->key, sizeof(e->key), key))
		err_abort("error key too long");
}

static void answered(void *data, int status, const struct buf *body,
		     const struct err *trouble)
{
	struct op *op = data;
	struct err e = { 0 };

	if (trouble)
		e = *trouble;
	else if (docker_status(status, body, &e) < 0 && e.kind == ERR_MISSING)
		name_missing(op, &e);
	if (e.kind)
		err_wrap(&e, "%s %s", calls[op->call].what, op->name);
	if (op->state_done)
		answer_state(op, body, &e);
	else if (op->list_done)
		answer_list(op, body, &e);
	else if (op->places_done)
		answer_places(op, body, &e);
	else
		op->done(op->data, e.kind ? &e : NULL);
	talloc_free(op);
}

static const struct docker_http_events events = { .answer = answered };

static struct op *op_new(struct engine *eng, enum call call, const char *name,
			 void *data)
{
	struct op *op = alloc_checked(talloc_zero(docker_of(eng), struct op));

	op->call = call;
	op->data = data;
	if (!str_copy(op->name, sizeof(op->name), name))
		memcpy(op->name, name, sizeof(op->name) - 1);
	return op;
}

static void issue(struct engine *eng, struct op *op, const char *path,
		 const char *body, int64_t extra_ms)
{
	const struct call_row *row = &calls[op->call];
	const struct docker_request rq = {
		.method = row->method,
		.path = path,
		.body = body,
		.deadline_ms = row->deadline_ms + extra_ms,
		.body_max = row->body_max,
	};

	docker_http_send(&docker_of(eng)->place, &rq, &events, op);
}

/* before + encoded name + after; names come from settings and ids. */
static const char *path_of(struct buf *path, const char *before,
			   const char *name, const char *after)
{
	struct err e = { 0 };

	if (buf_add_text(path, before, &e) < 0 ||
	    docker_encode(path, name, &e) < 0 ||
	    buf_add_text(path, after, &e) < 0)
		err_abort("a container's name too long");
	return path->data;
}

#define PATH_MAX_BYTES 8192

static void create(struct engine *eng, const struct container_spec *spec,
		   engine_done *done, void *data)
{
	auto_buf path = BUF_INIT(PATH_MAX_BYTES);
	auto_json *o = docker_spec_new(spec);
	struct op *op = op_new(eng, CREATE, spec->name, data);

	op->done = done;
	issue(eng, op, path_of(&path, "/containers/create?name=", spec->name, ""),
	     json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), 0);
}

static void start(struct engine *eng, const char *name, engine_done *done,
		  void *data)
{
	auto_buf path = BUF_INIT(PATH_MAX_BYTES);
	struct op *op = op_new(eng, START, name, data);

	op->done = done;
	issue(eng, op, path_of(&path, "/containers/", name, "/start"), NULL, 0);
}

static void stop(struct engine *eng, const char *name, int grace_s,
		 engine_done *done, void *data)
{
	auto_buf path = BUF_INIT(PATH_MAX_BYTES);
	struct op *op = op_new(eng, STOP, name, data);
	char after[32];

	op->done = done;
	snprintf(after, sizeof(after), "/stop?t=%d", grace_s);
	issue(eng, op, path_of(&path, "/containers/", name, after), NULL,
	     (int64_t)grace_s * 1000);
}

static void remove_container(struct engine *eng, const char *name,
			     engine_done *done, void *data)
{
	auto_buf path = BUF_INIT(PATH_MAX_BYTES);
	struct op *op = op_new(eng, REMOVE, name, data);

	op->done = done;
	issue(eng, op, path_of(&path, "/containers/", name, "?force=1"), NULL, 0);
}

static void remove_volume(struct engine *eng, const char *name,
			  engine_done *done, void *data)
{
	auto_buf path = BUF_INIT(PATH_MAX_BYTES);
	struct op *op = op_new(eng, REMOVE_VOLUME, name, data);

	op->done = done;
	issue(eng, op, path_of(&path, "/volumes/", name, ""), NULL, 0);
}

static void inspect(struct engine *eng, const char *name,
		    engine_state_done *done, void *data)
{
	auto_buf path = BUF_INIT(PATH_MAX_BYTES);
	struct op *op = op_new(eng, INSPECT, name, data);

	op->state_done = done;
	issue(eng, op, path_of(&path, "/containers/", name, "/json"), NULL, 0);
}

static void boost(struct engine *eng, const char *name, bool boosted,
		  engine_done *done, void *data)
{
	auto_buf path = BUF_INIT(PATH_MAX_BYTES);
	auto_json *o = docker_boost_new(boosted);
	struct op *op = op_new(eng, BOOST, name, data);

	op->done = done;
	issue(eng, op, path_of(&path, "/containers/", name, "/update"),
	      json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), 0);
}

static void image(struct engine *eng, const char *tag, engine_state_done *done,
		  void *data)
{
	auto_buf path = BUF_INIT(PATH_MAX_BYTES);
	struct op *op = op_new(eng, IMAGE, tag, data);

	op->state_done = done;
	issue(eng, op, path_of(&path, "/images/", tag, "/json"), NULL, 0);
}

static void ask_list(struct engine *eng, struct op *op, const char *instance)
{
	auto_buf path = BUF_INIT(PATH_MAX_BYTES);
	struct err e = { 0 };

	if (docker_instance_path(&path, instance, &e) < 0)
		err_abort("an instance's name too long");
	issue(eng, op, path.data, NULL, 0);
}

static void list(struct engine *eng, const char *instance,
		 engine_list_done *done, void *data)
{
	struct op *op = op_new(eng, LIST, instance, data);

	op->list_done = done;
	ask_list(eng, op, instance);
}

static void list_places(struct engine *eng, const char *instance,
			engine_places_done *done, void *data)
{
	struct op *op = op_new(eng, LIST, instance, data);

	op->places_done = done;
	ask_list(eng, op, instance);
}

static const struct engine_driver driver = {
	.create = create,
	.start = start,
	.stop = stop,
	.remove = remove_container,
	.remove_volume = remove_volume,
	.inspect = inspect,
	.boost = boost,
	.list = list,
	.places = list_places,
	.image = image,
	.exec = docker_exec,
	.write = docker_stream_write,
	.unsent = docker_stream_unsent,
	.on_drain = docker_stream_on_drain,
	.pause = docker_stream_pause,
	.resume = docker_stream_resume,
	.close = docker_stream_close,
};

static int hang_up(struct docker *d)
{
	docker_http_close_all(&d->place);
	return 0;
}

struct engine *engine_docker_new(const void *ctx, uv_loop_t *loop,
				 const char *socket_path)
{
	struct docker *d = alloc_checked(talloc_zero(ctx, struct docker));

	d->engine.driver = &driver;
	d->place.loop = loop;
	d->place.socket_path = talloc_strdup(d, socket_path);
	d->place.read_buffer = talloc_size(d, DOCKER_READ_SIZE);
	LIST_INIT(&d->place.open);
	if (!d->place.socket_path || !d->place.read_buffer)
		err_abort("out of memory");
	talloc_set_destructor(d, hang_up);
	return &d->engine;
}
