/* lib/session/replay.c: what a page lacks. */
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

static void a_page_gets_what_it_lacks(void **state)
{
	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	session_replay(w.s, 7, -1);
	turn_loop();
	assert_int_equal(w.replays, 1);
	assert_int_equal(w.replayed, 2);
	say_turn_end(M1);
	turn_loop();
	wait_recorded();
	session_replay(w.s, 7, (int64_t)fake.log.len);
	turn_loop();
	assert_int_equal(w.replayed, 0);
	session_replay(w.s, 7, 0);
	turn_loop();
	assert_int_equal(w.replayed, stored().parts);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_page_gets_what_it_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
