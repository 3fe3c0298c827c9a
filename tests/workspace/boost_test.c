/* A user's allowance of start boosts, with a scripted engine. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/host.h"
#include "workspace_world.h"

/* Turns of the loop until the log is that, some seconds at most. */
static void expect_log(struct world *w, const char *wanted)
{
	int i;

	for (i = 0; i < 3000 && strcmp(w->log, wanted) != 0; i++) {
		uv_run(&w->loop, UV_RUN_NOWAIT);
		fake_link_pump();
		uv_sleep(1);
	}
	assert_string_equal(w->log, wanted);
}

/* Long enough for any call to come. */
static void expect_no_more(struct world *w)
{
	char log[sizeof(w->log)];
	int i;

	memcpy(log, w->log, sizeof(log));
	for (i = 0; i < 50; i++) {
		uv_run(&w->loop, UV_RUN_NOWAIT);
		fake_link_pump();
		uv_sleep(1);
	}
	assert_string_equal(w->log, log);
}

/* The engine has answered: what comes is not counted as boosted. */
static void until_lowered(struct world *w)
{
	int i;

	for (i = 0; i < 3000 && (w->w->boost.on || w->w->boost.call); i++) {
		uv_run(&w->loop, UV_RUN_NOWAIT);
		fake_link_pump();
		uv_sleep(1);
	}
	assert_false(w->w->boost.on);
}

static void bring_up(struct world *w)
{
	workspace_hold(w->w);
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
}

static void reopen(struct world *w)
{
	workspaces_close(w->all);
	talloc_free(w->all);
	w->log[0] = '\0';
	world_open_all(w);
}

static void until_the_first_answer(void **state)
{
	struct world *w = *state;

	load = 4;
	bring_up(w);
	assert_int_equal(w->shares, BOOSTED);
	assert_string_equal(w->log, "CSX");
	workspace_boost_end(w->w, NULL);
	expect_log(w, "CSX-");
	assert_int_equal(w->shares, USUAL);
	workspace_boost_end(w->w, NULL);
	expect_no_more(w);
}

/* Nobody answers anything: it ends by itself. */
static void at_most_some_seconds(void **state)
{
	struct world *w = *state;

	load = 4;
	bring_up(w);
	workspace_boost(w->w, NULL);		/* which makes it no longer */
	expect_log(w, "CSX-");
}

/* A place among the boosted is not for a page that only looks. */
static void not_for_long_without_claude(void **state)
{
	struct world *w = *state;
	uv_timer_t *ends;
	int session;

	load = 4;
	bring_up(w);
	assert_true(w->w->boost.wanted);
	ends = &w->w->timers->boost;
	assert_true(uv_timer_get_due_in(ends) <= 2000 / FASTER);
	workspace_boost(w->w, &session);
	assert_true(uv_timer_get_due_in(ends) > 2000 / FASTER);
	workspace_boost_ready(w->w);
	assert_true(uv_timer_get_due_in(ends) > 2000 / FASTER);
	workspace_boost_end(w->w, &session);
	expect_log(w, "CSX-");
}

static void not_on_a_host_at_leisure(void **state)
{
	struct world *w = *state;

	bring_up(w);
	assert_int_equal(w->shares, USUAL);
	workspace_boost(w->w, NULL);
	workspace_boost_end(w->w, NULL);
	expect_no_more(w);
	assert_string_equal(w->log, "CSX");
}

static void not_for_a_run(void **state)
{
	struct world *w = *state;

	load = 4;
	workspace_hold(w->w);
	workspace_ensure_as(w->w, START_RUN);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_int_equal(w->shares, USUAL);
	workspace_stop(w->w);
	assert_true(world_reach(w, WORKSPACE_STOPPED));
	workspace_ensure_as(w->w, START_RUN);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "CSXTSX");
	/* A person comes, and Claude is started for him. */
	workspace_boost(w->w, NULL);
	expect_log(w, "CSXTSX+");
}

/* As its place in line says, too: it would keep it for long otherwise. */
static void for_a_run_that_waited_a_minute(void **state)
{
	struct world *w = *state;

	load = 4;
	workspace_hold(w->w);
	w->w->class = START_RUN;
	w->w->since = clock_mono_ms() - 60000;
	workspace_ensure_as(w->w, START_RUN);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_int_equal(w->shares, BOOSTED);
}

static void one_that_was_there(void **state)
{
	struct world *w = *state;

	bring_up(w);
	workspace_stop(w->w);
	assert_true(world_reach(w, WORKSPACE_STOPPED));
	load = 4;
	w->log[0] = '\0';
	workspace_ensure(w->w);
	expect_log(w, "+SX");
	workspace_boost_end(w->w, NULL);
	expect_log(w, "+SX-");
}

/* The attack: again and again, by whatever is started anew. */
static void no_more_than_its_share(void **state)
{
	struct world *w = *state;
	int64_t boosted = 0;
	int i;

	load = 4;
	bring_up(w);
	for (i = 0; i < 600; i++) {	/* ten minutes */
		if (i % 7 == 0) {
			workspace_restart(w->w);
			assert_true(world_reach(w, WORKSPACE_READY));
		}
		workspace_boost(w->w, NULL);
		skipped += 1000;
		boosted += w->w->boost.wanted;
		/* As the timer does, which this clock does not turn. */
		if (i % 20 == 19)
			workspace_boost_end(w->w, NULL);
	}
	assert_in_range(boosted, 40, 75);	/* s: what was saved, and a 20th */
	workspace_boost_end(w->w, NULL);
	until_lowered(w);
	skipped += 1000000;
	workspace_boost(w->w, NULL);
	assert_true(w->w->boost.wanted);	/* later it has it again */
}

