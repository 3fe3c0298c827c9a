/*
 * lib/session/claude_states.c: each row of the table is reached by a session,
 * no state is a dead end or out of reach, and STATES.md shows it as it is
 * (this program rewrites it with --print).
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "fake_shim.h"
#include "session/claude_process.h"
#include "session_world.h"

#define BIT(state) (1u << (state))
#define ALL (BIT(CLAUDE_STATES) - 1)

/* ---- the table by itself ---- */

static unsigned next_states(unsigned from)
{
	const struct claude_transition *t;
	unsigned to = 0;
	size_t i;

	for (i = 0; (t = claude_transition_row(i)); i++)
		to |= t->from & from ? BIT(t->to) : 0;
	return to;
}

static unsigned reachable(unsigned from)
{
	unsigned all = from, before;

	do {
		before = all;
		all |= next_states(all);
	} while (all != before);
	return all;
}

static void an_event_has_one_row_in_a_state(void **state)
{
	const struct claude_transition *t;
	unsigned seen[CLAUDE_EVENTS] = { 0 };
	size_t i;

	for (i = 0; (t = claude_transition_row(i)); i++) {
		assert_int_equal(t->from & ~ALL, 0);
		assert_true(t->from != 0 && t->to < CLAUDE_STATES);
		assert_int_equal(seen[t->event] & t->from, 0);
		seen[t->event] |= t->from;
	}
	for (i = 0; i < CLAUDE_EVENTS; i++) {
		if (!seen[i])
			fail_msg("%s: no row", claude_event_name((enum claude_event)i));
	}
}

static void every_state_is_reached_and_left(void **state)
{
	int i;

	assert_int_equal(reachable(BIT(CLAUDE_NONE)), ALL);
	for (i = 0; i < CLAUDE_STATES; i++) {
		if (!(next_states(BIT(i)) & ~BIT(i)))
			fail_msg("%s: no way out", claude_state_name((enum claude_state)i));
		if (!(reachable(BIT(i)) & BIT(CLAUDE_READY)))
			fail_msg("%s: never ready again", claude_state_name((enum claude_state)i));
	}
}

static void add_states(struct buf *b, unsigned from)
{
	struct err e = { 0 };
	const char *before = "";
	int i;

	if (from == ALL)
		assert_int_equal(buf_add_text(b, "any", &e), 0);
	else if (from == (ALL & ~BIT(CLAUDE_FAILED)))
		assert_int_equal(buf_add_text(b, "any but failed", &e), 0);
	for (i = 0; i < CLAUDE_STATES && (from | BIT(CLAUDE_FAILED)) != ALL; i++) {
		if (!(from & BIT(i)))
			continue;
		assert_int_equal(buf_addf(b, &e, "%s%s", before,
					  claude_state_name((enum claude_state)i)), 0);
		before = ", ";
	}
}

static void print(struct buf *b)
{
	const struct claude_transition *t;
	struct err e = { 0 };
	size_t i;

	assert_int_equal(buf_add_text(b,
		"# The states of Claude's process\n\n"
		"Every change of state, from `claude_states.c` by "
		"`tests/session/claude_states_test --print`.\nIt begins in *none*."
		" An event that has no row for a state changes nothing and is"
		" reported.\n\n"
		"| from | event | to | what it does |\n|---|---|---|---|\n", &e), 0);
	for (i = 0; (t = claude_transition_row(i)); i++) {
		assert_int_equal(buf_add_text(b, "| ", &e), 0);
		add_states(b, t->from);
		assert_int_equal(buf_addf(b, &e, " | %s | %s | %s |\n",
					  claude_event_name(t->event),
					  claude_state_name(t->to), t->does), 0);
	}
}

static void the_document_shows_the_table(void **state)
{
	const char *top = getenv("top_srcdir");
	auto_buf b = BUF_INIT(16 << 10);
	char path[512], text[16 << 10];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/lib/session/STATES.md", top ? top : ".");
	f = fopen(path, "re");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	print(&b);
	assert_string_equal(text, buf_text(&b));
}

/* ---- sessions that go through it ---- */

static enum claude_state now(void)
{
	return claude_process_state(w.s);
}

static void say(void)
{
	session_message(w.s, 1, M1, "hello");
	turn_loop();
}

