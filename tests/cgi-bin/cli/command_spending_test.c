/* gongbang usage, budget, domain, stop-all and resume-all. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "core/str.h"
#include "operator.h"
#include "store/budgets.h"
#include "store/domains.h"
#include "store/usage.h"

static struct db *open_db(struct fixture *f)
{
	struct err e = { 0 };
	struct db *db = db_open(f, f->database, &e);

	assert_non_null(db);
	return db;
}

static struct budget budget_of(struct fixture *f, const char *subject,
			       bool *own)
{
	struct db *db = open_db(f);
	struct err e = { 0 };
	struct budget b;

	assert_int_equal(budget_load(db, subject, &b, own, &e), 0);
	talloc_free(db);
	return b;
}

static void budgets_are_set_and_cleared(void **state)
{
	struct fixture *f = *state;
	struct budget b;
	struct ran r;
	bool own;

	expect(f, 0, "user add kim", "correct horse\n");
	r = expect(f, 0, "budget show", "");
	assert_non_null(strstr(r.out, "all "));
	assert_non_null(strstr(r.out, "no limit"));
	expect(f, 0, "budget set each --day-tokens 500,000 --month-usd 12.5", "");
	r = expect(f, 0, "budget show kim", "");
	assert_non_null(strstr(r.out, "500,000"));
	assert_non_null(strstr(r.out, "  (default)"));
	/* what one did not say stays as it held */
	r = expect(f, 0, "budget set KIM --day-usd $3", "");
	assert_non_null(strstr(r.out, " 500,000 "));
	assert_non_null(strstr(r.out, " $3.00 "));
	b = budget_of(f, load(f, "kim")->id, &own);
	assert_true(own);
	assert_int_equal(b.day_tokens, 500000);
	assert_int_equal(b.day_cost, 3000000);
	assert_int_equal(b.month_cost, 12500000);
	r = expect(f, 0, "budget show --json", "");
	assert_non_null(strstr(r.out, "\"subject\":\"kim\""));
	assert_non_null(strstr(r.out, "\"day_microusd\":3000000"));
	assert_non_null(strstr(r.out, "\"month_tokens\":null"));
	expect(f, 0, "budget clear kim", "");
	budget_of(f, load(f, "kim")->id, &own);
	assert_false(own);
	expect(f, 0, "budget set each --day-tokens 0", "");
	assert_int_equal(budget_of(f, BUDGET_EACH, &own).day_tokens, 0);
}

static void wrong_budgets_are_refused(void **state)
{
	struct fixture *f = *state;
	struct ran r;

	r = expect(f, 1, "budget set all", "");
	assert_non_null(strstr(r.err, "--day-tokens"));
	r = expect(f, 1, "budget set all --day-tokens 1,5", "");
	assert_non_null(strstr(r.err, "500,000"));
	r = expect(f, 1, "budget set all --month-usd -3", "");
	assert_non_null(strstr(r.err, "US dollars"));
	r = expect(f, 1, "budget set nobody --day-tokens 5", "");
	assert_non_null(strstr(r.err, "gongbang user list"));
	expect(f, 1, "budget show nobody", "");
}

static void the_kill_switch_is_set(void **state)
{
	struct fixture *f = *state;
	struct stop_all stop;
	struct err e = { 0 };
	struct db *db;
	struct ran r;

	r = expect(f, 0, "stop-all", "");
	assert_non_null(strstr(r.err, "resume-all"));
	db = open_db(f);
	assert_int_equal(stop_all_load(db, &stop, &e), 0);
	assert_true(stop.on);
	assert_non_null(strstr(stop.by_login, "(shell)"));
	expect(f, 0, "stop-all", "");
	expect(f, 0, "resume-all", "");
	assert_int_equal(stop_all_load(db, &stop, &e), 0);
	assert_false(stop.on);
	expect(f, 0, "resume-all", "");
}

/* Open pages are told at once. */
static void the_bridge_hears_of_it(void **state)
{
	static const char *const words[] = {
		"budget set each --day-tokens 5", "budget clear each",
		"stop-all", "resume-all",
	};
	struct fixture *f = *state;
	struct control bridge;
	struct ran r;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		control_begin(&bridge, f->control);
		r = expect(f, 0, words[i], "");
		assert_null(strstr(r.err, "warning"));
		control_heard(&bridge, "POST /spending/reload HTTP/1.1");
		r = expect(f, 0, words[i], "");
		assert_non_null(strstr(r.err, "warning: the bridge was not notified"));
	}
}

