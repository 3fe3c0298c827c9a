/* lib/gateway/inflater.c: compressed replies of the service. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "gateway_calls.h"

static void compressed_replies_come_decoded(void **state)
{
	static const char *const whole[] = { "gzip", "gzip_x", "gzip_two", "gzip_three",
					     "gzip_garbage", "gzip_almost", "deflate" };
	struct ledger l;
	size_t i;

	start();
	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		call(ANN, whole[i]);
		if (a.status != 200 || !a.whole || !strstr(a.body, "event: message_stop") ||
		    strstr(a.body, "garbage"))
			fail_msg("%s: %d %s", whole[i], a.status, a.body);
		assert_null(answer_field(&a, "content-encoding"));
		world_ledger(&w, (int)i + 1, &l);
		assert_int_equal(l.complete, i + 1);
		assert_int_equal(tokens_of(&l), (int64_t)(i + 1) * (SCRIPTED_IN + SCRIPTED_OUT));
	}
}

static void compressed_replies_that_cannot_be_read_are_estimated(void **state)
{
	static const struct {
		const char *app;
		int status;
	} bad[] = { { "gzip_cut", 200 }, { "gzip_bomb", 200 }, { "gzip_twice", 502 }, { "br", 502 } };
	struct ledger before = { 0 }, l;
	size_t i;

	start();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		call(ANN, bad[i].app);
		assert_int_equal(a.status, bad[i].status);
		assert_true(a.n < 4 << 20);
		if (a.status == 200)
			assert_false(a.whole);
		world_ledger(&w, (int)i + 1, &l);
		assert_int_equal(l.interrupted, i + 1);
		assert_true(l.usage.input - before.usage.input >= BODY_TOKENS);
		assert_true(l.usage.output - before.usage.output >= SCRIPTED_OUT);
		before = l;
	}
	assert_true(world_resident_kb(&w) < 64 << 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(compressed_replies_come_decoded),
		TEST(compressed_replies_that_cannot_be_read_are_estimated),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
