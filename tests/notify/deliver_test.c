/*
 * lib/notify/deliver.c with a real store, HTTP server and SMTP server. Tests
 * also deliver_claim.c and announce.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "../store/fixture.h"
#include "core/clock.h"
#include "core/str.h"
#include "notify/deliver.h"
#include "notify/notice.h"
#include "receiver.h"
#include "smtp.h"
#include "store/agents.h"
#include "store/users.h"

#define LOCALES "templates/locale"

struct office {		/* a worker's part that sends */
	struct jobs *jobs;
	struct deliver *deliver;
};

struct world {
	struct fixture *f;
	uv_loop_t loop;
	struct settings *settings;
	struct i18n *i18n;
	struct office offices[2];
	int noffices;
	int told;		/* tries that ended */
	char last[64];		/* "state error" of the last one */
};

static struct world w;
static struct receiver r;

static void set(const char *name, const char *value)
{
	struct err e = { 0 };

	OK(settings_set(w.settings, name, value, &e));
}

static void heard(void *data, const struct delivery *x)
{
	snprintf(w.last, sizeof(w.last), "%s %s", x->state, x->error);
	w.told++;
}

static void trouble(void *data, const struct err *e)
{
	/* From within the loop: to leave it by a jump would break it. */
	fprintf(stderr, "deliver_test: %s\n", e->text);
	abort();
}

static void open_office(void)
{
	struct office *o = &w.offices[w.noffices++];
	struct err e = { 0 };
	struct db *db = db_open(w.f, w.f->path, &e);

	assert_non_null(db);
	o->jobs = jobs_new(w.f, &w.loop, db);
	o->deliver = deliver_new(w.f, &w.loop, o->jobs, w.settings, w.i18n);
	deliver_listen(o->deliver, heard, trouble, NULL);
}

static int set_up(void **state)
{
	const char *srcdir = getenv("top_srcdir");
	struct err e = { 0 };
	char dir[512];
	void *f;

	signal(SIGPIPE, SIG_IGN);
	if (fixture_set_up(&f) < 0)
		return -1;
	memset(&w, 0, sizeof(w));
	w.f = f;
	uv_loop_init(&w.loop);
	w.settings = settings_new();
	snprintf(dir, sizeof(dir), "%s/" LOCALES, srcdir ? srcdir : ".");
	w.i18n = i18n_load(w.f, dir, &e);
	if (!w.i18n)
		fail_msg("%s", e.text);
	set("webhook_private", "yes");
	open_office();
	return 0;
}

static int tear_down(void **state)
{
	void *f = w.f;
	int i;

	for (i = 0; i < w.noffices; i++)
		deliver_stop(w.offices[i].deliver, NULL, NULL);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w.loop), 0);
	settings_free(w.settings);
	return fixture_tear_down(&f);
}

/* Until so many tries have ended. */
static void run_until(int told)
{
	int i;

	for (i = 0; i < w.noffices; i++)
		deliver_due(w.offices[i].deliver);
	while (w.told < told)
		uv_run(&w.loop, UV_RUN_ONCE);
}

/* Until what was asked of the store is answered, and nothing is on its way. */
static void run_idle(void)
{
	int i;

	for (i = 0; i < w.noffices; i++)
		deliver_due(w.offices[i].deliver);
	for (i = 0; i < w.noffices; i++) {
		while (jobs_left(w.offices[i].jobs))
			uv_run(&w.loop, UV_RUN_ONCE);
	}
}

struct person {
	char id[ID_SIZE], agent[ID_SIZE];
	struct notify_rule rule;
};

static void add_rule(struct person *p, const char *channel, const char *target)
{
	struct err e = { 0 };

	p->rule = (struct notify_rule){ .channel = channel, .target = target,
		.secret = "s", .events = "failure paused" };
	memcpy(p->rule.agent_id, p->agent, ID_SIZE);
	OK(notify_rule_add(w.f->db, &p->rule, &e));
}

