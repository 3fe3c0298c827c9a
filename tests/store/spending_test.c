/*
 * lib/store: the ledger, budgets, the kill switch, domains. Tests budgets.c
 * and domains.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "fixture.h"
#include "store/budgets.h"
#include "store/domains.h"
#include "store/removal.h"
#include "store/usage.h"
#include "store/users.h"

#define QUARTER 900000
#define NOW (INT64_C(1795414500000) / QUARTER * QUARTER)

/* What is made or said next is later by the clock, and by the order of ids. */
static void tick(void)
{
	int64_t now = clock_now_ms();

	while (clock_now_ms() == now)
		;
}

static void make_user(struct fixture *f, const char *login, char id[ID_SIZE])
{
	struct err e = { 0 };

	OK(user_create(f->db, login, "h", false, id, &e));
	tick();
}

static struct usage_call call_of(const char *user, const char *model,
				 int64_t at, int64_t input)
{
	struct usage_call c = { .kind = "workspace", .model = model,
		.usage = { input, 2, 3, 4, 5 }, .outcome = "complete",
		.status = 200, .at = at, .ended_at = at + 10 };

	id_new(c.id);
	memcpy(c.user_id, user, ID_SIZE);
	memcpy(c.subject_id, user, ID_SIZE);
	return c;
}

/* "model input/tokens xcalls" a sum, with what was asked besides. */
static int join_sums(void *data, const struct usage_sum *s, struct err *e)
{
	if (s->quarter && buf_addf(data, e, "%lld ", (long long)
				   (s->quarter - NOW) / QUARTER) < 0)
		return -1;
	if (*s->kind && buf_addf(data, e, "%s ", s->kind) < 0)
		return -1;
	return buf_addf(data, e, "%s %lld/%lld x%lld-%lld;", s->model,
			(long long)s->usage.input,
			(long long)usage_tokens(&s->usage),
			(long long)s->calls, (long long)s->unmetered);
}

static const char *sums(struct fixture *f, struct usage_filter filter,
			unsigned by)
{
	static char text[1024];
	auto_buf b = BUF_INIT(sizeof(text) - 1);
	struct err e = { 0 };

	OK(usage_each(f->db, &filter, by, join_sums, &b, &e));
	assert_true(str_copy(text, sizeof(text), buf_text(&b)));
	return text;
}

#define ALL ((struct usage_filter){ .from = 0 })

static void a_call_counts_once(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct usage_call calls[3];
	struct err e = { 0 };

	make_user(f, "kim", kim);
	calls[0] = call_of(kim, "a", NOW, 100);
	calls[1] = call_of(kim, "a", NOW, 10);
	calls[2] = calls[0];
	calls[2].usage.input = 9999;
	OK(usage_add(f->db, calls, 3, &e));
	assert_string_equal(sums(f, ALL, 0), "a 110/138 x2-0;");
	OK(usage_add(f->db, calls, 3, &e));
	assert_string_equal(sums(f, ALL, 0), "a 110/138 x2-0;");
	OK(usage_add(f->db, NULL, 0, &e));
}

static void of_nobody_counts_under_no_name(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], nobody[ID_SIZE];
	struct usage_call calls[2];
	struct err e = { 0 };

	make_user(f, "kim", kim);
	id_new(nobody);
	calls[0] = call_of(nobody, "a", NOW, 1);
	calls[1] = call_of(kim, "a", NOW, 7);
	OK(usage_add(f->db, calls, 2, &e));
	assert_string_equal(sums(f, ALL, 0), "a 8/36 x2-0;");
	assert_string_equal(sums(f, (struct usage_filter){ .user_id = kim }, 0), "a 7/21 x1-0;");
	assert_string_equal(sums(f, (struct usage_filter){ .user_id = REMOVED_ID }, 0), "a 1/15 x1-0;");
	assert_string_equal(sums(f, (struct usage_filter){ .user_id = nobody }, 0), "");
	/* Once, even so. */
	OK(usage_add(f->db, calls, 2, &e));
	assert_string_equal(sums(f, ALL, 0), "a 8/36 x2-0;");
}

