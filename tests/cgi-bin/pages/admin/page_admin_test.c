/*
 * The administrators' pages, and requests for a domain, as plain CGI; the
 * bridge is away.
 */
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
#include "store/budgets.h"
#include "store/conversations.h"
#include "store/domains.h"
#include "store/notices.h"
#include "store/removal.h"
#include "store/usage.h"
#include "store/users.h"
#include "tests/cgi-bin/cgi.h"
#include "tests/cgi-bin/control_socket.h"

#define XSS "%3Cscript%3Ealert(1)%3C/script%3E%22'%3Cimg+src=x%3E"

static struct site_under_test site;

/* kim is an administrator. */
static int setup(void **state)
{
	const char *top = getenv("top_srcdir");
	struct err e = { 0 };
	char more[1024];

	(void)state;
	snprintf(more, sizeof(more), "prices = %s/conf/prices.list\n"
		 "egress_allow = %s/conf/egress-allow.list\n",
		 top ? top : ".", top ? top : ".");
	site_init(&site, more);
	assert_int_equal(db_run(site.db, &e, "UPDATE users SET role = 'admin'"
				" WHERE id = $1", "t", site.kim), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	site_release(&site);
	return 0;
}

static void be_lee(struct browser *b)
{
	talloc_free(log_in(b, &site, "lee", PASSWORD));
	talloc_free(get(b, "/workspace"));
}

static void has(const struct answer *a, const char *words)
{
	if (!strstr(a->body, shown(words)))
		fail_msg("no \"%s\" in: %s", words, a->body);
}

static void has_not(const struct answer *a, const char *words)
{
	if (strstr(a->body, shown(words)))
		fail_msg("\"%s\" in: %s", words, a->body);
}

static const char *at(const char *fmt, const char *id)
{
	static char address[256];
	const char *hole = strstr(fmt, "%s");

	snprintf(address, sizeof(address), "%.*s%s%s",
		 hole ? (int)(hole - fmt) : (int)strlen(fmt), fmt,
		 hole ? id : "", hole ? hole + 2 : "");
	return address;
}

/* Nobody else can tell these pages from what never was. */
static void test_others_find_nothing(void **state)
{
	static const char *const pages[] = { "/admin", "/admin/stop",
		"/admin/usage", "/admin/usage.csv", "/admin/usage/%s",
		"/admin/usage/%s/usage.csv", "/admin/budgets",
		"/admin/budgets/all", "/admin/budgets/%s", "/admin/domains" };
	static const char *const forms[] = { "/admin/stop", "/admin/resume",
		"/admin/budgets/all", "/admin/budgets/%s",
		"/admin/budgets/each/clear", "/admin/domains",
		"/admin/domains/add" };
	struct browser b;
	size_t i;

	(void)state;
	be_lee(&b);
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		expect_error(get(&b, at(pages[i], site.lee)), 404,
			     "@error_missing");
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		expect_error(post(&b, at(forms[i], site.lee), "csrf=CSRF"),
			     404, "@error_missing");
	memset(&b, 0, sizeof(b));
	b.site = &site;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		expect_error(post(&b, at(forms[i], site.lee), "csrf=CSRF"),
			     401, "@error_auth");
}

static void test_forms_need_their_token(void **state)
{
	static const char *const forms[] = { "/admin/stop", "/admin/resume",
		"/admin/budgets/all", "/admin/budgets/all/clear",
		"/admin/domains", "/admin/domains/add", "/domains/ask",
		"/domains/withdraw" };
	struct stop_all stop;
	struct err e = { 0 };
	struct browser b;
	size_t i;

	(void)state;
	be_kim(&b, &site);
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		expect_error(post(&b, forms[i], "csrf=0000&domain=a.example.org"),
			     403, "@error_csrf");
	b.env[0][0] = "HTTP_ORIGIN";
	b.env[0][1] = "http://evil.example";
	expect_error(post(&b, "/admin/stop", "csrf=CSRF"), 403, "another site");
	assert_int_equal(stop_all_load(site.db, &stop, &e), 0);
	assert_false(stop.on);
	expect_error(get(&b, "/admin/resume"), 405, "@error_method");
}

static void test_navigation(void **state)
{
	struct browser b;
	struct answer *a;

	(void)state;
	be_lee(&b);
	a = get(&b, "/workspace");
	has(a, "href=\"/usage\"");
	has_not(a, "href=\"/admin\"");
	talloc_free(a);
	be_kim(&b, &site);
	a = get(&b, "/workspace");
	has(a, "href=\"/admin\"");
	has_not(a, "class=\"count\"");
	talloc_free(a);
}

static void test_kill_switch(void **state)
{
	struct browser kim, lee;
	struct stop_all stop;
	struct err e = { 0 };

	(void)state;
	be_kim(&kim, &site);
	be_lee(&lee);
	expect_error(get(&kim, "/admin"), 200, "data-state=\"off\"");
	expect_error(get(&kim, "/admin/stop"), 200, "@stop_text");
	expect_to(post(&kim, "/admin/stop", "csrf=CSRF"), "/admin");
	assert_int_equal(stop_all_load(site.db, &stop, &e), 0);
	assert_true(stop.on);
	assert_string_equal(stop.by_login, "kim");
	expect_error(get(&kim, "/admin"), 200, "data-state=\"on\"");
	expect_error(get(&lee, "/workspace"), 200, "class=\"banner\"");
	expect_error(get(&lee, "/account"), 200, "@gateway_stopped");
	expect_error(get(&lee, "/nothing"), 404, "@gateway_stopped");
	expect_to(post(&kim, "/admin/resume", "csrf=CSRF"), "/admin");
	assert_int_equal(stop_all_load(site.db, &stop, &e), 0);
	assert_false(stop.on);
}

static struct budget load(const char *subject)
{
	struct budget b;
	struct err e = { 0 };
	bool own;

	assert_int_equal(budget_load(site.db, subject, &b, &own, &e), 0);
	return b;
}

static void test_budgets(void **state)
{
	struct budget b;
	struct browser kim;
	struct answer *a;
	struct err e = { 0 };
	bool own;

	(void)state;
	be_kim(&kim, &site);
	expect_error(get(&kim, "/admin/budgets"), 200, "No limit");
	expect_error(get(&kim, "/admin/budgets/each"), 200, "Default per user");
	expect_to(post(&kim, "/admin/budgets/each", "csrf=CSRF&day_tokens="
		       "500%2C000&day_cost=&month_tokens=0&month_cost=%2412.50"),
		  "/admin/budgets?saved=1");
	b = load(BUDGET_EACH);
	assert_int_equal(b.day_tokens, 500000);
	assert_int_equal(b.day_cost, 0);
	assert_int_equal(b.month_tokens, 0);
	assert_int_equal(b.month_cost, 12500000);
	a = get(&kim, at("/admin/budgets/%s", site.lee));
	has(a, "@budget_about_preset");
	has(a, "name=\"day_tokens\" value=\"500,000\"");
	has(a, "name=\"month_cost\" value=\"12.5\"");
	has_not(a, "/clear");
	talloc_free(a);
	expect_to(post(&kim, at("/admin/budgets/%s", site.lee),
		       "csrf=CSRF&day_tokens=7"), "/admin/budgets?saved=1");
	assert_int_equal(load(site.lee).day_tokens, 7);
	expect_error(get(&kim, at("/admin/budgets/%s", site.lee)), 200,
		     "/clear");
	expect_error(get(&kim, "/admin/budgets?saved=1"), 200, "@budget_own");
	expect_to(post(&kim, at("/admin/budgets/%s/clear", site.lee),
		       "csrf=CSRF"), "/admin/budgets?saved=1");
	assert_int_equal(budget_load(site.db, site.lee, &b, &own, &e), 0);
	assert_false(own);
}

static void test_wrong_budgets(void **state)
{
	static const char *const wrong[] = { "-1", "1.5", "1%2C5", "x",
		"99999999999999999999", "0x10", "1e9", "%2C", "1%2C%2C000",
		"1+2" };
	struct browser kim;
	char form[256], id[ID_SIZE];
	struct answer *a;
	size_t i;

	(void)state;
	be_kim(&kim, &site);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(form, sizeof(form),
			 "csrf=CSRF&day_tokens=%s&month_cost=3.25", wrong[i]);
		a = post(&kim, "/admin/budgets/all", form);
		expect(a, 400);
		has(a, "role=\"alert\"");
		has(a, "@error_amount_tokens");
		has(a, "aria-invalid=\"true\"");
		has(a, "name=\"month_cost\" value=\"3.25\"");
		talloc_free(a);
	}
	a = post(&kim, "/admin/budgets/all", "csrf=CSRF&month_cost=" XSS);
	expect(a, 400);
	has(a, "US dollars, such as");
	has(a, "&lt;script&gt;");
	has_not(a, "<script>alert");
	talloc_free(a);
	assert_int_equal(load(BUDGET_ALL).month_cost, 0);
	id_new(id);
	expect_error(get(&kim, at("/admin/budgets/%s", id)), 404, "@error_missing");
	expect_error(get(&kim, "/admin/budgets/every"), 404, "@error_missing");
	expect_error(post(&kim, at("/admin/budgets/%s", id),
			  "csrf=CSRF&day_tokens=1"), 404, "@error_missing");
}

