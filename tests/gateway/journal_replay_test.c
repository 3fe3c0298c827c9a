/* lib/gateway/journal_replay.c: what an earlier gateway left, by the lines of lib/ledger/call_line.c. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_world.h"

static void what_was_open_is_interrupted(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct usage_call a, b, c;
	struct gateway g;
	struct err e = { 0 };
	int round;

	make_user(f, kim);
	start(&g, f);
	a = call_of(kim);
	b = call_of(kim);
	c = call_of(kim);
	OK(journal_begin(g.journal, &a, &e));
	OK(journal_begin(g.journal, &b, &e));
	OK(journal_begin(g.journal, &c, &e));
	journal_report(g.journal, b.id, "m", &(struct usage){ .input = 7 });
	journal_report(g.journal, b.id, "m", &(struct usage){ 8, 9, 0, 0, 0 });
	journal_report(g.journal, kim, "m", &(struct usage){ .input = 5 });
	c = ended(c, "m", 1, 2);
	c.kind = "run";
	journal_end(g.journal, &c);
	close_journal(&g, 10000);
	assert_int_equal(count_segments(&g), 1);
	for (round = 0; round < 2; round++) {
		start(&g, f);
		take_up(&g);
		assert_string_equal(rows(f), "interrupted conversation  0 0;"
				    "interrupted conversation m 8 9;"
				    "complete run m 1 2;");
		close_journal(&g, 10000);
		assert_int_equal(count_segments(&g), 0);
	}
	assert_int_equal(number(f, "SELECT max(status) FROM usage WHERE"
				" outcome = 'interrupted'"), 200);
}

/* Its own segments only, each with a line and what is no line. */
static void garbage_is_passed_over(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], path[256], segment[256], line[CALL_LINE_MAX];
	struct usage_call a, b;
	struct gateway g;
	FILE *file;
	size_t n;
	int i;

	make_user(f, kim);
	start(&g, f);
	close_journal(&g, 1000);
	snprintf(path, sizeof(path), "%s/segment-00000000000000000005",
		 g.folder);
	file = fopen(path, "w");
	assert_non_null(file);
	a = call_of(kim);
	a = ended(a, "m", 1, 2);
	n = call_line_format(LINE_END, &a, line);
	fwrite("\n\n\0\0garbage \xff", 1, 13, file);
	for (i = 0; i < 70000; i++)
		fputs("long line ", file);
	fputc('\n', file);
	fwrite(line, 1, n, file);
	fwrite(line, 1, n, file);
	line[20] ^= 1;
	fwrite(line, 1, n, file);
	b = call_of(kim);
	b = ended(b, "m", 3, 4);
	n = call_line_format(LINE_END, &b, line);
	fwrite(line, 1, n - 1, file);	/* torn: its LF never came */
	fclose(file);
	snprintf(path, sizeof(path), "%s/segment-00000000000000000006",
		 g.folder);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/segment-00000000000000000007",
		 g.folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/segment-99999999999999999999",
		 g.folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof(path), "%s/notes", g.folder);
	fclose(fopen(path, "w"));
	start(&g, f);
	take_up(&g);
	assert_string_equal(rows(f), "complete conversation m 1 2;");
	a = call_of(kim);
	a = ended(a, "n", 5, 6);
	journal_end(g.journal, &a);
	/* No number is used again: its file may be about to go. */
	snprintf(segment, sizeof(segment), "%s/segment-00000000000000000008",
		 g.folder);
	assert_int_equal(access(segment, F_OK), 0);
	close_journal(&g, 10000);
	assert_string_equal(rows(f), "complete conversation m 1 2;"
			    "complete conversation n 5 6;");
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(count_segments(&g), 3);
}

static void lines_are_read_as_they_were_written(void **state)
{
	char kim[ID_SIZE], line[CALL_LINE_MAX], model[CALL_MODEL_SIZE];
	char name[CALL_MODEL_SIZE], cut[CALL_LINE_MAX];
	enum call_line kind;
	struct usage_call a, b;
	size_t n, i;

	(void)state;
	id_new(kim);
	memset(name, '\xff', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	a = call_of(kim);
	a = ended(a, name, CALL_TOKENS_MAX, 1);
	a.usage.cache_read = -5;
	a.at = INT64_MAX;
	a.status = 5000;
	call_line_normalize(&a);
	n = call_line_format(LINE_END, &a, line);
	assert_in_range(n, 1, CALL_LINE_MAX);
	assert_true(call_line_parse(line, n - 1, &kind, &b, model));
	assert_int_equal(kind, LINE_END);
	assert_string_equal(model, name);
	assert_memory_equal(&b.usage, &a.usage, sizeof(b.usage));
	assert_int_equal(b.usage.cache_read, 0);
	assert_string_equal(b.subject_id, a.subject_id);
	assert_int_equal(b.status, 999);
	for (i = 0; i < n - 1; i++) {
		assert_false(call_line_parse(line, i, &kind, &b, model));
		memcpy(cut, line, n);
		cut[i] ^= 4;
		assert_false(call_line_parse(cut, n - 1, &kind, &b, model));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_open_is_interrupted),
		TEST(garbage_is_passed_over),
		cmocka_unit_test(lines_are_read_as_they_were_written),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
