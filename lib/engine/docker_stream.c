#include "config.h"
#include "engine/docker.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "engine/docker_frames.h"
#include "engine/docker_spec.h"

#define UNSENT_MAX (1u << 20)
#define OPEN_MS 30000

/*
 * An exec in steps: create, start (its connection stays open as the stream),
 * and after its end inspect for the exit code.
 */
struct docker_stream {
	struct engine_stream stream;
	struct docker *docker;
	struct docker_http *http;	/* the current step's connection, NULL between steps */
	struct docker_frames frames;
	char id[128];			/* the exec's id */
	struct buf early;		/* written before the stream was open */
	bool open, paused, closed, ended;
	int busy;			/* number of our callbacks on the stack */
	const struct engine_stream_events *ev;
	void (*drained)(void *data);
	void *data;
};

static struct docker_stream *of(struct engine_stream *s)
{
	return (struct docker_stream *)s;
}

static int release(struct docker_stream *s)
{
	buf_release(&s->early);
	return 0;
}

/* Frees at once, or when the last of our callbacks has returned. */
static void drop(struct docker_stream *s)
{
	s->closed = true;
	if (s->http)
		docker_http_close(s->http);
	s->http = NULL;
	if (!s->busy)
		talloc_free(s);
}

static void leave(struct docker_stream *s)
{
	if (--s->busy == 0 && s->closed)
		talloc_free(s);
}

/* The stream's single closing callback. */
static void finish(struct docker_stream *s, int exit_code, const struct err *e)
{
	struct err told = { 0 };

	if (s->closed)
		return;
	if (e) {
		told = *e;
		err_wrap(&told, "exec");
	}
	s->busy++;
	s->http = NULL;
	s->ended = true;
	s->ev->closed(s->data, exit_code, e ? &told : NULL);
	s->closed = true;
	leave(s);
}

static void issue(struct docker_stream *s, const char *method, const char *path,
		 const char *body, int64_t deadline_ms, bool upgrade,
		 const struct docker_http_events *ev)
{
	const struct docker_request rq = {
		.method = method,
		.path = path,
		.body = body,
		.deadline_ms = deadline_ms,
		.body_max = DOCKER_ANSWER_MAX,
		.upgrade = upgrade,
	};

	s->http = docker_http_send(&s->docker->place, &rq, ev, s);
}

static void inspected(void *data, int status, const struct buf *body,
		      const struct err *trouble)
{
	struct docker_stream *s = data;
	struct json_object *code;
	struct err e = { 0 };
	auto_json *o = NULL;

	if (trouble) {
		finish(s, -1, trouble);
		return;
	}
	if (docker_status(status, body, &e) < 0) {
		/* The container is gone, and the program with it. */
		finish(s, -1, e.kind == ERR_MISSING ? NULL : &e);
		return;
	}
	o = docker_json(body, &e);
	if (!o) {
		finish(s, -1, &e);
		return;
	}
	code = docker_json_find(o, "ExitCode", NULL);
	finish(s, json_object_is_type(code, json_type_int) ?
	       json_object_get_int(code) : -1, NULL);
}

static const struct docker_http_events inspect_events = { .answer = inspected };

static bool frame(void *data, int stream, const void *bytes, size_t n)
{
	struct docker_stream *s = data;

	if (stream == 1)
		s->ev->receive(s->data, bytes, n);
	else if (s->ev->receive_error)
		s->ev->receive_error(s->data, bytes, n);
	return !s->closed;
}

static void received(void *data, const void *bytes, size_t n)
{
	struct docker_stream *s = data;
	struct err e = { 0 };
	int bad;

	s->busy++;
	bad = docker_frames_feed(&s->frames, bytes, n, frame, s, &e);
	if (bad && !s->closed) {
		docker_http_close(s->http);
		finish(s, -1, &e);
	}
	leave(s);
}

static void ended(void *data, const struct err *trouble)
{
	struct docker_stream *s = data;
	struct err e = { 0 };
	char path[192];

	s->http = NULL;
	s->ended = true;
	if (trouble) {
		finish(s, -1, trouble);
	} else if (!docker_frames_whole(&s->frames)) {
		err_set(&e, ERR_UNAVAILABLE, "the engine ended within a frame");
		finish(s, -1, &e);
	} else {
		snprintf(path, sizeof(path), "/exec/%s/json", s->id);
		issue(s, "GET", path, NULL, DOCKER_QUICK_MS, false,
		     &inspect_events);
	}
}

static void emptied(void *data)
{
	struct docker_stream *s = data;

	if (s->drained)
		s->drained(s->data);
}

