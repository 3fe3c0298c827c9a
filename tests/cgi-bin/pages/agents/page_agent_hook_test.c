/* Triggers, notifications, and agents as files: gongbang.fcgi as plain CGI. */
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

#include "core/clock.h"
#include "core/str.h"
#include "store/agents.h"
#include "store/notices.h"
#include "tests/cgi-bin/cgi.h"

#define DEFINITION "{\"gongbang_agent\": 1, \"name\": \"Weekly <b>\"," \
	" \"prompt\": \"Say {{payload}}\"}"

static struct site_under_test site;
static struct browser kim, lee, program;
static char kims[ID_SIZE], agent[ID_SIZE];
static struct db *db;	/* the site's */

#define OK(call) do { \
	if ((call) < 0) \
		fail_msg("%s: %s", #call, e.text); \
} while (0)

static int set_up(void **state)
{
	struct err e = { 0 };

	memset(&site, 0, sizeof(site));
	memset(&kim, 0, sizeof(kim));
	memset(&lee, 0, sizeof(lee));
	memset(&program, 0, sizeof(program));
	site_init(&site, "hooks_per_minute = 3\n"
		  "public_url = https://gongbang.example.org/g/\n");
	program.site = &site;
	db = site.db;
	memcpy(kims, site.kim, ID_SIZE);
	OK(agent_create(db, kims, "Weekly <b>", DEFINITION, true, 0, agent, &e));
	talloc_free(log_in(&kim, &site, "kim", PASSWORD));
	talloc_free(log_in(&lee, &site, "lee", PASSWORD));
	return 0;
}

static int tear_down(void **state)
{
	site_release(&site);
	return 0;
}

static const char *at(const char *path)
{
	static char out[4][256];
	static int i;

	i = (i + 1) % 4;
	snprintf(out[i], sizeof(out[i]), "/agents/%s%s", agent, path);
	return out[i];
}

static void has(const struct answer *a, const char *words)
{
	if (!strstr(a->body, shown(words)))
		fail_msg("no %s in %s", words, a->body);
}

static void has_not(const struct answer *a, const char *words)
{
	if (strstr(a->body, shown(words)))
		fail_msg("%s in %s", words, a->body);
}

/* A page with a form, so that there is a token. */
static void look(struct browser *b, const char *address)
{
	struct answer *a = get(b, address);

	expect(a, 200);
	talloc_free(a);
}

static void make_hook(char secret[80])
{
	struct answer *a;
	const char *address;

	look(&kim, at("/hook"));
	a = post(&kim, at("/hook"), "csrf=CSRF");
	expect(a, 200);
	address = strstr(a->body, "https://gongbang.example.org/g/hooks/");
	assert_non_null(address);
	snprintf(secret, 80, "/hooks/%.64s", address + 37);
	talloc_free(a);
}

static struct answer *call(const char *address, const char *type,
			   const char *body)
{
	program.env[0][0] = "CONTENT_TYPE";
	program.env[0][1] = type;
	return ask(&program, "POST", address, body, strlen(body));
}

static int keep_text(void *data, const struct db_row *row, struct err *e)
{
	snprintf(data, 200, "%s", db_text(row, 0));
	return 0;
}

static void field_is(const char *sql, const char *want)
{
	struct err e = { 0 };
	char text[200] = "";

	OK(db_query(db, &e, keep_text, text, sql, ""));
	assert_string_equal(text, want);
}

static void a_call_begins_a_run(void **state)
{
	struct answer *a;
	char secret[80];

	make_hook(secret);
	a = call(secret, "application/json; charset=utf-8", "{\"a\": [1, null]}");
	expect(a, 202);
	assert_string_equal(header(a, "Content-Type"), "application/json");
	assert_true(str_starts(header(a, "Location"),
			       "https://gongbang.example.org/g/executions/"));
	has(a, "{\"execution\":\"https://gongbang.example.org/g/executions/");
	assert_null(header(a, "Set-Cookie"));
	talloc_free(a);
	field_is("SELECT payload FROM executions", "{\"a\": [1, null]}");
	field_is("SELECT trigger_kind FROM executions", "hook");
	a = call(secret, "", "");
	expect(a, 202);
	talloc_free(a);
	/* Its page never shows it again. */
	a = get(&kim, at("/hook"));
	has_not(a, secret);
	talloc_free(a);
}

static void a_payload_is_json(void **state)
{
	struct answer *a;
	char secret[80], *large;

	make_hook(secret);
	a = call(secret, "application/json", "{\"a\":");
	expect(a, 400);
	has(a, "{\"error\":\"input\"");
	talloc_free(a);
	a = call(secret, "application/x-www-form-urlencoded", "a=b");
	expect(a, 400);
	talloc_free(a);
	a = call(secret, "application/json", "\"\\ud800\\u0000\"");
	expect(a, 400);
	talloc_free(a);
	large = malloc((64 << 10) + 2);
	memset(large, ' ', (64 << 10) + 1);
	large[(64 << 10) + 1] = '\0';
	a = call(secret, "application/json", large);
	expect(a, 413);
	talloc_free(a);
	free(large);
	field_is("SELECT count(*) FROM executions", "0");
}

