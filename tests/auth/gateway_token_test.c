/* lib/auth/gateway_token.c: its text, hostile texts, and its life in Redis. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "../kv/redis_server.h"
#include "auth/gateway_token.h"
#include "core/digest.h"
#include "core/str.h"

#define ONE "01890a5d-ac96-774b-bcce-b302099a8057"
#define TWO "01890a5d-ac96-774b-bcce-b302099a8058"
#define V6 "fe80:1111:2222:3333:4444:5555:255.255.255.255"

#define OK(call) do { \
	if ((call) < 0) \
		fail_msg("%s: %s", #call, e.text); \
} while (0)

static struct gateway_token token_of(const char *user)
{
	struct gateway_token t = { .kind = GATEWAY_TOKEN_CONVERSATION,
		.subject_id = TWO, .address = "172.30.0.5" };

	assert_true(str_copy(t.user_id, sizeof(t.user_id), user));
	return t;
}

static void what_is_written_is_read(void **state)
{
	static const int64_t limits[] = { 0, 1, INT64_MAX };
	static const char *const addresses[] = { "", "172.30.0.5", V6 };
	struct gateway_token t = token_of(ONE), back;
	char text[GATEWAY_TOKEN_TEXT_MAX];
	struct err e = { 0 };
	size_t i;
	int kind;

	for (kind = 0; kind < 3; kind++) {
		for (i = 0; i < 3; i++) {
			t.kind = (enum gateway_token_kind)kind;
			assert_true(str_copy(t.address, sizeof(t.address),
					     addresses[i]));
			t.tokens_max = t.cost_max = limits[i];
			gateway_token_format(&t, text);
			OK(gateway_token_parse(text, &back, &e));
			assert_int_equal(back.kind, kind);
			assert_string_equal(back.user_id, t.user_id);
			assert_string_equal(back.subject_id, t.subject_id);
			assert_string_equal(back.address, addresses[i]);
			assert_int_equal(back.tokens_max, limits[i]);
			assert_int_equal(back.cost_max, limits[i]);
		}
	}
}

static void no_other_text_is_a_token(void **state)
{
	static const char *const bad[] = {
		"", " ", "1", "      ", "1      ",
		"2 run " ONE " " TWO " - 0 0",
		"1 root " ONE " " TWO " - 0 0",
		"1  " ONE " " TWO " - 0 0",
		"1 run " ONE " " TWO " - 0",
		"1 run " ONE " " TWO " - 0 0 ",
		"1 run " ONE " " TWO " - 0 0 0",
		" 1 run " ONE " " TWO " - 0 0",
		"1 run " ONE "  " TWO " - 0 0",
		"1 run x " TWO " - 0 0",
		"1 run " ONE "x " TWO " - 0 0",
		"1 run " ONE " ../../etc/passwd - 0 0",
		"1 run 01890A5D-AC96-774B-BCCE-B302099A8057 " TWO " - 0 0",
		"1 run " ONE " " TWO " * 0 0",
		"1 run " ONE " " TWO " 172.30.0 0 0",
		"1 run " ONE " " TWO " 172.30.0.5:80 0 0",
		"1 run " ONE " " TWO " 172.30.0.5/16 0 0",
		"1 run " ONE " " TWO " fe80::1%eth0 0 0",
		"1 run " ONE " " TWO " - -1 0",
		"1 run " ONE " " TWO " - 0x1 0",
		"1 run " ONE " " TWO " - 1e3 0",
		"1 run " ONE " " TWO " - 9223372036854775808 0",
		"1 run " ONE " " TWO " - 0 0\n",
		"1\trun\t" ONE "\t" TWO "\t-\t0\t0",
	};
	struct gateway_token t, untouched;
	char text[4 * GATEWAY_TOKEN_TEXT_MAX];
	struct err e = { 0 };
	size_t i;

	memset(&t, 7, sizeof(t));
	untouched = t;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (gateway_token_parse(bad[i], &t, &e) == 0)
			fail_msg("\"%s\" is taken", bad[i]);
		assert_int_equal(e.kind, ERR_INTERNAL);
	}
	snprintf(text, sizeof(text), "1 run " ONE " " TWO " - 0 %0*d",
		 GATEWAY_TOKEN_TEXT_MAX, 1);
	assert_int_equal(gateway_token_parse(text, &t, &e), -1);
	memset(text, ' ', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(gateway_token_parse(text, &t, &e), -1);
	assert_memory_equal(&t, &untouched, sizeof(t));
}

static bool known(struct kv *kv, const char *token)
{
	char key[GATEWAY_TOKEN_KEY_SIZE], *value = NULL;
	struct gateway_token t;
	struct err e = { 0 };

	gateway_token_key(token, key);
	OK(kv_get(kv, kv, key, &value, &e));
	if (value)
		OK(gateway_token_parse(value, &t, &e));
	return value;
}

static void all_of_an_account_end_together(void **state)
{
	struct gateway_token kim = token_of(ONE), lee = token_of(TWO);
	char token[3][TOKEN_SIZE], key[GATEWAY_TOKEN_KEY_SIZE];
	char same[GATEWAY_TOKEN_KEY_SIZE], hash[DIGEST_SIZE], *other;
	struct redis_server server;
	struct err e = { 0 };
	struct kv *kv;
	int i;

	server_init(&server);
	kv = kv_new(NULL, server.socket);
	for (i = 0; i < 3; i++) {
		token_new(token[i]);
		OK(gateway_token_put(kv, token[i], i < 2 ? &kim : &lee, 100,
				     &e));
	}
	/* A name that is none, left by whomever, ends nothing else. */
	OK(kv_set(kv, "token:", "kept", 100, &e));
	OK(kv_set_add(kv, "tokens:" ONE, "", 100, &e));
	for (i = 0; i < 3; i++)
		assert_true(known(kv, token[i]));
	OK(gateway_token_end_all(kv, ONE, &e));
	OK(gateway_token_end_all(kv, ONE, &e));
	assert_false(known(kv, token[0]));
	assert_false(known(kv, token[1]));
	assert_true(known(kv, token[2]));
	OK(kv_get(kv, kv, "token:", &other, &e));
	assert_non_null(other);
	digest_hex(token[0], strlen(token[0]), hash);
	gateway_token_key(token[0], key);
	gateway_token_key_of_hash(hash, same);
	assert_string_equal(key, same);
	assert_null(strstr(key, token[0]));
	server_kill(&server);
	assert_int_equal(gateway_token_end_all(kv, TWO, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	server_release(&server);
	talloc_free(kv);
}

static void runs_outlive_a_logout(void **state)
{
	struct gateway_token chat = token_of(ONE), run = token_of(ONE);
	char token[2][TOKEN_SIZE];
	struct redis_server server;
	struct err e = { 0 };
	struct kv *kv;

	run.kind = GATEWAY_TOKEN_RUN;
	server_init(&server);
	kv = kv_new(NULL, server.socket);
	token_new(token[0]);
	token_new(token[1]);
	OK(gateway_token_put(kv, token[0], &chat, 100, &e));
	OK(gateway_token_put(kv, token[1], &run, 100, &e));
	OK(gateway_token_end_except_runs(kv, ONE, &e));
	assert_false(known(kv, token[0]));
	assert_true(known(kv, token[1]));
	OK(gateway_token_end_all(kv, ONE, &e));
	assert_false(known(kv, token[1]));
	server_kill(&server);
	assert_int_equal(gateway_token_end_except_runs(kv, ONE, &e), -1);
	server_release(&server);
	talloc_free(kv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(no_other_text_is_a_token),
		cmocka_unit_test(all_of_an_account_end_together),
		cmocka_unit_test(runs_outlive_a_logout),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
