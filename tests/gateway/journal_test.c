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
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "../ledger/serving.h"
#include "../store/fixture.h"
#include "core/clock.h"
#include "core/str.h"
#include "gateway/journal.h"
#include "gateway/journal_internal.h"
#include "store/users.h"

#define CAP (1 << 20)
#define LEDGER_MS 60000

/* A gateway's loop with a journal, beside the fixture's own connection. */
struct gateway {
	struct fixture *f;
	char folder[96];
	uv_loop_t loop;
	struct serving serving;
	struct ledger_client *ledger;
	struct jobs *jobs;
	struct journal *journal;
	size_t booked;
	bool taken_up, closed;
};

static void count_booked(void *data, size_t n)
{
	((struct gateway *)data)->booked += n;
}

static void set_taken_up(void *data)
{
	((struct gateway *)data)->taken_up = true;
}

static void set_closed(void *data)
{
	((struct gateway *)data)->closed = true;
}

static int open_on(struct gateway *g, struct fixture *f, const char *socket,
		   int64_t cap, struct err *e)
{
	g->f = f;
	snprintf(g->folder, sizeof(g->folder), "%s/journal", f->folder);
	uv_loop_init(&g->loop);
	g->ledger = ledger_client_new(NULL, socket, LEDGER_MS);
	g->jobs = jobs_new(g->ledger, &g->loop, NULL);
	g->journal = journal_open(NULL, &g->loop, g->jobs, g->ledger, g->folder, cap, e);
	if (!g->journal)
		return -1;
	journal_on_booked(g->journal, count_booked, g);
	return 0;
}

static int open_journal(struct gateway *g, struct fixture *f, int64_t cap,
			struct err *e)
{
	memset(g, 0, sizeof(*g));
	serving_start(&g->serving, f->path);
	return open_on(g, f, g->serving.socket, cap, e);
}

static void let_go(struct gateway *g)
{
	jobs_when_idle(g->jobs, set_closed, g);
	while (!g->closed)
		uv_run(&g->loop, UV_RUN_ONCE);
	uv_run(&g->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&g->loop), 0);
	talloc_free(g->ledger);
}

static void end_loop(struct gateway *g)
{
	let_go(g);
	serving_stop(&g->serving);
}

static void close_journal(struct gateway *g, int64_t deadline)
{
	journal_close(g->journal, deadline);
	end_loop(g);
}

static void start(struct gateway *g, struct fixture *f)
{
	struct err e = { 0 };

	OK(open_journal(g, f, CAP, &e));
}

static void take_up(struct gateway *g)
{
	journal_when_taken_up(g->journal, set_taken_up, g);
	assert_false(g->taken_up);
	while (!g->taken_up)
		uv_run(&g->loop, UV_RUN_ONCE);
	assert_int_equal(journal_pending(g->journal), 0);
}

static void make_user(struct fixture *f, char id[ID_SIZE])
{
	struct err e = { 0 };

	OK(user_create(f->db, "kim", "h", false, id, &e));
}

/* Each begins after the one before. */
static struct usage_call call_of(const char *user)
{
	static int64_t last;
	struct usage_call c = { .kind = "conversation", .model = "" };

	if (last < clock_now_ms())
		last = clock_now_ms();
	c.at = last++;
	id_new(c.id);
	memcpy(c.user_id, user, ID_SIZE);
	id_new(c.subject_id);
	return c;
}

static struct usage_call ended(struct usage_call c, const char *model,
			       int64_t input, int64_t output)
{
	c.model = model;
	c.outcome = "complete";
	c.status = 200;
	c.usage = (struct usage){ input, output, 3, 4, 5 };
	c.ended_at = c.at + 10;
	return c;
}

static int join_row(void *data, const struct db_row *row, struct err *e)
{
	return buf_addf(data, e, "%s %s %s %lld %lld;", db_text(row, 0),
			db_text(row, 1), db_text(row, 2),
			(long long)db_number(row, 3),
			(long long)db_number(row, 4));
}

/* "outcome kind model input output;" each, in the order they began. */
static const char *rows(struct fixture *f)
{
	static char text[2048];
	auto_buf b = BUF_INIT(sizeof(text) - 1);
	struct err e = { 0 };

	OK(db_query(f->db, &e, join_row, &b, "SELECT outcome, kind, model,"
		    " input, output FROM usage ORDER BY at", ""));
	assert_true(str_copy(text, sizeof(text), buf_text(&b)));
	return text;
}

static int keep_number(void *data, const struct db_row *row, struct err *e)
{
	*(int64_t *)data = db_number(row, 0);
	return 0;
}

/* The ledger takes nothing until it is back. */
static void send_away(struct fixture *f)
{
	struct err e = { 0 };

	OK(db_run(f->db, &e, "CREATE TRIGGER away BEFORE INSERT ON usage BEGIN"
		  " SELECT RAISE(FAIL, 'away'); END", ""));
}

static void bring_back(struct fixture *f)
{
	struct err e = { 0 };

	OK(db_run(f->db, &e, "DROP TRIGGER away", ""));
}

static int64_t number(struct fixture *f, const char *sql)
{
	struct err e = { 0 };
	int64_t n = -1;

	OK(db_query(f->db, &e, keep_number, &n, sql, ""));
	return n;
}

static int count_segments(const struct gateway *g)
{
	char command[160], text[16] = "";
	FILE *p;

	snprintf(command, sizeof(command), "ls %s | grep -c segment-",
		 g->folder);
	p = popen(command, "r");
	assert_non_null(p);
	assert_non_null(fgets(text, sizeof(text), p));
	pclose(p);
	return atoi(text);
}

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
	call_line_settle(&a);
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

/* ---- a ledger that answers by a script, then "ok" */

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
		/* What is wrong with a row is known when another is taken. */
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

/* ---- kill -9 ---- */

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

/* Remembers the last thing said of each. */
static void hear(struct expected *x, int from)
{
	struct said s;
	size_t i;

	while (read(from, &s, sizeof(s)) == sizeof(s)) {
		for (i = x->n; i > 0; i--) {
			if (str_equal(x->said[i - 1].id, s.id))
				break;
		}
		if (!i) {
			x->said = talloc_realloc(NULL, x->said, struct said,
						 x->n + 1);
			i = ++x->n;
		}
		x->said[i - 1] = s;
	}
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
	int round, told[2], status;
	struct gateway g;
	int64_t found;
	pid_t child;
	size_t i;

	make_user(f, kim);
	/* However slow the machine is: at least forty deaths and a thousand calls. */
	for (round = 0; round < 40 || x.n <= 1000; round++) {
		assert_true(round < 4000);
		assert_int_equal(pipe2(told, O_CLOEXEC), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			srandom((unsigned)round);
			work_until_killed(f, kim, told[1]);
		}
		close(told[1]);
		usleep((useconds_t)(random() % 30000));
		kill(child, SIGKILL);
		hear(&x, told[0]);
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
		TEST(what_was_open_is_interrupted),
		TEST(two_gateways_are_one_too_many),
		TEST(garbage_is_passed_over),
		cmocka_unit_test(lines_are_read_as_they_were_written),
		TEST(full_is_said_and_passes),
		TEST(a_bad_row_is_set_aside),
		TEST(what_the_ledger_could_not_take_stays),
		TEST(refused_rows_are_no_absence),
		TEST(a_read_only_store_is_waited_for),
		TEST(a_store_that_stays_away_costs_nothing),
		TEST(a_full_disk_tears_no_line),
		TEST(long_calls_hold_no_old_segments),
		TEST(kill_9_loses_and_doubles_nothing),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
