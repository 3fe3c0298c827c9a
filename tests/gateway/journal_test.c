/* lib/gateway/journal.c: whatever crashes, each call is in the ledger once. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "journal_world.h"
#include "core/str.h"

static void calls_come_into_the_ledger(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct usage_call a, b, c;
	struct gateway g;
	struct err e = { 0 };
	struct stat st;

	make_user(f, kim);
	start(&g, f);
	assert_int_equal(stat(g.folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	a = call_of(kim);
	OK(journal_begin(g.journal, &a, &e));
	b = call_of(kim);
	OK(journal_begin(g.journal, &b, &e));
	journal_report(g.journal, a.id, "m", &(struct usage){ .input = 7 });
	a = ended(a, "m %\n=공방", 7, 70);
	journal_end(g.journal, &a);
	a = ended(a, "again", 8, 80);
	journal_end(g.journal, &a);
	assert_int_equal(journal_pending(g.journal), 1);
	while (g.booked < 1)
		uv_run(&g.loop, UV_RUN_ONCE);
	assert_int_equal(journal_pending(g.journal), 0);
	/* One that never began is booked as well. */
	c = call_of(kim);
	c = ended(c, "", 1, 2);
	c.outcome = "failed";
	journal_end(g.journal, &c);
	b = ended(b, "n", 9, 90);
	journal_end(g.journal, &b);
	close_journal(&g, 10000);
	assert_string_equal(rows(f), "complete conversation m %\n=공방 7 70;"
			    "complete conversation n 9 90;"
			    "failed conversation  1 2;");
	assert_int_equal(count_segments(&g), 0);
}

static void full_is_said_and_passes(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct usage_call first, c;
	struct gateway g;
	struct err e = { 0 };
	int64_t n = 0;

	make_user(f, kim);
	start(&g, f);
	first = call_of(kim);
	OK(journal_begin(g.journal, &first, &e));
	send_away(f);
	for (;;) {
		c = call_of(kim);
		if (journal_begin(g.journal, &c, &e) < 0)
			break;
		c = ended(c, "m", 1, 1);
		journal_end(g.journal, &c);
		n++;
		uv_run(&g.loop, UV_RUN_NOWAIT);
		assert_true(n < 100000);
	}
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	assert_string_equal(e.key, "error_gateway_journal");
	assert_true(n > 1000);
	assert_in_range(journal_bytes(g.journal), CAP / 2, CAP);
	assert_int_equal(journal_pending(g.journal), n);
	/* What had begun still has room to end. */
	first = ended(first, "m", 1, 1);
	journal_end(g.journal, &first);
	assert_in_range(journal_bytes(g.journal), CAP / 2, CAP);
	while (!journal_trouble(g.journal))
		uv_run(&g.loop, UV_RUN_ONCE);
	assert_non_null(strstr(journal_trouble(g.journal)->text, "away"));
	bring_back(f);
	while (journal_pending(g.journal))
		uv_run(&g.loop, UV_RUN_ONCE);
	assert_null(journal_trouble(g.journal));
	/* Old segments go at the next synchronization. */
	while (journal_begin(g.journal, &c, &e) < 0)
		uv_run(&g.loop, UV_RUN_ONCE);
	assert_int_equal(number(f, "SELECT sum(input) FROM usage"), n + 1);
	close_journal(&g, 1000);
}

static int count_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Waits until there is room again; there must be some in the end. */
static void begin(struct gateway *g, struct usage_call *c)
{
	struct err e = { 0 };
	int tries;

	for (tries = 0; journal_begin(g->journal, c, &e) < 0; tries++) {
		assert_true(tries < 10000);
		uv_run(&g->loop, UV_RUN_ONCE);
	}
}

/* One that is open in each eighth that is written: all would be held. */
static void long_calls_hold_no_old_segments(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct usage_call c;
	struct gateway g;
	int64_t written = 0, before, n = 0, open = 0;
	int files;

	make_user(f, kim);
	/* What is opened once for all is open then. */
	start(&g, f);
	close_journal(&g, 1000);
	files = count_files();
	start(&g, f);
	for (; written < 3 * CAP; n++) {
		c = call_of(kim);
		if (written >= open * (CAP / 8)) {
			begin(&g, &c);
			journal_report(g.journal, c.id, "m",
				       &(struct usage){ .input = 9 });
			open++;
			c = call_of(kim);
		}
		before = journal_bytes(g.journal);
		begin(&g, &c);
		c = ended(c, "m", 1, 1);
		journal_end(g.journal, &c);
		if (journal_bytes(g.journal) > before)
			written += journal_bytes(g.journal) - before;
		uv_run(&g.loop, UV_RUN_NOWAIT);
	}
	close_journal(&g, 10000);
	assert_int_equal(count_files(), files);
	start(&g, f);
	take_up(&g);
	assert_true(open >= 16);
	assert_int_equal(number(f, "SELECT sum(input) FROM usage"),
			 n + 9 * open);
	assert_int_equal(number(f, "SELECT count(*) FROM usage WHERE outcome ="
				" 'interrupted'"), open);
	close_journal(&g, 1000);
}

