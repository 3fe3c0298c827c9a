/*
 * lib/notify/notice.c and lib/store/notices.c: which notifications are
 * created, and once each. Tests also lib/store/notices_due.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <talloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../store/fixture.h"
#include "core/clock.h"
#include "core/str.h"
#include "notify/announce.h"
#include "notify/notice.h"
#include "store/domains.h"
#include "store/users.h"

static void make_user(struct fixture *f, const char *login, char id[ID_SIZE])
{
	struct err e = { 0 };

	OK(user_create(f->db, login, "x", false, id, &e));
}

static void make_agent(struct fixture *f, const char *user, char id[ID_SIZE])
{
	struct err e = { 0 };

	id_new(id);
	OK(db_run(f->db, &e, "INSERT INTO agents (id, user_id, name, version,"
		  " status, created_at, updated_at)"
		  " VALUES ($1, $2, 'Weekly', 1, 'active', 1, 1)", "tt", id,
		  user));
}

static void make_rule(struct fixture *f, const char *agent, const char *events,
		      struct notify_rule *r)
{
	struct err e = { 0 };

	*r = (struct notify_rule){ .channel = "webhook",
		.target = "https://example.org/", .secret = "s",
		.events = events };
	memcpy(r->agent_id, agent, ID_SIZE);
	OK(notify_rule_add(f->db, r, &e));
}

static void raise(struct fixture *f, const char *user, const char *agent,
		  const char *execution, const char *event)
{
	static int64_t now = 1000;
	struct err e = { 0 };

	/* Later each time: what comes in one millisecond has no order. */
	OK(notice_raise(f->db, user, agent, execution, event, now++, &e));
}

/* "event:state " of each. */
static int add_line(void *data, const struct notice *n, struct err *e)
{
	char *line = data;

	if (!n->domain[0] || n->rule_id[0])
		assert_string_equal(n->agent_name, "Weekly");
	strcat(strcat(strcat(strcat(line, n->event), ":"), n->state), " ");
	return 0;
}

static void page_is(struct fixture *f, const char *user, bool unread,
		    const char *want)
{
	char line[400] = "";
	struct err e = { 0 };

	OK(notice_each(f->db, user, unread, 100, add_line, line, &e));
	assert_string_equal(line, want);
}

static void sent_is(struct fixture *f, const char *agent, const char *want)
{
	char line[400] = "";
	struct err e = { 0 };

	OK(notice_each_sent(f->db, agent, 100, add_line, line, &e));
	assert_string_equal(line, want);
}

static void an_event_is_told_once(void **state)
{
	struct fixture *f = *state;
	char user[ID_SIZE], agent[ID_SIZE], x[ID_SIZE], y[ID_SIZE];
	struct notify_rule r;
	struct err e = { 0 };
	int64_t n = 0;

	make_user(f, "kim", user);
	make_agent(f, user, agent);
	make_rule(f, agent, "failure needs_input", &r);
	id_new(x);
	id_new(y);
	raise(f, user, agent, x, "failure");
	raise(f, user, agent, x, "failure");
	page_is(f, user, true, "failure:unread ");
	sent_is(f, agent, "failure:pending ");
	raise(f, user, agent, y, "failure");
	page_is(f, user, true, "failure:unread failure:unread ");
	sent_is(f, agent, "failure:pending failure:pending ");
	OK(notice_count_unread(f->db, user, &n, &e));
	assert_int_equal(n, 2);
}

static void a_rule_hears_its_own_events_alone(void **state)
{
	struct fixture *f = *state;
	char user[ID_SIZE], agent[ID_SIZE], other[ID_SIZE], x[ID_SIZE];
	struct notify_rule r;

	make_user(f, "kim", user);
	make_agent(f, user, agent);
	make_agent(f, user, other);
	make_rule(f, agent, "success skipped", &r);
	make_rule(f, other, "skipped", &r);
	id_new(x);
	raise(f, user, agent, x, "success");
	page_is(f, user, false, "");
	sent_is(f, agent, "success:pending ");
	sent_is(f, other, "");
	raise(f, user, agent, x, "recovery");
	page_is(f, user, false, "recovery:unread ");
	sent_is(f, agent, "success:pending ");
	raise(f, user, agent, "", "paused");
	raise(f, user, agent, "", "paused");
	page_is(f, user, false, "paused:unread paused:unread recovery:unread ");
}

static void all_are_read_of_one_user_alone(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], lee[ID_SIZE], hers[ID_SIZE], his[ID_SIZE];
	struct err e = { 0 };
	int64_t n = -1;

	make_user(f, "kim", kim);
	make_user(f, "lee", lee);
	make_agent(f, kim, hers);
	make_agent(f, lee, his);
	raise(f, kim, hers, "", "paused");
	raise(f, lee, his, "", "paused");
	OK(notice_read_all(f->db, kim, &e));
	page_is(f, kim, true, "");
	page_is(f, kim, false, "paused:read ");
	page_is(f, lee, true, "paused:unread ");
	OK(notice_count_unread(f->db, kim, &n, &e));
	assert_int_equal(n, 0);
}

static int count_rule(void *data, const struct notify_rule *r, struct err *e)
{
	++*(int *)data;
	return 0;
}