static void add_person(struct person *p, const char *login)
{
	struct err e = { 0 };

	OK(user_create(w.f->db, login, "x", false, p->id, &e));
	OK(agent_create(w.f->db, p->id, login, "{}", true, 0, p->agent, &e));
}

static void add_hooked(struct person *p, const char *login, const struct receiver *to)
{
	char url[64];

	add_person(p, login);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/%s", to->port, login);
	add_rule(p, "webhook", url);
}

static void raise_one(const struct person *p, const char *event)
{
	struct err e = { 0 };

	OK(notice_raise(w.f->db, p->id, p->agent, "", event, clock_now_ms(),
			&e));
}

static void run(const char *sql)
{
	struct err e = { 0 };

	OK(db_run(w.f->db, &e, sql, ""));
}

static int keep_number(void *data, const struct db_row *row, struct err *e)
{
	*(int64_t *)data = db_number(row, 0);
	return 0;
}

static int64_t number(const char *sql)
{
	struct err e = { 0 };
	int64_t n = -1;

	OK(db_query(w.f->db, &e, keep_number, &n, sql, ""));
	return n;
}

#define COUNT(where) \
	number("SELECT count(*) FROM notices WHERE rule_id <> '' AND " where)

static void a_webhook_is_told(void **state)
{
	struct person kim;
	char body[2048];

	receiver_start(&r, ANSWER("200 OK"));
	set("public_url", "https://gongbang.example.org/base/");
	add_hooked(&kim, "kim", &r);
	raise_one(&kim, "failure");
	raise_one(&kim, "success");
	run_until(1);
	receiver_stop(&r);
	assert_string_equal(w.last, "sent ");
	assert_int_equal(r.n, 1);
	receiver_get(&r, 0, "", body);
	assert_non_null(strstr(body, "{\"gongbang_notice\":1,"));
	assert_non_null(strstr(body, "\"event\":\"failure\""));
	assert_non_null(strstr(body, "\"execution\":null"));
	assert_non_null(strstr(body, "\"name\":\"kim\""));
	assert_non_null(strstr(body, "\"url\":\"https://gongbang.example.org"
			       "/base/agents/"));
	assert_int_equal(COUNT("state = 'sent' AND tries = 1"), 1);
	assert_int_equal(COUNT("state <> 'sent'"), 0);
}

static void a_mail_is_in_the_users_language(void **state)
{
	struct person kim;
	struct smtp smtp;
	char url[64];

	smtp_start(&smtp, false);
	snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", smtp.port);
	set("smtp_url", url);
	set("smtp_from", "gongbang@example.org");
	add_person(&kim, "kim");
	add_rule(&kim, "email", "kim@example.org");
	run("UPDATE users SET locale = 'ko'");
	raise_one(&kim, "paused");
	run_until(1);
	assert_string_equal(w.last, "sent ");
	/* "[공방] kim: " and the first byte of Korean, in base64. */
	assert_non_null(strstr(smtp_file(&smtp, "mail.1"),
			       "W+qzteuwqV0ga2ltOiDs"));
	assert_non_null(strstr(smtp_file(&smtp, "mail.1"),
			       "To: <kim@example.org>"));
	smtp_stop(&smtp);
}

