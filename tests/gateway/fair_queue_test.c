/* lib/gateway/fair_queue.c: who calls next. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gateway/fair_queue.h"

static struct {
	char served[256];
	bool may;
} seen;

static void note_turn(void *data)
{
	size_t n = strlen(seen.served);

	seen.served[n] = *(const char *)data;
	seen.served[n + 1] = '\0';
}

static bool note_may(void *data)
{
	return seen.may;
}

static struct fair_queue *a_line(int64_t calls, int64_t user_calls,
				 int64_t minute,
				 int64_t waiting)
{
	struct fair_queue_limits limits = { calls, user_calls, minute, waiting };

	memset(&seen, 0, sizeof(seen));
	seen.may = true;
	return fair_queue_new(&limits, note_may, note_turn, NULL);
}

static void join(struct fair_queue *l, struct queue_place *p, const char *user,
		 const char *name)
{
	int64_t retry;

	memset(p, 0, sizeof(*p));
	assert_int_equal(fair_queue_enter(l, p, user, 0,
					  (void *)(uintptr_t)name, &retry), FAIR_QUEUE_GOOD);
	assert_true(fair_queue_wait(l, p, 0));
}

#define ANN "01900000-0000-7000-8000-00000000000a"
#define BEN "01900000-0000-7000-8000-00000000000b"

static void nobody_starves(void **state)
{
	struct fair_queue *l = a_line(2, 100, 1000, 1000);
	struct queue_place ann[20], ben[2];
	int i;

	/* Ann comes first with all she has; half of the service is hers. */
	for (i = 0; i < 20; i++) {
		join(l, &ann[i], ANN, "a");
		fair_queue_serve(l);
	}
	assert_string_equal(seen.served, "a");
	join(l, &ben[0], BEN, "b");
	join(l, &ben[1], BEN, "b");
	fair_queue_serve(l);
	assert_string_equal(seen.served, "ab");
	/* Each place that comes free goes to who has none. */
	fair_queue_leave(l, &ben[0], 0);
	fair_queue_serve(l);
	assert_string_equal(seen.served, "abb");
	fair_queue_leave(l, &ann[0], 0);
	fair_queue_serve(l);
	assert_string_equal(seen.served, "abba");
	fair_queue_leave(l, &ben[1], 0);
	fair_queue_serve(l);
	assert_string_equal(seen.served, "abba");
	for (i = 0; i < 20; i++)
		fair_queue_leave(l, &ann[i], 0);
	assert_int_equal(fair_queue_calling(l), 0);
	assert_int_equal(fair_queue_waiting(l), 0);
	fair_queue_free(l);
}

static void turns_go_round(void **state)
{
	struct fair_queue *l = a_line(2, 100, 1000, 1000);
	struct queue_place p[9];
	static const char *const users[] = { ANN, BEN,
		"01900000-0000-7000-8000-00000000000c" };
	static const char *const names[] = { "a", "b", "c" };
	int i;

	seen.may = false;	/* all keys rest */
	for (i = 0; i < 9; i++)
		join(l, &p[i], users[i / 3], names[i / 3]);
	fair_queue_serve(l);
	assert_string_equal(seen.served, "");
	seen.may = true;
	fair_queue_serve(l);
	assert_string_equal(seen.served, "ab");
	fair_queue_leave(l, &p[0], 0);
	fair_queue_leave(l, &p[3], 0);
	fair_queue_serve(l);
	assert_int_equal(strlen(seen.served), 4);
	assert_non_null(strchr(seen.served, 'c'));
	for (i = 0; i < 9; i++)
		fair_queue_leave(l, &p[i], 0);
	fair_queue_free(l);
}

static void rates_and_lengths_are_held(void **state)
{
	struct fair_queue *l = a_line(1, 2, 3, 1);
	struct queue_place a, b, c;
	int64_t retry = 0;

	join(l, &a, ANN, "a");
	memset(&b, 0, sizeof(b));
	memset(&c, 0, sizeof(c));
	assert_int_equal(fair_queue_enter(l, &b, ANN, 10, NULL, &retry),
			 FAIR_QUEUE_GOOD);
	assert_false(fair_queue_wait(l, &b, 10));	/* one waits already */
	assert_int_equal(fair_queue_enter(l, &c, ANN, 10, NULL, &retry),
			 FAIR_QUEUE_BUSY);
	fair_queue_leave(l, &b, 10);
	assert_int_equal(fair_queue_enter(l, &b, ANN, 20, NULL, &retry),
			 FAIR_QUEUE_GOOD);
	fair_queue_leave(l, &b, 20);
	assert_int_equal(fair_queue_enter(l, &b, ANN, 20, NULL, &retry),
			 FAIR_QUEUE_OFTEN);
	assert_int_equal(retry, 59980);
	assert_int_equal(fair_queue_enter(l, &c, BEN, 20, NULL, &retry),
			 FAIR_QUEUE_GOOD);
	assert_int_equal(fair_queue_enter(l, &b, ANN, 60000, NULL, &retry),
			 FAIR_QUEUE_GOOD);
	fair_queue_leave(l, &a, 0);
	fair_queue_leave(l, &b, 0);
	fair_queue_leave(l, &c, 0);
	fair_queue_leave(l, &c, 0);	/* harmless */
	fair_queue_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_starves),
		cmocka_unit_test(turns_go_round),
		cmocka_unit_test(rates_and_lengths_are_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
