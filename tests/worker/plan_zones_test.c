/*
 * Time zone files that change or disappear while agents use them: with a
 * tzdata of the test's own.
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
#include <talloc.h>
#include <unistd.h>

#include "plan_world.h"
#include "time/zone.h"

#define SYSTEM "/usr/share/zoneinfo/"
#define DAILY "\"frequency\":\"daily\",\"time\":\"08:00\""

static char folder[] = "/tmp/gongbang-zones-XXXXXX";

/* In that folder. */
static void shell(const char *what)
{
	char command[512];

	snprintf(command, sizeof(command), "cd %s && %s", folder, what);
	if (system(command) != 0)
		fail_msg("%s", command);
}

/* As a package does it: a new file, renamed over the old one. */
static void put_zone(const char *of)
{
	char command[128];

	snprintf(command, sizeof(command), "mkdir -p Asia && cp " SYSTEM "%s"
		 " Asia/.new && mv Asia/.new Asia/Seoul", of);
	shell(command);
}

static int32_t offset_of(const char *name)
{
	const struct zone *z = zone_find(name);
	struct zone_time t;

	assert_non_null(z);
	zone_at(z, T0 / 1000, &t);
	return t.offset;
}

static int make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	setenv("TZDIR", folder, 1);
	put_zone("Asia/Seoul");
	shell("printf '# version test\\nZ Asia/Seoul 9 - KST\\n"
	      "L Asia/Seoul Old/Name\\nZ UTC 0 - UTC\\nZ Gone/Away 1 - X\\n'"
	      " >tzdata.zi && cp " SYSTEM "UTC . && mkdir posix right Old &&"
	      " cp -r Asia posix && cp -r Asia right &&"
	      " cp Asia/Seoul Old/Name && cp Asia/Seoul Unlisted");
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	shell("rm -r \"$PWD\"");
	return 0;
}

static void only_names_of_the_list_are_zones(void **state)
{
	char name[32];
	int i;

	(void)state;
	assert_null(zone_find("posix/Asia/Seoul"));
	assert_null(zone_find("right/Asia/Seoul"));
	assert_null(zone_find("Unlisted"));
	assert_null(zone_find("tzdata.zi"));
	assert_null(zone_find("Asia"));
	assert_null(zone_find("Asia/../Asia/Seoul"));
	assert_null(zone_find(""));
	for (i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "Made/Up%d", i);
		assert_null(zone_find(name));
		assert_false(zone_listed(name));
	}
	assert_int_equal(offset_of("Asia/Seoul"), 9 * 3600);
	assert_int_equal(offset_of("Old/Name"), 9 * 3600);
	assert_true(zone_listed("Gone/Away"));
	assert_null(zone_find("Gone/Away"));
}

static int64_t renew(int64_t now)
{
	char after[ID_SIZE] = "";
	struct err e = { 0 };
	int64_t moved = 0;
	int rounds = 0;

	do {
		OK(plan_renew(&w.p, now, after, &moved, &e));
		rounds++;
	} while (*after && rounds < 100);
	return moved;
}

static void a_renewed_file_moves_what_is_planned(void **state)
{
	const struct zone *before = zone_find("Asia/Seoul");
	uint64_t g = zone_generation();
	char id[ID_SIZE], paused[ID_SIZE];
	struct zone_time t;

	begin(state);
	w.p.cache = plan_cache_new(w.f);
	agent(DAILY, "", T0 + 23 * HOUR, id);
	agent(DAILY, "", T0 + 23 * HOUR, paused);
	run_sql("UPDATE agents SET status = 'paused', next_run_at = 0"
		" WHERE id = (SELECT max(id) FROM agents)");
	assert_int_equal(renew(T0), 0);
	assert_int_equal(NEXT(), T0 + 23 * HOUR);
	/* Seoul moves to India's time. */
	put_zone("Asia/Kolkata");
	assert_true(zone_generation() != g);
	assert_int_equal(offset_of("Asia/Seoul"), 5 * 3600 + 1800);
	assert_int_equal(renew(T0), 1);
	assert_int_equal(NEXT(), T0 + 2 * HOUR + 30 * MINUTE);
	assert_int_equal(count("SELECT count(*) FROM agents"
			       " WHERE next_run_at > 0"), 1);
	/* What is due goes on by the new rule, too. */
	due(NEXT());
	assert_int_equal(NEXT(), T0 + DAY + 2 * HOUR + 30 * MINUTE);
	/* Who held the old one may go on with it. */
	zone_at(before, T0 / 1000, &t);
	assert_int_equal(t.offset, 9 * 3600);
	end();
}

static void more_agents_than_a_transaction_takes(void **state)
{
	char id[ID_SIZE];
	int i;

	put_zone("Asia/Seoul");
	begin(state);
	w.p.cache = plan_cache_new(w.f);
	for (i = 0; i < PLAN_RENEW_MAX + 20; i++)
		agent(DAILY, "", T0 + 2 * HOUR, id);
	zone_generation();
	assert_int_equal(renew(T0), PLAN_RENEW_MAX + 20);
	assert_int_equal(count("SELECT count(*) FROM agents"
			       " WHERE next_run_at = 1893538800000"),
			 PLAN_RENEW_MAX + 20);
	end();
}

/* A file that cannot be read is nobody's fault: the agent stays due, and active. */
static void a_zone_that_is_away_pauses_nobody(void **state)
{
	char id[ID_SIZE];
	struct err e = { 0 };
	int64_t claimed;
	bool more;

	begin(state);
	agent(DAILY, "", T0, id);
	run_sql("UPDATE agent_versions SET definition = replace(definition,"
		" 'Asia/Seoul', 'Gone/Away')");
	OK(plan_due(&w.p, T0, 1, &claimed, &more, &e));
	assert_int_equal(claimed, 0);
	assert_false(more);
	assert_int_equal(count("SELECT count(*) FROM agents WHERE status ="
			       " 'active' AND next_run_at = 1893456000000"), 1);
	shell("mkdir Gone && cp " SYSTEM "UTC Gone/Away");
	due(T0);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	end();
}

/* Cut short, or not there: what is known holds. */
static void a_broken_file_changes_nothing(void **state)
{
	uint64_t g = zone_generation();

	(void)state;
	shell("printf TZif >Asia/.new && mv Asia/.new Asia/Seoul");
	assert_int_equal(zone_generation(), g);
	assert_int_equal(offset_of("Asia/Seoul"), 9 * 3600);
	shell("rm Asia/Seoul");
	assert_int_equal(zone_generation(), g);
	assert_int_equal(offset_of("Asia/Seoul"), 9 * 3600);
	put_zone("Asia/Kolkata");
	assert_true(zone_generation() > g);
}

int main(void)
{
#define IN_WORLD(name) cmocka_unit_test_setup_teardown(name, \
		fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_names_of_the_list_are_zones),
		IN_WORLD(a_renewed_file_moves_what_is_planned),
		IN_WORLD(more_agents_than_a_transaction_takes),
		IN_WORLD(a_zone_that_is_away_pauses_nobody),
		cmocka_unit_test(a_broken_file_changes_nothing),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
