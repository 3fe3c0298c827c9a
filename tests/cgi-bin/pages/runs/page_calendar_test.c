/* The secret URL of a calendar, as plain CGI, with a real store and Redis. */
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
#include <unistd.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/str.h"
#include "kv/kv.h"
#include "store/executions.h"
#include "store/feeds.h"
#include "store/users.h"
#include "tests/cgi-bin/cgi.h"

#define DAY INT64_C(86400000)
#define PUBLIC "public_url = https://gongbang.example.org/base\n"

static struct site_under_test site;

static int setup(void **state)
{
	(void)state;
	site_init(&site, PUBLIC);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	site_release(&site);
	return 0;
}

static int count(const struct answer *a, const char *what)
{
	const char *at = a->body;
	int n = 0;

	for (; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* An agent by a line of cron in Seoul. */
static struct agent *make(const char *user, const char *name, const char *cron,
			  bool active)
{
	char *json = talloc_asprintf(site.db, "{\"gongbang_agent\":1,\"name\":"
		"\"x\",\"prompt\":\"x\",\"schedule\":{\"frequency\":\"cron\","
		"\"cron\":\"%s\",\"timezone\":\"Asia/Seoul\"}}", cron);
	struct err e = { 0 };
	char id[ID_SIZE];
	struct agent *a = NULL;

	if (agent_create(site.db, user, name, json, active,
			 active ? clock_now_ms() : 0, id, &e) < 0 ||
	    !(a = agent_load(site.db, site.db, id, NULL, false, &e)))
		fail_msg("%s", e.text);
	return a;
}

/* A new address, as the page shows it: its path. */
static void make_address(struct browser *b, char path[128])
{
	struct answer *a = post(b, "/account/feed", "csrf=CSRF");
	const char *at;

	expect(a, 200);
	at = strstr(a->body, "https://gongbang.example.org/base/calendar/");
	assert_non_null(at);
	at = strstr(at, "/calendar/");
	snprintf(path, 128, "%.*s", (int)strcspn(at, "<"), at);
	assert_int_equal(strlen(path), strlen("/calendar/") + 64 + 4);
	assert_non_null(strstr(a->body, "href=\"webcal://gongbang.example.org"
			       "/base/calendar/"));
	assert_non_null(strstr(a->body, "href=\"https://calendar.google.com/"
			       "calendar/r?cid=webcal%3A%2F%2Fgongbang.example"
			       ".org%2Fbase%2Fcalendar%2F"));
	talloc_free(a);
}

/* With its folded lines whole again. */
static struct answer *read_feed(const char *path)
{
	struct browser nobody = { .site = &site };
	struct answer *a = get(&nobody, path);
	char *fold = a->body;

	expect(a, 200);
	assert_string_equal(header(a, "Content-Type"),
			    "text/calendar; charset=utf-8");
	assert_null(header(a, "Set-Cookie"));
	while ((fold = strstr(fold, "\r\n ")))
		memmove(fold, fold + 3, strlen(fold + 3) + 1);
	return a;
}

static void an_address_is_made_shown_once_and_revoked(void **state)
{
	struct browser b, nobody = { .site = &site };
	char first[128], second[128];
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	a = get(&b, "/account");
	expect(a, 200);
	assert_null(strstr(a->body, "/account/feed/revoke"));
	talloc_free(a);
	expect_error(post(&b, "/account/feed", "csrf=x"), 403, "role=\"alert\"");
	make_address(&b, first);
	talloc_free(read_feed(first));
	a = get(&b, "/account");
	assert_non_null(strstr(a->body, "/account/feed/revoke"));
	assert_null(strstr(a->body, first));
	talloc_free(a);
	make_address(&b, second);
	expect_error(get(&nobody, first), 404, "@error_missing");
	talloc_free(read_feed(second));
	expect_to(post(&b, "/account/feed/revoke", "csrf=CSRF"),
		  "/account?saved=feed");
	expect_error(get(&nobody, second), 404, "@error_missing");
	a = get(&b, "/account?saved=feed");
	assert_non_null(strstr(a->body, shown("@feed_revoked")));
	talloc_free(a);
}

static void planned_and_past_runs_are_shown(void **state)
{
	struct agent *daily = make(site.kim, "Weekly; stocks", "30 8 * * *",
				   true);
	struct agent *paused = make(site.kim, "paused", "0 9 * * *", false);
	struct agent *other = make(site.lee, "lees", "0 9 * * *", true);
	const int64_t now = clock_now_ms();
	char path[128], id[ID_SIZE], url[128];
	struct err e = { 0 };
	struct browser b;
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	assert_int_equal(execution_add(site.db, daily, "manual", "", NULL,
				       now - DAY, id, &e), 0);
	assert_int_equal(execution_add(site.db, daily, "manual", "", NULL,
				       now - 31 * DAY, id, &e), 0);
	make_address(&b, path);
	a = read_feed(path);
	assert_int_equal(count(a, "BEGIN:VEVENT"), 31);
	assert_int_equal(count(a, "T233000Z\r\nDTEND"), 30);
	assert_int_equal(count(a, "SUMMARY:Weekly\\; stocks (scheduled)"), 30);
	assert_int_equal(count(a, "STATUS:TENTATIVE"), 30);
	assert_int_equal(count(a, "SUMMARY:Weekly\\; stocks: "), 1);
	assert_null(strstr(a->body, "paused"));
	assert_null(strstr(a->body, "lees"));
	snprintf(url, sizeof(url), "URL:https://gongbang.example.org/base/"
		 "agents/%s\r\n", daily->id);
	assert_non_null(strstr(a->body, url));
	snprintf(url, sizeof(url), "UID:%s-", daily->id);
	assert_int_equal(count(a, url), 30);
	talloc_free(a);
	assert_int_equal(user_set_preferences(site.db, site.kim, "kim", "ko",
					      "", "", 0, &e), 0);
	a = read_feed(path);
	assert_int_equal(count(a, "(예정)"), 30);
	talloc_free(a);
	talloc_free(daily);
	talloc_free(paused);
	talloc_free(other);
}

/* Each minute's agent does not hide the other; and the whole has an end. */
static void events_have_a_cap(void **state)
{
	struct agent *often = make(site.lee, "often", "* * * * *", true);
	char path[128];
	struct browser b;
	struct answer *a;

	(void)state;
	talloc_free(log_in(&b, &site, "lee", PASSWORD));
	talloc_free(get(&b, "/workspace"));
	make_address(&b, path);
	a = read_feed(path);
	assert_int_equal(count(a, "BEGIN:VEVENT"), 2000);
	assert_true(count(a, "SUMMARY:lees") >= 1);
	talloc_free(a);
	talloc_free(often);
}

static void secrets_are_no_oracle(void **state)
{
	static const char *const wrong[] = {
		"/calendar/.ics", "/calendar/x.ics", "/calendar/x",
		("/calendar/00000000000000000000000000000000000000000000000000"
		 "00000000000000.ics"), "/calendar/../account.ics",
	};
	struct browser b, nobody = { .site = &site };
	char path[128], hash[DIGEST_SIZE], hashed[128];
	struct err e = { 0 };
	struct answer *a;
	size_t i;

	(void)state;
	be_kim(&b, &site);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		a = get(&nobody, wrong[i]);
		if (a->status != 404 && a->status != 400)
			fail_msg("%s: %d", wrong[i], a->status);
		talloc_free(a);
	}
	make_address(&b, path);
	path[strlen(path) - 4] = '\0';
	digest_hex(path + 10, 64, hash);
	snprintf(hashed, sizeof(hashed), "/calendar/%s.ics", hash);
	expect_error(get(&nobody, hashed), 404, "@error_missing");
	strcat(path, ".ics");
	a = ask(&nobody, "POST", path, NULL, 0);
	expect(a, 405);
	talloc_free(a);
	assert_int_equal(user_set_disabled(site.db, site.kim, true, &e), 0);
	expect_error(get(&nobody, path), 404, "@error_missing");
	assert_int_equal(user_set_disabled(site.db, site.kim, false, &e), 0);
	talloc_free(read_feed(path));
}

/* Takes Redis away, so it is the last. */
static void many_readings_are_slowed(void **state)
{
	struct browser b, lee, nobody = { .site = &site };
	struct kv *kv = kv_new(NULL, site.redis.socket);
	char path[128], other[128], hash[DIGEST_SIZE], key[96];
	struct err e = { 0 };
	struct answer *a;
	int64_t n, left;
	int i;

	(void)state;
	be_kim(&b, &site);
	make_address(&b, path);
	digest_hex(path + strlen("/calendar/"), 64, hash);
	snprintf(key, sizeof(key), "feed:%s", hash);
	for (i = 0; i < 59; i++)
		assert_int_equal(kv_count(kv, key, 600, &n, &left, &e), 0);
	talloc_free(kv);
	talloc_free(read_feed(path));
	a = get(&nobody, path);
	expect(a, 429);
	talloc_free(a);
	/* Another one's calendar, from the same address, is read as ever. */
	talloc_free(log_in(&lee, &site, "lee", PASSWORD));
	talloc_free(get(&lee, "/account"));
	make_address(&lee, other);
	talloc_free(read_feed(other));
	server_kill(&site.redis);
	talloc_free(read_feed(path));
}

/* Gives the program's log of a request that fails. */
static void read_log(const char *path, int status, char *log, size_t size)
{
	struct browser nobody = { .site = &site };
	FILE *f = tmpfile();
	int before = dup(STDERR_FILENO);
	struct answer *a;

	assert_non_null(f);
	dup2(fileno(f), STDERR_FILENO);
	setenv("PAGES_TEST_LOG", "1", 1);
	a = get(&nobody, path);
	unsetenv("PAGES_TEST_LOG");
	dup2(before, STDERR_FILENO);
	close(before);
	expect(a, status);
	talloc_free(a);
	rewind(f);
	log[fread(log, 1, size - 1, f)] = '\0';
	fclose(f);
}

static void no_secret_is_logged(void **state)
{
	static const char secret[] = "0123456789abcdef0123456789abcdef"
				     "0123456789abcdef0123456789abcdef";
	char log[4096], path[128];

	(void)state;
	snprintf(path, sizeof(path), "/calendar/%s.ics", secret);
	read_log(path, 404, log, sizeof(log));
	assert_non_null(strstr(log, "event=request_failed"));
	assert_non_null(strstr(log, "path=/calendar/"));
	assert_null(strstr(log, secret));
	snprintf(path, sizeof(path), "/hooks/%s", secret);
	read_log(path, 405, log, sizeof(log));
	assert_non_null(strstr(log, "path=/hooks/"));
	assert_null(strstr(log, secret));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_made_shown_once_and_revoked),
		cmocka_unit_test(planned_and_past_runs_are_shown),
		cmocka_unit_test(events_have_a_cap),
		cmocka_unit_test(secrets_are_no_oracle),
		cmocka_unit_test(no_secret_is_logged),
		cmocka_unit_test(many_readings_are_slowed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
