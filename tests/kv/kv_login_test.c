/* A Redis that requires a login, and users with few permissions. */
#include "config.h"
#include "kv/kv_login.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>
#include <uv.h>

#include "core/str.h"
#include "kv/kv.h"
#include "kv/kv_async.h"
#include "redis_server.h"

static struct redis_server server;
static struct settings *settings;
static char password_file[128];

static void tell(const char *words)
{
	char command[256];

	snprintf(command, sizeof(command), "redis-cli -e -s %s %s >/dev/null",
		 server.socket, words);
	assert_int_equal(system(command), 0);
}

static void keep_password(const char *text)
{
	FILE *out = fopen(password_file, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static int set_up(void **state)
{
	struct err e = { 0 };

	server_init(&server);
	tell("ACL SETUSER program on '>right' '%R~session:*' '~own:*' +@all -@dangerous");
	tell("ACL SETUSER default off");
	settings = settings_new();
	if (settings_set(settings, "redis_users", server.folder, &e) < 0)
		return -1;
	snprintf(password_file, sizeof(password_file), "%s/program", server.folder);
	return 0;
}

static int tear_down(void **state)
{
	unlink(password_file);
	settings_free(settings);
	server_release(&server);
	return 0;
}

static struct err set(const char *key)
{
	struct kv *kv = kv_new(NULL, server.socket);
	struct err e = { 0 };

	(void)!kv_set(kv, key, "1", 60, &e);
	talloc_free(kv);
	return e;
}

struct answer {
	bool here;
	enum err_kind kind;
	char value[16];
};

static void heard(void *data, const char *value, const struct err *e)
{
	struct answer *a = data;

	a->here = true;
	a->kind = e ? e->kind : 0;
	snprintf(a->value, sizeof(a->value), "%s", value ? value : "");
}

static struct answer get(const char *key)
{
	struct answer a = { 0 };
	struct kv_async *kv;
	uv_loop_t loop;

	uv_loop_init(&loop);
	kv = kv_async_new(&loop, server.socket);
	kv_async_get(kv, key, heard, &a);
	while (!a.here)
		uv_run(&loop, UV_RUN_ONCE);
	kv_async_free(kv);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	return a;
}

static void without_a_file_nobody_logs_in(void **state)
{
	struct err e = { 0 };

	assert_int_equal(kv_login_read(settings, "program", &e), 0);
	assert_non_null(strstr(set("own:a").text, "NOAUTH"));
	assert_int_equal(get("own:a").kind, ERR_UNAVAILABLE);
}

static void an_empty_password_fails(void **state)
{
	struct err e = { 0 };

	keep_password("\n");
	assert_int_equal(kv_login_read(settings, "program", &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
}

static void a_wrong_password_is_told(void **state)
{
	struct err e = { 0 };

	keep_password("wrong\n");
	assert_int_equal(kv_login_read(settings, "program", &e), 0);
	e = set("own:a");
	assert_non_null(strstr(e.text, "WRONGPASS"));
	assert_null(strstr(e.text, "wrong"));
}

static void both_clients_log_in(void **state)
{
	struct err e = { 0 };

	keep_password("right\n");
	assert_int_equal(kv_login_read(settings, "program", &e), 0);
	assert_int_equal(set("own:a").kind, 0);
	assert_string_equal(get("own:a").value, "1");
}

static void what_a_user_may_not_is_refused(void **state)
{
	assert_non_null(strstr(set("session:forged").text, "NOPERM"));
	assert_int_equal(get("session:any").kind, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_nobody_logs_in),
		cmocka_unit_test(an_empty_password_fails),
		cmocka_unit_test(a_wrong_password_is_told),
		cmocka_unit_test(both_clients_log_in),
		cmocka_unit_test(what_a_user_may_not_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
