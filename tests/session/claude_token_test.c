/* lib/session/claude_token.c: a token for each process, and no longer than it. */
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

#include "core/digest.h"
#include "core/str.h"
#include "store/conversation_tokens.h"
#include "fake_shim.h"
#include "session_world.h"

/* The token that Claude's environment holds, by its hash. */
static const char *given_hash(void)
{
	static char hash[DIGEST_SIZE];
	const char *at = strstr(fake.args, "env=ANTHROPIC_AUTH_TOKEN=");
	char token[TOKEN_SIZE];

	assert_non_null(at);
	snprintf(token, sizeof(token), "%s", strrchr(at, '=') + 1);
	assert_true(token_valid(token));
	digest_hex(token, strlen(token), hash);
	return hash;
}

static void a_token_lives_as_long_as_its_process(void **state)
{
	char first[TOKEN_SIZE];

	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(w.tokens, 1);
	assert_string_equal(given_hash(), w.token_hash);
	assert_string_equal(stored_hash(), w.token_hash);
	assert_int_equal(w.overs, 0);
	strcpy(first, w.token_hash);
	/* A new bridge finds it running: the same token, once more. */
	close_session();
	w.found = 0;
	open_session();
	turn_loop();
	assert_int_equal(w.found, 1);
	assert_string_equal(w.token_hash, first);
	assert_int_equal(fake.starts, 1);
	assert_true(session_rest(w.s));
	turn_loop();
	assert_int_equal(w.overs, 1);
	assert_string_equal(w.over_hash, first);
	assert_string_equal(stored_hash(), "");
	session_message(w.s, 1, M2, "again");
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_string_not_equal(given_hash(), first);
	assert_string_equal(stored_hash(), w.token_hash);
}

static void without_a_token_it_does_not_start(void **state)
{
	w.redis_away = true;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(w.tokens, 1);
	assert_int_equal(fake.starts, 0);
	assert_string_equal(stored_hash(), "");
	state_of();
	assert_string_equal(w.st.state, "starting");
	assert_string_equal(w.st.key, "status_token");
	w.redis_away = false;
	until_ended(1);
	assert_int_equal(w.ends, 1);
	assert_string_equal(given_hash(), stored_hash());
}

/* A container that ended takes the processes along, and their tokens. */
static void a_token_whose_process_is_gone_is_over(void **state)
{
	char first[TOKEN_SIZE];

	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	strcpy(first, w.token_hash);
	fake_lose();
	fake_exit(0, 9, "");
	assert_int_equal(w.overs, 0);
	fake_ready();
	turn_loop();
	assert_int_equal(w.overs, 1);
	assert_string_equal(w.over_hash, first);
	assert_string_not_equal(stored_hash(), first);
}

/* One of which no token is known here has none that is good. */
static void a_process_without_a_token_is_ended(void **state)
{

	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	wait_recorded();
	close_session();
	end_in_store("");
	open_session();
	until_ended(1);
	wait_recorded();
	assert_int_equal(fake.deletes, 1);
	assert_int_equal(w.ends, 1);
	assert_int_equal(stored().errors, 1);
	w.answers = true;
	session_message(w.s, 1, M2, "again");
	until_ended(2);
	assert_int_equal(fake.starts, 2);
	assert_int_equal(w.ends, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_token_lives_as_long_as_its_process),
		TEST(without_a_token_it_does_not_start),
		TEST(a_token_whose_process_is_gone_is_over),
		TEST(a_process_without_a_token_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