static void a_failed_batch_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct usage_call calls[2];
	struct err e = { 0 };

	make_user(f, "kim", kim);
	calls[0] = call_of(kim, "a", NOW, 1);
	calls[1] = call_of(kim, "a", NOW, 1);
	calls[1].kind = "nonsense";
	FAILS(ERR_INTERNAL, usage_add(f->db, calls, 2, &e));
	assert_string_equal(sums(f, ALL, 0), "");
	calls[1].kind = "run";
	OK(usage_add(f->db, calls, 2, &e));
	assert_string_equal(sums(f, ALL, 0), "a 2/30 x2-0;");
}

static void sums_are_by_what_was_asked(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], lee[ID_SIZE];
	struct usage_call c[5];
	struct err e = { 0 };

	/* Ids of one millisecond follow no order. */
	make_user(f, "kim", kim);
	usleep(2000);
	make_user(f, "lee", lee);
	usleep(2000);
	c[0] = call_of(kim, "b", NOW, 1);
	c[1] = call_of(kim, "a", NOW + QUARTER - 1, 10);
	c[2] = call_of(kim, "a", NOW + QUARTER, 100);
	c[3] = call_of(lee, "a", NOW + QUARTER, 1000);
	c[4] = call_of(lee, "", NOW + QUARTER + 5, 0);
	c[4].kind = "conversation";
	c[4].outcome = "unmetered";
	id_new(c[4].subject_id);
	OK(usage_add(f->db, c, 5, &e));
	assert_string_equal(sums(f, ALL, 0), " 0/14 x1-1;a 1110/1152 x3-0;"
			    "b 1/15 x1-0;");
	assert_string_equal(sums(f, ALL, USAGE_BY_QUARTER), "0 a 10/24 x1-0;"
			    "0 b 1/15 x1-0;1  0/14 x1-1;1 a 1100/1128 x2-0;");
	assert_string_equal(sums(f, ALL, USAGE_BY_USER), "a 110/138 x2-0;"
			    "b 1/15 x1-0; 0/14 x1-1;a 1000/1014 x1-0;");
	assert_string_equal(sums(f, ALL, USAGE_BY_SUBJECT),
			    "workspace a 110/138 x2-0;workspace b 1/15 x1-0;"
			    "workspace a 1000/1014 x1-0;"
			    "conversation  0/14 x1-1;");
	assert_string_equal(sums(f, (struct usage_filter){ .user_id = kim,
			    .from = NOW, .to = NOW + QUARTER }, 0),
			    "a 10/24 x1-0;b 1/15 x1-0;");
	assert_string_equal(sums(f, (struct usage_filter){
			    .subject_id = c[4].subject_id }, 7),
			    "1 conversation  0/14 x1-1;");
	assert_string_equal(sums(f, (struct usage_filter){ .user_id = lee,
			    .subject_id = kim }, 0), "");
}

static void expect_budget(struct fixture *f, const char *user, int64_t day)
{
	struct budget b;
	struct err e = { 0 };

	OK(budget_of_user(f->db, user, &b, &e));
	assert_int_equal(b.day_tokens, day);
}

static void a_users_own_budget_goes_first(void **state)
{
	const struct budget each = { 10, 20, 30, 40 }, own = { 1, 2, 3, 4 };
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct budget b = { 9, 9, 9, 9 };
	struct err e = { 0 };
	bool has = true;

	make_user(f, "kim", kim);
	OK(budget_load(f->db, kim, &b, &has, &e));
	assert_false(has);
	assert_memory_equal(&b, &(struct budget){ 0 }, sizeof(b));
	expect_budget(f, kim, 0);
	OK(budget_save(f->db, BUDGET_EACH, &each, &e));
	expect_budget(f, kim, 10);
	OK(budget_save(f->db, kim, &each, &e));
	OK(budget_save(f->db, kim, &own, &e));
	expect_budget(f, kim, 1);
	OK(budget_load(f->db, kim, &b, &has, &e));
	assert_true(has);
	assert_memory_equal(&b, &own, sizeof(b));
	FAILS(ERR_INPUT, budget_save(f->db, kim, &(struct budget){
				     .month_cost = -1 }, &e));
	assert_string_equal(e.key, "error_budget");
	OK(budget_save(f->db, kim, &(struct budget){ 0 }, &e));
	expect_budget(f, kim, 0);
	OK(budget_clear(f->db, kim, &e));
	OK(budget_clear(f->db, kim, &e));
	expect_budget(f, kim, 10);
}