static void an_ordinary_life(void **state)
{
	assert_int_equal(now(), CLAUDE_NONE);
	say();
	assert_int_equal(now(), CLAUDE_READY);
	close_session();
	open_session();		/* the next bridge finds it */
	assert_int_equal(now(), CLAUDE_READY);
	assert_true(session_rest(w.s));
	assert_int_equal(now(), CLAUDE_ENDING);
	turn_loop();
	assert_int_equal(now(), CLAUDE_NONE);
}

static void waiting_for_a_place(void **state)
{
	w.place = false;
	say();
	assert_int_equal(now(), CLAUDE_NO_PLACE);
	later(1200);
	assert_int_equal(now(), CLAUDE_NO_PLACE);
	session_leave(w.s, "error_claude_left");
	assert_int_equal(now(), CLAUDE_NONE);
	session_start(w.s);
	turn_loop();
	assert_int_equal(now(), CLAUDE_NO_PLACE);
	w.place = true;
	session_wake(w.s);
	turn_loop();
	assert_int_equal(now(), CLAUDE_READY);
}

static void leaving_before_it_starts(void **state)
{
	fake.place = 2;
	say();
	assert_int_equal(now(), CLAUDE_QUEUED);
	session_leave(w.s, "error_claude_left");
	assert_int_equal(now(), CLAUDE_NONE);
	w.token_late = true;
	fake.place = 0;
	session_start(w.s);
	turn_loop();
	assert_int_equal(now(), CLAUDE_TOKEN);
	session_leave(w.s, "error_claude_left");
	assert_int_equal(now(), CLAUDE_NONE);
	assert_string_equal(w.over_hash, w.token_hash);
}

static void without_a_token(void **state)
{
	w.redis_away = true;
	say();
	assert_int_equal(now(), CLAUDE_NONE);
	assert_int_equal(fake.starts, 0);
}

static void a_shim_that_refuses(void **state)
{
	fake.refuse_start = 500;
	say();
	assert_int_equal(now(), CLAUDE_NONE);
	later(1000);
	later(2000);
	assert_int_equal(now(), CLAUDE_FAILED);
	fake.refuse_start = 0;
	session_start(w.s);
	turn_loop();
	assert_int_equal(now(), CLAUDE_READY);
}

static void somebody_else_started_one(void **state)
{
	fake.running = fake.has_log = true;
	say();
	assert_int_equal(now(), CLAUDE_NONE);
	assert_int_equal(fake.deletes, 1);
	later(2000);
	assert_int_equal(now(), CLAUDE_READY);
}

static void it_dies_before_it_answers(void **state)
{
	w.silent = true;
	say();
	assert_int_equal(now(), CLAUDE_WAKING);
	fake_exit(1, 0, "");
	turn_loop();
	assert_int_equal(now(), CLAUDE_NONE);
	later(1000);
	fake_exit(1, 0, "");
	turn_loop();
	later(2000);
	fake_exit(1, 0, "");
	turn_loop();
	assert_int_equal(now(), CLAUDE_FAILED);
	assert_int_equal(fake.starts, 3);
}

static void it_dies_when_it_is_ready(void **state)
{
	say();
	fake_exit(1, 0, "");
	turn_loop();
	assert_int_equal(now(), CLAUDE_NONE);
}

static void it_never_answers(void **state)
{
	int i;

	w.silent = true;
	say();
	for (i = 0; i < 3; i++) {
		assert_int_equal(now(), CLAUDE_WAKING);
		fake.skipped += 31000;
		session_step(w.s);
		assert_int_equal(now(), i < 2 ? CLAUDE_ENDING : CLAUDE_FAILED);
		turn_loop();
		later(3000);
	}
}

/* It did not answer in time, and the link is going: it cannot be ended. */
static void it_never_answers_over_a_broken_link(void **state)
{
	int i;

	w.silent = true;
	say();
	for (i = 0; i < 3; i++) {
		assert_int_equal(now(), CLAUDE_WAKING);
		fake.no_link = true;
		fake.skipped += 31000;
		session_step(w.s);
		assert_int_equal(now(), i < 2 ? CLAUDE_NONE : CLAUDE_FAILED);
		fake.no_link = false;
		fake.running = false;
		later(3000);
	}
}