#define CHILD_OPEN 20

/* What the child says to its parent, once it is so. */
struct said {
	char id[ID_SIZE];
	char what;	/* begun, reported, ended */
	int64_t input;
};

static void say(int to, const char *id, char what, int64_t input)
{
	struct said s = { .what = what, .input = input };

	memcpy(s.id, id, ID_SIZE);
	if (write(to, &s, sizeof(s)) != sizeof(s))
		_exit(1);
}

static _Noreturn void work_until_killed(struct fixture *f, const char *user,
					int told)
{
	struct usage_call calls[CHILD_OPEN];
	struct gateway g;
	struct err e = { 0 };
	int64_t n, i;

	if (open_journal(&g, f, CAP, &e) < 0)
		_exit(1);
	for (i = 0; i < CHILD_OPEN; i++)
		calls[i].id[0] = '\0';
	for (n = 0;; n++) {
		i = random() % CHILD_OPEN;
		if (calls[i].id[0]) {
			journal_report(g.journal, calls[i].id, "m",
				       &(struct usage){ .input = n });
			say(told, calls[i].id, 'r', n);
			calls[i] = ended(calls[i], "m", n + 1, 1);
			journal_end(g.journal, &calls[i]);
			say(told, calls[i].id, 'e', n + 1);
		}
		calls[i] = call_of(user);
		while (journal_begin(g.journal, &calls[i], &e) < 0)
			uv_run(&g.loop, UV_RUN_ONCE);
		say(told, calls[i].id, 'b', 0);
		uv_run(&g.loop, UV_RUN_NOWAIT);
	}
}

struct expected {
	struct said *said;
	size_t n;
};

/* Remembers the last thing said of each. False: no more is said. */
static bool hear(struct expected *x, int from)
{
	struct said s;
	size_t i;

	if (read(from, &s, sizeof(s)) != sizeof(s))
		return false;
	for (i = x->n; i > 0; i--) {
		if (str_equal(x->said[i - 1].id, s.id))
			break;
	}
	if (!i) {
		x->said = talloc_realloc(NULL, x->said, struct said, x->n + 1);
		i = ++x->n;
	}
	x->said[i - 1] = s;
	return true;
}

static void check_row(struct fixture *f, const struct said *s)
{
	char sql[160];
	int64_t input;

	snprintf(sql, sizeof(sql), "SELECT input FROM usage WHERE id = '%s'"
		 " AND outcome %s 'complete'", s->id, s->what == 'e' ? "=" :
		 "<>");
	input = number(f, sql);
	/* What came after the last word is there as well. */
	if (s->what == 'e')
		assert_int_equal(input, s->input);
	else if (input >= 0)
		assert_true(input >= s->input);
}

static void kill_9_loses_and_doubles_nothing(void **state)
{
	struct fixture *f = *state;
	struct expected x = { NULL, 0 };
	char kim[ID_SIZE];
	int round, told[2], status, words;
	struct gateway g;
	int64_t found;
	pid_t child;
	size_t i;

	make_user(f, kim);
	/* Deaths are counted in words, not in time: any machine reaches a thousand calls. */
	for (round = 0; round < 40 || x.n <= 1000; round++) {
		assert_true(round < 400);
		assert_int_equal(pipe2(told, O_CLOEXEC), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			srandom((unsigned)round);
			work_until_killed(f, kim, told[1]);
		}
		close(told[1]);
		for (words = (int)(random() % 100); words > 0; words--)
			assert_true(hear(&x, told[0]));
		usleep((useconds_t)(random() % 1000));
		kill(child, SIGKILL);
		while (hear(&x, told[0]))
			;
		close(told[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
	}
	start(&g, f);
	take_up(&g);
	close_journal(&g, 1000);
	for (i = 0; i < x.n; i++)
		check_row(f, &x.said[i]);
	/* One more may have begun before each death. */
	found = number(f, "SELECT count(*) FROM usage");
	assert_in_range(found, x.n, x.n + (size_t)round);
	talloc_free(x.said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_come_into_the_ledger),
		TEST(full_is_said_and_passes),
		TEST(long_calls_hold_no_old_segments),
		TEST(kill_9_loses_and_doubles_nothing),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
