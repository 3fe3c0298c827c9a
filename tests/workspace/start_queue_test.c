/* Which start is next. The test supplies the time. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <talloc.h>

#include "workspace/start_queue.h"

#define HOLD 10000
#define PATIENCE 60000
#define AGAIN 30000

static struct start_queue *line;
static int64_t now;

static struct {
	const char *name;
	struct start_ticket *ticket;
} all[32];
static size_t n;

static int set_up_places(int places)
{
	const struct start_limits limits = { places, HOLD, PATIENCE, AGAIN };

	line = start_queue_new(NULL, &limits);
	n = 0;
	now = 1000000;
	return 0;
}

static int set_up(void **state)
{
	return set_up_places(1);
}

static int set_up_four(void **state)
{
	return set_up_places(4);
}

static int tear_down(void **state)
{
	talloc_free(line);
	return 0;
}

/* Names are owners; the first letter is the user's. */
static void join_since(const char *name, enum start_class class,
		       bool container, int64_t since)
{
	const char user[] = { name[0], '\0' };
	const struct start_request rq = { user, class, since, container };

	all[n].name = name;
	all[n++].ticket = start_queue_join(line, &rq, (void *)(uintptr_t)name);
}

static void join(const char *name, enum start_class class)
{
	join_since(name, class, false, now++);
}

static void person(const char *name)
{
	join(name, START_PERSON);
}

static struct start_ticket **find(const char *name)
{
	size_t i;

	for (i = 0; i < n && strcmp(all[i].name, name) != 0; i++)
		;
	assert_true(i < n);
	return &all[i].ticket;
}

static void leave(const char *name)
{
	struct start_ticket **t = find(name);

	start_queue_leave(*t);
	*t = NULL;
}

static const char *next(void)
{
	return start_queue_next(line, now);
}

static void assert_next(const char *name)
{
	const char *is = next();

	assert_non_null(is);
	assert_string_equal(is, name);
}

/* All that wait, as they begin and are done one after another. */
static void assert_order(const char *wanted)
{
	char names[128] = "";
	const char *name;

	while ((name = next())) {
		snprintf(names + strlen(names), sizeof(names) - strlen(names),
			 "%s ", name);
		leave(name);
	}
	assert_string_equal(names, wanted);
	assert_false(start_queue_waits(line));
}

static void first_come(void **state)
{
	person("a1");
	person("b1");
	person("c1");
	assert_order("a1 b1 c1 ");
}

static void users_take_turns(void **state)
{
	person("a1");
	person("a2");
	person("a3");
	person("b1");
	person("c1");
	person("b2");
	assert_order("a1 b1 c1 a2 b2 a3 ");
}

/* Who came later is not behind all that another user asked for before. */
static void latecomers_are_not_last(void **state)
{
	person("a1");
	person("a2");
	person("a3");
	person("a4");
	assert_next("a1");
	person("b1");
	leave("a1");
	assert_order("b1 a2 a3 a4 ");
}

static void people_before_runs(void **state)
{
	join("a1", START_RUN);
	join("b1", START_RUN);
	person("c1");
	person("a2");
	assert_order("c1 a2 a1 b1 ");
}

static void patience_ends(void **state)
{
	join("a1", START_RUN);
	now += PATIENCE;
	person("b1");
	assert_order("a1 b1 ");
}

/* And not before. */
static void patience_lasts(void **state)
{
	join("a1", START_RUN);
	now += PATIENCE - 3;
	person("b1");
	assert_order("b1 a1 ");
}

/* Many that come due at once do not keep people waiting until the last has begun. */
static void runs_that_waited_take_one_place(void **state)
{
	join("a1", START_RUN);
	join("b1", START_RUN);
	join("c1", START_RUN);
	now += PATIENCE;
	person("d1");
	person("e1");
	person("f1");
	assert_next("a1");
	assert_next("d1");
	assert_next("e1");
	assert_next("f1");
	leave("a1");
	person("g1");
	assert_next("b1");
	leave("d1");
	assert_next("g1");
	leave("e1");
	assert_next("c1");
}

/* A container's turn is its first Claude's, too: what has begun is finished first. */
static void container_and_claude_are_one_turn(void **state)
{
	join_since("a:container", START_PERSON, true, now);
	join_since("b:container", START_PERSON, true, now + 1);
	assert_next("a:container");
	join_since("c:container", START_PERSON, true, now + 2);
	leave("a:container");
	join_since("a:claude", START_PERSON, false, now);
	join_since("a:another", START_PERSON, false, now);
	assert_next("a:claude");
	leave("a:claude");
	assert_next("b:container");
	leave("b:container");
	join_since("b:claude", START_PERSON, false, now + 1);
	assert_order("b:claude c:container a:another ");
}

/* Whoever had a start just before lets those go first who had none, for a while. */
static void first_ones_before_second_ones(void **state)
{
	int64_t since;

	join_since("a-box", START_PERSON, true, now);
	assert_next("a-box");
	person("a1");			/* it belongs to the box */
	join_since("b-box", START_PERSON, true, now++);
	leave("a-box");
	assert_next("a1");
	leave("a1");
	since = now;
	person("a2");
	join_since("c-box", START_PERSON, true, now++);
	join_since("d-box", START_PERSON, true, now++);
	assert_next("b-box");
	leave("b-box");
	assert_next("c-box");
	leave("c-box");
	assert_int_equal(start_queue_due(line, now), since + AGAIN);
	now = since + AGAIN;
	assert_next("a2");
}

/* After eight starts of others, whether new users came or not. */
static void long_ago_is_forgotten(void **state)
{
	int i;

	person("a1");
	assert_next("a1");
	leave("a1");
	for (i = 0; i < 9; i++) {
		person("b1");
		assert_next("b1");
		leave("b1");
		n--;
	}
	person("a2");
	join_since("z-box", START_PERSON, true, now++);
	assert_next("a2");
}

