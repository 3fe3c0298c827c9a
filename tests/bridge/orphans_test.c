/*
 * lib/bridge/orphans.c: which Claude processes are ended that belong to no
 * room. The shim's list is hostile.
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
#define KNOWN "11111111-1111-4111-8111-111111111111"
#define ORPHAN "22222222-2222-4222-8222-222222222222"
#define SECOND "33333333-3333-4333-8333-333333333333"

static struct {
	struct bridge bridge;
	struct presence presence;
	struct room room;
	int64_t now;
	void *link;			/* NULL: none now */
	const struct link_response_events *events;
	void *data;
	char log[600];			/* requests, and conversations whose token ended */
} w;

static void note(const char *what, const char *which)
{
	size_t n = strlen(w.log);

	snprintf(w.log + n, sizeof(w.log) - n, "%s %s;", what, which);
}

int64_t __wrap_clock_now_ms(void);

int64_t __wrap_clock_now_ms(void)
{
	return w.now;
}

struct link *workspace_link(struct workspace *workspace)
{
	return w.link;
}

struct link_stream *link_request(struct link *l, const struct link_request *rq,
				 const struct link_response_events *ev,
				 void *data, struct err *e)
{
	note(rq->method, rq->path);
	if (ev->end) {
		w.events = ev;
		w.data = data;
	}
	return (struct link_stream *)&w;
}

struct presence *presence_find(struct bridge *b, const char *id)
{
	return str_equal(id, KIM) ? &w.presence : NULL;
}

struct room *room_find(struct presence *p, const char *conversation)
{
	return str_equal(conversation, KNOWN) ? &w.room : NULL;
}

void token_lifecycle_end_conversation(struct bridge *b, const char *id,
				      const char *user_id)
{
	assert_string_equal(user_id, KIM);
	note("token", id);
}

/* A page is open, and the workspace has been ready for 15 s. */
static int setup(void **state)
{
	memset(&w, 0, sizeof(w));
	w.link = talloc_new(NULL);
	w.now = 1000000;
	w.bridge.resumed = true;
	w.presence.bridge = &w.bridge;
	w.presence.nclients = 1;
	w.presence.told_since = w.now - 15000;
	snprintf(w.presence.id, ID_SIZE, "%s", KIM);
	return 0;
}

static int teardown(void **state)
{
	talloc_free(w.link);
	return 0;
}

static const char *asked(void)
{
	static char log[sizeof(w.log)];

	memcpy(log, w.log, sizeof(log));
	w.log[0] = '\0';
	return log;
}

static void list(const char *text)
{
	presence_sweep(&w.presence);
	assert_string_equal(asked(), "GET /sessions;");
	w.events->body(w.data, text, strlen(text));
	w.events->end(w.data, NULL);
	w.presence.swept = NULL;
}

static void only_those_without_a_room_are_ended(void **state)
{
	list(KNOWN " running 5\n" ORPHAN " running 77\n" SECOND " ended 3\n");
	assert_string_equal(asked(), "DELETE /sessions/" ORPHAN "?grace=5;"
			    "token " ORPHAN ";");
}

static void a_hostile_list_ends_nothing_else(void **state)
{
	static const char *const texts[] = {
		"", "\n\n", "x running\n", ORPHAN "running\n", ORPHAN "  running\n",
		"../../../../../../../../../etc/passwd running\n",
		"22222222-2222-4222-8222-22222222222/ running\n",
		"0" ORPHAN " running\n",
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		list(texts[i]);
		assert_string_equal(asked(), "");
	}
}

static void a_list_that_broke_off_is_not_believed(void **state)
{
	const struct err e = { .kind = ERR_UNAVAILABLE };

	presence_sweep(&w.presence);
	w.events->body(w.data, ORPHAN " running\n", strlen(ORPHAN) + 9);
	asked();
	w.events->end(w.data, &e);
	assert_string_equal(asked(), "");
}

/* Once a link; and not before the bridge has adopted what works. */
static void it_waits_until_sessions_are_adopted(void **state)
{
	w.presence.told_since++;
	presence_sweep(&w.presence);
	w.presence.told_since--;
	w.bridge.resumed = false;
	presence_sweep(&w.presence);
	w.bridge.resumed = true;
	w.presence.nclients = 0;
	presence_sweep(&w.presence);
	w.presence.nclients = 1;
	assert_string_equal(asked(), "");
	presence_sweep(&w.presence);
	presence_sweep(&w.presence);
	assert_string_equal(asked(), "GET /sessions;");
	talloc_free(w.link);
	w.link = NULL;
	presence_sweep(&w.presence);
	assert_string_equal(asked(), "");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_those_without_a_room_are_ended),
		CASE(a_hostile_list_ends_nothing_else),
		CASE(a_list_that_broke_off_is_not_believed),
		CASE(it_waits_until_sessions_are_adopted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