/* The mail server accepts nothing from us: the notification waits for days, and doctor reports it to the administrator. */
static void a_mail_outlives_a_server_that_refuses_us(void **state)
{
	struct person kim;
	struct smtp smtp;
	struct err e = { 0 };
	char url[64], error[64];
	int64_t waiting;
	int i;

	smtp_start(&smtp, false);
	smtp_refuse(&smtp, "MAIL 530 authentication required");
	snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", smtp.port);
	set("smtp_url", url);
	set("smtp_from", "gongbang@example.org");
	add_person(&kim, "kim");
	add_rule(&kim, "email", "kim@example.org");
	raise_one(&kim, "paused");
	OK(notice_mail_trouble(w.f->db, &waiting, error, sizeof(error), &e));
	assert_int_equal(waiting, 0);
	for (i = 0; i < 8; i++) {
		run("UPDATE notices SET next_try_at = 0 WHERE state = 'pending'");
		run_until(i + 1);
		run_idle();
		assert_string_equal(w.last, "pending mailer 530 (MAIL)");
	}
	assert_in_range(number("SELECT max(next_try_at) FROM notices") -
			clock_now_ms(), 5 * 3600000, 7 * 3600000);
	OK(notice_mail_trouble(w.f->db, &waiting, error, sizeof(error), &e));
	assert_int_equal(waiting, 1);
	assert_string_equal(error, "mailer 530 (MAIL)");
	smtp_refuse(&smtp, NULL);
	run("UPDATE notices SET next_try_at = 0 WHERE state = 'pending'");
	run_until(9);
	assert_string_equal(w.last, "sent ");
	/* After three days it is given up. */
	smtp_refuse(&smtp, "MAIL 530 authentication required");
	raise_one(&kim, "failure");
	run("UPDATE notices SET created_at = created_at - 3 * 86400000"
	    " WHERE state = 'pending'");
	run_until(10);
	assert_string_equal(w.last, "failed mailer 530 (MAIL)");
	smtp_stop(&smtp);
}

static void two_workers_tell_it_once(void **state)
{
	struct person people[6];
	char login[16];
	int i, k;

	receiver_start(&r, ANSWER("200 OK"));
	open_office();
	for (i = 0; i < 6; i++) {
		snprintf(login, sizeof(login), "u%d", i);
		add_hooked(&people[i], login, &r);
		for (k = 0; k < 5; k++)
			raise_one(&people[i], "failure");
	}
	run_until(30);
	run_idle();
	receiver_stop(&r);
	assert_int_equal(r.n, 30);
	assert_int_equal(w.told, 30);
	assert_int_equal(COUNT("state = 'sent' AND tries = 1"), 30);
}

static void who_hangs_holds_up_itself_alone(void **state)
{
	struct receiver silent;
	struct person lee, kim;
	int i;

	receiver_start(&silent, NULL);
	receiver_start(&r, ANSWER("200 OK"));
	add_hooked(&lee, "lee", &silent);
	for (i = 0; i < 8; i++)
		raise_one(&lee, "failure");
	add_hooked(&kim, "kim", &r);
	for (i = 0; i < 3; i++)
		raise_one(&kim, "failure");
	run_until(3);
	assert_int_equal(r.n, 3);
	/* Its first request is on its way, too. */
	for (i = 0; i < 1000 && !silent.n; i++) {
		uv_run(&w.loop, UV_RUN_NOWAIT);
		usleep(10000);
	}
	assert_int_equal(silent.n, 1);
	run("UPDATE notices SET state = 'read' WHERE state = 'pending'"
	    " AND tries = 0");
	silent.go = true;
	run_until(4);
	receiver_stop(&r);
	receiver_stop(&silent);
}

/* More users than may be served at once, and all but the last have more that is older. */
static void many_of_some_wait_for_one_of_another(void **state)
{
	struct person some[6], kim;
	char login[16];
	int i, k, at = -1;

	receiver_start(&r, ANSWER("200 OK"));
	for (i = 0; i < 6; i++) {
		snprintf(login, sizeof(login), "u%d", i);
		add_hooked(&some[i], login, &r);
		for (k = 0; k < 8; k++)
			raise_one(&some[i], "failure");
	}
	add_hooked(&kim, "kim", &r);
	raise_one(&kim, "failure");
	run_until(49);
	receiver_stop(&r);
	for (i = 0; i < r.n && at < 0; i++) {
		if (str_starts(r.requests[i], "POST /kim"))
			at = i;
	}
	assert_in_range(at, 0, 29);	/* 34 without turns; arrivals swap under load */
}

