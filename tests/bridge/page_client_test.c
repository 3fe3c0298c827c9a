/*
 * Tests lib/bridge/login_check.c, lib/bridge/socket_limits.c.
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
	kv_async_done *checked;	/* how Redis is to say whose the login is */
	void *login;
	char asked[1000];	/* names of what was called, each with a blank */
} w;

static void note(const char *what)
{
	size_t n = strlen(w.asked);

	snprintf(w.asked + n, sizeof(w.asked) - n, "%s ", what);
}

void session_message_for(struct session *s, uint64_t asker,
			 const struct session_message *m)
{
	note(m->text);
	if (m->pictures[0])
		note(m->pictures);
	if (m->now)
		note("now");
}

void session_set_effort(struct session *s, uint64_t asker, const char *effort)
{
	note(effort);
}

void session_query(struct session *s, uint64_t asker, enum session_query query,
		   const char *id, const char *text)
{
	note(query == QUERY_CONTEXT ? "context" : query == QUERY_ASIDE ? "aside" :
	     "files");
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

/* All in one interval. */
bool presence_may(struct presence *p, int *counter, int max)
{
	return ++*counter <= max;
}

void presence_release_unused(struct presence *p)
{
}

void presence_watch(struct presence *p)
{
}

void blocked_read(struct presence *p)
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

void presence_workspace_status(struct presence *p, struct session_status *out)
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

/* Here it is just the user's id. */
bool login_parse(const char *value, struct login *out)
{
	return str_copy(out->user_id, sizeof(out->user_id), value);
}

/* Redis is asked, and answers when the test does. */
void kv_async_get(struct kv_async *kv, const char *key, kv_async_done *done,
		  void *data)
{
	w.checked = done;
	w.login = data;
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
	snprintf(w.presence->id, ID_SIZE, "%s", ID);
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

static int open_with(const unsigned char key[32], bool run, const char *early)
{
	char bytes[200];
	struct client_start start = {
		.presence = w.presence, .conversation = ID, .run = run,
		.key = key, .early = bytes,
		.n = early ? frame(bytes, early) : 0,
	};
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
				    ends), 0);
	start.fd = ends[1];
	client_new(w.bridge, &start);
	return ends[0];
}

static void open_page(bool run, const char *early)
{
	static const unsigned char key[32];

	w.fd = open_with(key, run, early);
}

/* With which code (RFC 6455 7.4) its socket was closed, by its last frame; 0: it is open. */
static int close_code(int fd)
{
	unsigned char got[4000];
	ssize_t n, at = 0;

	uv_run(&w.loop, UV_RUN_NOWAIT);
	n = recv(fd, got, sizeof(got), 0);
	while (at + 4 <= n && got[at] != 0x88)
		at += 2 + got[at + 1];
	return at + 4 <= n ? got[at + 2] << 8 | got[at + 3] : 0;
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

#define MODE "{\"type\":\"mode\",\"mode\":\"plan\"}"

static void messages_have_a_rate(void **state)
{
	int i;

	open_page(false, NULL);
	for (i = 0; i < 40; i++) {
		assert_string_equal(say(changes[0].text), "");
		assert_string_equal(w.asked, "hi ");
	}
	assert_non_null(strstr(say(changes[0].text), "error_too_fast"));
	assert_string_equal(w.asked, "");
	assert_string_equal(say(MODE), "");	/* it has its own */
	assert_string_equal(w.asked, "mode ");
}

/* Refused first, then closed: what it says, or what is no command. */
static void a_page_that_floods_is_closed(void **state)
{
	static const char *const texts[] = { MODE, "" };
	char bytes[200];
	size_t n, i;

	for (i = 0; i < 2; i++) {
		open_page(false, NULL);
		w.presence->others = 400;
		assert_non_null(strstr(say(MODE), "error_too_fast"));
		assert_string_equal(w.asked, "");
		w.presence->others = 500;
		n = frame(bytes, texts[i]);
		assert_int_equal(send(w.fd, bytes, n, 0), n);
		assert_int_equal(close_code(w.fd), WEBSOCKET_POLICY);
		if (i == 0)
			close(w.fd);
	}
}

static void only_its_own_login_keeps_a_page_open(void **state)
{
	static const struct { const char *value; int code; } rows[] = {
		{ ID, 0 }, { NULL, WEBSOCKET_LOGIN_ENDED },
		{ "another", WEBSOCKET_LOGIN_ENDED },
	};
	const struct err away = { .kind = ERR_UNAVAILABLE };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_page(false, NULL);
		w.checked(w.login, NULL, &away);	/* nobody knows: it stays */
		assert_int_equal(close_code(w.fd), 0);
		w.checked(w.login, rows[i].value, NULL);
		assert_int_equal(close_code(w.fd), rows[i].code);
		if (i + 1 < sizeof(rows) / sizeof(rows[0]))
			close(w.fd);
	}
}

static void a_logout_closes_the_pages_of_that_login(void **state)
{
	static const unsigned char keys[2][32] = { { 1 }, { 1, 2 } };
	int other = open_with(keys[1], false, NULL);

	w.fd = open_with(keys[0], false, NULL);
	client_end_login(w.bridge, keys[0]);
	assert_int_equal(close_code(w.fd), WEBSOCKET_LOGIN_ENDED);
	assert_int_equal(close_code(other), 0);
	close(other);
}

static void a_user_has_so_many_pages(void **state)
{
	static const unsigned char key[32];
	struct err e = { 0 };
	int first;

	assert_int_equal(settings_set((struct settings *)w.bridge->settings,
				      "sockets_per_user", "1", &e), 0);
	first = open_with(key, false, NULL);
	w.fd = open_with(key, false, NULL);
	assert_int_equal(close_code(w.fd), WEBSOCKET_TOO_MANY);
	assert_int_equal(close_code(first), 0);
	close(first);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_command_is_done_in_a_conversation),
		CASE(a_run_is_only_read),
		CASE(what_came_with_the_handshake_is_done),
		CASE(a_page_that_answers_no_ping_is_closed),
		CASE(messages_have_a_rate),
		CASE(a_page_that_floods_is_closed),
		CASE(only_its_own_login_keeps_a_page_open),
		CASE(a_logout_closes_the_pages_of_that_login),
		CASE(a_user_has_so_many_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