/* Status bars are to show it now, not a turn later. */
static void test_bridge_hears_of_it(void **state)
{
	static const struct {
		const char *address, *to;
	} rows[] = {
		{ "/admin/stop", "/admin" }, { "/admin/resume", "/admin" },
		{ "/admin/budgets/each", "/admin/budgets?saved=1" },
		{ "/admin/budgets/each/clear", "/admin/budgets?saved=1" },
	};
	struct control bridge;
	struct browser kim;
	char path[128];
	size_t i;

	(void)state;
	be_kim(&kim, &site);
	snprintf(path, sizeof(path), "%s/control", site.folder);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		control_begin(&bridge, path);
		expect_to(post(&kim, rows[i].address, "csrf=CSRF&day_tokens=5"),
			  rows[i].to);
		control_heard(&bridge, "POST /spending/reload HTTP/1.1");
	}
}

struct found {
	char state[16];
	bool plain;
	char by[40];
};

static int find_domain(void *data, const struct domain *d, struct err *e)
{
	struct found *f = data;

	(void)e;
	if (!str_equal(d->domain, "data.example.org"))
		return 0;
	snprintf(f->state, sizeof(f->state), "%s", d->state);
	snprintf(f->by, sizeof(f->by), "%s", d->decided_by);
	f->plain = d->plain;
	return 0;
}

