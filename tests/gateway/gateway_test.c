/*
 * gongbang-gateway as a program (gateway.c): the kill switch, Redis and the
 * ledger away, its end, kills, bad starts.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway_calls.h"
#include "store/budgets.h"

static void the_switch_cuts_and_refuses(void **state)
{
	struct err e = { 0 };
	struct ledger l;
	int fd;

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, BEN, "POST", "/v1/messages", "x-app: hold\r\n", BODY, BODY_SIZE);
	hear(fd);
	assert_int_equal(stop_all_set(w.db, true, "root", &e), 0);
	scripted_wait(&w.service, &w.service.left, 1);
	while (recv(fd, a.head, 100, 0) > 0)
		;
	close(fd);
	call(BEN, "");
	expect_error(429, "gongbang_stopped", "paused for everyone");
	assert_string_equal(answer_field(&a, "x-should-retry"), "false");
	assert_int_equal(stop_all_set(w.db, false, "root", &e), 0);
	while (!strstr(world_log(&w), "resume_all"))
		usleep(10000);
	call(BEN, "");
	assert_int_equal(a.status, 200);
	world_ledger(&w, 2, &l);
	assert_int_equal(l.interrupted, 1);
	assert_int_equal(l.complete, 1);
}

static void without_redis_calls_wait_outside(void **state)
{
	struct gateway_token t = { .kind = GATEWAY_TOKEN_CONVERSATION };
	struct err e = { 0 };
	int i;

	start();
	server_kill(&w.redis);
	call(BEN, "");
	assert_int_equal(a.status, 503);
	assert_string_equal(answer_field(&a, "x-should-retry"), "true");
	assert_non_null(strstr(a.body, "\"type\":\"error\""));
	assert_int_equal(w.service.requests, 0);
	server_start(&w.redis);
	memcpy(t.user_id, w.user_id[BEN], ID_SIZE);
	id_new(t.subject_id);
	for (i = 0; i < 100 && gateway_token_put(w.kv, w.token[BEN], &t, 600, &e) < 0; i++)
		usleep(50000);
	for (i = 0; i < 100; i++) {
		call(BEN, "");
		if (a.status == 200)
			break;
		usleep(100000);
	}
	assert_int_equal(a.status, 200);
}

/* Within ten seconds: the ledger may answer after what made it fail was seen. */
static void expect_logged(const char *event)
{
	int i;

	for (i = 0; i < 1000 && !strstr(world_log(&w), event); i++)
		usleep(10000);
	assert_non_null(strstr(world_log(&w), event));
}

/* The journal holds what the store cannot take, up to its cap; then nothing more is spent. */
static void without_the_store_calls_go_on_for_a_while(void **state)
{
	struct err e = { 0 };
	struct ledger l;
	char *why = NULL;
	int fd, i, good = 0;

	strcpy(w.more, "gateway_journal_max = 1\nuser_calls_per_minute = 100000\n");
	start();
	call(BEN, "");
	assert_int_equal(a.status, 200);
	world_ledger(&w, 1, &l);
	assert_int_equal(db_run(w.db, &e, "ALTER TABLE usage RENAME TO usage_away", ""), 0);
	fd = client_connect(&w, 1);
	do {
		client_send(fd, &w, BEN, "POST", "/v1/messages", "x-app: json\r\n", BODY, BODY_SIZE);
		read_answer(fd);
		good += a.status == 200;
	} while (a.status == 200 && good < 20000);
	close(fd);
	/* The log says so, and Redis tells whoever looks after it. */
	expect_logged("event=ledger_away");
	assert_int_equal(kv_get(w.kv, w.db, GATEWAY_LEDGER_KEY, &why, &e), 0);
	assert_non_null(why);
	expect_error(503, "api_error", "be recorded right now");
	assert_string_equal(answer_field(&a, "x-should-retry"), "true");
	assert_true(good > 100);
	assert_int_equal(db_run(w.db, &e, "ALTER TABLE usage_away RENAME TO usage", ""), 0);
	for (i = 0; i < 300 && a.status != 200; i++) {
		usleep(100000);
		call(BEN, "");
	}
	assert_int_equal(a.status, 200);
	world_ledger(&w, good + 2, &l);
	assert_int_equal(l.complete, good + 2);
	expect_logged("event=ledger_back");
	assert_int_equal(tokens_of(&l), (int64_t)(good + 2) * (SCRIPTED_IN + SCRIPTED_OUT));
}

/* Known users go on, others wait; the gateway books each call when the ledger is back. */
static void a_ledger_that_was_killed_gets_every_call(void **state)
{
	struct ledger l;
	int i;

	start();
	call(BEN, "");
	assert_int_equal(a.status, 200);
	world_kill_ledger(&w);
	call(BEN, "");
	assert_int_equal(a.status, 200);
	call(ANN, "");
	assert_int_equal(a.status, 503);
	world_start_ledger(&w);
	for (i = 0; i < 300 && a.status != 200; i++) {
		usleep(10000);
		call(ANN, "");
	}
	assert_int_equal(a.status, 200);
	world_ledger(&w, 3, &l);
	assert_int_equal(l.complete, 3);
}

/* The gateway has no use for the store's file: what it would find there is none. */
static void it_opens_no_store(void **state)
{
	char command[160];

	start();
	call(BEN, "");
	assert_int_equal(a.status, 200);
	snprintf(command, sizeof(command), "! ls -l /proc/%d/fd /proc/%d/map_files | grep -E 'store\\.db|sqlite'",
		 (int)w.pid, (int)w.pid);
	assert_int_equal(system(command), 0);
}