static void it_is_ended_in_each_way(void **state)
{
	w.silent = true;
	say();
	session_leave(w.s, "error_claude_left");
	assert_int_equal(now(), CLAUDE_ENDING);
	turn_loop();
	w.silent = false;
	session_start(w.s);
	turn_loop();
	assert_int_equal(now(), CLAUDE_READY);
	session_start_as(w.s, SESSION_SAFE);
	assert_int_equal(now(), CLAUDE_ENDING);
	turn_loop();
	assert_int_equal(now(), CLAUDE_READY);
}

static void a_full_disk(void **state)
{
	fake.disk_full = true;
	say();
	assert_int_equal(now(), CLAUDE_FAILED);
	w.place = fake.disk_full = false;
	session_start(w.s);
	turn_loop();
	assert_int_equal(now(), CLAUDE_NO_PLACE);
	fake.disk_full = true;
	session_wake(w.s);
	assert_int_equal(now(), CLAUDE_FAILED);
}

static void lose_in(enum claude_state state)
{
	assert_int_equal(now(), state);
	fake_lose();
	assert_int_equal(now(), CLAUDE_NONE);
	fake_ready();
	turn_loop();
}

static void the_link_is_lost_in_each_state(void **state)
{
	lose_in(CLAUDE_NONE);
	w.place = false;
	say();
	lose_in(CLAUDE_NO_PLACE);
	w.place = true;
	fake.place = 2;
	later(1200);
	lose_in(CLAUDE_QUEUED);
	fake.place = 0;
	w.token_late = true;
	turn_loop();
	lose_in(CLAUDE_TOKEN);
	w.token_late = false;
	session_token_good(w.s, NULL);
	fake.mute = true;
	turn_loop();
	lose_in(CLAUDE_STARTING);
	fake.mute = false;
	w.silent = true;
	fake_lose();
	fake_ready();
	turn_loop();
	lose_in(CLAUDE_WAKING);
	w.silent = false;
	fake_lose();
	fake_ready();
	turn_loop();
	lose_in(CLAUDE_READY);
	session_rest(w.s);
	lose_in(CLAUDE_ENDING);
}

static void an_event_out_of_turn_changes_nothing(void **state)
{
	struct session_events quiet = world_events;
	const struct session_events *ev = w.s->ev;

	assert_null(claude_transition_find(CLAUDE_NONE, CLAUDE_TURN_CAME));
	assert_null(claude_transition_find(CLAUDE_FAILED, CLAUDE_ALLOWED));
	quiet.failed = world_note_failed;
	w.s->ev = &quiet;
	claude_process_unasked(w.s);
	w.s->ev = ev;
	assert_int_equal(now(), CLAUDE_NONE);
	assert_string_equal(w.failed, "claude_state: not started while none");
}

/* After all of them: which rows, and of those that name their states which of these. */
static void every_row_was_reached(void **state)
{
	const struct claude_transition *t;
	unsigned missed;
	size_t i;
	int n;

	for (i = 0; (t = claude_transition_row(i)); i++) {
		missed = t->from & ~world_reached[t->event];
		if (missed == t->from)
			fail_msg("row %zu (%s) is never reached", i,
				 claude_event_name(t->event));
		for (n = 0; t->from != ALL && n < CLAUDE_STATES; n++) {
			if (missed & BIT(n))
				fail_msg("%s: never while %s",
					 claude_event_name(t->event),
					 claude_state_name((enum claude_state)n));
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup_ready, world_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_has_one_row_in_a_state),
		cmocka_unit_test(every_state_is_reached_and_left),
		cmocka_unit_test(the_document_shows_the_table),
		TEST(an_ordinary_life),
		TEST(waiting_for_a_place),
		TEST(leaving_before_it_starts),
		TEST(without_a_token),
		TEST(a_shim_that_refuses),
		TEST(somebody_else_started_one),
		TEST(it_dies_before_it_answers),
		TEST(it_dies_when_it_is_ready),
		TEST(it_never_answers),
		TEST(it_never_answers_over_a_broken_link),
		TEST(it_is_ended_in_each_way),
		TEST(a_full_disk),
		TEST(the_link_is_lost_in_each_state),
		TEST(an_event_out_of_turn_changes_nothing),
		cmocka_unit_test(every_row_was_reached),
	};
	auto_buf b = BUF_INIT(16 << 10);

	if (argc > 1 && str_equal(argv[1], "--print")) {
		print(&b);
		fputs(buf_text(&b), stdout);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