/* What is known of lee and data.example.org. */
static struct found find(void)
{
	struct found f = { "", false, "" };
	struct err e = { 0 };

	assert_int_equal(domain_each(site.db, site.lee, NULL, 0, find_domain,
				     &f, &e), 0);
	return f;
}

static void decide(struct browser *b, const char *decision, const char *state)
{
	char form[256];

	snprintf(form, sizeof(form), "csrf=CSRF&user=%s&domain=data.example.org"
		 "&decision=%s", site.lee, decision);
	expect_to(post(b, "/admin/domains", form), "/admin/domains?saved=1");
	assert_string_equal(find().state, state);
}

static void test_domain_is_asked_and_granted(void **state)
{
	struct browser kim, lee;
	struct answer *a;

	(void)state;
	be_kim(&kim, &site);
	be_lee(&lee);
	expect_to(post(&lee, "/domains/ask", "csrf=CSRF&domain=https%3A%2F%2F"
		       "Data.Example.ORG.%2Fx%3Fy&reason=" XSS),
		  "/domains?asked=1");
	assert_string_equal(find().state, "asked");
	a = get(&kim, "/admin");
	has(a, "class=\"count\"");
	has(a, "1 pending request");
	talloc_free(a);
	a = get(&kim, "/admin/domains");
	has(a, "data.example.org");
	has(a, "&lt;script&gt;");
	has_not(a, "<script>alert");
	has(a, "Python packages: the index");
	talloc_free(a);
	decide(&kim, "grant", "granted");
	assert_false(find().plain);
	assert_string_equal(find().by, "kim");
	a = get(&lee, "/domains");
	has(a, "data-state=\"granted\"");
	has(a, "by kim");
	has_not(a, "<script>alert");
	has(a, "1 unread");
	talloc_free(a);
	a = get(&lee, "/notices");
	has(a, "data.example.org: access allowed");
	has(a, "<a href=\"/domains\"");
	talloc_free(a);
	a = post(&lee, "/domains/ask", "csrf=CSRF&domain=data.example.org");
	expect_error(a, 409, "@error_domain_granted");
	decide(&kim, "grant_http", "granted");
	assert_true(find().plain);
	decide(&kim, "revoke", "");
	a = get(&lee, "/notices");
	has(a, "data.example.org: access revoked");
	has(a, "data.example.org: access allowed");
	talloc_free(a);
}

static void test_domain_is_refused_and_taken_back(void **state)
{
	struct browser kim, lee;

	(void)state;
	be_kim(&kim, &site);
	be_lee(&lee);
	expect_to(post(&lee, "/domains/ask", "csrf=CSRF&domain=data.example.org"
		       "&next=/workspace"), "/workspace");
	decide(&kim, "refuse", "refused");
	expect_error(get(&lee, "/domains?domain=data.example.org"), 200,
		     "value=\"data.example.org\"");
	expect_to(post(&lee, "/domains/ask", "csrf=CSRF&domain=data.example.org"
		       "&next=//evil.example/"), "/domains?asked=1");
	assert_string_equal(find().state, "asked");
	expect_to(post(&lee, "/domains/withdraw",
		       "csrf=CSRF&domain=data.example.org"), "/domains");
	assert_string_equal(find().state, "");
}

