/* lib/gateway/keys.c: the key file, turns and rests of keys. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/keys.h"

static void load_text(struct keys *k, const char *text)
{
	struct err e = { 0 };

	assert_int_equal(keys_parse(k, text, strlen(text), &e), 0);
}

static void keys_take_turns_and_rest(void **state)
{
	struct keys *k = keys_new();
	struct key_use a, b, c, old;
	bool refused;

	assert_true(keys_next(k, "m", 0, &a));
	assert_null(a.line);
	load_text(k, "# ours\nsk-one\r\n\nBearer tok-two\n");
	assert_true(keys_next(k, "m", 0, &a));
	assert_string_equal(a.line, "x-api-key: sk-one");
	assert_true(keys_next(k, "m", 0, &b));
	assert_string_equal(b.line, "authorization: Bearer tok-two");
	assert_true(keys_next(k, "m", 0, &c));
	assert_int_equal(c.number, a.number);
	keys_rest(k, &a, NULL, KEY_REFUSED, 1000);
	assert_true(keys_next(k, "m", 500, &c));
	assert_int_equal(c.number, b.number);
	assert_int_equal(keys_ready_at(k, NULL, 500, &refused), 0);
	assert_false(refused);
	keys_rest(k, &b, NULL, KEY_BUSY, 700);
	assert_false(keys_next(k, "m", 500, &c));
	assert_int_equal(keys_ready_at(k, NULL, 500, &refused), 700);
	assert_false(refused);
	keys_rest(k, &b, NULL, KEY_REFUSED, 900);
	assert_int_equal(keys_ready_at(k, NULL, 500, &refused), 900);
	assert_true(refused);
	assert_true(keys_next(k, "m", 900, &c));
	old = c;
	load_text(k, "sk-three");
	keys_rest(k, &old, NULL, KEY_REFUSED, 5000);	/* of an earlier file: nothing */
	assert_true(keys_next(k, "m", 1000, &c));
	assert_string_equal(c.line, "x-api-key: sk-three");
	keys_free(k);
}

static void a_key_is_doubted_before_it_is_refused(void **state)
{
	struct keys *k = keys_new();
	struct key_use a;
	bool refused;

	assert_true(keys_next(k, "m", 0, &a));
	assert_false(keys_refuse(k, &a, 0, 1));		/* there is none */
	load_text(k, "sk-one\n");
	assert_true(keys_next(k, "m", 1000, &a));
	assert_false(keys_refuse(k, &a, 1000, 1500));
	assert_int_equal(keys_ready_at(k, NULL, 1500, &refused), 1500 + KEYS_DOUBT_MS);
	assert_false(refused);
	/* One that was under way meanwhile says nothing new. */
	assert_false(keys_refuse(k, &a, 1400, 1600));
	keys_accept(k, &a);
	assert_false(keys_refuse(k, &a, 7000, 7100));
	assert_true(keys_refuse(k, &a, 13000, 13100));
	assert_int_equal(keys_ready_at(k, NULL, 13100, &refused), 13100 + KEYS_REFUSED_MS);
	assert_true(refused);
	keys_free(k);
}

static void bad_key_files_are_refused(void **state)
{
	static const char *const bad[] = { "", "# nothing\n", "two words\n",
					   "sk-\x01\n", "Bearer \n", "sk-\xc3\xa9\n" };
	char path[] = "/tmp/keysXXXXXX";
	struct keys *k = keys_new();
	struct key_use use;
	struct err e = { 0 };
	int fd = mkstemp(path);
	size_t i;

	load_text(k, "sk-kept");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(keys_parse(k, bad[i], strlen(bad[i]), &e), -1);
	assert_int_equal(write(fd, "sk-file\n", 8), 8);
	fchmod(fd, 0440);
	assert_int_equal(keys_load(k, path, &e), -1);
	assert_non_null(strstr(e.text, "0400"));
	assert_null(strstr(e.text, "sk-file"));
	assert_int_equal(keys_load(k, "/nonexistent", &e), -1);
	assert_int_equal(keys_load(k, "/tmp", &e), -1);
	assert_true(keys_next(k, "m", 0, &use));
	assert_string_equal(use.line, "x-api-key: sk-kept");
	fchmod(fd, 0400);
	if (geteuid() == 0) {
		assert_int_equal(fchown(fd, 12345, -1), 0);
		assert_int_equal(keys_load(k, path, &e), -1);
		assert_non_null(strstr(e.text, "another user"));
		assert_int_equal(fchown(fd, 0, -1), 0);
	}
	assert_int_equal(keys_load(k, path, &e), 0);
	assert_true(keys_next(k, "m", 0, &use));
	assert_string_equal(use.line, "x-api-key: sk-file");
	assert_int_equal(keys_load(k, "", &e), 0);
	assert_true(keys_next(k, "m", 0, &use));
	assert_null(use.line);
	close(fd);
	unlink(path);
	keys_free(k);
}

static void a_busy_key_rests_for_its_model(void **state)
{
	static const char two[] = "sk-1\nsk-2\n";
	struct keys *k = keys_new();
	struct key_use one, use;
	struct err e = { 0 };
	bool refused;
	char model[16];
	int i;

	assert_int_equal(keys_parse(k, two, strlen(two), &e), 0);
	assert_true(keys_next(k, "opus", 0, &one));
	assert_false(keys_alone(k, &one, "opus", 0));
	keys_rest(k, &one, "opus", KEY_BUSY, 1000);
	assert_true(keys_next(k, "opus", 0, &use));
	assert_int_not_equal(use.number, one.number);
	assert_true(keys_alone(k, &use, "opus", 0));
	keys_rest(k, &use, "opus", KEY_BUSY, 2000);
	assert_false(keys_next(k, "opus", 0, &use));
	assert_int_equal(keys_ready_at(k, "opus", 0, &refused), 1000);
	assert_false(refused);
	assert_true(keys_next(k, "haiku", 0, &use));
	assert_int_equal(keys_ready_at(k, NULL, 0, &refused), 0);
	assert_true(keys_next(k, "opus", 1000, &use));
	/* The rest that ends first is replaced. */
	for (i = 0; i < KEYS_MODELS; i++) {
		snprintf(model, sizeof(model), "m%d", i);
		keys_rest(k, &one, model, KEY_BUSY, 5000 + i);
	}
	assert_int_equal(keys_ready_at(k, "opus", 1500, &refused), 0);
	keys_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_take_turns_and_rest),
		cmocka_unit_test(a_key_is_doubted_before_it_is_refused),
		cmocka_unit_test(a_busy_key_rests_for_its_model),
		cmocka_unit_test(bad_key_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
