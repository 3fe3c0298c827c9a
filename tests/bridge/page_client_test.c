/*
 * One page's WebSocket on a real socket: what it may say, what is read first,
 * and that a dead one is noticed. What the page asks for is noted, not done.
 */
#include "config.h"
#include "bridge/bridge_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <talloc.h>
#include <unistd.h>

#include "auth/login.h"
#include "core/str.h"

#define ID "11111111-1111-4111-8111-111111111111"

static struct {
	uv_loop_t loop;
	struct bridge *bridge;
	struct presence *presence;
	struct room room;
	int fd;			/* the browser's end */
	char asked[1000];	/* names of what was called, each with a blank */
} w;

static void note(const char *what)
{
	size_t n = strlen(w.asked);

	snprintf(w.asked + n, sizeof(w.asked) - n, "%s ", what);
}

void session_message_for(struct session *s, uint64_t asker, const char *id,
			 const char *text, const char *held)
{
	note(text);
}

void session_send_held(struct session *s, uint64_t asker, const char *id,
		       const char *held)
{
	note("send");
}

void session_recall(struct session *s, uint64_t asker, const char *id)
{
	note("recall");
}

void session_discard(struct session *s, const char *held)
{
	note("discard");
}

void session_withdraw(struct session *s, const char *id)
{
	note("withdraw");
}

void session_interrupt(struct session *s)
{
	note("interrupt");
}

void session_answer(struct session *s, uint64_t asker,
		    const struct session_answer *a)
{
	note("answer");
}

void session_set_mode(struct session *s, uint64_t asker, const char *mode)
{
	note("mode");
}

void session_set_model(struct session *s, uint64_t asker, const char *model)
{
	note("model");
}

void session_start(struct session *s)
{
	note("start");
}

void session_start_as(struct session *s, enum session_way way)
{
	note("start");
}

void room_retry(struct room *r)
{
	note("start");
}

void room_begin(struct client *c, const char *id)
{
	note("begin");
}

void turnover_release(struct presence *p, const char *conversation)
{
	note("release");
}

void blocked_ask(struct client *c, const char *domain, const char *reason)
{
	note("ask");
}

bool session_is_run(const struct session *s)
{
	return false;
}

bool session_is_ahead(const struct session *s)
{
	return false;
}

void session_refresh(struct session *s)
{
}

void session_watched(struct session *s, int pages)
{
}

void session_replay(struct session *s, uint64_t asker, int64_t from)
{
}

struct room *room_get(struct presence *p, const char *conversation)
{
	return &w.room;
}

void room_begun_left(struct client *c)
{
}

void room_tell_status(struct room *r, struct client *only)
{
}

bool presence_may(struct presence *p, int *counter, int max)
{
	return true;
}

void presence_release_unused(struct presence *p)
{
}

void presence_watch(struct presence *p)
{
}

void blocked_welcome(struct presence *p)
{
}

void budget_status_read(struct presence *p)
{
}

void token_lifecycle_workspace(struct bridge *b, struct workspace *workspace)
{
}

void workspace_ensure(struct workspace *workspace)
{
}

void workspace_restart(struct workspace *workspace)
{
	note("start");
}

void workspace_words(struct presence *p, struct session_status *out)
{
}

void client_wait(struct client *c, const char *text)
{
}

void client_forget_waiting(struct client *c)
{
}

char *outgoing_status(const void *ctx, struct presence *p, const struct room *r,
		      const struct i18n_locale *l,
		      const struct session_status *status)
{
	return NULL;
}

const char *outgoing_sentence(const struct i18n_locale *l, const struct err *e)
{
	return e->key[0] ? e->key : e->text;
}

char *outgoing_text(const void *ctx, const char *kind, const char *name,
		    const char *value, const char *name2, const char *value2)
{
	return talloc_asprintf(ctx, "%s %s", kind, value2 ? value2 : value);
}

void bridge_left(struct bridge *b)
{
}

bool login_parse(const char *value, struct login *out)
{
	return false;
}

/* The login holds: Redis is asked, and never answers. */
void kv_async_get(struct kv_async *kv, const char *key, kv_async_done *done,
		  void *data)
{
}

void kv_async_forget(struct kv_async *kv, const void *data)
{
}

static int setup(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	memset(&w, 0, sizeof(w));
	uv_loop_init(&w.loop);
	w.bridge = talloc_zero(NULL, struct bridge);
	w.bridge->loop = &w.loop;
	w.bridge->settings = settings_new();
	w.presence = talloc_zero(w.bridge, struct presence);
	w.presence->bridge = w.bridge;
	TAILQ_INIT(&w.presence->clients);
	w.room.presence = w.presence;
	TAILQ_INIT(&w.room.clients);
	return 0;
}

static int teardown(void **state)
{
	close(w.fd);
	while (w.bridge->nclients)
		uv_run(&w.loop, UV_RUN_ONCE);
	uv_loop_close(&w.loop);
	settings_free((struct settings *)w.bridge->settings);
	talloc_free(w.bridge);
	return 0;
}