static void a_failure_is_tried_five_times(void **state)
{
	static const int64_t pauses[] = { 10, 60, 300, 1800 };
	struct person kim;
	char id[2048], again[2048];
	int64_t now;
	int i;

	receiver_start(&r, ANSWER("503 No"));
	add_hooked(&kim, "kim", &r);
	raise_one(&kim, "failure");
	for (i = 0; i < 5; i++) {
		run("UPDATE notices SET next_try_at = 0 WHERE state = 'pending'");
		now = clock_now_ms();
		run_until(i + 1);
		run_idle();	/* and it is not tried before its time */
		assert_int_equal(r.n, i + 1);
		if (i == 4)
			break;
		assert_string_equal(w.last, "pending status 503");
		assert_in_range(number("SELECT max(next_try_at) FROM notices"
				       " WHERE state = 'pending'") - now,
				pauses[i] * 1000, pauses[i] * 1000 + 60000);
	}
	assert_string_equal(w.last, "failed status 503");
	assert_int_equal(COUNT("state = 'failed' AND tries = 5"
			       " AND error = 'status 503'"), 1);
	receiver_stop(&r);
	receiver_get(&r, 0, "X-Gongbang-Delivery", id);
	receiver_get(&r, 4, "X-Gongbang-Delivery", again);
	assert_true(id_valid(id));
	assert_string_equal(id, again);
}

static void what_is_gone_is_not_tried_again(void **state)
{
	struct person kim;

	receiver_start(&r, ANSWER("410 Gone"));
	add_hooked(&kim, "kim", &r);
	raise_one(&kim, "failure");
	run_until(1);
	receiver_stop(&r);
	assert_string_equal(w.last, "failed gone");
	assert_int_equal(COUNT("state = 'failed' AND tries = 1"), 1);
}

static void nothing_inside_is_told(void **state)
{
	struct person kim;

	set("webhook_private", "no");
	receiver_start(&r, ANSWER("200 OK"));
	add_hooked(&kim, "kim", &r);
	raise_one(&kim, "failure");
	run_until(1);
	receiver_stop(&r);
	assert_string_equal(w.last, "failed private");
	assert_int_equal(r.n, 0);
}

/* Somebody took it and died: when its time has passed it is anybody's, with the same id. */
static void who_dies_is_followed(void **state)
{
	struct person kim;
	struct notice_due *d;
	struct err e = { 0 };
	int64_t now = clock_now_ms();
	char id[2048];

	receiver_start(&r, ANSWER("200 OK"));
	add_hooked(&kim, "kim", &r);
	raise_one(&kim, "failure");
	d = notice_claim(w.f->db, w.f, kim.id, now + 1000, now + 60000, 5, &e);
	assert_non_null(d);
	run_idle();
	assert_int_equal(r.n, 0);
	run("UPDATE notices SET next_try_at = 0 WHERE state = 'pending'");
	run_until(1);
	receiver_stop(&r);
	assert_string_equal(receiver_get(&r, 0, "X-Gongbang-Delivery", id),
			    d->n.id);
	assert_int_equal(COUNT("state = 'sent' AND tries = 2"), 1);
	/* The one who was thought dead changes nothing any more. */
	OK(notice_finish(w.f->db, &d->n, "failed", "broken", 0, 1, &e));
	assert_int_equal(COUNT("state = 'sent'"), 1);
}

static void one_that_always_kills_is_given_up(void **state)
{
	struct person kim;

	receiver_start(&r, ANSWER("200 OK"));
	add_hooked(&kim, "kim", &r);
	raise_one(&kim, "failure");
	run("UPDATE notices SET tries = 5, next_try_at = 0"
	    " WHERE state = 'pending'");
	run_idle();
	receiver_stop(&r);
	assert_int_equal(r.n, 0);
	assert_int_equal(COUNT("state = 'failed' AND error = 'broken'"), 1);
}