static void too_often_is_refused(void **state)
{
	struct answer *a;
	char secret[80];
	int i;

	make_hook(secret);
	for (i = 0; i < 3; i++) {
		a = call(secret, "application/json", "null");
		expect(a, 202);
		talloc_free(a);
	}
	a = call(secret, "application/json", "{}");
	expect(a, 429);
	assert_in_range(atoi(header(a, "Retry-After")), 1, 60);
	talloc_free(a);
	field_is("SELECT count(*) FROM executions", "3");
}

static void a_secret_ends(void **state)
{
	struct answer *a;
	char old[80], new[80], wrong[80];
	struct err e = { 0 };

	make_hook(old);
	make_hook(new);
	a = call(old, "", "");
	expect(a, 404);
	has(a, "{\"error\":\"missing\"");
	talloc_free(a);
	a = call(new, "", "");
	expect(a, 202);
	talloc_free(a);
	snprintf(wrong, sizeof(wrong), "/hooks/%064d", 0);
	a = call(wrong, "", "");
	expect(a, 404);
	talloc_free(a);
	OK(agent_pause(db, agent, "person", &e));
	a = call(new, "", "");
	expect(a, 409);
	talloc_free(a);
	expect_to(post(&kim, at("/hook/revoke"), "csrf=CSRF"),
		  at("/hook?done=revoked"));
	a = call(new, "", "");
	expect(a, 404);
	talloc_free(a);
	field_is("SELECT count(*) FROM executions", "1");
}

/* Nothing of another's agent is there; and no form works without its token. */
static void others_agents_are_not_there(void **state)
{
	static const char *const pages[] = { "/hook", "/notify",
					     "/export.json" };
	static const char *const forms[] = { "/hook", "/hook/revoke", "/notify",
		"/notify/test", "/notify/remove" };
	struct answer *a;
	size_t i;

	look(&lee, "/notices");
	look(&lee, "/agents/import");
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		a = get(&lee, at(pages[i]));
		expect(a, 404);
		talloc_free(a);
	}
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		a = post(&lee, at(forms[i]), "csrf=CSRF&rule=x");
		expect(a, 404);
		talloc_free(a);
		a = post(&kim, at(forms[i]), "rule=x");
		expect(a, 403);
		talloc_free(a);
	}
}

static void a_rule_is_made_tried_and_removed(void **state)
{
	struct answer *a;
	char form[200], rule[80] = "", secret[80] = "";
	struct err e = { 0 };

	look(&kim, at("/notify"));
	expect_to(post(&kim, at("/notify"), "csrf=CSRF&channel=webhook"
		       "&target=https%3A%2F%2Fexample.org%2F%3Fa%3D%3Cb%3E"
		       "&event_failure=1&event_success=1"), at("/notify"));
	a = get(&kim, at("/notify"));
	has(a, "https://example.org/?a=&lt;b&gt;");
	has(a, "Success, Failure");
	field_is("SELECT events FROM notify_rules", "success failure");
	OK(db_query(db, &e, keep_text, secret, "SELECT secret FROM"
		    " notify_rules", ""));
	has_not(a, secret);
	talloc_free(a);
	OK(db_query(db, &e, keep_text, rule, "SELECT id FROM notify_rules", ""));
	snprintf(form, sizeof(form), "/notify?fold=%s", rule);
	a = get(&kim, at(form));
	has(a, secret);
	talloc_free(a);
	snprintf(form, sizeof(form), "csrf=CSRF&rule=%s", rule);
	expect_to(post(&kim, at("/notify/test"), form), at("/notify"));
	a = get(&kim, at("/notify"));
	has(a, "@notify_testing");
	assert_string_equal(header(a, "Refresh"), "2");
	talloc_free(a);
	OK(db_run(db, &e, "UPDATE notices SET state = 'failed', tries = 1,"
		  " error = 'status 503', ended_at = 1", ""));
	a = get(&kim, at("/notify"));
	has(a, "<span class=\"domain\">example.org</span>");
	has(a, "<div class=\"line-note state\" data-state=\"failed\">"
	    "The receiver responded with status 503.");
	assert_null(header(a, "Refresh"));
	talloc_free(a);
	expect_to(post(&kim, at("/notify/remove"), form), at("/notify"));
	a = post(&kim, at("/notify/test"), form);
	expect(a, 404);
	talloc_free(a);
}

static void tests_have_a_limit(void **state)
{
	struct answer *a;
	char form[200], rule[80] = "";
	struct err e = { 0 };
	int i;

	look(&kim, at("/notify"));
	expect_to(post(&kim, at("/notify"), "csrf=CSRF&channel=email"
		       "&target=kim%40example.org&event_paused=1"),
		  at("/notify"));
	OK(db_query(db, &e, keep_text, rule, "SELECT id FROM notify_rules", ""));
	snprintf(form, sizeof(form), "csrf=CSRF&rule=%s", rule);
	for (i = 0; i < 5; i++)
		expect_to(post(&kim, at("/notify/test"), form), at("/notify"));
	a = post(&kim, at("/notify/test"), form);
	expect(a, 429);
	talloc_free(a);
	field_is("SELECT count(*) FROM notices", "5");
}