static void test_wrong_domains(void **state)
{
	static const char *const wrong[] = { "", "localhost", "127.0.0.1",
		"2130706433", "0x7f.1", "%5B%3A%3A1%5D", "*.example.org",
		"a..b", "-a.org", "user%40example.org", XSS,
		"%EA%B3%B5%EB%B0%A9.kr", "a+b.org" };
	struct browser kim, lee;
	struct answer *a;
	char form[512];
	size_t i;

	(void)state;
	be_kim(&kim, &site);
	be_lee(&lee);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(form, sizeof(form),
			 "csrf=CSRF&domain=%s&reason=kept+text", wrong[i]);
		a = post(&lee, "/domains/ask", form);
		expect(a, 400);
		has(a, "@error_domain");
		has(a, "value=\"kept text\"");
		has_not(a, "<script>alert");
		talloc_free(a);
		snprintf(form, sizeof(form), "csrf=CSRF&login=lee&domain=%s",
			 wrong[i]);
		expect_error(post(&kim, "/admin/domains/add", form), 400,
			     "@error_domain");
	}
	memset(form, 'a', sizeof(form));
	memcpy(form, "csrf=CSRF&domain=a.example.org&reason=", 38);
	form[400] = '\0';
	expect_error(post(&lee, "/domains/ask", form), 400, "200 characters");
	expect_error(post(&kim, "/admin/domains/add", "csrf=CSRF&login=nobody"
			  "&domain=a.example.org"), 400, "No account has");
	expect_error(post(&kim, "/admin/domains", "csrf=CSRF&user=x&domain="
			  "a.example.org&decision=grant"), 400, "@error_input");
	snprintf(form, sizeof(form), "csrf=CSRF&user=%s&domain=a.example.org"
		 "&decision=obey", site.lee);
	expect_error(post(&kim, "/admin/domains", form), 400, "@error_input");
	snprintf(form, sizeof(form), "csrf=CSRF&user=%s&domain=10.0.0.1"
		 "&decision=grant", site.lee);
	expect_error(post(&kim, "/admin/domains", form), 400, "@error_domain");
}

static void test_reasons_in_korean(void **state)
{
	struct err e = { 0 };
	struct browser kim;
	struct answer *a;

	(void)state;
	be_kim(&kim, &site);
	assert_int_equal(user_set_preferences(site.db, site.kim, "Kim", "ko",
					      "", "", 0, &e), 0);
	a = get(&kim, "/admin/domains");
	has(a, "npm 패키지: 색인과 파일</dd>");
	has_not(a, "npm packages");
	has(a, "<option>lee</option>");
	talloc_free(a);
	assert_int_equal(user_set_preferences(site.db, site.kim, "Kim", "en",
					      "", "", 0, &e), 0);
	a = post(&kim, "/admin/domains/add", "csrf=CSRF&login=lee&domain=x");
	expect(a, 400);
	has(a, "<option selected>lee</option>");
	has(a, "npm packages: index and files</dd>");
	talloc_free(a);
}

static void test_domain_by_hand(void **state)
{
	struct browser kim;

	(void)state;
	be_kim(&kim, &site);
	expect_to(post(&kim, "/admin/domains/add", "csrf=CSRF&login=LEE"
		       "&domain=data.example.org&http=1"),
		  "/admin/domains?saved=1");
	assert_string_equal(find().state, "granted");
	assert_true(find().plain);
	decide(&kim, "revoke", "");
}

/* An administrator sees what was used, and no titles. */
static void test_use_of_others(void **state)
{
	struct usage_call c = { .kind = "conversation", .outcome = "complete",
		.model = "claude-sonnet-4-5-20250929", .status = 200,
		.usage = { .input = 4321 }, .at = clock_now_ms() };
	struct err e = { 0 };
	struct browser kim;
	struct answer *a;

	(void)state;
	assert_int_equal(conversation_create(site.db, site.lee, "my secret",
					     c.subject_id, &e), 0);
	id_new(c.id);
	assert_true(str_copy(c.user_id, sizeof(c.user_id), site.lee));
	assert_int_equal(usage_add(site.db, &c, 1, &e), 0);
	be_kim(&kim, &site);
	expect_error(get(&kim, "/admin/usage"), 200, "4,321");
	expect_error(get(&kim, "/admin/usage?month=2026-01"), 200, "lee");
	expect_error(get(&kim, "/admin/usage?month=2026-99"), 400, "@error_month");
	a = get(&kim, at("/admin/usage/%s", site.lee));
	expect(a, 200);
	has(a, "4,321");
	has(a, "@usage_titles_private");
	has_not(a, "my secret");
	talloc_free(a);
	a = get(&kim, at("/admin/usage/%s/usage.csv", site.lee));
	has(a, ",4321,");
	has_not(a, "my secret");
	talloc_free(a);
	a = get(&kim, "/admin/usage.csv");
	has(a, "\"User\",\"Day\"");
	has(a, "\r\n\"lee\",");
	has_not(a, "my secret");
	talloc_free(a);
	id_new(c.id);
	expect_error(get(&kim, at("/admin/usage/%s", c.id)), 404, "@error_missing");
}

