/* lib/session/run_files.c: which files a run made. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/clock.h"
#include "agent_run_world.h"

static void files_that_do_not_come_hold_nothing_up(void **state)
{
	int64_t began = clock_mono_ms();

	fake.silent = true;
	begin();
	ends("success", "", false);
	assert_true(clock_mono_ms() - began < 30000);
	assert_false(fake.running);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(files_that_do_not_come_hold_nothing_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
