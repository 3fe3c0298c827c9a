/*
 * lib/ledger: the requests the gateway may make, and that no others work.
 * Tests call_line.c, answer.c, client.c, server.c and wire.c.
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

#include "../store/fixture.h"
#include "core/clock.h"
#include "core/str.h"
#include "ledger/answer.h"
#include "ledger/client.h"
#include "serving.h"
#include "store/removal.h"
#include "store/users.h"

#define LEDGER_MS 60000

static char kim[ID_SIZE];

static void make_user(struct fixture *f)
{
	struct err e = { 0 };

	OK(user_create(f->db, "kim", "a hash", false, kim, &e));
}

static struct usage_call call_of(const char *user)
{
	struct usage_call c = { .kind = "conversation", .model = "m 공방",
		.usage = { 1, 2, 3, 4, 5 }, .outcome = "complete",
		.status = 200 };

	c.at = c.ended_at = clock_now_ms();
	id_new(c.id);
	id_new(c.subject_id);
	memcpy(c.user_id, user, ID_SIZE);
	return c;
}

static int64_t number(struct fixture *f, const char *sql)
{
	struct err e = { 0 };
	int64_t n = -1;

	OK(db_query(f->db, &e, db_keep_number, &n, sql, ""));
	return n;
}

static void it_answers_what_the_store_says(void **state)
{
	struct fixture *f = *state;
	struct budget all = { 1, 2, 3, 4 }, each = { 5, 6, 7, 8 };
	struct serving s;
	struct ledger_client *c;
	struct ledger_installation h;
	struct ledger_account a;
	struct stat st;
	struct err e = { 0 };
	char nobody[ID_SIZE];

	make_user(f);
	serving_start(&s, f->path);
	assert_int_equal(stat(s.socket, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	c = ledger_client_new(NULL, s.socket, LEDGER_MS);
	OK(ledger_client_installation(c, &h, &e));
	assert_false(h.stopped);
	assert_int_equal(h.budget.day_tokens, 0);
	OK(ledger_client_account(c, kim, &a, &e));
	assert_string_equal(a.timezone, "");
	OK(budget_save(f->db, BUDGET_ALL, &all, &e));
	OK(budget_save(f->db, BUDGET_EACH, &each, &e));
	OK(stop_all_set(f->db, true, "boss", &e));
	OK(user_set_preferences(f->db, kim, "Kim", "ko", "", "Asia/Seoul", 0, &e));
	OK(user_set_preferences(f->db, kim, "Kim", "ko", "", "Etc/GMT+12", 1234567890123, &e));
	OK(user_set_disabled(f->db, kim, true, &e));
	OK(ledger_client_installation(c, &h, &e));
	assert_true(h.stopped);
	assert_memory_equal(&h.budget, &all, sizeof(all));
	OK(ledger_client_account(c, kim, &a, &e));
	assert_true(a.disabled);
	assert_string_equal(a.locale, "ko");
	assert_string_equal(a.timezone, "Etc/GMT+12");
	assert_string_equal(a.budget_timezone, "Asia/Seoul");
	assert_int_equal(a.budget_timezone_until, 1234567890123);
	assert_memory_equal(&a.budget, &each, sizeof(each));
	id_new(nobody);
	FAILS(ERR_MISSING, ledger_client_account(c, nobody, &a, &e));
	talloc_free(c);
	serving_stop(&s);
}

static int join_sum(void *data, const struct usage_sum *s, struct err *e)
{
	const struct usage *u = &s->usage;

	return buf_addf(data, e, "%lld %s %lld %lld %lld %lld %lld;",
			(long long)s->quarter, s->model, (long long)u->input,
			(long long)u->output, (long long)u->cache_write_5m,
			(long long)u->cache_write_1h, (long long)u->cache_read);
}

static void expect_sums(struct fixture *f, struct ledger_client *c,
			const struct usage_filter *filter, bool by_quarter)
{
	auto_buf theirs = BUF_INIT(65536), ours = BUF_INIT(65536);
	struct err e = { 0 };

	OK(usage_each(f->db, filter, by_quarter ? USAGE_BY_QUARTER : 0,
		      join_sum, &theirs, &e));
	OK(ledger_client_sums(c, filter, by_quarter, join_sum, &ours, &e));
	assert_string_equal(buf_text(&ours), buf_text(&theirs));
	assert_true(ours.len > 0);
}

/* What is said twice is booked once: the reply may have been lost. */
static void calls_are_booked_once(void **state)
{
	struct fixture *f = *state;
	struct usage_call calls[LEDGER_ROWS_MAX];
	char ids[LEDGER_ROWS_MAX + 1][ID_SIZE], model[CALL_MODEL_SIZE];
	bool booked[LEDGER_ROWS_MAX + 1];
	struct usage_filter mine = { .user_id = kim }, one = { .user_id = kim };
	struct serving s;
	struct ledger_client *c;
	struct err e = { 0 };
	int i;

	make_user(f);
	serving_start(&s, f->path);
	c = ledger_client_new(NULL, s.socket, LEDGER_MS);
	memset(model, '\1', sizeof(model) - 1);
	model[sizeof(model) - 1] = '\0';
	for (i = 0; i < LEDGER_ROWS_MAX; i++) {
		calls[i] = call_of(kim);
		calls[i].model = i % 2 ? model : "m 공방";
		calls[i].at -= i * INT64_C(1000000);
		calls[i].usage.input = CALL_TOKENS_MAX;
		memcpy(ids[i], calls[i].id, ID_SIZE);
	}
	id_new(ids[i]);
	OK(ledger_client_booked(c, (const char (*)[ID_SIZE])ids, LEDGER_ROWS_MAX + 1, booked, &e));
	assert_false(booked[0] || booked[LEDGER_ROWS_MAX - 1]);
	OK(ledger_client_add(c, calls, LEDGER_ROWS_MAX, &e));
	OK(ledger_client_add(c, calls, LEDGER_ROWS_MAX, &e));
	assert_int_equal(number(f, "SELECT sum(input) FROM usage"), CALL_TOKENS_MAX * LEDGER_ROWS_MAX);
	assert_int_equal(number(f, "SELECT sum(input) FROM usage_quarters"), CALL_TOKENS_MAX * LEDGER_ROWS_MAX);
	OK(ledger_client_booked(c, (const char (*)[ID_SIZE])ids, LEDGER_ROWS_MAX + 1, booked, &e));
	assert_true(booked[0] && booked[LEDGER_ROWS_MAX - 1]);
	assert_false(booked[LEDGER_ROWS_MAX]);
	one.subject_id = calls[7].subject_id;
	one.to = clock_now_ms() + 1;
	expect_sums(f, c, &mine, false);
	expect_sums(f, c, &mine, true);
	expect_sums(f, c, &one, false);
	expect_sums(f, c, &(struct usage_filter){ 0 }, false);
	talloc_free(c);
	serving_stop(&s);
}

