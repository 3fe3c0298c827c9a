/* lib/store/usage.c: stored sums agree with the calls in every query. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "fixture.h"
#include "store/usage.h"
#include "store/users.h"

#define CALLS 600
#define QUARTER INT64_C(900000)
#define DAY INT64_C(86400000)
#define BEGIN (INT64_C(1793491200000) + 9 * 3600000)	/* no midnight of UTC */

static struct usage_call calls[CALLS];
static char users[2][ID_SIZE], subjects[3][ID_SIZE];
static const char *const models[] = { "a", "b" };

static void fill(struct fixture *f)
{
	struct err e = { 0 };
	size_t i;

	OK(user_create(f->db, "kim", "h", false, users[0], &e));
	OK(user_create(f->db, "lee", "h", false, users[1], &e));
	for (i = 0; i < 3; i++)
		id_new(subjects[i]);
	srand(1);
	for (i = 0; i < CALLS; i++) {
		struct usage_call *c = &calls[i];

		*c = (struct usage_call){
			.kind = rand() % 2 ? "conversation" : "run",
			.model = models[rand() % 2],
			.usage = { rand() % 9, rand() % 9, rand() % 9,
				   rand() % 9, rand() % 9 },
			.outcome = rand() % 5 ? "complete" : "unmetered",
			.at = BEGIN - DAY + rand() % (6 * DAY),
		};
		id_new(c->id);
		memcpy(c->user_id, users[rand() % 2], ID_SIZE);
		memcpy(c->subject_id, subjects[rand() % 3], ID_SIZE);
	}
	OK(usage_add(f->db, calls, CALLS, &e));
	OK(usage_add(f->db, calls, CALLS / 2, &e));
}

struct asked {
	const struct usage_filter *filter;
	unsigned by;
	int rows;
	int64_t calls;
};

/* An empty value was not asked. */
static bool same(const char *asked, const char *is)
{
	return !*asked || str_equal(asked, is);
}

static bool counts(const struct usage_filter *f, const struct usage_call *c)
{
	return c->at >= f->from && (!f->to || c->at < f->to) &&
	       (!f->user_id || str_equal(f->user_id, c->user_id)) &&
	       (!f->subject_id || str_equal(f->subject_id, c->subject_id));
}

static int compare(void *data, const struct usage_sum *s, struct err *e)
{
	struct asked *a = data;
	struct usage want = { 0 };
	int64_t unit = a->by & USAGE_BY_QUARTER ? QUARTER : DAY;
	int64_t n = 0, unmetered = 0;
	size_t i;

	assert_int_equal(!!s->quarter,
			 !!(a->by & (USAGE_BY_QUARTER | USAGE_BY_DAY)));
	assert_int_equal(!!*s->user_id, !!(a->by & USAGE_BY_USER));
	assert_int_equal(!!*s->subject_id, !!(a->by & USAGE_BY_SUBJECT));
	for (i = 0; i < CALLS; i++) {
		const struct usage_call *c = &calls[i];

		if (!counts(a->filter, c) || !str_equal(s->model, c->model) ||
		    !same(s->user_id, c->user_id) || !same(s->kind, c->kind) ||
		    !same(s->subject_id, c->subject_id) ||
		    (s->quarter && s->quarter != c->at - c->at % unit))
			continue;
		want.input += c->usage.input;
		want.output += c->usage.output;
		want.cache_write_5m += c->usage.cache_write_5m;
		want.cache_write_1h += c->usage.cache_write_1h;
		want.cache_read += c->usage.cache_read;
		unmetered += str_equal(c->outcome, "unmetered");
		n++;
	}
	assert_int_equal(s->calls, n);
	assert_int_equal(s->unmetered, unmetered);
	assert_memory_equal(&s->usage, &want, sizeof(want));
	a->rows++;
	a->calls += n;
	return 0;
}

static void ask(struct fixture *f, const struct usage_filter *filter,
		unsigned by)
{
	struct asked a = { .filter = filter, .by = by };
	struct err e = { 0 };
	int64_t n = 0;
	size_t i;

	OK(usage_each(f->db, filter, by, compare, &a, &e));
	for (i = 0; i < CALLS; i++)
		n += counts(filter, &calls[i]);
	assert_int_equal(a.calls, n);
	assert_true(a.rows > 0);
}

static void sums_agree_with_the_calls(void **state)
{
	static const int64_t times[][2] = {
		{ 0, 0 }, { BEGIN, BEGIN + DAY }, { BEGIN, BEGIN + 3 * DAY },
		{ BEGIN + 3600000, BEGIN + 2 * 3600000 },
		{ BEGIN + 1, BEGIN + 2 * DAY + 7 },
		{ BEGIN - 9 * 3600000, BEGIN + 15 * 3600000 },
	};
	struct fixture *f = *state;
	struct usage_filter filter;
	size_t i;
	unsigned by;

	fill(f);
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		for (by = 0; by < 16; by++) {
			filter = (struct usage_filter){ .from = times[i][0],
							.to = times[i][1] };
			ask(f, &filter, by);
			filter.user_id = users[0];
			ask(f, &filter, by);
			filter.subject_id = subjects[1];
			ask(f, &filter, by);
			filter.user_id = NULL;
			ask(f, &filter, by);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sums_agree_with_the_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
