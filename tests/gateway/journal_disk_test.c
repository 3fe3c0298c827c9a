/* lib/gateway/journal_disk.c: the files, one gateway at a time. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "journal_world.h"

static void two_gateways_are_one_too_many(void **state)
{
	struct fixture *f = *state;
	struct gateway g, second;
	struct err e = { 0 };

	start(&g, f);
	FAILS(ERR_CONFLICT, open_journal(&second, f, CAP, &e));
	end_loop(&second);
	close_journal(&g, 1000);
	OK(open_journal(&second, f, CAP, &e));
	close_journal(&second, 1000);
}

/* A file may grow no more: as a full disk, in the middle of a line. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_tears_no_line(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct usage_call calls[4], c;
	struct gateway g;
	struct err e = { 0 };
	int i;

	make_user(f, kim);
	start(&g, f);
	for (i = 0; i < 4; i++) {
		calls[i] = call_of(kim);
		OK(journal_begin(g.journal, &calls[i], &e));
	}
	limit_files((rlim_t)journal_bytes(g.journal) + 100);
	c = call_of(kim);
	FAILS(ERR_UNAVAILABLE, journal_begin(g.journal, &c, &e));
	assert_string_equal(e.key, "error_gateway_journal");
	calls[0] = ended(calls[0], "m", 1, 1);
	journal_end(g.journal, &calls[0]);
	journal_report(g.journal, calls[1].id, "lost",
		       &(struct usage){ .input = 5 });
	limit_files(RLIM_INFINITY);
	journal_report(g.journal, calls[2].id, "m",
		       &(struct usage){ .input = 5 });
	/* This one books nothing: what is read is the disk's. */
	send_away(f);
	close_journal(&g, 0);
	bring_back(f);
	assert_int_equal(number(f, "SELECT count(*) FROM usage"), 0);
	start(&g, f);
	take_up(&g);
	assert_string_equal(rows(f), "complete conversation m 1 1;"
			    "interrupted conversation  0 0;"
			    "interrupted conversation m 5 0;"
			    "interrupted conversation  0 0;");
	close_journal(&g, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_gateways_are_one_too_many),
		TEST(a_full_disk_tears_no_line),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