static void refused_and_tried_again(void **state)
{
	struct world *w = *state;

	load = 4;
	bring_up(w);
	w->unweighed = 2;
	workspace_boost_end(w->w, NULL);
	expect_log(w, "CSX!!-");
	assert_int_equal(w->shares, USUAL);
}

/* It counts as boosted as long as the engine was not heard to have lowered it. */
static void what_cannot_be_lowered_is_paid_for(void **state)
{
	struct world *w = *state;

	load = 4;
	bring_up(w);
	w->unweighed = 1;
	workspace_boost_end(w->w, NULL);
	expect_log(w, "CSX!");
	skipped += 60000;
	expect_log(w, "CSX!-");
	workspace_boost(w->w, NULL);
	expect_no_more(w);
}

static void raising_refused(void **state)
{
	struct world *w = *state;

	bring_up(w);
	load = 4;
	w->unweighed = 1;
	workspace_boost(w->w, NULL);
	expect_log(w, "CSX!-");		/* whatever became of it */
}

static void gone_meanwhile(void **state)
{
	struct world *w = *state;

	load = 4;
	bring_up(w);
	w->exists = false;
	workspace_boost_end(w->w, NULL);
	expect_log(w, "CSX-");
	expect_no_more(w);
}

/* As another bridge left it, whether somebody asks for it or not. */
static void adopted(void **state)
{
	struct world *w = *state;

	load = 4;
	bring_up(w);
	assert_int_equal(w->shares, BOOSTED);
	w->listed = "[{\"Labels\":{\"gongbang.user\":\"" USER "\"}}]";
	reopen(w);
	expect_log(w, "-");
	w->shares = 0;			/* made before there were weights */
	reopen(w);
	expect_no_more(w);
	assert_string_equal(w->log, "");
	w->shares = BOOSTED;
	w->listed = NULL;
	reopen(w);
	load = 0;
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	expect_log(w, "-X");
}

static void closed_meanwhile(void **state)
{
	struct world *w = *state;

	load = 4;
	bring_up(w);
	workspace_boost_end(w->w, NULL);	/* its answer comes to nobody */
}

/* A boost of one that is away, and another is made boosted before the engine has said so. */
static void made_anew_meanwhile(void **state)
{
	struct world *w = *state;

	load = 4;
	bring_up(w);
	workspace_stop(w->w);
	assert_true(world_reach(w, WORKSPACE_STOPPED));
	w->exists = false;
	w->log[0] = '\0';
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "CSX");
	assert_int_equal(w->shares, BOOSTED);
	workspace_boost_end(w->w, NULL);
	expect_log(w, "CSX-");
	assert_int_equal(w->shares, USUAL);
}

/* The engine knew none yet: what was made since is looked at. */
static void missed_by_a_moment(void **state)
{
	struct world *w = *state;

	load = 4;
	bring_up(w);
	w->exists = false;
	workspace_boost_end(w->w, NULL);
	expect_log(w, "CSX-");
	w->exists = true;
	w->shares = BOOSTED;
	expect_log(w, "CSX--");
	assert_int_equal(w->shares, USUAL);
}

/* What another session of the workspace has done is no reason. */
static void whoever_asked_last_ends_it(void **state)
{
	struct world *w = *state;
	int person, run;

	bring_up(w);
	load = 4;
	workspace_boost(w->w, &person);
	expect_log(w, "CSX+");
	workspace_boost_end(w->w, &run);
	workspace_boost_end(w->w, NULL);
	assert_true(w->w->boost.wanted);
	workspace_boost_end(w->w, &person);
	expect_log(w, "CSX+-");
}

/* All that may be at once are: one waits, until one of them is done. */
static void a_few_at_once(void **state)
{
	struct world *w = *state;
	int n = 4 * host_processors(), i;
	struct workspace *others[4 * 256];
	char id[ID_SIZE];

	bring_up(w);
	load = 4;
	for (i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "01890a5d-ac96-774b-bcce-%012x", i);
		others[i] = workspace_get(w->all, id);
		workspace_boost(others[i], NULL);
		assert_true(others[i]->boost.wanted);
	}
	workspace_boost(w->w, NULL);
	workspace_boost(w->w, NULL);
	expect_no_more(w);
	assert_false(w->w->boost.wanted);
	workspace_boost_end(others[0], NULL);
	expect_log(w, "CSX+");
	assert_int_equal(w->all->boosted, n);
	/* One that has its answer waits no longer, nor one for whom it is too late. */
	workspace_boost(others[0], NULL);
	workspace_boost_end(others[0], NULL);
	workspace_boost_end(others[1], NULL);
	assert_false(others[0]->boost.wanted);
	assert_int_equal(w->all->boosted, n - 1);
	workspace_boost(others[1], NULL);
	workspace_boost(others[0], NULL);
	skipped += 100000;
	workspace_boost_end(w->w, NULL);
	assert_false(others[0]->boost.wanted);
	assert_int_equal(w->all->boosted, n - 1);
	expect_log(w, "CSX+-");
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(until_the_first_answer), ROW(at_most_some_seconds),
		ROW(not_for_long_without_claude), ROW(not_on_a_host_at_leisure), ROW(not_for_a_run), ROW(for_a_run_that_waited_a_minute),
		ROW(one_that_was_there), ROW(no_more_than_its_share),
		ROW(refused_and_tried_again),
		ROW(what_cannot_be_lowered_is_paid_for), ROW(raising_refused),
		ROW(made_anew_meanwhile), ROW(missed_by_a_moment),
		ROW(whoever_asked_last_ends_it), ROW(a_few_at_once),
		ROW(gone_meanwhile), ROW(adopted), ROW(closed_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