static void the_switch_stays_as_it_was_set(void **state)
{
	struct fixture *f = *state;
	struct stop_all s = { .on = true };
	struct err e = { 0 };
	int64_t at;

	OK(stop_all_load(f->db, &s, &e));
	assert_false(s.on);
	OK(stop_all_set(f->db, false, "kim", &e));
	OK(stop_all_set(f->db, true, "kim", &e));
	OK(stop_all_load(f->db, &s, &e));
	at = s.at;
	OK(stop_all_set(f->db, true, "lee", &e));
	OK(stop_all_load(f->db, &s, &e));
	assert_true(s.on);
	assert_string_equal(s.by_login, "kim");
	assert_true(at > 0);
	assert_int_equal(s.at, at);
	OK(stop_all_set(f->db, false, "lee", &e));
	OK(stop_all_load(f->db, &s, &e));
	assert_false(s.on);
}

static void names_of_domains_are_checked(void **state)
{
	static const char *const good[] = { "example.org", "a.b.c.d.example",
		"xn--bj0bj06e.kr", "1.2.3.example", "a-b.co", "9gag.com",
		"0x7f.1.com" };
	static const char *const bad[] = { "", "org", "example.org.", ".org",
		"a..b", "Example.org", "ex_ample.org", "-a.org", "a-.org",
		"127.0.0.1", "0x7f.0x1", "1.0x1", "example.1", "example.c-",
		"공방.kr", "a b.org", "a.org\n", "a.org/", "*.org", "[::1]",
		"a.b:443" };
	char label64[80], name[300] = "";
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(domain_valid(good[i]));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (domain_valid(bad[i]))
			fail_msg("\"%s\" is taken", bad[i]);
	}
	memset(label64, 'a', 64);
	strcpy(label64 + 64, ".org");
	assert_false(domain_valid(label64));
	assert_true(domain_valid(label64 + 1));
	for (i = 0; i < 125; i++)
		strcat(name, "a.");
	strcat(name, "com");
	assert_int_equal(strlen(name), DOMAIN_MAX);
	assert_true(domain_valid(name));
	strcat(name, "m");
	assert_false(domain_valid(name));
}

static int join_domains(void *data, const struct domain *d, struct err *e)
{
	return buf_addf(data, e, "%s %s %s%s %lld %s %s;", d->login, d->domain,
			d->state, d->plain ? "+" : "", (long long)d->tries,
			d->reason, d->decided_by);
}

static const char *domains(struct fixture *f, const char *user,
			   const char *which, int limit)
{
	static char text[1024];
	auto_buf b = BUF_INIT(sizeof(text) - 1);
	struct err e = { 0 };

	OK(domain_each(f->db, user, which, limit, join_domains, &b, &e));
	assert_true(str_copy(text, sizeof(text), buf_text(&b)));
	return text;
}

static void a_domain_is_blocked_asked_and_granted(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct err e = { 0 };

	make_user(f, "kim", kim);
	OK(domain_note_blocked(f->db, kim, "a.org", true, &e));
	OK(domain_note_blocked(f->db, kim, "a.org", false, &e));
	assert_string_equal(domains(f, kim, NULL, 0),
			    "kim a.org blocked+ 2  ;");
	OK(domain_ask(f->db, kim, "a.org", "주가", &e));
	OK(domain_note_blocked(f->db, kim, "a.org", false, &e));
	assert_string_equal(domains(f, NULL, "asked", 0),
			    "kim a.org asked+ 3 주가 ;");
	OK(domain_decide(f->db, kim, "a.org", "refused", false, "boss", &e));
	OK(domain_ask(f->db, kim, "a.org", "please", &e));
	assert_string_equal(domains(f, kim, NULL, 0),
			    "kim a.org asked+ 3 please ;");
	OK(domain_decide(f->db, kim, "a.org", "granted", false, "boss", &e));
	/* A try over http is no grant of it. */
	OK(domain_note_blocked(f->db, kim, "a.org", true, &e));
	assert_string_equal(domains(f, kim, "granted", 0),
			    "kim a.org granted 4 please boss;");
	FAILS(ERR_CONFLICT, domain_ask(f->db, kim, "a.org", "", &e));
	assert_string_equal(e.key, "error_domain_granted");
	tick();
	OK(domain_decide(f->db, kim, "b.org", "granted", true, "boss", &e));
	assert_string_equal(domains(f, kim, NULL, 1),
			    "kim b.org granted+ 0  boss;");
	OK(domain_forget(f->db, kim, "b.org", &e));
	OK(domain_forget(f->db, kim, "b.org", &e));
	assert_string_equal(domains(f, kim, "granted", 0),
			    "kim a.org granted 4 please boss;");
}