/* Early writes waited for the upgrade: the engine would lose them. */
static void started(void *data, int status, const struct buf *body,
		    const struct err *trouble)
{
	struct docker_stream *s = data;
	struct err e = { 0 };

	if (trouble) {
		finish(s, -1, trouble);
		return;
	}
	if (status != 101 && status != 200) {
		if (docker_status(status, body, &e) == 0)
			err_set(&e, ERR_UNAVAILABLE, "no stream but %d", status);
		finish(s, -1, &e);
		return;
	}
	s->open = true;
	if (s->early.len)
		docker_http_write(s->http, s->early.data, s->early.len);
	buf_release(&s->early);
	s->busy++;
	if (s->ev->open)
		s->ev->open(s->data);
	leave(s);
}

static const struct docker_http_events start_events = {
	.answer = started,
	.receive = received,
	.drained = emptied,
	.end = ended,
};

static bool plain_id(const char *id)
{
	return *id && !id[strspn(id, "0123456789abcdefABCDEF")];
}

static void created(void *data, int status, const struct buf *body,
		    const struct err *trouble)
{
	struct docker_stream *s = data;
	struct err e = { 0 };
	auto_json *o = NULL;
	const char *id = NULL;
	char path[192];

	if (trouble) {
		finish(s, -1, trouble);
		return;
	}
	if (docker_status(status, body, &e) < 0) {
		finish(s, -1, &e);
		return;
	}
	o = docker_json(body, &e);
	if (o)
		id = json_object_get_string(docker_json_find(o, "Id", NULL));
	if (!id || !plain_id(id) || !str_copy(s->id, sizeof(s->id), id)) {
		err_tell(&e, ERR_UNAVAILABLE, "error_engine",
			 "the engine's answer names no exec");
		finish(s, -1, &e);
		return;
	}
	snprintf(path, sizeof(path), "/exec/%s/start", s->id);
	issue(s, "POST", path, DOCKER_EXEC_START, OPEN_MS, true,
	     &start_events);
	if (s->paused)
		docker_http_pause(s->http);
}

static const struct docker_http_events create_events = { .answer = created };

struct engine_stream *docker_exec(struct engine *eng, const char *name,
				  const char *const *argv,
				  const struct engine_stream_events *ev,
				  void *data)
{
	struct docker_stream *s = talloc_zero(docker_of(eng), struct docker_stream);
	auto_json *body = docker_exec_new(argv);
	auto_buf path = BUF_INIT(1024);
	struct err e = { 0 };

	if (!s)
		err_abort("out of memory");
	s->stream.driver = eng->driver;
	s->docker = docker_of(eng);
	s->ev = ev;
	s->data = data;
	buf_init(&s->early, UNSENT_MAX);
	talloc_set_destructor(s, release);
	if (buf_add_text(&path, "/containers/", &e) < 0 ||
	    docker_encode(&path, name, &e) < 0 ||
	    buf_add_text(&path, "/exec", &e) < 0)
		err_abort("a container's name too long");
	issue(s, "POST", path.data,
	     json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN),
	     OPEN_MS, false, &create_events);
	return &s->stream;
}

int docker_stream_write(struct engine_stream *stream, const void *bytes,
			size_t n, struct err *e)
{
	struct docker_stream *s = of(stream);

	if (s->ended)
		return err_set(e, ERR_UNAVAILABLE, "the exec has ended");
	if (n > UNSENT_MAX || docker_stream_unsent(stream) > UNSENT_MAX - n)
		return err_set(e, ERR_LIMIT, "more than %u bytes unsent",
			       UNSENT_MAX);
	if (!s->open)
		return buf_add(&s->early, bytes, n, e);
	if (n)
		docker_http_write(s->http, bytes, n);
	return 0;
}

size_t docker_stream_unsent(const struct engine_stream *stream)
{
	const struct docker_stream *s = (const struct docker_stream *)stream;

	if (!s->open)
		return s->early.len;
	return s->ended ? 0 : docker_http_unsent(s->http);
}

void docker_stream_on_drain(struct engine_stream *stream,
			    void (*drained)(void *data))
{
	of(stream)->drained = drained;
}

void docker_stream_pause(struct engine_stream *stream)
{
	struct docker_stream *s = of(stream);

	s->paused = true;
	if (s->open && !s->ended)
		docker_http_pause(s->http);
}

void docker_stream_resume(struct engine_stream *stream)
{
	struct docker_stream *s = of(stream);

	s->paused = false;
	if (s->open && !s->ended)
		docker_http_resume(s->http);
}

void docker_stream_close(struct engine_stream *stream)
{
	struct docker_stream *s = of(stream);

	if (!s->closed)
		drop(s);
}
