/* lib/gateway/journal_book.c: rows that the ledger does not take, or not now. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "journal_world.h"
#include "core/str.h"

/* One that the ledger never takes stops no later one. */
static void a_bad_row_is_set_aside(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], path[256], line[CALL_LINE_MAX] = "";
	struct usage_call c;
	struct gateway g;
	struct err e = { 0 };
	FILE *file;
	int i;

	make_user(f, kim);
	start(&g, f);
	take_up(&g);
	OK(db_run(g.serving.db, &e, "CREATE TRIGGER bad BEFORE INSERT ON usage WHEN NEW.model = 'bad'"
		  " BEGIN SELECT RAISE(ABORT, 'no such row'); END", ""));
	for (i = 0; i < 3; i++) {
		c = call_of(kim);
		OK(journal_begin(g.journal, &c, &e));
		c = ended(c, i == 1 ? "bad" : "m", i, i);
		journal_end(g.journal, &c);
	}
	while (journal_pending(g.journal))
		uv_run(&g.loop, UV_RUN_ONCE);
	assert_string_equal(rows(f), "complete conversation m 0 0;complete conversation m 2 2;");
	assert_null(journal_trouble(g.journal));
	snprintf(path, sizeof(path), "%s/refused", g.folder);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_non_null(strstr(line, " =bad 1 1 "));
	assert_null(fgets(line, sizeof(line), file));
	fclose(file);
	close_journal(&g, 1000);
}

#define AWAY "error unavailable error_busy the disk is full\n\n"
#define WRONG "error input - no such row\n\n"
#define DOUBT "error internal - who knows\n\n"

struct script {
	const char *const *answers;	/* up to NULL */
	char path[128];
	char seen[64];		/* rows of each request, a digit each */
	int fd;
	pthread_t thread;
};

static void *follow_script(void *data)
{
	struct script *s = data;
	const char *const *next = s->answers, *answer, *at;
	char text[CALL_LINE_MAX * 4];
	size_t have = 0;
	int fd = accept(s->fd, NULL, NULL), rows;
	ssize_t n;

	while ((n = recv(fd, text + have, sizeof(text) - 1 - have, 0)) > 0) {
		have += (size_t)n;
		text[have] = '\0';
		if (have < 2 || memcmp(text + have - 2, "\n\n", 2) != 0)
			continue;
		for (rows = -2, at = text; *at; at++)
			rows += *at == '\n';
		s->seen[strlen(s->seen)] = (char)('0' + rows);
		answer = *next ? *next++ : "ok\n\n";
		if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
			break;
		have = 0;
	}
	close(fd);
	return NULL;
}

static void start_script(struct script *s, struct fixture *f)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(s->path, sizeof(s->path), "%s.script", f->path);
	assert_true(str_copy(at.sun_path, sizeof(at.sun_path), s->path));
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, follow_script, s), 0);
}