static void an_end_lets_streams_finish(void **state)
{
	struct ledger l;
	int slow, held;

	start();
	slow = client_connect(&w, 1);
	client_send(slow, &w, ANN, "POST", "/v1/messages", "x-app: slow 50\r\n", BODY, BODY_SIZE);
	held = client_connect(&w, 1);
	client_send(held, &w, BEN, "POST", "/v1/messages", "x-app: hold\r\n", BODY, BODY_SIZE);
	hear(held);
	scripted_wait(&w.service, &w.service.requests, 2);
	kill(w.pid, SIGTERM);
	read_answer(slow);
	assert_true(a.whole);
	assert_non_null(strstr(a.body, "message_stop"));
	close(slow);
	world_stop(&w);
	close(held);
	world_ledger(&w, 2, &l);
	assert_int_equal(l.complete, 1);
	assert_int_equal(l.interrupted, 1);
	assert_int_equal(tokens_of(&l), 2 * (SCRIPTED_IN + SCRIPTED_OUT));
}

/* The store is slow to close the books, so the end lasts longer than a tick. */
static void an_end_is_clean_however_long_it_takes(void **state)
{
	struct err e = { 0 };
	struct ledger l;

	start();
	assert_int_equal(db_begin(w.db, &e), 0);
	assert_int_equal(db_run(w.db, &e, "UPDATE users SET locale = locale", ""), 0);
	call(ANN, "");
	assert_int_equal(a.status, 200);
	world_stop(&w);
	db_rollback(w.db);
	start();
	world_ledger(&w, 1, &l);
	assert_int_equal(l.complete, 1);
}

static void a_killed_gateway_books_what_it_heard(void **state)
{
	struct ledger l;
	int fd;

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: hold\r\n", BODY, BODY_SIZE);
	hear(fd);
	world_kill(&w);
	close(fd);
	start();
	world_ledger(&w, 1, &l);
	assert_int_equal(l.interrupted, 1);
	assert_int_equal(tokens_of(&l), SCRIPTED_IN + SCRIPTED_OUT);
	call(ANN, "");
	assert_int_equal(a.status, 200);
}

static void a_killed_gateway_books_its_estimates(void **state)
{
	static const size_t sizes[] = { 4000, 400000 };
	struct ledger l;
	int fd[3], i;

	start();
	fd[0] = client_connect(&w, 1);
	client_send(fd[0], &w, BEN, "POST", "/v1/messages", "x-app: text 400\r\n", BODY, BODY_SIZE);
	hear_deltas(fd[0], 400);
	for (i = 0; i < 2; i++) {
		fd[1 + i] = client_connect(&w, 1);
		send_bytes(fd[1 + i], "silent", sizes[i]);
	}
	scripted_wait(&w.service, &w.service.bodies, 3);
	/* Whoever is answered now, was so after what came before was written. */
	request(-1, "GET", "/", "");
	world_kill(&w);
	for (i = 0; i < 3; i++)
		close(fd[i]);
	start();
	world_ledger(&w, 3, &l);
	assert_int_equal(l.interrupted, 3);
	assert_in_range(l.usage.input, SCRIPTED_IN + 404000 / 3, SCRIPTED_IN + 404000 / 3 + 2);
	/* Of 520 and two more's first second, but for what the journal need not know. */
	assert_in_range(l.usage.output, 363 + 500, 520 + 4000);
}

static void a_damaged_journal_is_said(void **state)
{
	char path[160];
	FILE *f;

	start();
	world_stop(&w);
	assert_null(strstr(world_log(&w), "journal_damaged"));
	snprintf(path, sizeof(path), "%s/journal/segment-00000000000000000099", w.folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("\nno line\n\nnor this\n", f);
	fclose(f);
	start();
	assert_non_null(strstr(world_log(&w), "event=journal_damaged segment=99 lines=2"));
}

static void bad_starts_are_said(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	char path[128];
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	snprintf(w.more, sizeof(w.more), "gateway_listen = 127.0.0.1:%d\n", ntohs(at.sin_port));
	w.keys = true;
	assert_false(world_start(&w));
	assert_non_null(strstr(world_log(&w), "listen on 127.0.0.1"));
	close(fd);
	w.more[0] = '\0';
	snprintf(path, sizeof(path), "chmod 0444 %s/keys", w.folder);
	assert_int_equal(system(path), 0);
	assert_false(world_start(&w));
	assert_non_null(strstr(world_log(&w), "chmod 0400"));
	w.keys = false;
	strcpy(w.upstream, "ftp://127.0.0.1/");
	assert_false(world_start(&w));
	assert_non_null(strstr(world_log(&w), "model_upstream"));
	strcpy(w.more, "gateway_listen = 192.0.2.7:4100\n");
	w.upstream[0] = '\0';
	assert_false(world_start(&w));
	assert_non_null(strstr(world_log(&w), "listen on 192.0.2.7"));
}

static void it_leaves_no_core_behind(void **state)
{
	char path[64], line[256];
	bool found = false;
	FILE *f;

	start();
	snprintf(path, sizeof(path), "/proc/%d/limits", (int)w.pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, "Max core file size        0 ") != NULL;
	if (f)
		fclose(f);
	assert_true(found);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_switch_cuts_and_refuses),
		TEST(without_redis_calls_wait_outside),
		TEST(without_the_store_calls_go_on_for_a_while),
		TEST(a_ledger_that_was_killed_gets_every_call),
		TEST(it_opens_no_store),
		TEST(an_end_lets_streams_finish),
		TEST(an_end_is_clean_however_long_it_takes),
		TEST(a_killed_gateway_books_what_it_heard),
		TEST(a_killed_gateway_books_its_estimates),
		TEST(a_damaged_journal_is_said),
		TEST(bad_starts_are_said),
		TEST(it_leaves_no_core_behind),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