static void an_hour_has_a_limit_of_mails(void **state)
{
	struct person kim;
	struct err e = { 0 };
	int i;

	receiver_start(&r, ANSWER("200 OK"));
	add_hooked(&kim, "kim", &r);
	add_rule(&kim, "email", "kim@example.org");
	for (i = 0; i < DELIVER_MAILS_PER_HOUR; i++)
		OK(notice_add_test(w.f->db, kim.id, kim.agent, kim.rule.id,
				   clock_now_ms(), &e));
	OK(db_run(w.f->db, &e, "UPDATE notices SET state = 'sent', tries = 1,"
		  " ended_at = $1", "n", clock_now_ms()));
	raise_one(&kim, "failure");
	run_until(1);		/* the webhook */
	run_idle();
	assert_int_equal(w.told, 1);
	assert_int_equal(r.n, 1);
	assert_int_equal(COUNT("state = 'pending' AND tries = 0"), 1);
	assert_true(number("SELECT next_try_at FROM notices"
			   " WHERE state = 'pending'") > clock_now_ms());
	/* For a day at most. */
	OK(db_run(w.f->db, &e, "UPDATE notices SET next_try_at = 0,"
		  " created_at = $1 WHERE state = 'pending'", "n",
		  clock_now_ms() - INT64_C(86460000)));
	run_idle();
	assert_int_equal(COUNT("state = 'failed' AND error = 'often'"), 1);
	receiver_stop(&r);
}

static void a_disabled_account_tells_nothing(void **state)
{
	struct person kim;

	receiver_start(&r, ANSWER("200 OK"));
	add_hooked(&kim, "kim", &r);
	raise_one(&kim, "failure");
	run("UPDATE users SET disabled_at = 1");
	run_until(1);
	receiver_stop(&r);
	assert_string_equal(w.last, "failed disabled");
	assert_int_equal(r.n, 0);
}

static void stopped(void *data)
{
	*(bool *)data = true;
}

static void an_end_waits_for_what_is_on_its_way(void **state)
{
	struct person kim;
	bool idle = false;

	receiver_start(&r, NULL);
	add_hooked(&kim, "kim", &r);
	raise_one(&kim, "failure");
	raise_one(&kim, "paused");
	deliver_due(w.offices[0].deliver);
	while (r.n < 1)
		uv_run(&w.loop, UV_RUN_NOWAIT);
	deliver_stop(w.offices[0].deliver, stopped, &idle);
	assert_false(idle);
	r.go = true;
	while (!idle)
		uv_run(&w.loop, UV_RUN_ONCE);
	w.noffices = 0;
	receiver_stop(&r);
	assert_int_equal(r.n, 1);
	assert_int_equal(COUNT("state = 'pending' AND tries = 1"), 1);
	assert_int_equal(COUNT("state = 'pending' AND tries = 0"), 1);
}

static void what_is_old_goes(void **state)
{
	struct person kim;
	struct err e = { 0 };

	add_person(&kim, "kim");
	OK(notice_raise(w.f->db, kim.id, kim.agent, "", "paused", 1000, &e));
	raise_one(&kim, "paused");
	run_idle();
	assert_int_equal(number("SELECT count(*) FROM notices"), 1);
}

#define IN_WORLD(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_webhook_is_told),
		IN_WORLD(a_mail_is_in_the_users_language),
		IN_WORLD(a_mail_outlives_a_server_that_refuses_us),
		IN_WORLD(two_workers_tell_it_once),
		IN_WORLD(who_hangs_holds_up_itself_alone),
		IN_WORLD(many_of_some_wait_for_one_of_another),
		IN_WORLD(a_failure_is_tried_five_times),
		IN_WORLD(what_is_gone_is_not_tried_again),
		IN_WORLD(nothing_inside_is_told),
		IN_WORLD(who_dies_is_followed),
		IN_WORLD(one_that_always_kills_is_given_up),
		IN_WORLD(an_hour_has_a_limit_of_mails),
		IN_WORLD(a_disabled_account_tells_nothing),
		IN_WORLD(an_end_waits_for_what_is_on_its_way),
		IN_WORLD(what_is_old_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