/* Each makes a good row a bad one. */
static void early(struct usage_call *c) { c->at -= LEDGER_PAST_MS + 60000; }
static void late(struct usage_call *c) { c->at += LEDGER_AHEAD_MS + 60000; }
static void ends_late(struct usage_call *c) { c->ended_at += LEDGER_AHEAD_MS + 60000; }
static void never_ends(struct usage_call *c) { c->ended_at = 0; }
static void negative(struct usage_call *c) { c->usage.output = -1; }
static void huge(struct usage_call *c) { c->usage.cache_read = CALL_TOKENS_MAX + 1; }
static void no_status(struct usage_call *c) { c->status = 1000; }
static void no_kind(struct usage_call *c) { c->kind = "login"; }
static void no_outcome(struct usage_call *c) { c->outcome = "free"; }
static void no_id(struct usage_call *c) { strcpy(c->id, "x"); }
static void no_user(struct usage_call *c) { strcpy(c->user_id, "' OR 1"); }
static void no_subject(struct usage_call *c) { strcpy(c->subject_id, "*"); }
static void no_text(struct usage_call *c) { c->model = "\xff"; }
static void of_another(struct usage_call *c) { c->kind = "workspace"; }

static void bad_rows_are_refused(void **state)
{
	static void (*const spoil[])(struct usage_call *c) = {
		early, late, ends_late, never_ends, negative, huge, no_status,
		no_kind, no_outcome, no_id, no_user, no_subject, no_text,
		of_another,
	};
	struct fixture *f = *state;
	struct usage_call calls[2];
	struct serving s;
	struct ledger_client *c;
	struct err e = { 0 };
	size_t i;

	make_user(f);
	serving_start(&s, f->path);
	c = ledger_client_new(NULL, s.socket, LEDGER_MS);
	for (i = 0; i < sizeof(spoil) / sizeof(spoil[0]); i++) {
		calls[0] = call_of(kim);
		calls[1] = call_of(kim);
		spoil[i](&calls[1]);
		FAILS(ERR_INPUT, ledger_client_add(c, calls, 2, &e));
	}
	assert_int_equal(number(f, "SELECT count(*) FROM usage"), 0);
	/* Of nobody: under no name, as an account that was removed meanwhile. */
	calls[0] = call_of(kim);
	id_new(calls[0].user_id);
	calls[1] = call_of(kim);
	OK(ledger_client_add(c, calls, 2, &e));
	assert_int_equal(number(f, "SELECT count(*) FROM usage"), 2);
	assert_int_equal(number(f, "SELECT count(*) FROM usage WHERE user_id = '" REMOVED_ID "' AND subject_id = ''"), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM usage_days WHERE subject_id = ''"), 1);
	talloc_free(c);
	serving_stop(&s);
}

static char *answer_to(struct fixture *f, const char *request, size_t n)
{
	static struct buf reply = BUF_INIT(LEDGER_REPLY_MAX);
	char *copy = strndup("", 0);

	copy = realloc(copy, n + 1);
	memcpy(copy, request, n);
	copy[n] = '\0';
	buf_clear(&reply);
	ledger_answer(f->db, copy, n, &reply);
	free(copy);
	return reply.data;
}

/* Nothing of an account but what the gateway needs; nothing can be changed. */
static void other_requests_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "\n", "installation", "installation \n", "installation\nrow\n", "INSTALLATION\n", "installation now\n",
		"account\n", "account kim\n", "account %\n", "account all\n",
		"user 0\n", "budget_save all 0 0 0 0\n", "stop 0\n", "delete\n",
		"booked\n", "booked\nkim\n", "booked\n' OR 1\n",
		"sums - - 0 0\n", "sums - - 0 0 day\n", "sums kim - 0 0 all\n", "sums - ' 0 0 all\n",
		"sums - - -1 0 all\n", "sums - - 5 4 all\n", "sums - - 0 99999999999999999 all\n",
		"sums - - 0 0 all more\n", "sums - - x 0 all\n", "sums 1 2 3 4 5 6 7 8 9 10 11 12 13\n",
		"add\n", "add\nrow\n", "add row\n",
	};
	struct fixture *f = *state;
	char line[CALL_LINE_MAX], *many;
	struct usage_call call;
	size_t i, n;

	make_user(f);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!str_starts(answer_to(f, bad[i], strlen(bad[i])), "error input - "))
			fail_msg("%s", bad[i]);
	}
	assert_true(str_starts(answer_to(f, "installation\0x\n", 15), "error input - "));
	/* Only the end of a call is a row, and only so many at once. */
	call = call_of(kim);
	many = talloc_size(NULL, LEDGER_REQUEST_MAX);
	n = call_line_format(LINE_REPORT, &call, line);
	n = (size_t)snprintf(many, LEDGER_REQUEST_MAX, "add\n%.*s", (int)n, line);
	assert_true(str_starts(answer_to(f, many, n), "error input - "));
	strcpy(many, "add\n");
	call_line_format(LINE_END, &call, line);
	for (i = 0, n = 4; i <= LEDGER_ROWS_MAX; i++)
		n += (size_t)sprintf(many + n, "%s", line);
	assert_true(str_starts(answer_to(f, many, n), "error input - "));
	assert_int_equal(number(f, "SELECT count(*) FROM usage"), 0);
	n = strlen(line);
	assert_string_equal(answer_to(f, many, n + 4), "ok\n\n");
	talloc_free(many);
	/* The whole of what is said of an account. */
	snprintf(line, sizeof(line), "account %s\n", kim);
	assert_string_equal(answer_to(f, line, strlen(line)), "ok\n0 = = = 0 0 0 0 0\n\n");
	assert_string_equal(answer_to(f, "installation\n", 13), "ok\n0 0 0 0 0\n\n");
}

