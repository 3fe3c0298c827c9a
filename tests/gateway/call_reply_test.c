/* lib/gateway/call_reply.c: replies pass, are counted and booked. */
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
#include <sys/socket.h>
#include <unistd.h>

#include "gateway_calls.h"
#include "core/clock.h"
#include "gateway/gateway_internal.h"

static void a_stream_passes_and_is_counted(void **state)
{
	struct ledger l;

	start();
	call(ANN, "");
	assert_int_equal(a.status, 200);
	assert_true(a.whole);
	assert_non_null(strstr(a.body, "message_stop"));
	assert_string_equal(answer_field(&a, "content-type"), "text/event-stream");
	assert_string_equal(answer_field(&a, "request-id"), "req_1");
	assert_string_equal(answer_field(&a, "anthropic-ratelimit-x"), "7");
	assert_null(answer_field(&a, "set-cookie"));
	assert_null(answer_field(&a, "server"));
	world_ledger(&w, 1, &l);
	assert_int_equal(l.complete, 1);
	assert_int_equal(l.usage.input, SCRIPTED_IN);
	assert_int_equal(l.usage.output, SCRIPTED_OUT);
	call(ANN, "json");
	assert_true(a.status == 200 && a.whole);
	world_ledger(&w, 2, &l);
	assert_int_equal(l.complete, 2);
	assert_int_equal(tokens_of(&l), 2 * (SCRIPTED_IN + SCRIPTED_OUT));
}

static void errors_of_the_service_pass(void **state)
{
	static const int statuses[] = { 400, 403, 413, 500, 529, 429 };
	struct ledger l;
	char app[32], words[64];
	size_t i;

	start();
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		snprintf(app, sizeof(app), "status %d", statuses[i]);
		snprintf(words, sizeof(words), "upstream says %d", statuses[i]);
		call(ANN, app);
		expect_error(statuses[i], "x_error", words);
	}
	assert_string_equal(answer_field(&a, "retry-after"), "1");
	world_ledger(&w, 6, &l);
	assert_int_equal(l.failed, 6);
	assert_int_equal(tokens_of(&l), 0);
}

static void odd_replies_are_booked_as_they_are(void **state)
{
	struct ledger l;

	start();
	call(ANN, "cut");
	assert_int_equal(a.status, 200);
	assert_false(a.whole);
	call(ANN, "error");
	assert_true(a.whole);
	assert_non_null(strstr(a.body, "event: error"));
	call(ANN, "garbage");
	assert_true(a.whole);
	call(ANN, "nousage");
	assert_true(a.whole);
	call(ANN, "cut_head");
	expect_error(502, "api_error", "");
	call(ANN, "huge_head");
	expect_error(502, "api_error", "");
	call(ANN, "many_fields");
	assert_int_equal(a.status, 200);
	assert_true(strlen(a.head) < 20000);
	call(ANN, "redirect");
	assert_int_equal(a.status, 307);
	assert_null(answer_field(&a, "location"));
	world_ledger(&w, 8, &l);
	assert_int_equal(l.interrupted, 4);
	assert_int_equal(l.unmetered, 3);
	assert_int_equal(l.failed, 1);
	assert_in_range(l.usage.output, 7 * SCRIPTED_OUT, 7 * SCRIPTED_OUT + 20);
	assert_int_equal(l.usage.input, 2 * SCRIPTED_IN + 5 * BODY_TOKENS);
}

static void a_client_that_leaves_ends_its_call(void **state)
{
	struct ledger l;
	int fd;

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: hold\r\n", BODY, BODY_SIZE);
	hear(fd);
	close(fd);
	scripted_wait(&w.service, &w.service.left, 1);
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: silent\r\n", BODY, BODY_SIZE);
	scripted_wait(&w.service, &w.service.requests, 2);
	close(fd);
	scripted_wait(&w.service, &w.service.left, 2);
	world_ledger(&w, 2, &l);
	assert_int_equal(l.interrupted, 2);
	assert_int_equal(l.usage.input, SCRIPTED_IN + BODY_TOKENS);
	/* Of both what was asked for: the second was cut before its first word. */
	assert_int_equal(l.usage.output, 2 * SCRIPTED_OUT);
}

