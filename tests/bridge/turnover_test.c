/*
 * lib/bridge/turnover.c: a workspace runs so many Claude processes; which one
 * gives its place, and to whom that is said.
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
#include "store/executions.h"

#define ROOMS 4

/* What a session is said to be. */
struct session {
	char name[ID_SIZE];
	bool running, run, rests, ending, ahead, no_place;
	int64_t idle_since, waiting_since;
};

static struct {
	struct bridge *bridge;
	struct presence presence;
	struct room rooms[ROOMS];
	struct session sessions[ROOMS];
	struct session_rules rules;
	int64_t now;
	char log[200];
} w;

static void note(const char *what, const struct session *s)
{
	size_t n = strlen(w.log);

	snprintf(w.log + n, sizeof(w.log) - n, "%s %s;", what, s->name);
}

int64_t __wrap_clock_mono_ms(void);

int64_t __wrap_clock_mono_ms(void)
{
	return w.now;
}

bool session_running(const struct session *s)
{
	return s->running;
}

bool session_is_run(const struct session *s)
{
	return s->run;
}

bool session_may_rest(const struct session *s)
{
	return s->rests;
}

bool session_ending(const struct session *s)
{
	return s->ending;
}

bool session_is_ahead(const struct session *s)
{
	return s->ahead;
}

int64_t session_idle_since(const struct session *s)
{
	return s->idle_since;
}

int64_t session_waiting_since(const struct session *s)
{
	return s->waiting_since;
}

bool session_rest(struct session *s)
{
	note("rest", s);
	return true;
}

void session_give_place(struct session *s, const char *key)
{
	note(key, s);
}

const char *session_id(const struct session *s)
{
	return s->name;
}

const char *session_title(const struct session *s)
{
	return "";
}

const char *session_state(const struct session *s)
{
	return "idle";
}

const struct session_rules *session_run_rules(const struct session *s)
{
	return s->run ? &w.rules : NULL;
}

void session_status(const struct session *s, struct session_status *out)
{
	*out = (struct session_status){ .no_place = s->no_place };
}

void session_refresh(struct session *s)
{
	note("refresh", s);
}

void room_tell_status(struct room *r, struct client *only)
{
	note("status", r->session);
}

struct room *room_find(struct presence *p, const char *conversation)
{
	size_t i;

	for (i = 0; i < ROOMS; i++) {
		if (str_equal(w.sessions[i].name, conversation))
			return &w.rooms[i];
	}
	return NULL;
}

struct presence *presence_find(struct bridge *b, const char *id)
{
	return &w.presence;
}

int execution_cancel(struct db *db, const char *id, const char *reason,
		     int64_t now_ms, struct err *e)
{
	return 0;
}

/* Done at once. */
void jobs_add(struct jobs *j, job_work *work, job_done *done, void *data)
{
	struct err e = { 0 };

	done(data, work(data, NULL, &e) < 0 ? &e : NULL);
}

/* Three hold a place, of three; the fourth, d, wants one. */
static int setup(void **state)
{
	struct err e = { 0 };
	size_t i;

	memset(&w, 0, sizeof(w));
	w.now = 1000000;
	w.bridge = talloc_zero(NULL, struct bridge);
	w.bridge->settings = settings_new();
	assert_int_equal(settings_set((struct settings *)w.bridge->settings,
				      "workspace_sessions", "3", &e), 0);
	for (i = 0; i < ROOMS; i++) {
		w.sessions[i].name[0] = (char)('a' + i);
		w.sessions[i].running = i < 3;
		w.rooms[i] = (struct room){
			.bridge = w.bridge, .presence = &w.presence,
			.session = &w.sessions[i], .nclients = 1,
		};
		LIST_INSERT_HEAD(&w.presence.rooms, &w.rooms[i], in_person);
	}
	return 0;
}

static int teardown(void **state)
{
	settings_free((struct settings *)w.bridge->settings);
	talloc_free(w.bridge);
	return 0;
}

static struct room *d(void)
{
	return &w.rooms[3];
}

static void so_many_and_no_more(void **state)
{
	assert_false(turnover_may_start(d()));
	assert_string_equal(w.log, "");		/* all work: nobody gives way */
	w.sessions[1].running = false;
	assert_true(turnover_may_start(d()));
	w.sessions[1].running = true;
	w.rooms[1].gone = true;
	assert_true(turnover_may_start(d()));
	w.bridge->stopping = true;
	assert_false(turnover_may_start(d()));
}

static void the_longest_idle_one_rests(void **state)
{
	w.sessions[0].rests = w.sessions[1].rests = true;
	w.sessions[0].idle_since = 900;
	w.sessions[1].idle_since = 800;
	assert_false(turnover_may_start(d()));
	assert_string_equal(w.log, "rest b;");
	/* It makes room already: no other one must go. */
	w.sessions[1].ending = true;
	assert_false(turnover_may_start(d()));
	assert_string_equal(w.log, "rest b;");
}

static void one_that_waits_long_enough_lends_its_place(void **state)
{
	int64_t patience = 1000 * settings_number(w.bridge->settings,
						  SET_ANSWER_PATIENCE);

	w.sessions[2].waiting_since = w.now - patience + 1;
	assert_false(turnover_may_start(d()));
	assert_string_equal(w.log, "");
	w.sessions[2].waiting_since--;
	assert_false(turnover_may_start(d()));
	assert_string_equal(w.log, "error_place_lent c;");
}

/* Nobody asked for it yet: it takes no place that a page shows, or waits for. */
static void a_prestart_takes_only_what_nobody_sees(void **state)
{
	w.sessions[3].ahead = true;
	w.sessions[2].waiting_since = 1;
	w.sessions[0].rests = true;
	w.sessions[0].idle_since = 1;
	assert_false(turnover_may_start(d()));
	assert_string_equal(w.log, "");
	w.rooms[0].nclients = 0;
	assert_false(turnover_may_start(d()));
	assert_string_equal(w.log, "rest a;");
}

static void a_run_never_gives_way(void **state)
{
	w.sessions[0].run = w.sessions[0].rests = true;
	assert_false(turnover_may_start(d()));
	assert_string_equal(w.log, "");
}

static void its_user_ends_one_by_hand(void **state)
{
	turnover_release(&w.presence, "a");
	assert_string_equal(w.log, "error_place_given a;");
	w.log[0] = '\0';
	w.sessions[1].run = true;
	turnover_release(&w.presence, "b");
	assert_string_equal(w.log, "refresh b;");	/* it reads its cancellation */
	w.log[0] = '\0';
	turnover_release(&w.presence, "d");
	turnover_release(&w.presence, "elsewhere");
	assert_string_equal(w.log, "");
}

static void those_that_wait_are_told_of_a_change(void **state)
{
	w.sessions[0].no_place = w.sessions[1].no_place = w.sessions[3].no_place = true;
	w.rooms[1].nclients = 0;
	turnover_tell(d());
	assert_string_equal(w.log, "status a;");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(so_many_and_no_more),
		CASE(the_longest_idle_one_rests),
		CASE(one_that_waits_long_enough_lends_its_place),
		CASE(a_prestart_takes_only_what_nobody_sees),
		CASE(a_run_never_gives_way),
		CASE(its_user_ends_one_by_hand),
		CASE(those_that_wait_are_told_of_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