static void trouble_is_one_line(void **state)
{
	struct fixture *f = *state;
	char line[CALL_LINE_MAX + 4] = "add\n";
	struct usage_call call;
	struct err e = { 0 };
	const char *text;

	make_user(f);
	OK(db_run(f->db, &e, "CREATE TRIGGER bad BEFORE INSERT ON usage BEGIN"
		  " SELECT RAISE(FAIL, 'one\n\ntwo'); END", ""));
	call = call_of(kim);
	call_line_format(LINE_END, &call, line + 4);
	text = answer_to(f, line, strlen(line));
	assert_true(str_starts(text, "error "));
	assert_non_null(strstr(text, "one  two"));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 2);
}

static void it_may_go_and_come_back(void **state)
{
	struct fixture *f = *state;
	struct serving s;
	struct ledger_client *c;
	struct ledger_installation h;
	struct usage_call call;
	struct err e = { 0 };
	int i;

	make_user(f);
	serving_start(&s, f->path);
	c = ledger_client_new(NULL, s.socket, LEDGER_MS);
	call = call_of(kim);
	for (i = 0; i < 3; i++) {
		OK(ledger_client_installation(c, &h, &e));
		serving_stop(&s);
		if (i == 1)
			FAILS(ERR_UNAVAILABLE, ledger_client_add(c, &call, 1, &e));
		if (i == 1)
			assert_string_equal(e.key, "error_busy");
		serving_restart(&s, f->path);
		OK(ledger_client_add(c, &call, 1, &e));
	}
	assert_int_equal(number(f, "SELECT count(*) FROM usage"), 1);
	talloc_free(c);
	serving_stop(&s);
}

