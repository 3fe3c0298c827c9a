/* lib/workspace/workspace_health.c: what the shim reports. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "workspace_world.h"

static void count(void *data)
{
	++*(int *)data;
}

static void health(void **state)
{
	int told = 0;
	struct world *w = *state;
	const struct workspace_health *h;
	struct workspace_watch *watch;

	fake_health = "version 1\nmemory 5000\nmemory_max 1073741824\n"
		      "cpu_usec 1000000\ncpus 2.00\noom_kills 3\ndisk_free x\ndisk_used 5\n"
		      "unknown\n";
	watch = workspace_watch(w->w, count, &told);
	world_bring_up(w);
	h = workspace_health(w->w);
	while (h->memory != 5000) {
		uv_run(&w->loop, UV_RUN_ONCE);
		fake_link_pump();
	}
	workspace_unwatch(watch);
	assert_in_range(told, 5, 20);
	assert_int_equal(h->memory_max, 1073741824);
	assert_int_equal(h->oom_kills, 3);
	assert_int_equal(h->disk_free, -1);
	assert_int_equal(h->disk_used, 5);
	workspace_health_parse(w->w, "cpu_usec 1000000\ncpus 2.00\n", 1000);
	workspace_health_parse(w->w, "cpu_usec 2000000\ncpus 2.00", 2000);
	assert_int_equal(h->cpu_percent, 50);
	workspace_health_parse(w->w, "cpu_usec 2250000\ncpus 0.50\n", 3000);
	assert_int_equal(h->cpu_percent, 50);
	workspace_health_parse(w->w, "cpu_usec 99999999999999\ncpus 0.00", 4000);
	assert_int_equal(h->cpu_percent, 100);
	workspace_health_parse(w->w, "cpu_usec -7\nmemory 9999999999999999999\n", 5000);
	assert_int_equal(h->cpu_percent, -1);
	assert_int_equal(h->memory, -1);
	workspace_health_parse(w->w, "cpu_usec 9223372036854775807\n", 6000);
	assert_int_equal(h->cpu_percent, -1);
	while (fake_pings < 2)
		uv_run(&w->loop, UV_RUN_ONCE);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
