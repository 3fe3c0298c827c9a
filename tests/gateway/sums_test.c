/*
 * A thousand calls with kills: whatever happens to the gateway, its ledger,
 * the service's own count and the counters in Redis agree. Tests gateway.c and
 * journal.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/budgets.h"
#include "gateway_world.h"

#define CALLS 1000
#define WORKERS 6
#define KILLS 8

static struct world w;
static atomic_int begun, whole, broken, refused;

static int setup(void **state)
{
	world_init(&w);
	w.keys = true;
	strcpy(w.more, "user_calls_per_minute = 100000\n");
	return 0;
}

static int teardown(void **state)
{
	world_release(&w);
	return 0;
}

static void judge(const struct answer *a)
{
	if (a->status == 200 && a->whole)
		whole++;
	else if (a->status == 200 || !a->status)
		broken++;
	else if (a->status != 500)
		refused++;
}

/* One call, whatever becomes of it. */
static void call(unsigned *seed)
{
	static const char *const apps[] = { "", "slow 3", "json", "slow 1", "status 500", "cut" };
	struct answer *a = calloc(1, sizeof(*a));
	char fields[64];
	int fd;

	while ((fd = client_connect(&w, 1)) < 0)
		usleep(2000);
	snprintf(fields, sizeof(fields), "x-app: %s\r\n", apps[(unsigned)rand_r(seed) % 6]);
	client_send(fd, &w, (int)((unsigned)rand_r(seed) % 2), "POST",
		    "/v1/messages", fields, BODY, BODY_SIZE);
	client_read(fd, a);
	close(fd);
	judge(a);
	if (a->status > 500 || a->status == 429)
		usleep(20000);
	answer_release(a);
	free(a);
}

static void *work(void *data)
{
	unsigned seed = (unsigned)(uintptr_t)data;

	while (begun++ < CALLS)
		call(&seed);
	return NULL;
}

/* What the service says it reported, against what the ledger has. */
static void compare(const struct ledger *l)
{
	int64_t service = w.service.in + w.service.out;
	int64_t ledger = l->usage.input + l->usage.output;
	/* What was under way from the service when a gateway was killed. */
	int64_t lost = (int64_t)KILLS * WORKERS * (SCRIPTED_IN + SCRIPTED_OUT);

	print_message("service %lld, ledger %lld, %d rows (%d complete, %d interrupted, %d failed), "
		      "clients: %d whole, %d broken, %d refused\n",
		      (long long)service, (long long)ledger, l->rows, l->complete,
		      l->interrupted, l->failed, whole, broken, refused);
	/* What was cut off counts what the service may have made of it, and was asked as input, unreported. */
	assert_true(ledger <= service + (SCRIPTED_OUT + 3 + 6) * (int64_t)l->interrupted);
	assert_true(ledger >= service - lost);
	/* Every reply that came whole is in the ledger, whole. */
	assert_true(l->complete >= whole);
	assert_true(ledger >= (int64_t)whole * (SCRIPTED_IN + SCRIPTED_OUT));
	/* Each request of the service is one row; one that was only just begun may have none there. */
	assert_true(l->rows >= w.service.requests);
	assert_true(l->rows <= w.service.requests + KILLS * WORKERS);
}

static int sum_row(void *data, const struct db_row *row, struct err *e)
{
	*(int64_t *)data = db_number(row, 0);
	return 0;
}

static int64_t spent(const char *user_id)
{
	struct err e = { 0 };
	int64_t sum = 0;

	assert_int_equal(db_query(w.db, &e, sum_row, &sum,
		"SELECT SUM(input + output + cache_write_5m + cache_write_1h + cache_read)"
		" FROM usage WHERE user_id = $1", "t", user_id), 0);
	return sum;
}

/* The counters are what budgets go by: at one token less than was spent a call is refused, with room it is not. */
static void counters_agree(int user)
{
	struct answer *a = calloc(1, sizeof(*a));
	struct budget b = { .month_tokens = spent(w.user_id[user]) };
	struct err e = { 0 };
	int i, status = 0;

	assert_true(b.month_tokens > 0);
	assert_int_equal(budget_save(w.db, w.user_id[user], &b, &e), 0);
	for (i = 0; i < 100 && status != 429; i++) {
		client_call(&w, user, "status 500", a);
		status = a->status;
		answer_release(a);
		usleep(50000);
	}
	assert_int_equal(status, 429);
	free(a);
}

static void sums_agree_after_kills(void **state)
{
	pthread_t workers[WORKERS];
	struct ledger l;
	int i, rows = 0, last = -1;

	assert_true(world_start(&w));
	for (i = 0; i < WORKERS; i++)
		pthread_create(&workers[i], NULL, work, (void *)(uintptr_t)(i + 1));
	for (i = 0; i < KILLS; i++) {
		int until = CALLS * (i + 1) / (KILLS + 1);

		while (begun < until)
			usleep(500);
		world_kill(&w);
		assert_true(world_start(&w));
	}
	for (i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
	world_kill(&w);
	assert_true(world_start(&w));
	/* All that earlier gateways left is booked before it is ready. */
	world_stop(&w);
	for (i = 0; i < 100 && rows != last; i++) {
		last = rows;
		world_ledger(&w, -1, &l);
		rows = l.rows;
		usleep(50000);
	}
	compare(&l);
	assert_true(world_start(&w));
	counters_agree(ANN);
	counters_agree(BEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sums_agree_after_kills, setup, teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
