#include "config.h"
#include "run_rows.h"

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
#include "store/conversations.h"
#include "store/executions.h"

struct site_under_test site;
char agent[ID_SIZE];

static const char definition[] =
	"{\"gongbang_agent\":1,\"name\":\"n\",\"prompt\":\"p\"}";

void must(int bad, const struct err *e)
{
	if (bad < 0)
		fail_msg("%s", e->text);
}

void new_agent(const char *user, const char *name, char id[ID_SIZE])
{
	struct err e = { 0 };

	must(agent_create(site.db, user, name, definition, false, 0, id, &e),
	     &e);
}

int setup(void **state)
{
	const char *top = getenv("top_srcdir");
	char more[1024];

	(void)state;
	snprintf(more, sizeof(more), "prices = %s/conf/prices.list\n",
		 top ? top : ".");
	site_init(&site, more);
	new_agent(site.kim, "Weekly " HOSTILE, agent);
	return 0;
}

int teardown(void **state)
{
	(void)state;
	site_release(&site);
	return 0;
}

void has(const struct answer *a, const char *words)
{
	if (!strstr(a->body, shown(words)))
		fail_msg("no \"%s\" in: %s", words, a->body);
}

void has_not(const struct answer *a, const char *words)
{
	if (strstr(a->body, shown(words)))
		fail_msg("\"%s\" in: %s", words, a->body);
}

int count(const struct answer *a, const char *what)
{
	const char *at = a->body, *text = shown(what);
	int n = 0;

	while ((at = strstr(at, text))) {
		at++;
		n++;
	}
	return n;
}

void add_row(const struct row *row, char id[ID_SIZE])
{
	const char *of = row->agent ? row->agent : agent;
	bool open = str_equal(row->status, "queued") ||
		    str_equal(row->status, "running");
	struct err e = { 0 };

	id_new(id);
	must(db_run(site.db, &e, "INSERT INTO executions (id, agent_id,"
		    " user_id, version, trigger_kind, status, reason, detail,"
		    " planned_at, not_before, queued_at, started_at, ended_at,"
		    " attempt, payload, prompt, result) SELECT $1, a.id,"
		    " a.user_id, a.version, $3, $4, $5, $6, $7, $7, $7, $8, $9,"
		    " $10, $11, $11, $12 FROM agents a WHERE a.id = $2",
		    "ttttttnnnntt", id, of,
		    row->trigger ? row->trigger : "schedule", row->status,
		    row->reason ? row->reason : "",
		    row->detail ? row->detail : "", row->planned,
		    row->began ? row->planned + 1000 : (int64_t)0,
		    open ? (int64_t)0 : row->planned + 61000,
		    (int64_t)row->began, HOSTILE,
		    row->result ? row->result : ""), &e);
	assert_int_equal(db_changed(site.db), 1);
}

/* An attempt with its session: a text at 10, what followed the run at 500. */
void add_attempt(const char *run, int number, const char *outcome,
			char conversation[ID_SIZE])
{
	const struct part parts[] = {
		{ .at = 10, .changed_at = 20, .turn = 10, .role = "assistant",
		  .kind = "text", .state = "ok",
		  .data = "{\"text\":\"<script>alert(2)</script> within\"}" },
		{ .at = 30, .changed_at = 40, .turn = 10, .role = "assistant",
		  .kind = "permission", .state = "denied",
		  .data = "{\"tool\":\"<b>Write</b>\",\"title\":\"/etc/x\"}" },
		{ .at = 500, .changed_at = 510, .turn = 500, .role = "user",
		  .kind = "text", .state = "ok",
		  .data = "{\"text\":\"said afterwards\"}" },
	};
	const struct recording rec = {
		.conversation_id = conversation, .offset = 600, .state = "idle",
		.parts = parts, .nparts = 3,
	};
	struct err e = { 0 };

	must(conversation_create_run(site.db, site.kim, "run", "default", "",
				     conversation, &e), &e);
	must(conversation_record(site.db, &rec, &e), &e);
	must(db_run(site.db, &e, "INSERT INTO attempts (execution_id, attempt,"
		    " conversation_id, started_at, deadline_at, ended_at,"
		    " ended_offset, outcome, reason, detail) VALUES ($1, $2,"
		    " $3, 1000, 1801000, $4, $5, $6, $7, $8)", "tntnntt" "t",
		    run, (int64_t)number, conversation,
		    *outcome ? (int64_t)61000 : (int64_t)0,
		    *outcome ? (int64_t)400 : (int64_t)0, outcome,
		    str_equal(outcome, "failed") ? "api" : "", HOSTILE), &e);
}

const char *address(const char *id, const char *rest)
{
	static char out[2][256];
	static int next;

	next = !next;
	snprintf(out[next], sizeof(out[next]), "/executions/%s%s", id, rest);
	return out[next];
}