static void domains_are_decided(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char told[1024];
	int pipes[2];
	struct ran r;

	expect(f, 0, "user add kim", "correct horse\n");
	assert_int_equal(domain_ask(open_db(f), load(f, "kim")->id,
				    "data.example.org", "why \033[2J not", &e),
			 0);
	r = expect(f, 0, "domain list --state asked", "");
	assert_non_null(strstr(r.out, "data.example.org  why ?[2J not"));
	r = expect(f, 0, "domain list kim --json", "");
	assert_non_null(strstr(r.out, "\"domain\":\"data.example.org\""));
	assert_int_equal(pipe(pipes), 0);
	serve_control(f, pipes[1]);
	r = expect(f, 0, "domain grant kim Data.Example.ORG. --http", "");
	assert_null(strstr(r.err, "warning"));
	slurp(pipes[0], told, sizeof(told));
	wait(NULL);
	assert_string_equal(told, "POST /egress/reload HTTP/1.1");
	r = expect(f, 0, "domain list kim --state granted", "");
	assert_non_null(strstr(r.out, "https,http"));
	r = expect(f, 0, "domain refuse kim data.example.org", "");
	assert_non_null(strstr(r.err, "warning: the bridge was not notified"));
	expect(f, 0, "domain revoke kim data.example.org", "");
	r = expect(f, 0, "domain list kim", "");
	assert_null(strstr(r.out, "example"));
	r = expect(f, 1, "domain refuse kim data.example.org", "");
	assert_non_null(strstr(r.err, "gongbang domain list kim"));
	r = expect(f, 1, "domain grant kim 10.0.0.1", "");
	assert_non_null(strstr(r.err, "such as example.org"));
	expect(f, 1, "domain grant nobody data.example.org", "");
	expect(f, 1, "domain list nobody", "");
}

/* 15:30 of the last of March in UTC is April in Seoul, where the settings are. */
static void use_is_told_by_month(void **state)
{
	struct fixture *f = *state;
	struct usage_call c = { .kind = "workspace", .outcome = "complete",
		.model = "claude-sonnet-4-5", .status = 200,
		.usage = { 1000, 1000, 0, 0, 1000000 },
		.at = INT64_C(1774971000000) };
	struct err e = { 0 };
	struct ran r;

	expect(f, 0, "user add kim", "correct horse\n");
	expect(f, 0, "user add lee", "correct horse\n");
	id_new(c.id);
	assert_true(str_copy(c.user_id, sizeof(c.user_id), load(f, "kim")->id));
	memcpy(c.subject_id, c.user_id, sizeof(c.subject_id));
	assert_int_equal(usage_add(open_db(f), &c, 1, &e), 0);
	r = expect(f, 0, "usage --month 2026-04", "");
	assert_non_null(strstr(r.out, "2026-04"));
	assert_non_null(strstr(r.out, "1,002,000"));
	assert_non_null(strstr(r.out, "$0.32"));
	assert_null(strstr(r.out, "lee"));
	assert_null(strstr(r.out, "unknown"));
	r = expect(f, 0, "usage --month 2026-04 --json", "");
	assert_non_null(strstr(r.out, "\"login\":\"kim\""));
	assert_non_null(strstr(r.out, "\"microusd\":318000"));
	r = expect(f, 0, "usage --month 2026-03 --json", "");
	assert_string_equal(r.out, "[\n]\n");
	c.model = "hosted-tool/web_search";
	c.usage = (struct usage){ .input = 3 };
	id_new(c.id);
	assert_int_equal(usage_add(open_db(f), &c, 1, &e), 0);
	r = expect(f, 0, "usage --month 2026-04", "");
	assert_non_null(strstr(r.out, "  web_search          3 uses  $0.03\n"));
	r = expect(f, 0, "usage --month 2026-04 --json", "");
	assert_non_null(strstr(r.out, "\"name\":\"web_search\""));
	assert_non_null(strstr(r.out, "\"uses\":3"));
	assert_non_null(strstr(r.out, "\"microusd\":30000"));
	c.usage = (struct usage){ 1000, 1000, 0, 0, 1000000 };
	c.model = "another";
	id_new(c.id);
	assert_int_equal(usage_add(open_db(f), &c, 1, &e), 0);
	r = expect(f, 0, "usage --month 2026-04", "");
	assert_non_null(strstr(r.out, "$0.35  + unknown"));
	expect(f, 0, "usage", "");
	r = expect(f, 1, "usage --month 2026-13", "");
	assert_non_null(strstr(r.err, "2026-11"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(budgets_are_set_and_cleared),
		TEST(wrong_budgets_are_refused),
		TEST(the_kill_switch_is_set),
		TEST(the_bridge_hears_of_it),
		TEST(domains_are_decided),
		TEST(use_is_told_by_month),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