/* A full disk in the middle of a batch makes no row wrong. */
static void what_the_ledger_could_not_take_stays(void **state)
{
	static const struct {
		const char *answers[6];
		const char *seen;
		int aside;
	} cases[] = {
		/* Nothing is tried alone while it is away. */
		{ { AWAY }, "33", 0 },
		{ { AWAY, AWAY }, "333", 0 },
		{ { WRONG, "ok\n\n", AWAY }, "3112", 0 },
		{ { WRONG, AWAY }, "313", 0 },
		{ { WRONG, WRONG, AWAY }, "3112", 1 },
		{ { WRONG, WRONG }, "3111", 1 },
		/* A doubtful row is known to be wrong once the ledger has taken another. */
		{ { DOUBT, DOUBT, AWAY }, "3113", 0 },
		{ { DOUBT, DOUBT, "ok\n\n", AWAY }, "31111", 1 },
		{ { DOUBT, DOUBT, DOUBT, DOUBT }, "31113", 0 },
	};
	struct fixture *f = *state;
	char kim[ID_SIZE], path[256], line[CALL_LINE_MAX];
	struct usage_call c;
	struct gateway g;
	struct err e = { 0 };
	struct script s;
	size_t i;
	int k, aside;
	FILE *file;

	make_user(f, kim);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s = (struct script){ .answers = cases[i].answers };
		start_script(&s, f);
		memset(&g, 0, sizeof(g));
		OK(open_on(&g, f, s.path, CAP, &e));
		for (k = 0; k < 3; k++) {
			c = call_of(kim);
			c = ended(c, "m", k, k);
			journal_end(g.journal, &c);
		}
		while (journal_pending(g.journal))
			uv_run(&g.loop, UV_RUN_ONCE);
		assert_null(journal_trouble(g.journal));
		assert_int_equal(g.booked, 3);
		snprintf(path, sizeof(path), "%s/refused", g.folder);
		file = fopen(path, "r");
		for (aside = 0; file && fgets(line, sizeof(line), file); aside++)
			;
		if (file)
			fclose(file);
		unlink(path);
		journal_close(g.journal, 1000);
		let_go(&g);
		pthread_join(s.thread, NULL);
		close(s.fd);
		unlink(s.path);
		if (!str_equal(s.seen, cases[i].seen) || aside != cases[i].aside)
			fail_msg("case %zu: %s, %d aside", i, s.seen, aside);
	}
}

/* However many there are, and before any that is right. */
static void refused_rows_are_no_absence(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct usage_call c;
	struct gateway g;
	int i;

	make_user(f, kim);
	start(&g, f);
	take_up(&g);
	for (i = 0; i < 21; i++) {
		c = call_of(kim);
		c = ended(c, "m", i, 0);
		if (i < 20)
			c.at = 1;
		journal_end(g.journal, &c);
	}
	while (journal_pending(g.journal))
		uv_run(&g.loop, UV_RUN_ONCE);
	assert_null(journal_trouble(g.journal));
	assert_string_equal(rows(f), "complete conversation m 20 0;");
	close_journal(&g, 1000);
}

static void a_read_only_store_is_waited_for(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct usage_call c;
	struct gateway g;
	struct err e = { 0 };

	make_user(f, kim);
	start(&g, f);
	take_up(&g);
	OK(db_run(g.serving.db, &e, "PRAGMA query_only = 1", ""));
	c = call_of(kim);
	OK(journal_begin(g.journal, &c, &e));
	c = ended(c, "m", 1, 1);
	journal_end(g.journal, &c);
	while (!journal_trouble(g.journal))
		uv_run(&g.loop, UV_RUN_ONCE);
	assert_int_equal(journal_trouble(g.journal)->kind, ERR_UNAVAILABLE);
	assert_int_equal(journal_pending(g.journal), 1);
	OK(db_run(g.serving.db, &e, "PRAGMA query_only = 0", ""));
	while (journal_pending(g.journal))
		uv_run(&g.loop, UV_RUN_ONCE);
	assert_string_equal(rows(f), "complete conversation m 1 1;");
	close_journal(&g, 1000);
}

static void a_store_that_stays_away_costs_nothing(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct usage_call c;
	struct gateway g;
	struct err e = { 0 };
	int i;

	make_user(f, kim);
	send_away(f);
	start(&g, f);
	for (i = 0; i < 300; i++) {
		c = call_of(kim);
		OK(journal_begin(g.journal, &c, &e));
		c = ended(c, "m", 1, 1);
		journal_end(g.journal, &c);
	}
	close_journal(&g, 10);
	assert_string_equal(rows(f), "");
	bring_back(f);
	start(&g, f);
	take_up(&g);
	assert_int_equal(number(f, "SELECT sum(input) FROM usage"), 300);
	close_journal(&g, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_bad_row_is_set_aside),
		TEST(what_the_ledger_could_not_take_stays),
		TEST(refused_rows_are_no_absence),
		TEST(a_read_only_store_is_waited_for),
		TEST(a_store_that_stays_away_costs_nothing),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