/* A masked text frame (RFC 6455 5.2), the mask being zero. */
static size_t frame(char *out, const char *text)
{
	size_t n = strlen(text);

	assert_true(n < 126);
	memcpy(out, (const char[]){ '\x81', (char)(0x80 | n), 0, 0, 0, 0 }, 6);
	memcpy(out + 6, text, n);
	return n + 6;
}

static void open_page(bool run, const char *early)
{
	static const unsigned char key[32];
	char bytes[200];
	struct client_start start = {
		.presence = w.presence, .conversation = ID, .run = run,
		.key = key, .early = bytes,
		.n = early ? frame(bytes, early) : 0,
	};
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
				    ends), 0);
	w.fd = ends[0];
	start.fd = ends[1];
	client_new(w.bridge, &start);
}

/* What the browser is sent, without frames' heads; "" when nothing comes. */
static const char *say(const char *text)
{
	static char got[300];
	char bytes[200];
	size_t n = frame(bytes, text);
	ssize_t heard;
	int i;

	w.asked[0] = '\0';
	assert_int_equal(send(w.fd, bytes, n, 0), n);
	for (i = 0; i < 3; i++)
		uv_run(&w.loop, UV_RUN_NOWAIT);
	heard = recv(w.fd, got, sizeof(got) - 1, 0);
	got[heard > 0 ? heard : 0] = '\0';
	return heard > 2 ? got + 2 : "";
}

#define ONE "\"id\":\"" ID "\""
#define HELD "\"held\":\"" ID "\""

static const struct { const char *name, *text; } changes[] = {
	{ "hi", "{\"type\":\"message\"," ONE ",\"text\":\"hi\"}" },
	{ "send", "{\"type\":\"send\"," ONE "," HELD "}" },
	{ "discard", "{\"type\":\"discard\"," HELD "}" },
	{ "recall", "{\"type\":\"recall\"," ONE "}" },
	{ "withdraw", "{\"type\":\"withdraw\"," ONE "}" },
	{ "interrupt", "{\"type\":\"interrupt\"}" },
	{ "answer", "{\"type\":\"answer\",\"target\":\"p-1\",\"choice\":\"allow\"}" },
	{ "mode", "{\"type\":\"mode\",\"mode\":\"plan\"}" },
	{ "model", "{\"type\":\"model\",\"model\":\"x\"}" },
	{ "start", "{\"type\":\"start\"}" },
	{ "begin", "{\"type\":\"begin\"," ONE "}" },
	{ "release", "{\"type\":\"release\"," ONE "}" },
};

static void each_command_is_done_in_a_conversation(void **state)
{
	const char *answer;
	char want[32];
	size_t i;

	open_page(false, NULL);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		answer = say(changes[i].text);
		snprintf(want, sizeof(want), "%s ", changes[i].name);
		if (!str_equal(w.asked, want) || *answer)
			fail_msg("%s: did \"%s\", said \"%s\"", changes[i].name,
				 w.asked, answer);
	}
}

static void a_run_is_only_read(void **state)
{
	const char *answer;
	size_t i;

	open_page(true, NULL);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		answer = say(changes[i].text);
		if (w.asked[0] || !strstr(answer, "error_run_readonly"))
			fail_msg("%s: did \"%s\", said \"%s\"", changes[i].name,
				 w.asked, answer);
	}
	say("{\"type\":\"ask\",\"domain\":\"example.org\"}");
	assert_string_equal(w.asked, "ask ");
	assert_non_null(strstr(say("{\"type\":\"ping\"}"), "pong"));
}

static void what_came_with_the_handshake_is_done(void **state)
{
	open_page(false, "{\"type\":\"mode\",\"mode\":\"plan\"}");
	uv_run(&w.loop, UV_RUN_NOWAIT);
	uv_run(&w.loop, UV_RUN_NOWAIT);
	assert_string_equal(w.asked, "mode ");
}

static void check(void)
{
	unsigned slot;

	for (slot = 0; slot < CHECK_SLOTS; slot++)
		client_check(w.bridge, slot);
	uv_run(&w.loop, UV_RUN_NOWAIT);
	uv_run(&w.loop, UV_RUN_NOWAIT);
}

static void a_page_that_answers_no_ping_is_closed(void **state)
{
	static const char pong[] = { '\x8a', '\x80', 0, 0, 0, 0 };
	char got[16];

	open_page(false, NULL);
	check();
	assert_true(recv(w.fd, got, sizeof(got), 0) >= 2);
	assert_int_equal((unsigned char)got[0], 0x89);
	assert_int_equal(send(w.fd, pong, sizeof(pong), 0), sizeof(pong));
	uv_run(&w.loop, UV_RUN_NOWAIT);
	check();
	assert_int_equal(w.bridge->nclients, 1);
	check();
	assert_int_equal(w.bridge->nclients, 0);
	assert_int_equal(w.room.nclients, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_command_is_done_in_a_conversation),
		CASE(a_run_is_only_read),
		CASE(what_came_with_the_handshake_is_done),
		CASE(a_page_that_answers_no_ping_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
