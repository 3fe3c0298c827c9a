/* lib/session/run_files.c: which files a run made. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "agent_run_world.h"
#include "session/agent_run_internal.h"

static void files_that_do_not_come_hold_nothing_up(void **state)
{
	fake.silent = true;
	begin();
	assert_false(fake.running);
	fake.skipped += RUN_FILES_MS - 1000;
	session_step(w.s);
	turn_loop();
	assert_int_equal(w.told, 0);
	fake.skipped += 1000;
	session_step(w.s);
	ends("success", "", false);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(files_that_do_not_come_hold_nothing_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