static void so_many_at_once(void **state)
{
	person("a1");
	person("b1");
	person("c1");
	person("d1");
	person("e1");
	person("f1");
	assert_next("a1");
	assert_next("b1");
	assert_next("c1");
	assert_next("d1");
	assert_null(next());
	assert_int_equal(start_queue_held(line, now), 4);
	leave("b1");
	assert_next("e1");
	assert_null(next());
	leave("a1");
	assert_next("f1");
	assert_false(start_queue_waits(line));
}

static void half_for_one_user_while_others_wait(void **state)
{
	person("a1");
	person("a2");
	person("a3");
	person("a4");
	assert_next("a1");
	assert_next("a2");
	person("b1");
	assert_next("b1");
	assert_next("a3");	/* nobody else wants it */
	assert_null(next());
	leave("b1");
	assert_next("a4");
}

/* Whoever gives up makes room at once, waiting or begun. */
static void leaving(void **state)
{
	person("a1");
	person("b1");
	person("c1");
	assert_next("a1");
	leave("b1");
	assert_null(next());
	leave("a1");
	assert_next("c1");
	leave("c1");
	assert_null(next());
	assert_int_equal(start_queue_held(line, now), 0);
}

/* A start that hangs keeps nobody waiting for longer than that. */
static void a_hung_start_lends_its_place(void **state)
{
	int64_t began;

	person("a1");
	person("b1");
	began = now;
	assert_next("a1");
	assert_int_equal(start_queue_due(line, now), began + HOLD);
	now = began + HOLD - 1;
	assert_null(next());
	now++;
	assert_next("b1");
	assert_int_equal(start_queue_held(line, now), 1);
	leave("a1");
	assert_int_equal(start_queue_held(line, now), 1);
	assert_int_equal(start_queue_due(line, now), 0);
}

/* A user of hung starts does not come before others with what is asked next. */
static void hung_starts_count_for_their_user(void **state)
{
	person("a1");
	person("a2");
	assert_next("a1");
	assert_next("a2");
	now += HOLD;
	person("a3");
	person("b1");
	person("b2");
	assert_next("b1");
	assert_next("b2");
	assert_next("a3");
}

static void what_is_ahead_takes_what_is_left(void **state)
{
	join("a0", START_AHEAD);
	join("b0", START_AHEAD);
	join("c0", START_AHEAD);
	join("d0", START_AHEAD);
	person("e1");
	assert_next("e1");
	assert_next("a0");
	assert_next("b0");
	assert_null(next());	/* the last place is for those who wait */
	leave("a0");
	assert_next("c0");
	assert_null(next());
	/* Somebody does wait for the last one now. */
	start_ticket_hurry(*find("d0"), START_PERSON);
	assert_next("d0");
}

/* Whoever begins ahead is not before those who stand in line by it. */
static void ahead_is_no_short_cut(void **state)
{
	person("a1");
	assert_next("a1");
	person("b1");
	join("c0", START_AHEAD);
	start_ticket_hurry(*find("c0"), START_PERSON);
	person("d1");
	leave("a1");
	assert_order("b1 c0 d1 ");
}

static void only_upwards(void **state)
{
	join("a1", START_RUN);
	person("b1");
	join("c1", START_RUN);
	start_ticket_hurry(*find("b1"), START_RUN);
	start_ticket_hurry(*find("c1"), START_PERSON);
	assert_order("b1 c1 a1 ");
}

static char places[128];

static void note(void *owner, int place)
{
	snprintf(places + strlen(places), sizeof(places) - strlen(places),
		 "%d:%s ", place, (char *)owner);
}

static void assert_places(const char *wanted)
{
	places[0] = '\0';
	start_queue_places(line, now, note);
	assert_string_equal(places, wanted);
}

static void places_are_the_order(void **state)
{
	join("a1", START_RUN);
	person("b1");
	person("b2");
	person("c1");
	assert_places("1:b1 2:c1 3:b2 4:a1 ");
	assert_next("b1");
	assert_places("1:c1 2:b2 3:a1 ");
	leave("b1");
	assert_order("c1 b2 a1 ");
	assert_places("");
}

/* It remembers nobody for ever: 1,000 users, one after another. */
static void users_are_forgotten(void **state)
{
	char name[16];
	int i;

	for (i = 0; i < 1000; i++) {
		const struct start_request rq = { name, START_PERSON, now, false };
		struct start_ticket *t;

		snprintf(name, sizeof(name), "user%d", i);
		t = start_queue_join(line, &rq, name);
		assert_next(name);
		start_queue_leave(t);
	}
	assert_true(talloc_total_blocks(line) < 20);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define CASE_OF_FOUR(name) \
	cmocka_unit_test_setup_teardown(name, set_up_four, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(first_come),
		CASE(users_take_turns),
		CASE(latecomers_are_not_last),
		CASE(people_before_runs),
		CASE(patience_ends),
		CASE(patience_lasts),
		CASE_OF_FOUR(runs_that_waited_take_one_place),
		CASE(container_and_claude_are_one_turn),
		CASE(first_ones_before_second_ones),
		CASE(long_ago_is_forgotten),
		CASE_OF_FOUR(so_many_at_once),
		CASE_OF_FOUR(half_for_one_user_while_others_wait),
		CASE(leaving),
		CASE(a_hung_start_lends_its_place),
		CASE_OF_FOUR(hung_starts_count_for_their_user),
		CASE_OF_FOUR(what_is_ahead_takes_what_is_left),
		CASE(ahead_is_no_short_cut),
		CASE(only_upwards),
		CASE(places_are_the_order),
		CASE(users_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