static void wrong_domains_are_refused(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], reason[DOMAIN_REASON_MAX + 2];
	struct err e = { 0 };

	make_user(f, "kim", kim);
	memset(reason, 'x', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	FAILS(ERR_INPUT, domain_note_blocked(f->db, kim, "A.org", false, &e));
	assert_string_equal(e.key, "error_domain");
	FAILS(ERR_INPUT, domain_ask(f->db, kim, "a.org", reason, &e));
	assert_string_equal(e.key, "error_domain_reason");
	FAILS(ERR_INPUT, domain_ask(f->db, kim, "a.org", "\xff", &e));
	FAILS(ERR_MISSING, domain_ask(f->db, "nobody", "a.org", "", &e));
	FAILS(ERR_MISSING, domain_note_blocked(f->db, "nobody", "a.org", false,
					       &e));
	FAILS(ERR_MISSING, domain_decide(f->db, "nobody", "a.org", "granted",
					 false, "boss", &e));
	FAILS(ERR_MISSING, domain_decide(f->db, kim, "a.org", "refused", false,
					 "boss", &e));
	FAILS(ERR_INPUT, domain_decide(f->db, kim, "a.org", "blocked", false,
				       "boss", &e));
	assert_string_equal(domains(f, NULL, NULL, 0), "");
}

static int count(void *data, const struct domain *d, struct err *e)
{
	++*(int *)data;
	return 0;
}

static void blocked_ones_give_way(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], name[32];
	struct err e = { 0 };
	int i, n = 0;

	make_user(f, "kim", kim);
	OK(domain_ask(f->db, kim, "first.org", "", &e));
	for (i = 0; i <= DOMAINS_PER_USER; i++) {
		snprintf(name, sizeof(name), "d%04d.org", i);
		OK(domain_note_blocked(f->db, kim, name, false, &e));
	}
	OK(domain_each(f->db, kim, NULL, 0, count, &n, &e));
	assert_int_equal(n, DOMAINS_PER_USER);
	assert_string_equal(domains(f, kim, "asked", 0),
			    "kim first.org asked 0  ;");
	for (i = 0; i < DOMAINS_PER_USER - 1; i++) {
		snprintf(name, sizeof(name), "a%04d.org", i);
		OK(domain_ask(f->db, kim, name, "", &e));
	}
	FAILS(ERR_LIMIT, domain_ask(f->db, kim, "more.org", "", &e));
	assert_string_equal(e.key, "error_domain_many");
	OK(domain_ask(f->db, kim, "first.org", "again", &e));
	OK(domain_note_blocked(f->db, kim, "more.org", false, &e));
	n = 0;
	OK(domain_each(f->db, kim, NULL, 0, count, &n, &e));
	assert_int_equal(n, DOMAINS_PER_USER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_call_counts_once),
		TEST(of_nobody_counts_under_no_name),
		TEST(a_failed_batch_leaves_nothing),
		TEST(sums_are_by_what_was_asked),
		TEST(a_users_own_budget_goes_first),
		TEST(the_switch_stays_as_it_was_set),
		TEST(names_of_domains_are_checked),
		TEST(a_domain_is_blocked_asked_and_granted),
		TEST(wrong_domains_are_refused),
		TEST(blocked_ones_give_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