static void a_wrong_rule_is_told_in_place(void **state)
{
	static const struct { const char *form, *words; } rows[] = {
		{ "channel=webhook&target=ftp%3A%2F%2Fa&event_paused=1",
		  "@error_notify_url" },
		{ "channel=email&target=a%40b%0D%0ABcc%3A+x&event_paused=1",
		  "@error_notify_address" },
		{ "channel=email&target=kim%40example.org",
		  "Choose at least one event" },
		{ "channel=pigeon&target=a%40b.c&event_paused=1",
		  "@error_notify_channel" },
	};
	struct answer *a;
	char form[256];
	size_t i;

	look(&kim, at("/notify"));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(form, sizeof(form), "csrf=CSRF&%s", rows[i].form);
		a = post(&kim, at("/notify"), form);
		expect(a, 400);
		has(a, rows[i].words);
		talloc_free(a);
	}
	field_is("SELECT count(*) FROM notify_rules", "0");
}

static void notices_are_counted_and_read(void **state)
{
	struct notice n = { .event = "failure", .state = "unread" };
	struct err e = { 0 };
	struct answer *a;
	int i;

	a = get(&kim, "/notices");
	expect(a, 200);
	has(a, "@notices_none");
	has_not(a, "read-all");
	talloc_free(a);
	memcpy(n.user_id, kims, ID_SIZE);
	memcpy(n.agent_id, agent, ID_SIZE);
	/* One row for all of them, which leads to the last. */
	for (i = 0; i < 3; i++) {
		n.created_at = clock_now_ms() + i;
		id_new(n.execution_id);
		OK(notice_add(db, &n, &e));
	}
	a = get(&kim, "/agents");
	has(a, "3 unread");
	talloc_free(a);
	a = get(&lee, "/notices");
	has_not(a, " unread");
	has_not(a, "Weekly");
	talloc_free(a);
	a = get(&kim, "/notices");
	has(a, "Weekly &lt;b&gt;: run failed");
	has(a, n.execution_id);
	talloc_free(a);
	expect_to(post(&kim, "/notices/read", "csrf=CSRF"), "/notices");
	a = get(&kim, "/notices");
	has_not(a, " unread");
	has(a, "run failed");
	talloc_free(a);
}

static void what_goes_out_comes_in_again(void **state)
{
	struct answer *a;
	char form[2000] = "csrf=CSRF&json=";
	char made[80] = "";
	struct err e = { 0 };
	size_t i, n;

	a = get(&kim, at("/export.json"));
	expect(a, 200);
	assert_string_equal(header(a, "Content-Disposition"),
			    "attachment; filename=\"Weekly-b.json\"");
	assert_string_equal(a->body, DEFINITION);
	for (i = 0, n = strlen(form); a->body[i]; i++, n += 3)
		snprintf(form + n, 4, "%%%02X", (unsigned char)a->body[i]);
	talloc_free(a);
	look(&kim, "/agents/import");
	a = post(&kim, "/agents/import", form);
	expect(a, 303);
	talloc_free(a);
	OK(db_query(db, &e, keep_text, made, "SELECT status || ' ' || next_run_at"
		    " || ' ' || name FROM agents ORDER BY created_at DESC, id"
		    " DESC LIMIT 1", ""));
	assert_string_equal(made, "paused 0 Weekly <b>");
}

static void what_is_wrong_is_named(void **state)
{
	struct answer *a;

	look(&kim, "/agents/import");
	a = post(&kim, "/agents/import", "csrf=CSRF&json=%7B%22gongbang_agent"
		 "%22%3A1%2C%22name%22%3A%22A%22%2C%22prompt%22%3A%22p%22%2C"
		 "%22schedule%22%3A%7B%22timezone%22%3A%22Mars%22%7D%7D");
	expect(a, 400);
	has(a, "<code>schedule.timezone</code>");
	has(a, "Mars");
	talloc_free(a);
	a = post(&kim, "/agents/import", "csrf=CSRF&json=%3Cscript%3E");
	expect(a, 400);
	has(a, "@error_agent_json");
	has(a, "&lt;script&gt;");
	talloc_free(a);
	field_is("SELECT count(*) FROM agents", "1");
}

#define IN_SITE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SITE(a_call_begins_a_run),
		IN_SITE(a_payload_is_json),
		IN_SITE(too_often_is_refused),
		IN_SITE(a_secret_ends),
		IN_SITE(others_agents_are_not_there),
		IN_SITE(a_rule_is_made_tried_and_removed),
		IN_SITE(tests_have_a_limit),
		IN_SITE(a_wrong_rule_is_told_in_place),
		IN_SITE(notices_are_counted_and_read),
		IN_SITE(what_goes_out_comes_in_again),
		IN_SITE(what_is_wrong_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
