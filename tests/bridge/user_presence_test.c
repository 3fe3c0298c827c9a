/*
 * lib/bridge/user_presence.c: rates of an account, its end, and what its pages
 * are told. What it asks of pages, rooms and the workspace is noted.
 */
#include "config.h"
#include "bridge/bridge_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"

#define KIM "01890a5d-ac96-774b-bcce-b302099a8057"

static struct {
	struct bridge *bridge;
	int64_t now;
	char log[400];		/* what was asked for, in order */
	struct workspace_health health;
	enum workspace_state state;
	int place;
	struct err none;
	void (*changed)(void *data);
	void *data;
	struct room rooms[2];	/* a person's, and a run's */
	struct client client;
} w;

static void note(const char *what)
{
	size_t n = strlen(w.log);

	snprintf(w.log + n, sizeof(w.log) - n, "%s ", what);
}

int64_t __wrap_clock_mono_ms(void);

int64_t __wrap_clock_mono_ms(void)
{
	return w.now;
}

struct workspace *workspace_get(struct workspaces *all, const char user_id[ID_SIZE])
{
	return NULL;
}

enum workspace_state workspace_state(const struct workspace *workspace)
{
	return w.state;
}

const struct err *workspace_error(const struct workspace *workspace)
{
	return &w.none;
}

int workspace_place(const struct workspace *workspace)
{
	return w.place;
}

bool workspace_place_short(const struct workspace *workspace)
{
	return false;
}

const struct workspace_health *workspace_health(const struct workspace *workspace)
{
	return &w.health;
}

struct workspace_watch *workspace_watch(struct workspace *workspace,
					void (*changed)(void *data), void *data)
{
	w.changed = changed;
	w.data = data;
	return (struct workspace_watch *)&w;
}

void workspace_unwatch(struct workspace_watch *watch)
{
	w.changed = NULL;
}

void workspace_hold(struct workspace *workspace)
{
	note("hold");
}

void workspace_release(struct workspace *workspace)
{
	note("release");
}

void workspace_stop(struct workspace *workspace)
{
	note("stop");
}

bool session_status_queued(struct session_status *out, int place, bool memory)
{
	return false;
}

bool session_is_run(const struct session *s)
{
	return s == w.rooms[1].session;
}

void session_leave(struct session *s, const char *key)
{
	note(key);
}

void terminal_client_close(struct terminal_client *c, int code, const char *reason)
{
}

void client_close(struct client *c, int code, const char *reason)
{
	note(code == WEBSOCKET_LOGIN_ENDED ? "login-ended" : reason);
}

void client_tell_workspace(struct client *c)
{
	note("page");
}

bool room_unused(const struct room *r)
{
	return false;
}

void room_close(struct room *r)
{
	LIST_REMOVE(r, in_person);
	note("room-closed");
}

void room_tell_status(struct room *r, struct client *only)
{
	note("room");
}

void token_lifecycle_end(struct bridge *b, const char *user_id)
{
	assert_string_equal(user_id, KIM);
	note("tokens");
}

void runs_poll(struct bridge *b)
{
	note("runs");
}

static int setup(void **state)
{
	size_t i;

	memset(&w, 0, sizeof(w));
	w.now = 100000;
	w.bridge = talloc_zero(NULL, struct bridge);
	w.bridge->settings = settings_new();
	for (i = 0; i < 2; i++)
		w.rooms[i].session = (struct session *)&w.rooms[i];
	return 0;
}

static int teardown(void **state)
{
	settings_free((struct settings *)w.bridge->settings);
	talloc_free(w.bridge);
	return 0;
}

/* With a page and two conversations, one of a run. */
static struct presence *come(void)
{
	struct presence *p = presence_get(w.bridge, KIM);

	assert_ptr_equal(presence_get(w.bridge, KIM), p);
	TAILQ_INSERT_TAIL(&p->clients, &w.client, in_person);
	p->nclients = 1;
	LIST_INSERT_HEAD(&p->rooms, &w.rooms[1], in_person);
	LIST_INSERT_HEAD(&p->rooms, &w.rooms[0], in_person);
	presence_watch(p);
	return p;
}

static const char *asked(void)
{
	static char log[sizeof(w.log)];

	memcpy(log, w.log, sizeof(log));
	w.log[0] = '\0';
	return log;
}

static void a_rate_is_counted_for_ten_seconds(void **state)
{
	struct presence *p = presence_get(w.bridge, KIM);
	int i;

	for (i = 0; i < 3; i++)
		assert_true(presence_may(p, &p->messages, 3));
	assert_false(presence_may(p, &p->messages, 3));
	assert_true(presence_may(p, &p->others, 3));	/* each has its own */
	w.now += 10000;
	assert_false(presence_may(p, &p->messages, 3));
	w.now++;
	assert_true(presence_may(p, &p->messages, 3));
	assert_int_equal(p->others, 0);
}

static void the_workspace_is_held_while_a_page_is_open(void **state)
{
	struct presence *p = come();

	presence_watch(p);
	assert_string_equal(asked(), "hold ");
	TAILQ_REMOVE(&p->clients, &w.client, in_person);
	p->nclients = 0;
	presence_release_unused(p);
	assert_string_equal(asked(), "release ");
	assert_ptr_equal(presence_find(w.bridge, KIM), p);	/* it has rooms */
	LIST_INIT(&p->rooms);
	presence_release_unused(p);
	assert_null(presence_find(w.bridge, KIM));
}

/* Claude hears of it first; a run goes on, and keeps its token. */
static void the_last_logout_ends_claude_then_tokens(void **state)
{
	struct presence *p = come();

	asked();
	presence_leave(p);
	assert_string_equal(asked(), "login-ended error_claude_left tokens ");
}

static void an_account_that_ends_loses_all(void **state)
{
	struct presence *p = come();

	asked();
	presence_end(p);
	assert_string_equal(asked(), "login-ended room-closed room-closed tokens runs stop ");
}

/* Rooms learn the state from their sessions, and only numbers from here. */
static void pages_are_told_what_changed(void **state)
{
	come();
	w.client.room = NULL;
	w.state = WORKSPACE_STARTING;
	w.changed(w.data);
	assert_string_equal(asked(), "hold page ");
	w.changed(w.data);
	assert_string_equal(asked(), "");
	w.health.memory = (1 << 20) - 1;
	w.changed(w.data);
	assert_string_equal(asked(), "");		/* less than a MiB more */
	w.health.memory++;
	w.changed(w.data);
	assert_string_equal(asked(), "page room room ");
	w.place = 3;
	w.changed(w.data);
	assert_string_equal(asked(), "page ");
	w.client.room = &w.rooms[0];
	w.state = WORKSPACE_READY;
	w.changed(w.data);
	assert_string_equal(asked(), "");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_rate_is_counted_for_ten_seconds),
		CASE(the_workspace_is_held_while_a_page_is_open),
		CASE(the_last_logout_ends_claude_then_tokens),
		CASE(an_account_that_ends_loses_all),
		CASE(pages_are_told_what_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
