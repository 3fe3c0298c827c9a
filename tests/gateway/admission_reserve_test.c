/* lib/gateway/admission_reserve.c: a budget holds against calls at once. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway_calls.h"
#include "store/budgets.h"

#define PARALLEL 100

struct flood {
	pthread_t thread;
	int host;		/* one address has so many connections */
	size_t padding;
	int status;
};

static void *flood_call(void *data)
{
	static const char first[] = "{\"max_tokens\":5000,\"system\":\"", last[] = "\"}";
	static const char after[] = "{\"system\":\"", then[] = "\",\"max_tokens\":5000 }";
	struct flood *f = data;
	struct answer *answer = calloc(1, sizeof(*answer));
	size_t n = f->padding;
	char *body = malloc(n + 64);
	int fd = -1, size = sprintf(body, "%s", f->host == 1 ? first : after);

	memset(body + size, 'y', n);
	strcpy(body + (size_t)size + n, f->host == 1 ? last : then);
	while ((fd = client_connect(&w, f->host)) < 0)
		usleep(10000);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: take\r\n", body, strlen(body));
	client_read(fd, answer);
	close(fd);
	f->status = answer->status;
	answer_release(answer);
	free(answer);
	free(body);
	return NULL;
}

/* All at once against a budget: what the service bills is over it by one call's input at most. */
static void flood(struct budget b, size_t padding, int64_t limit, int64_t in_price, int64_t out_price)
{
	static struct flood all[PARALLEL];
	struct gateway_token t = { .kind = GATEWAY_TOKEN_CONVERSATION };
	int64_t bill, input = (int64_t)(padding + 40) / 3 * in_price;
	struct err e = { 0 };
	struct ledger l;
	int i, good = 0;

	strcpy(w.more, "user_calls = 200\nuser_calls_per_minute = 1000\n");
	start();
	assert_int_equal(budget_save(w.db, w.user_id[ANN], &b, &e), 0);
	memcpy(t.user_id, w.user_id[ANN], ID_SIZE);
	id_new(t.subject_id);
	assert_int_equal(gateway_token_put(w.kv, w.token[ANN], &t, 600, &e), 0);
	for (i = 0; i < PARALLEL; i++) {
		all[i].host = 1 + i % 2;
		all[i].padding = padding;
		pthread_create(&all[i].thread, NULL, flood_call, &all[i]);
	}
	for (i = 0; i < PARALLEL; i++) {
		pthread_join(all[i].thread, NULL);
		assert_true(all[i].status == 200 || all[i].status == 429);
		good += all[i].status == 200;
	}
	assert_in_range(good, 1, PARALLEL - 1);
	bill = w.service.billed_in * in_price + w.service.billed_out * out_price;
	assert_true(bill > limit / 4);
	assert_true(bill <= limit + input);
	/* Those that were refused when half of them had gone have a row, too. */
	for (i = 0; i < 200; i++) {
		world_ledger(&w, -1, &l);
		if (l.usage.output == w.service.billed_out)
			break;
		usleep(20000);
	}
	assert_int_equal(l.usage.input, w.service.billed_in);
	assert_int_equal(l.usage.output, w.service.billed_out);
}

static void a_budget_of_tokens_holds_against_calls_at_once(void **state)
{
	flood((struct budget){ .day_tokens = 30000 }, 3000, 30000, 1, 1);
}

static void a_budget_holds_against_large_calls_at_once(void **state)
{
	/* Larger than what is held of a body, so what it takes is known when half of it has gone. */
	flood((struct budget){ .month_tokens = 120000 }, 150000, 120000, 1, 1);
}

/* The reply's model is in no row of the table: it counts as the dearest, 15 and 75. */
static void a_budget_of_money_holds_against_calls_at_once(void **state)
{
	flood((struct budget){ .day_cost = 1000000 }, 3000, 1000000, 15, 75);
}

static void a_spent_budget_is_said(void **state)
{
	struct budget b = { .day_tokens = 100 };
	struct err e = { 0 };
	struct ledger l;
	int i;

	start();
	call(ANN, "");
	assert_int_equal(a.status, 200);
	world_ledger(&w, 1, &l);
	assert_int_equal(budget_save(w.db, w.user_id[ANN], &b, &e), 0);
	for (i = 0; i < 100; i++) {
		call(ANN, "");
		if (a.status == 429)
			break;
		usleep(100000);
	}
	expect_error(429, "gongbang_budget", "오늘의 내 예산을 다 썼어요(100 토큰)");
	assert_non_null(strstr(a.body, "KST"));
	assert_string_equal(answer_field(&a, "x-should-retry"), "false");
	call(BEN, "");
	assert_int_equal(a.status, 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_budget_of_tokens_holds_against_calls_at_once),
		TEST(a_budget_holds_against_large_calls_at_once),
		TEST(a_budget_of_money_holds_against_calls_at_once),
		TEST(a_spent_budget_is_said),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