/* One row for all of them, and none as long as there are none. */
static void test_use_of_removed_accounts(void **state)
{
	struct usage_call c = { .kind = "conversation", .outcome = "complete",
		.model = "claude-sonnet-4-5-20250929", .status = 200,
		.usage = { .input = 76543 }, .at = clock_now_ms() };
	struct err e = { 0 };
	struct browser kim;
	struct answer *a;

	(void)state;
	be_kim(&kim, &site);
	a = get(&kim, "/admin/usage");
	has_not(a, "Removed accounts");
	talloc_free(a);
	assert_int_equal(user_create(site.db, "gone", "x", false, c.user_id, &e), 0);
	assert_int_equal(conversation_create(site.db, c.user_id, "", c.subject_id, &e), 0);
	id_new(c.id);
	assert_int_equal(usage_add(site.db, &c, 1, &e), 0);
	assert_int_equal(removal_begin(site.db, c.user_id, &e), 0);
	assert_int_equal(removal_rows(site.db, c.user_id, &e), 0);
	a = get(&kim, "/admin/usage");
	has(a, "<tr data-removed><th scope=\"row\">Removed accounts</th>");
	has(a, "<td class=\"num\"></td><td class=\"num\"></td><td class=\"num\">$0.23</td><td class=\"num\">76,543</td>");
	talloc_free(a);
	a = get(&kim, "/admin/usage?month=2026-01");
	has_not(a, "Removed accounts");
	talloc_free(a);
}

static void test_list_away(void **state)
{
	struct site_under_test own;
	struct browser b;

	(void)state;
	site_init(&own, "egress_allow = /nonexistent\negress_proxy =\n");
	talloc_free(log_in(&b, &own, "kim", PASSWORD));
	expect_error(get(&b, "/domains"), 200, "@domain_list_away");
	expect_error(get(&b, "/domains"), 200, "@domain_no_way_out");
	site_release(&own);
}

/* What the mail server holds against us is the operator's to mend. */
static void test_mail_that_waits(void **state)
{
	struct notify_rule rule = { .channel = "email", .secret = "",
		.target = "kim@example.org", .events = "failure" };
	char agent[ID_SIZE];
	struct browser b;
	struct answer *a;
	struct err e = { 0 };

	(void)state;
	be_kim(&b, &site);
	a = get(&b, "/admin");
	has_not(a, "mail-trouble");
	talloc_free(a);
	assert_int_equal(agent_create(site.db, site.lee, "n", "{}", true, 0,
				      agent, &e), 0);
	memcpy(rule.agent_id, agent, ID_SIZE);
	assert_int_equal(notify_rule_add(site.db, &rule, &e), 0);
	assert_int_equal(notice_add_test(site.db, site.lee, agent, rule.id, 1,
					 &e), 0);
	assert_int_equal(db_run(site.db, &e, "UPDATE notices SET tries = 1,"
				" error = 'mailer 530 (MAIL)'", ""), 0);
	a = get(&b, "/admin");
	has(a, "1 email waiting to be sent: The mail server accepts no mail from"
	       " this server: 530 (MAIL).");
	talloc_free(a);
	assert_int_equal(db_run(site.db, &e, "DELETE FROM notices", ""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_others_find_nothing),
		cmocka_unit_test(test_forms_need_their_token),
		cmocka_unit_test(test_navigation),
		cmocka_unit_test(test_kill_switch),
		cmocka_unit_test(test_budgets),
		cmocka_unit_test(test_wrong_budgets),
		cmocka_unit_test(test_bridge_hears_of_it),
		cmocka_unit_test(test_domain_is_asked_and_granted),
		cmocka_unit_test(test_domain_is_refused_and_taken_back),
		cmocka_unit_test(test_wrong_domains),
		cmocka_unit_test(test_reasons_in_korean),
		cmocka_unit_test(test_domain_by_hand),
		cmocka_unit_test(test_use_of_others),
		cmocka_unit_test(test_use_of_removed_accounts),
		cmocka_unit_test(test_mail_that_waits),
		cmocka_unit_test(test_list_away),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