static int bind_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(str_copy(at.sun_path, sizeof(at.sun_path), path));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void one_that_says_nothing_is_away(void **state)
{
	struct fixture *f = *state;
	char path[160];
	struct ledger_client *c;
	struct ledger_installation h;
	struct err e = { 0 };
	int fd;

	snprintf(path, sizeof(path), "%s.mute", f->path);
	fd = bind_at(path);
	c = ledger_client_new(NULL, path, 20);
	FAILS(ERR_UNAVAILABLE, ledger_client_installation(c, &h, &e));
	assert_non_null(strstr(e.text, "no answer in time"));
	assert_string_equal(e.key, "error_busy");
	talloc_free(c);
	close(fd);
}

static int connect_to(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(str_copy(at.sun_path, sizeof(at.sun_path), path));
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* A request without end, and more connections than there may be. */
static void floods_are_cut_off(void **state)
{
	struct fixture *f = *state;
	char block[4096], byte;
	struct serving s;
	struct ledger_client *c;
	struct ledger_installation h;
	struct err e = { 0 };
	int fd, fds[32], i;
	size_t sent = 0;

	memset(block, 'x', sizeof(block));
	serving_start(&s, f->path);
	fd = connect_to(s.socket);
	while (send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0)
		sent += sizeof(block);
	assert_true(sent >= LEDGER_REQUEST_MAX);
	assert_true(sent < 8 * LEDGER_REQUEST_MAX);
	close(fd);
	for (i = 0; i < 32; i++)
		fds[i] = connect_to(s.socket);
	assert_int_equal(read(fds[31], &byte, 1), 0);
	for (i = 0; i < 32; i++)
		close(fds[i]);
	c = ledger_client_new(NULL, s.socket, LEDGER_MS);
	while (ledger_client_installation(c, &h, &e) < 0)
		usleep(1000);
	talloc_free(c);
	serving_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_answers_what_the_store_says),
		TEST(calls_are_booked_once),
		TEST(bad_rows_are_refused),
		TEST(other_requests_are_refused),
		TEST(trouble_is_one_line),
		TEST(it_may_go_and_come_back),
		TEST(one_that_says_nothing_is_away),
		TEST(floods_are_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
