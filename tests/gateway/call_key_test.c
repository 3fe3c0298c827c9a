/* lib/gateway/call_key.c: what a reply says about the key. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway_calls.h"

static void a_refused_key_is_the_operators_matter(void **state)
{
	int requests;

	strcpy(w.service.good_key, "sk-other");
	start();
	call(BEN, "");
	expect_error(529, "overloaded_error", "another");
	/* It waits for the key, which is refused again. */
	call(BEN, "");
	expect_error(503, "gongbang_keys_refused", "administrator");
	assert_string_equal(answer_field(&a, "x-should-retry"), "false");
	requests = w.service.requests;
	call(BEN, "");
	expect_error(503, "gongbang_keys_refused", "administrator");
	assert_int_equal(w.service.requests, requests);
	world_write_keys(&w, "sk-other\n");
	kill(w.pid, SIGHUP);
	while (!strstr(world_log(&w), "reloaded_prices"))
		usleep(10000);
	call(BEN, "");
	assert_int_equal(a.status, 200);
	assert_null(strstr(world_log(&w), "sk-"));
}

/* What one user's call is refused for is no reason to refuse the others'. */
static void one_users_refusal_is_not_the_others(void **state)
{
	int i;

	start();
	for (i = 0; i < 2; i++) {
		call(BEN, "status 401");
		expect_error(529, "overloaded_error", "another");
		call(ANN, "");
		assert_int_equal(a.status, 200);
	}
	call(BEN, "limit 0");
	assert_int_equal(a.status, 429);
	assert_null(strstr(world_log(&w), "key_refused"));
}

static bool waits_for_a_key(const char *app)
{
	int fd, before;
	struct timeval little = { .tv_sec = 2 };
	char byte;
	bool waits;

	call(BEN, app);
	assert_int_equal(a.status, 429);
	before = w.service.requests;
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "", BODY, BODY_SIZE);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little));
	waits = recv(fd, &byte, 1, 0) != 1 && w.service.requests == before;
	close(fd);
	return waits;
}

static void a_key_rests_when_its_limits_say_so(void **state)
{
	start();
	assert_false(waits_for_a_key("limit 0"));
	assert_true(waits_for_a_key("limit 1"));
	world_stop(&w);
	start();
	/* A time that is none is an hour, of the only key five minutes: said at once, not waited for. */
	call(BEN, "limit 2");
	assert_int_equal(a.status, 429);
	call(BEN, "");
	expect_error(429, "rate_limit_error", "Retrying at ");
	assert_in_range(atoi(answer_field(&a, "retry-after")), 280, 301);
	assert_int_equal(w.service.requests, 4);
}

static void a_limit_is_of_one_model(void **state)
{
	static const char opus[] = "{\"model\":\"opus\"}", haiku[] = "{\"model\":\"haiku\"}";
	int fd, i;

	start();
	for (i = 0; i < 3; i++) {
		fd = client_connect(&w, 1);
		client_send(fd, &w, i ? ANN : BEN, "POST", "/v1/messages", i ? "" : "x-app: limit 2\r\n",
			    i == 1 ? haiku : opus, strlen(i == 1 ? haiku : opus));
		read_answer(fd);
		close(fd);
		assert_int_equal(a.status, i == 1 ? 200 : 429);
	}
	expect_error(429, "rate_limit_error", "opus 호출을 제한하고 있어요");
	assert_int_equal(w.service.requests, 2);
}

static void another_key_takes_over(void **state)
{
	int i;

	world_write_keys(&w, "sk-bad\nsk-good\n");
	strcpy(w.service.good_key, "sk-good");
	start();
	call(BEN, "");
	expect_error(529, "overloaded_error", "another");
	assert_string_equal(answer_field(&a, "x-should-retry"), "true");
	for (i = 0; i < 3; i++) {
		call(BEN, "");
		assert_int_equal(a.status, 200);
	}
}

static void a_busy_key_rests_as_long_as_it_is_told(void **state)
{
	start();
	call(BEN, "status 429");
	assert_int_equal(a.status, 429);
	/* The only key rests a second; the call waits for it. */
	call(BEN, "");
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(world_log(&w), "waited="));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_refused_key_is_the_operators_matter),
		TEST(one_users_refusal_is_not_the_others),
		TEST(a_key_rests_when_its_limits_say_so),
		TEST(a_limit_is_of_one_model),
		TEST(another_key_takes_over),
		TEST(a_busy_key_rests_as_long_as_it_is_told),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
