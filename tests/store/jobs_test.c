/* lib/store/jobs.c: one at a time and in order, off the loop. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "store/jobs.h"

static struct {
	uv_loop_t loop;
	struct jobs *jobs;
	pthread_t loop_thread;
	atomic_int at_work;
	char log[200];		/* names of works, then in capitals what they came to */
} w;

static void note(char c)
{
	size_t n = strlen(w.log);

	snprintf(w.log + n, sizeof(w.log) - n, "%c", c);
}

static int work(void *data, struct db *db, struct err *e)
{
	assert_int_equal(atomic_fetch_add(&w.at_work, 1), 0);
	assert_false(pthread_equal(pthread_self(), w.loop_thread));
	uv_sleep(1);
	note(*(char *)data);
	assert_int_equal(atomic_fetch_sub(&w.at_work, 1), 1);
	return *(char *)data == 'f' ? err_set(e, ERR_CONFLICT, "no") : 0;
}

static void done(void *data, const struct err *e)
{
	assert_true(pthread_equal(pthread_self(), w.loop_thread));
	if (e)
		assert_int_equal(e->kind, ERR_CONFLICT);
	note(e ? '!' : '.');
	talloc_free(data);
}

/* From within a callback, too. */
static void done_and_more(void *data, const struct err *e)
{
	done(data, e);
	jobs_add(w.jobs, work, done, talloc_strdup(NULL, "m"));
}

static void idle(void *data)
{
	assert_int_equal(jobs_left(w.jobs), 0);
	note('I');
}

static int set_up(void **state)
{
	memset(&w, 0, sizeof(w));
	uv_loop_init(&w.loop);
	w.jobs = jobs_new(NULL, &w.loop, NULL);
	w.loop_thread = pthread_self();
	return 0;
}

static int tear_down(void **state)
{
	talloc_free(w.jobs);
	return uv_loop_close(&w.loop);
}

static void they_run_in_order_and_their_ends_are_told(void **state)
{
	jobs_add(w.jobs, work, done_and_more, talloc_strdup(NULL, "a"));
	jobs_add(w.jobs, work, done, talloc_strdup(NULL, "f"));
	jobs_add(w.jobs, work, done, talloc_strdup(NULL, "b"));
	assert_int_equal(jobs_left(w.jobs), 3);
	assert_false(strchr(w.log, '.'));	/* nothing calls back from inside */
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_string_equal(w.log, "a.f!b.m.");
	assert_int_equal(jobs_left(w.jobs), 0);
}

static int gone(char *data)
{
	note('G');
	return 0;
}

static void without_a_callback_its_data_is_freed(void **state)
{
	char *data = talloc_strdup(NULL, "a");

	talloc_set_destructor(data, gone);
	jobs_add(w.jobs, work, NULL, data);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_string_equal(w.log, "aG");
}

static void idle_is_told_once_and_after_all(void **state)
{
	jobs_add(w.jobs, work, done, talloc_strdup(NULL, "a"));
	jobs_when_idle(w.jobs, idle, NULL);
	jobs_add(w.jobs, work, done, talloc_strdup(NULL, "b"));
	uv_run(&w.loop, UV_RUN_DEFAULT);
	jobs_add(w.jobs, work, done, talloc_strdup(NULL, "c"));
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_string_equal(w.log, "a.b.Ic.");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(they_run_in_order_and_their_ends_are_told),
		CASE(without_a_callback_its_data_is_freed),
		CASE(idle_is_told_once_and_after_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
