/* lib/session/log_reader.c: the log is read on, whatever happens to the link, the bridge and its lines. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "fake_shim.h"
#include "session_world.h"

/* Lines of the log so far that have both. */
static int logged(const char *path, const char *event, const char *more)
{
	FILE *f = fopen(path, "re");
	char line[1024];
	int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, event) && strstr(line, more);
	fclose(f);
	return n;
}

/* A part a turn, and in the log the first and each doubling. */
static void lines_that_are_no_json_are_told(void **state)
{
	char path[128], more[128];
	int was = dup(STDERR_FILENO), i;
	FILE *f;

	snprintf(path, sizeof(path), "%s/log", w.dir);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(was >= 0 && dup2(fileno(f), STDERR_FILENO) >= 0);
	fclose(f);
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	for (i = 0; i < 100; i++) {
		fake_say("(node) a warning that is no JSON");
		turn_loop();
	}
	wait_recorded();
	session_message(w.s, 1, M2, "again");
	turn_loop();
	wait_recorded();
	dup2(was, STDERR_FILENO);
	close(was);
	snprintf(more, sizeof(more), "conversation=%s lines=", w.conversation);
	assert_int_equal(said("status_line_broken"), 1);
	assert_int_equal(logged(path, "event=broken_lines", more), 7);
	strcat(more, "64");
	assert_int_equal(logged(path, "event=broken_lines", more), 1);
}

static void a_new_bridge_goes_on_in_mid_answer(void **state)
{
	struct counts c;

	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	close_session();
	say_turn_end(M1);
	w.ends = 0;
	fake.boosts[0] = '\0';
	open_session();
	turn_loop();
	assert_string_equal(fake.boosts, "");	/* its end was long ago */
	wait_recorded();
	assert_int_equal(w.ends, 1);
	assert_int_equal(fake.starts, 1);
	c = stored();
	assert_int_equal(c.users, 1);
	assert_int_equal(c.texts, 1);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
}

static void a_lost_link_is_read_on(void **state)
{
	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	fake_lose();
	assert_string_equal(state_of(), "starting");
	say_turn_end(M1);
	fake_ready();
	turn_loop();
	wait_recorded();
	assert_int_equal(w.ends, 1);
	assert_int_equal(stored().texts, 1);
}

/* Each line draws a large card again: more than one turn of the loop. */
static void a_costly_log_is_read_to_its_end(void **state)
{
	char *input = malloc(60001);
	int i;

	memset(input, 'x', 60000);
	input[60000] = '\0';
	fake.costly = true;
	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	fake_say("{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":"
		 "\"tool_use\",\"id\":\"t\",\"name\":\"Task\",\"input\":"
		 "{\"prompt\":\"%s\"}}]}}", input);
	for (i = 0; i < 500; i++)
		fake_say("{\"type\":\"assistant\",\"parent_tool_use_id\":\"t\","
			 "\"message\":{\"content\":[{\"type\":\"text\",\"text\":"
			 "\"step %d\"}]}}", i);
	say_turn_end(M1);
	until_ended(1);
	wait_recorded();
	assert_int_equal(w.ends, 1);
	assert_int_equal(stored().errors, 0);
	free(input);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_that_are_no_json_are_told),
		TEST(a_new_bridge_goes_on_in_mid_answer),
		TEST(a_lost_link_is_read_on),
		TEST(a_costly_log_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