/* The service works on and bills: leaving early must not be cheaper. */
static void who_leaves_early_pays_an_estimate(void **state)
{
	static const size_t sizes[] = { 4000, 400000 };
	struct ledger l;
	size_t i;
	int fd;

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: text 200\r\n", BODY, BODY_SIZE);
	hear_deltas(fd, 200);
	close(fd);
	scripted_wait(&w.service, &w.service.left, 1);
	world_ledger(&w, 1, &l);
	assert_int_equal(l.interrupted, 1);
	assert_int_equal(l.usage.input, SCRIPTED_IN);
	assert_int_equal(l.usage.output, 200 * 5 / 4 + SCRIPTED_OUT);
	/* No word was heard: what was sent is the guess, small or large. */
	for (i = 0; i < 2; i++) {
		fd = client_connect(&w, 1);
		send_bytes(fd, "silent", sizes[i]);
		scripted_wait(&w.service, &w.service.bodies, 2 + (int)i);
		close(fd);
		scripted_wait(&w.service, &w.service.left, 2 + (int)i);
	}
	world_ledger(&w, 3, &l);
	assert_int_equal(l.interrupted, 3);
	assert_in_range(l.usage.input, SCRIPTED_IN + 404000 / 3, SCRIPTED_IN + 404000 / 3 + 2);
	/* A request that names no limit is bounded by the time that it took. */
	assert_in_range(l.usage.output, 270 + 2 * 250, 270 + 2 * 2500);
	/* Nobody bills half a body, nor what the service refused. */
	fd = client_connect(&w, 1);
	send_bytes(fd, "silent\r\ncontent-length: 400000", 200000);
	scripted_wait(&w.service, &w.service.requests, 4);
	close(fd);
	call(ANN, "status 500");
	world_ledger(&w, 5, &l);
	assert_int_equal(l.interrupted, 4);
	assert_int_equal(l.failed, 1);
	assert_in_range(l.usage.input, SCRIPTED_IN + 404000 / 3, SCRIPTED_IN + 404000 / 3 + 2);
}

#define IN_USAGE "\"usage\":{\"input_tokens\":4,\"output_tokens\":"
#define FIRST "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m\"," IN_USAGE "1}}}\n\n"
#define TEXT "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"word\"}}\n\n"

#define SEARCH "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"content_block\":" \
	"{\"type\":\"server_tool_use\",\"name\":\"web_search\"}}\n\n"

#define LAST(usage) "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":" usage "}\n\n" \
	"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

/* The service bills each 4 of input and 20, all that was asked for, of output. */
static const char *const shapes[] = {
	FIRST TEXT LAST("{\"output_tokens\":20}"),
	FIRST TEXT LAST("{\"input_tokens\":0,\"output_tokens\":20}"),
	FIRST TEXT LAST("{\"output_tokens\":20,\"input_tokens\":-4}"),
	"{\"type\":\"message\",\"model\":\"m\",\"content\":[{\"text\":\"word\"}]," IN_USAGE "20}}",
	"\n {" IN_USAGE "20},\"content\":[]}",
	/* Nothing, or nonsense, where the usage should be. */
	"{\"type\":\"message\",\"model\":\"m\",\"content\":[]}",
	"{\"usage\":{\"input_tokens\":\"4\",\"output_tokens\":\"20\"}}",
	"{\"usage\":{\"input_tokens\":-1,\"output_tokens\":-1}}",
	"{\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}",
	"{\"usage\":{\"input_tokens\":4,\"output_tokens\":9e99}}",
	"[{" IN_USAGE "20}}]", "\xff\xfe{\0\"\0", "no reply at all", "data: {{{\n\n", "\n\n\n",
	FIRST TEXT LAST("{\"output_tokens\":\"20\"}"),
	/* A whole stream whose last report is missing, unread or not the last word. */
	FIRST TEXT "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
	FIRST TEXT LAST("{\"input_tokens\":4}"), FIRST LAST("null"), FIRST LAST("[20]"), FIRST LAST("{}}"),
	FIRST TEXT LAST("{\"output_tokens\":20,\"output_tokens\":1}"),
	FIRST TEXT "data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":20\n\n" LAST("{}"),
	FIRST LAST("{\"output_tokens\":2}") TEXT TEXT TEXT TEXT TEXT TEXT TEXT TEXT TEXT TEXT
	TEXT TEXT TEXT TEXT TEXT TEXT TEXT TEXT "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
	"{" IN_USAGE "20,\"output_tokens\":1}}",
};

static const char *const heads[] = {
	"content-type: text/event-stream\r\n", "content-type: application/json\r\n",
	"", "content-type: application/octet-stream\r\n", "Content-Type: text/event-stream; charset=utf-16\r\n",
	"content-type: \r\n", "content-encoding: identity\r\n", "content-encoding: br\r\n",
	"content-encoding: x-unknown\r\n", "content-encoding: gzip\r\ncontent-type: text/event-stream\r\n",
};

/* ledger >= bill: each shape under each head, whole and cut short. */
static void whatever_the_reply_is_the_ledger_has_it(void **state)
{
	const size_t n_shapes = sizeof(shapes) / sizeof(shapes[0]);
	const size_t n_heads = sizeof(heads) / sizeof(heads[0]);
	struct ledger before = { 0 }, l;
	char head[512];
	size_t i, k, cut, n;
	int rows = 0;

	strcpy(w.more, "user_calls_per_minute = 10000\n");
	start();
	for (i = 0; i < n_shapes; i++) {
		for (k = 0; k < n_heads; k++) {
			for (cut = 0; cut < 3; cut++) {
				n = strlen(shapes[i]);
				snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n",
					 k % 2 ? "103 Early\r\n\r\nHTTP/1.1 200 OK" : "200 OK", heads[k], n);
				w.service.odd_head = head;
				w.service.odd_reply = shapes[i];
				w.service.odd_size = cut == 0 ? n : cut == 1 ? n / 2 : 0;
				call(ANN, "odd");
				world_ledger(&w, ++rows, &l);
				if (l.usage.input - before.usage.input < 4 ||
				    l.usage.output - before.usage.output < 20)
					fail_msg("shape %zu, head %zu, cut %zu: %lld in, %lld out", i, k, cut,
						 (long long)(l.usage.input - before.usage.input),
						 (long long)(l.usage.output - before.usage.output));
				before = l;
			}
		}
	}
}