static void rules_end_and_have_a_limit(void **state)
{
	struct fixture *f = *state;
	char user[ID_SIZE], agent[ID_SIZE], other[ID_SIZE];
	struct notify_rule r = { 0 };
	struct err e = { 0 };
	int i, n = 0;

	make_user(f, "kim", user);
	make_agent(f, user, agent);
	make_agent(f, user, other);
	for (i = 0; i < NOTIFY_RULES_MAX; i++)
		make_rule(f, agent, "paused", &r);
	FAILS(ERR_LIMIT, notify_rule_add(f->db, &r, &e));
	assert_string_equal(e.key, "error_notify_many");
	raise(f, user, agent, "", "paused");
	FAILS(ERR_MISSING, notify_rule_remove(f->db, r.id, other, &e));
	make_rule(f, other, "paused", &r);
	raise(f, user, other, "", "paused");
	OK(notify_rule_remove(f->db, r.id, other, &e));
	sent_is(f, other, "");
	FAILS(ERR_MISSING, notify_rule_remove(f->db, r.id, other, &e));
	OK(notify_rule_each(f->db, agent, count_rule, &n, &e));
	assert_int_equal(n, NOTIFY_RULES_MAX);
	id_new(r.agent_id);
	FAILS(ERR_MISSING, notify_rule_add(f->db, &r, &e));
}

/* Else rules that come and go would be a relay without a limit. */
static void what_was_tried_counts_without_its_rule(void **state)
{
	struct fixture *f = *state;
	char user[ID_SIZE], agent[ID_SIZE];
	struct notify_rule r = { 0 };
	int64_t mails = 0, all = 0;
	struct notice_due *d;
	struct err e = { 0 };

	make_user(f, "kim", user);
	make_agent(f, user, agent);
	make_rule(f, agent, "paused", &r);
	raise(f, user, agent, "", "paused");
	d = notice_claim(f->db, NULL, user, 2000, 3000, 5, &e);
	assert_non_null(d);
	OK(notify_rule_remove(f->db, r.id, agent, &e));
	OK(notice_count_tries(f->db, user, 0, &mails, &all, &e));
	assert_int_equal(all, 1);
	talloc_free(d);
}

/* Decisions of one millisecond have no order. */
static void tick(void)
{
	int64_t now = clock_now_ms();

	while (clock_now_ms() == now)
		usleep(200);
}

static void decide(struct fixture *f, const char *user, const char *state)
{
	struct err e = { 0 };

	OK(domain_decide(f->db, user, "a.org", state, false, "boss", &e));
}

/* What changes for the user is told, once per destination whatever agents have it. */
static void a_decision_about_a_domain_is_told(void **state)
{
	struct fixture *f = *state;
	char user[ID_SIZE], agent[ID_SIZE], other[ID_SIZE];
	struct notify_rule r;
	struct err e = { 0 };

	make_user(f, "kim", user);
	decide(f, user, "revoked");
	page_is(f, user, false, "");
	decide(f, user, "granted");
	decide(f, user, "granted");
	page_is(f, user, true, "domain_granted:unread ");
	make_agent(f, user, agent);
	make_agent(f, user, other);
	make_rule(f, agent, "failure domain", &r);
	tick();		/* of two rules the first is sent it */
	make_rule(f, other, "domain", &r);
	make_rule(f, other, "failure", &r);
	tick();
	decide(f, user, "revoked");
	page_is(f, user, true, "domain_revoked:unread domain_granted:unread ");
	sent_is(f, agent, "domain_revoked:pending ");
	sent_is(f, other, "");
	tick();
	OK(domain_note_blocked(f->db, user, "a.org", false, &e));
	decide(f, user, "refused");	/* it was not asked for */
	sent_is(f, agent, "domain_revoked:pending ");
	OK(domain_ask(f->db, user, "a.org", "", &e));
	decide(f, user, "refused");
	sent_is(f, agent, "domain_refused:pending domain_revoked:pending ");
}

/* As a mail and as a webhook's JSON. */
static void a_decision_names_the_domain(void **state)
{
	struct fixture *f = *state;
	char user[ID_SIZE], agent[ID_SIZE], *text;
	struct notify_rule r;
	struct notice_due *d;
	struct err e = { 0 };

	make_user(f, "kim", user);
	make_agent(f, user, agent);
	make_rule(f, agent, "domain", &r);
	decide(f, user, "granted");
	d = notice_claim(f->db, NULL, user, INT64_MAX / 2, INT64_MAX, 5, &e);
	assert_non_null(d);
	assert_string_equal(d->n.domain, "a.org");
	text = announce_json(d, "https://g.example/", d);
	assert_non_null(strstr(text, "\"event\":\"domain_granted\""));
	assert_non_null(strstr(text, "\"agent\":null,\"execution\":null,"
			       "\"domain\":\"a.org\","
			       "\"url\":\"https://g.example/domains\""));
	talloc_free(d);
}

/* The event and its notices are one transaction: neither is there alone. */
static void a_rolled_back_event_is_not_told(void **state)
{
	struct fixture *f = *state;
	char user[ID_SIZE], agent[ID_SIZE];
	struct notify_rule r;
	struct err e = { 0 };

	make_user(f, "kim", user);
	make_agent(f, user, agent);
	make_rule(f, agent, "paused", &r);
	OK(db_begin(f->db, &e));
	raise(f, user, agent, "", "paused");
	db_rollback(f->db);
	page_is(f, user, false, "");
	sent_is(f, agent, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_is_told_once),
		TEST(a_rule_hears_its_own_events_alone),
		TEST(all_are_read_of_one_user_alone),
		TEST(rules_end_and_have_a_limit),
		TEST(what_was_tried_counts_without_its_rule),
		TEST(a_rolled_back_event_is_not_told),
		TEST(a_decision_about_a_domain_is_told),
		TEST(a_decision_names_the_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
