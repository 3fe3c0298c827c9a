#include "config.h"
#include "journal_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <talloc.h>

#include "../ledger/serving.h"
#include "../store/fixture.h"
#include "core/clock.h"
#include "core/str.h"
#include "gateway/journal.h"
#include "store/users.h"

#define LEDGER_MS 60000

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

int open_on(struct gateway *g, struct fixture *f, const char *socket,
	    int64_t cap, struct err *e)
{
	g->f = f;
	snprintf(g->folder, sizeof(g->folder), "%s/journal", f->folder);
	uv_loop_init(&g->loop);
	g->ledger = ledger_client_new(NULL, socket, LEDGER_MS);
	g->jobs = jobs_new(g->ledger, &g->loop, NULL);
	g->journal = journal_open(NULL, &g->loop, g->jobs, g->ledger,
				  &(struct journal_options){ g->folder, cap, AGAIN_MS }, e);
	if (!g->journal)
		return -1;
	journal_on_booked(g->journal, count_booked, g);
	return 0;
}

int open_journal(struct gateway *g, struct fixture *f, int64_t cap,
		 struct err *e)
{
	memset(g, 0, sizeof(*g));
	serving_start(&g->serving, f->path);
	return open_on(g, f, g->serving.socket, cap, e);
}

void let_go(struct gateway *g)
{
	jobs_when_idle(g->jobs, set_closed, g);
	while (!g->closed)
		uv_run(&g->loop, UV_RUN_ONCE);
	uv_run(&g->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&g->loop), 0);
	talloc_free(g->ledger);
}

void end_loop(struct gateway *g)
{
	let_go(g);
	serving_stop(&g->serving);
}

void close_journal(struct gateway *g, int64_t deadline)
{
	journal_close(g->journal, deadline);
	end_loop(g);
}

void start(struct gateway *g, struct fixture *f)
{
	struct err e = { 0 };

	OK(open_journal(g, f, CAP, &e));
}

void take_up(struct gateway *g)
{
	journal_when_resumed(g->journal, set_taken_up, g);
	assert_false(g->taken_up);
	while (!g->taken_up)
		uv_run(&g->loop, UV_RUN_ONCE);
	assert_int_equal(journal_pending(g->journal), 0);
}

void make_user(struct fixture *f, char id[ID_SIZE])
{
	struct err e = { 0 };

	OK(user_create(f->db, "kim", "h", false, id, &e));
}

struct usage_call call_of(const char *user)
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

struct usage_call ended(struct usage_call c, const char *model,
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

const char *rows(struct fixture *f)
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

void send_away(struct fixture *f)
{
	struct err e = { 0 };

	OK(db_run(f->db, &e, "CREATE TRIGGER away BEFORE INSERT ON usage BEGIN"
		  " SELECT RAISE(FAIL, 'away'); END", ""));
}

void bring_back(struct fixture *f)
{
	struct err e = { 0 };

	OK(db_run(f->db, &e, "DROP TRIGGER away", ""));
}

int64_t number(struct fixture *f, const char *sql)
{
	struct err e = { 0 };
	int64_t n = -1;

	OK(db_query(f->db, &e, keep_number, &n, sql, ""));
	return n;
}

int count_segments(const struct gateway *g)
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