/* A field of the only counter whose key matches; -1: it is not there. */
static int64_t counter(const char *pattern, const char *field)
{
	char command[512], line[64] = "-1";
	FILE *f;

	snprintf(command, sizeof(command), "redis-cli -s %s --raw EVAL \"local k = "
		 "redis.call('KEYS', ARGV[1]) return #k == 1 and "
		 "redis.call('HGET', k[1], ARGV[2]) or '-1'\" 0 '%s' '%s'",
		 w.redis.socket, pattern, field);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	pclose(f);
	return atoll(line);
}

#define ALL_MONTH "spent:all:[0-9][0-9][0-9][0-9]-[0-9][0-9]:*"

static int find_tool(void *data, const struct db_row *row, struct err *e)
{
	struct ledger *l = data;

	l->rows++;
	l->usage.input += db_number(row, 0);
	return 0;
}

/* Rows of their own, in the budgets of money: streamed, as a body, and cut before it is reported. */
static void hosted_tools_are_booked(void **state)
{
	static const char *const replies[] = {
		FIRST TEXT LAST("{\"output_tokens\":20,\"server_tool_use\":{\"web_search_requests\":2}}"),
		"{\"usage\":{\"input_tokens\":4,\"output_tokens\":20,\"server_tool_use\":{\"web_search_requests\":2}}}",
		FIRST SEARCH SEARCH TEXT,
	};
	struct ledger l, found = { 0 };
	struct err e = { 0 };
	size_t i;
	int n;

	start();
	w.service.odd_head = "HTTP/1.1 200 OK\r\n\r\n";
	for (i = 0; i < 3; i++) {
		w.service.odd_reply = replies[i];
		w.service.odd_size = strlen(replies[i]);
		call(ANN, "odd");
		assert_int_equal(a.status, 200);
		world_ledger(&w, 2 * (int)i + 2, &l);
	}
	assert_int_equal(db_query(w.db, &e, find_tool, &found,
		"SELECT input FROM usage WHERE model = 'hosted-tool/web_search' AND output = 0"
		" AND kind = 'conversation' AND subject_id <> ''", ""), 0);
	assert_int_equal(found.rows, 3);
	assert_int_equal(found.usage.input, 6);
	/* Ten dollars a thousand. */
	for (n = 0; n < 200 && counter(ALL_MONTH, "rc"); n++)
		usleep(10000);
	assert_true(counter(ALL_MONTH, "c") >= 6 * 10000);
	assert_true(counter(ALL_MONTH, "c") < 7 * 10000);
}

static void a_call_is_settled_when_it_ends(void **state)
{
	static const char *const apps[] = { "", "json", "status 500", "cut" };
	struct ledger l;
	size_t i;
	int n;

	start();
	for (i = 0; i < sizeof(apps) / sizeof(apps[0]); i++) {
		call(ANN, apps[i]);
		world_ledger(&w, (int)i + 1, &l);
		for (n = 0; n < 200 && counter(ALL_MONTH, "rt"); n++)
			usleep(10000);
		assert_int_equal(counter(ALL_MONTH, "rt"), 0);
		assert_int_equal(counter(ALL_MONTH, "rc"), 0);
		assert_int_equal(counter(ALL_MONTH, "t"), tokens_of(&l));
	}
}

/* What the service thought without a word is estimated with what follows. */
static void silence_between_output_counts(void **state)
{
	struct gateway g = { .loop = NULL };
	struct call c = {
		.gateway = &g, .metered = true, .given_all = true,
		.outbound = (struct outbound *)&g, .row = { .id = "x" },
		.output_at = clock_mono_ms(), .estimated = 2000,
	};

	TAILQ_INIT(&g.reporting);
	reply_silent(&c);
	assert_false(c.unreported);
	c.silent_ms = 10000;		/* at most 2,500 tokens */
	reply_silent(&c);
	assert_true(c.unreported);
	assert_ptr_equal(TAILQ_FIRST(&g.reporting), &c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_passes_and_is_counted),
		TEST(hosted_tools_are_booked),
		TEST(errors_of_the_service_pass),
		TEST(odd_replies_are_booked_as_they_are),
		TEST(a_client_that_leaves_ends_its_call),
		TEST(who_leaves_early_pays_an_estimate),
		TEST(whatever_the_reply_is_the_ledger_has_it),
		TEST(a_call_is_settled_when_it_ends),
		cmocka_unit_test(silence_between_output_counts),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
