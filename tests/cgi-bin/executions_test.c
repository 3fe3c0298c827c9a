/* The pages of runs, as plain CGI, with a real store and Redis. */
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

#include "cgi.h"
#include "core/clock.h"
#include "core/str.h"
#include "store/conversations.h"
#include "store/executions.h"
#include "store/users.h"

#define KNOWN "claude-sonnet-4-5-20250929"	/* 3, 15, 3.75, 6, 0.30 USD */
#define HOSTILE "<script>alert(1)</script>\"'<img src=x>"
#define MINUTE INT64_C(60000)

static struct site_under_test site;
static char agent[ID_SIZE];	/* kim's */

static const char definition[] =
	"{\"gongbang_agent\":1,\"name\":\"n\",\"prompt\":\"p\"}";

static void must(int bad, const struct err *e)
{
	if (bad < 0)
		fail_msg("%s", e->text);
}

static void new_agent(const char *user, const char *name, char id[ID_SIZE])
{
	struct err e = { 0 };

	must(agent_create(site.db, user, name, definition, false, 0, id, &e),
	     &e);
}

static int setup(void **state)
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

static int teardown(void **state)
{
	(void)state;
	site_release(&site);
	return 0;
}

static void has(const struct answer *a, const char *words)
{
	if (!strstr(a->body, words))
		fail_msg("no \"%s\" in: %s", words, a->body);
}

static void has_not(const struct answer *a, const char *words)
{
	if (strstr(a->body, words))
		fail_msg("\"%s\" in: %s", words, a->body);
}

static int count(const struct answer *a, const char *what)
{
	const char *at = a->body;
	int n = 0;

	while ((at = strstr(at, what))) {
		at++;
		n++;
	}
	return n;
}

/* A row as the worker leaves it: nobody writes rows like these by hand but here. */
struct row {
	const char *agent, *trigger, *status, *reason, *detail, *result;
	int64_t planned;
	bool began;
};

static void add_row(const struct row *row, char id[ID_SIZE])
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
static void add_attempt(const char *run, int number, const char *outcome,
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

static const char *address(const char *id, const char *rest)
{
	static char out[2][256];
	static int next;

	next = !next;
	snprintf(out[next], sizeof(out[next]), "/executions/%s%s", id, rest);
	return out[next];
}

static void test_nothing_yet(void **state)
{
	struct browser b;
	struct answer *a;

	(void)state;
	talloc_free(log_in(&b, &site, "lee", PASSWORD));
	a = get(&b, "/executions");
	expect(a, 200);
	has(a, "Nothing has run yet.");
	has(a, "href=\"/agents\"");
	has_not(a, "<table");
	talloc_free(a);
	a = get(&b, "/executions?status=failed");
	has(a, "No run fits this filter.");
	has_not(a, "Nothing has run yet.");
	talloc_free(a);
}

/* Each status and reason that lib/store/executions.h names. */
static const struct {
	const char *status, *reasons[16];
} all[] = {
	{ "queued", { "", "retry" } },
	{ "success", { "" } },
	{ "failed", { "needs_input", "no_result", "model", "turns", "api",
		      "start", "died", "container", "removed", "budget",
		      "stopped", "disabled" } },
	{ "timeout", { "" } },
	{ "cancelled", { "person", "overlap", "deleted" } },
	{ "skipped", { "overlap", "paused" } },
	{ "missed", { "late", "window" } },
	{ "refused", { "budget", "stopped", "disabled" } },
};

static void look(struct browser *b, const char *id, const char *reason)
{
	struct answer *a = get(b, address(id, ""));

	expect(a, 200);
	has_not(a, "run_");
	has_not(a, "<script>alert");
	has_not(a, "<img src=x");
	if (*reason)
		assert_true(strstr(a->body, "class=\"run-reason\"") ||
			    strstr(a->body, "id=\"run-state\""));
	talloc_free(a);
}

static void speak(const char *locale)
{
	struct err e = { 0 };

	must(user_set_preferences(site.db, site.kim, "Kim", locale, "",
				  "Asia/Seoul", 0, &e), &e);
}

static void test_every_end(void **state)
{
	struct browser b;
	size_t i, j;

	(void)state;
	be_kim(&b, &site);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		for (j = 0; all[i].reasons[j]; j++) {
			const struct row row = {
				.status = all[i].status,
				.reason = all[i].reasons[j],
				.detail = HOSTILE, .result = HOSTILE,
				.planned = 1000000 + (int64_t)i, .began = j % 2,
				.trigger = j % 3 ? "hook" : "test",
			};
			char id[ID_SIZE];

			add_row(&row, id);
			speak("ko");
			look(&b, id, row.reason);
			speak("en");
			look(&b, id, row.reason);
		}
	}
}

/* A word for each, in both languages, as the sentences and the short words. */
static void test_list_says_all(void **state)
{
	struct browser b;
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	a = get(&b, "/executions?to=1970-01-02");
	expect(a, 200);
	has_not(a, "run_");
	has_not(a, "<script>alert");
	has(a, "Weekly &lt;script&gt;");
	has(a, "needs input");
	has(a, "data-status=\"refused\"");
	has(a, "Trigger address");
	talloc_free(a);
	a = get(&b, "/executions?to=1970-01-02&status=skipped");
	assert_int_equal(count(a, "data-execution="), 2);
	talloc_free(a);
}

static void test_filter(void **state)
{
	static const char *const wrong[] = {
		"/executions?from=2026-13-01", "/executions?from=x",
		"/executions?to=2026-02-30", "/executions?to=2026-2-3",
		"/executions?status=good", "/executions?before=x",
	};
	char other[ID_SIZE], id[ID_SIZE], query[128];
	struct browser b;
	struct answer *a;
	size_t i;

	(void)state;
	be_kim(&b, &site);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_error(get(&b, wrong[i]), 400, "");
	new_agent(site.kim, "Other", other);
	/* 2020-05-05 15:30 in UTC is the sixth in Seoul. */
	add_row(&(struct row){ .status = "success", .agent = other,
			       .planned = INT64_C(1588692600000) }, id);
	a = get(&b, "/executions?from=2020-05-06&to=2020-05-06");
	assert_int_equal(count(a, "data-execution="), 1);
	has(a, id);
	has(a, "value=\"2020-05-06\"");
	talloc_free(a);
	a = get(&b, "/executions?from=2020-05-05&to=2020-05-05");
	has(a, "No run fits this filter.");
	talloc_free(a);
	snprintf(query, sizeof(query), "/executions?agent=%s", other);
	a = get(&b, query);
	assert_int_equal(count(a, "data-execution="), 1);
	has(a, "selected>Other</option>");
	talloc_free(a);
	new_agent(site.lee, "Lee's", other);
	snprintf(query, sizeof(query), "/executions?agent=%s", other);
	expect_error(get(&b, query), 404, "");
	expect_error(get(&b, "/executions?agent=x"), 404, "");
}

/* Row after row, none twice, though many have the same moment. */
static void test_pages(void **state)
{
	struct answer *a;
	struct browser b;
	char many[ID_SIZE], id[ID_SIZE], next[512], *href, *end;
	struct err e = { 0 };
	int i, rows = 0, pages = 0;

	(void)state;
	new_agent(site.kim, "Many", many);
	for (i = 0; i < 120; i++)
		add_row(&(struct row){ .status = "success", .agent = many,
				       .trigger = "manual",
				       .planned = 5000 + i / 40 }, id);
	be_kim(&b, &site);
	snprintf(next, sizeof(next), "/executions?agent=%s", many);
	while (*next && pages++ < 10) {
		a = get(&b, next);
		expect(a, 200);
		rows += count(a, "data-execution=");
		assert_int_equal(strstr(a->body, "Newest runs") != NULL,
				 pages > 1);
		href = strstr(a->body, "class=\"older\"><a href=\"");
		*next = '\0';
		if (href && !strstr(href, "rel=\"next\""))
			href = NULL;
		if (href) {
			href += strlen("class=\"older\"><a href=\"");
			end = strchr(href, '"');
			for (; href < end; href++) {
				if (strncmp(href, "&amp;", 5) == 0) {
					strcat(next, "&");
					href += 4;
				} else {
					strncat(next, href, 1);
				}
			}
		}
		talloc_free(a);
	}
	assert_int_equal(rows, 120);
	assert_int_equal(pages, 3);
	must(agent_delete(site.db, many, &e), &e);
	snprintf(next, sizeof(next), "/executions?agent=%s", many);
	a = get(&b, next);
	expect(a, 200);
	has(a, "Many (deleted)");
	has(a, "<small>deleted</small>");
	talloc_free(a);
}

static void test_transcript(void **state)
{
	char id[ID_SIZE], first[ID_SIZE], last[ID_SIZE], rest[64];
	struct err e = { 0 };
	struct browser b;
	struct answer *a;

	(void)state;
	add_row(&(struct row){ .status = "failed", .reason = "api",
			       .planned = 70000, .began = true }, id);
	add_attempt(id, 1, "failed", first);
	add_attempt(id, 2, "failed", last);
	must(db_run(site.db, &e, "UPDATE executions SET denials = 2"
		    " WHERE id = $1", "t", id), &e);
	be_kim(&b, &site);
	a = get(&b, address(id, ""));
	expect(a, 200);
	assert_int_equal(count(a, "<details class=\"attempt\""), 2);
	assert_int_equal(count(a, "data-part=\"text\""), 1);
	has(a, "id=\"attempt-2\" open>");
	has(a, "within");
	has_not(a, "said afterwards");
	has_not(a, "<script>alert");
	has_not(a, "<b>Write");
	has(a, "&lt;b&gt;Write&lt;/b&gt;");
	has(a, "2 times");
	has(a, "The exact prompt");
	has(a, "data of unknown origin");
	has_not(a, "style=");
	talloc_free(a);
	snprintf(rest, sizeof(rest), "?attempt=1");
	a = get(&b, address(id, rest));
	has(a, "id=\"attempt-1\" open>");
	talloc_free(a);
	a = get(&b, address(id, "/transcript?attempt=1&before=400"));
	expect(a, 200);
	has(a, "within");
	has_not(a, "said afterwards");
	talloc_free(a);
	a = get(&b, address(id, "/transcript?attempt=1&before=9999999"));
	has_not(a, "said afterwards");
	talloc_free(a);
	expect_error(get(&b, address(id, "/transcript?attempt=7")), 404, "");
}

static void test_tokens(void **state)
{
	struct usage_call c = {
		.kind = "run", .model = KNOWN, .outcome = "complete",
		.usage = { 1000, 2000, 0, 0, 3000 }, .status = 200,
		.at = 90000, .ended_at = 91000,
	};
	struct err e = { 0 };
	struct browser b;
	struct answer *a;
	char id[ID_SIZE];

	(void)state;
	add_row(&(struct row){ .status = "success", .planned = 80000,
			       .began = true, .result = "ok" }, id);
	id_new(c.id);
	assert_true(str_copy(c.user_id, sizeof(c.user_id), site.kim));
	assert_true(str_copy(c.subject_id, sizeof(c.subject_id), id));
	must(usage_add(site.db, &c, 1, &e), &e);
	id_new(c.id);
	c.model = "nobody-knows";
	must(usage_add(site.db, &c, 1, &e), &e);
	be_kim(&b, &site);
	a = get(&b, address(id, ""));
	has(a, "12,000");
	has(a, "4,000");
	has(a, "unknown price");
	talloc_free(a);
	a = get(&b, "/executions?to=1970-01-02&status=success");
	has(a, "12,000");
	talloc_free(a);
	a = get(&b, "/usage?month=1970-01");
	talloc_free(a);
}

/* In /usage an agent is one line over all its runs, with its name and a way to it. */
static void test_usage_by_agent(void **state)
{
	struct usage_call c = {
		.kind = "run", .model = KNOWN, .outcome = "complete",
		.usage = { .input = 1000 }, .status = 200,
	};
	char ids[2][ID_SIZE], href[128];
	struct err e = { 0 };
	struct browser b;
	struct answer *a;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		c.at = INT64_C(1740000000000) + i * 86400000;
		c.ended_at = c.at;
		add_row(&(struct row){ .status = "success", .planned = c.at,
				       .began = true }, ids[i]);
		id_new(c.id);
		assert_true(str_copy(c.user_id, ID_SIZE, site.kim));
		assert_true(str_copy(c.subject_id, ID_SIZE, ids[i]));
		must(usage_add(site.db, &c, 1, &e), &e);
	}
	be_kim(&b, &site);
	a = get(&b, "/usage?month=2025-02");
	expect(a, 200);
	snprintf(href, sizeof(href), "<a href=\"/agents/%s\">Weekly &lt;",
		 agent);
	has(a, href);
	assert_int_equal(count(a, "Weekly &lt;"), 1);
	has(a, "2,000");
	has_not(a, ids[0]);
	talloc_free(a);
	a = get(&b, "/usage.csv?month=2025-02");
	has(a, agent);
	has(a, "\"Weekly <script>");
	has_not(a, ids[0]);
	talloc_free(a);
}

static void test_files(void **state)
{
	static const char bytes[] = "a\0<script>\xff";
	struct execution_file f = { .path = "out/\xea\xb0\x80 \"<b>.html",
				    .size = sizeof(bytes), .made = true,
				    .kept = true, .content = bytes };
	struct err e = { 0 };
	struct browser b;
	struct answer *a;
	char id[ID_SIZE];

	(void)state;
	add_row(&(struct row){ .status = "success", .planned = 60000,
			       .began = true }, id);
	must(execution_file_add(site.db, id, &f, &e), &e);
	f = (struct execution_file){ .path = "big.bin", .size = 1 << 30 };
	must(execution_file_add(site.db, id, &f, &e), &e);
	be_kim(&b, &site);
	a = get(&b, address(id, ""));
	has(a, "&lt;b&gt;.html");
	has_not(a, "<b>.html");
	has(a, "too large to keep");
	assert_int_equal(count(a, "/files?path="), 1);
	talloc_free(a);
	a = get(&b, address(id, "/files?path=out/%EA%B0%80%20%22%3Cb%3E.html"));
	expect(a, 200);
	assert_int_equal(a->body_len, sizeof(bytes));
	assert_memory_equal(a->body, bytes, sizeof(bytes));
	assert_string_equal(header(a, "Content-Type"),
			    "application/octet-stream");
	assert_string_equal(header(a, "Content-Disposition"),
			    "attachment; filename=\"file\"; "
			    "filename*=UTF-8''%EA%B0%80%20%22%3Cb%3E.html");
	assert_string_equal(header(a, "X-Content-Type-Options"), "nosniff");
	assert_non_null(strstr(a->head, "sandbox; default-src 'none'"));
	talloc_free(a);
	expect_error(get(&b, address(id, "/files?path=big.bin")), 404, "");
	expect_error(get(&b, address(id, "/files?path=none")), 404, "");
	expect_error(get(&b, address(id, "/files")), 404, "");
	talloc_free(log_in(&b, &site, "lee", PASSWORD));
	expect_error(get(&b, address(id,
		"/files?path=out/%EA%B0%80%20%22%3Cb%3E.html")), 404, "");
}

static void test_compare(void **state)
{
	char own[ID_SIZE], first[ID_SIZE], second[ID_SIZE];
	struct browser b;
	struct answer *a;

	(void)state;
	new_agent(site.kim, "Compared", own);
	add_row(&(struct row){ .status = "success", .agent = own, .began = true,
			       .planned = 1000, .result = "same\nold <i>\n" },
		first);
	add_row(&(struct row){ .status = "success", .agent = own, .began = true,
			       .planned = 2000, .result = "same\nnew <i>\n" },
		second);
	be_kim(&b, &site);
	a = get(&b, address(second, ""));
	has(a, "/compare\"");
	talloc_free(a);
	a = get(&b, address(second, "/compare"));
	expect(a, 200);
	has(a, "<span>same</span><del>old &lt;i&gt;</del><ins>new &lt;i&gt;</ins>");
	has(a, "1 line added, 1 line removed.");
	has(a, first);
	talloc_free(a);
	a = get(&b, address(first, ""));
	has_not(a, "/compare\"");
	talloc_free(a);
	a = get(&b, address(first, "/compare"));
	expect(a, 200);
	has(a, "There is no earlier success");
	talloc_free(a);
}

static void test_result(void **state)
{
	char id[ID_SIZE], to[64];
	struct browser b;
	struct answer *a;

	(void)state;
	add_row(&(struct row){ .status = "success", .planned = 50000,
			       .began = true, .result = "# Head\n\n- **a**\n\n"
			       "<script>alert(3)</script>\n\n"
			       "[x](javascript:alert(1))" }, id);
	be_kim(&b, &site);
	a = get(&b, address(id, ""));
	has(a, "<strong>a</strong>");
	has_not(a, "<script>alert");
	has_not(a, "href=\"javascript");
	has(a, "It succeeded in 1 min 0 s.");
	talloc_free(a);
	snprintf(to, sizeof(to), "data-status=\"success\"");
	a = get(&b, address(id, "/state"));
	has(a, to);
	talloc_free(a);
}

static void test_open(void **state)
{
	char queued[ID_SIZE], running[ID_SIZE], talk[ID_SIZE], rest[96];
	struct err e = { 0 };
	struct browser b;
	struct answer *a;

	(void)state;
	add_row(&(struct row){ .status = "queued",
			       .planned = clock_now_ms() - 5 * MINUTE },
		queued);
	add_row(&(struct row){ .status = "running", .began = true,
			       .planned = clock_now_ms() - 5 * MINUTE },
		running);
	add_attempt(running, 1, "", talk);
	be_kim(&b, &site);
	a = get(&b, address(queued, ""));
	expect(a, 200);
	has(a, "in the queue");
	has(a, "waiting for 5 min");
	has(a, "http-equiv=\"refresh\"");
	has(a, "id=\"run-cancel\"");
	has_not(a, "id=\"run-again\"");
	has_not(a, "id=\"workspace\"");
	talloc_free(a);
	a = get(&b, address(queued, "/state"));
	has(a, "in the queue");
	has_not(a, "<html");
	talloc_free(a);
	a = get(&b, address(running, ""));
	snprintf(rest, sizeof(rest), "data-ws=\"/ws/conversations/%s\"", talk);
	has(a, rest);
	has(a, "data-read-only");
	has(a, "data-offset=\"600\"");
	has(a, "of at most 30 min");
	has_not(a, "id=\"message-input\"");
	has_not(a, "id=\"result\"");
	talloc_free(a);
	expect_to(post(&b, address(running, "/cancel"), "csrf=CSRF"),
		  address(running, ""));
	expect_to(post(&b, address(running, "/cancel"), "csrf=CSRF"),
		  address(running, ""));
	a = get(&b, address(running, ""));
	has(a, "being cancelled");
	has_not(a, "id=\"run-cancel\"");
	talloc_free(a);
	expect_to(post(&b, address(queued, "/cancel"), "csrf=CSRF"),
		  address(queued, ""));
	a = get(&b, address(queued, ""));
	has(a, "It was cancelled before it began.");
	has(a, "You cancelled it.");
	has_not(a, "http-equiv=\"refresh\"");
	talloc_free(a);
	must(db_run(site.db, &e, "UPDATE executions SET status = 'failed',"
		    " reason = 'died', ended_at = 5 WHERE id = $1", "t",
		    running), &e);
}

/* Its session is shown as its run, until the person goes on in it. */
static void test_continue(void **state)
{
	char id[ID_SIZE], early[ID_SIZE], talk[ID_SIZE], to[96];
	struct browser b;
	struct answer *a;

	(void)state;
	add_row(&(struct row){ .status = "failed", .reason = "needs_input",
			       .planned = 40000, .began = true }, id);
	add_attempt(id, 1, "failed", talk);
	add_row(&(struct row){ .status = "missed", .reason = "late",
			       .planned = 40001 }, early);
	be_kim(&b, &site);
	snprintf(to, sizeof(to), "/workspace/%s", talk);
	expect_to(get(&b, to), address(id, ""));
	a = get(&b, address(id, ""));
	has(a, "Continue as conversation");
	talloc_free(a);
	expect_error(post(&b, address(id, "/continue"), ""), 403, "");
	expect_to(post(&b, address(id, "/continue"), "csrf=CSRF"), to);
	expect_to(post(&b, address(id, "/continue"), "csrf=CSRF"), to);
	a = get(&b, to);
	expect(a, 200);
	has(a, "Continued from a run of Weekly &lt;script&gt;");
	has(a, address(id, ""));
	has(a, "said afterwards");
	talloc_free(a);
	a = get(&b, address(id, ""));
	has_not(a, "said afterwards");
	talloc_free(a);
	a = get(&b, address(early, ""));
	has_not(a, "Continue as conversation");
	has(a, "It never began");
	talloc_free(a);
	expect_error(post(&b, address(early, "/continue"), "csrf=CSRF"), 404,
		     "");
}

static int count_row(void *data, const struct execution *x, struct err *e)
{
	(void)x;
	(void)e;
	++*(int *)data;
	return 0;
}

static void test_again(void **state)
{
	char own[ID_SIZE], id[ID_SIZE], fresh[ID_SIZE], form[96];
	const struct execution_filter f = { .agent_id = own, .status = "",
					    .limit = 100 };
	struct err e = { 0 };
	struct browser b;
	struct answer *a;
	int n = 0;

	(void)state;
	new_agent(site.kim, "Again", own);
	add_row(&(struct row){ .status = "success", .agent = own,
			       .planned = 30000, .began = true }, id);
	id_new(fresh);
	be_kim(&b, &site);
	a = get(&b, address(id, ""));
	has(a, "id=\"run-again\"");
	talloc_free(a);
	snprintf(form, sizeof(form), "csrf=CSRF&id=%s", fresh);
	expect_to(post(&b, address(id, "/again"), form), address(fresh, ""));
	expect_to(post(&b, address(id, "/again"), form), address(fresh, ""));
	must(execution_each(site.db, &f, count_row, &n, &e), &e);
	assert_int_equal(n, 2);
	a = get(&b, address(fresh, ""));
	has(a, "By hand");
	talloc_free(a);
	expect_error(post(&b, address(id, "/again"), "csrf=CSRF&id=x"), 400,
		     "");
	must(agent_delete(site.db, own, &e), &e);
	expect_error(post(&b, address(id, "/again"), "csrf=CSRF"), 404, "");
	a = get(&b, address(id, ""));
	expect(a, 200);
	has_not(a, "id=\"run-again\"");
	talloc_free(a);
}

static void test_another_user(void **state)
{
	static const char *const reads[] = { "", "/state", "/compare",
		"/transcript?attempt=1", "/files?path=x" };
	static const char *const writes[] = { "/cancel", "/continue",
		"/again" };
	char id[ID_SIZE], talk[ID_SIZE], to[96];
	struct browser b;
	size_t i;

	(void)state;
	add_row(&(struct row){ .status = "success", .planned = 20000,
			       .began = true }, id);
	add_attempt(id, 1, "success", talk);
	talloc_free(log_in(&b, &site, "lee", PASSWORD));
	talloc_free(get(&b, "/account"));
	for (i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
		expect_error(get(&b, address(id, reads[i])), 404, "");
	for (i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		expect_error(post(&b, address(id, writes[i]), "csrf=CSRF"),
			     404, "");
	snprintf(to, sizeof(to), "/workspace/%s", talk);
	expect_error(get(&b, to), 404, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_yet),
		cmocka_unit_test(test_every_end),
		cmocka_unit_test(test_list_says_all),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_transcript),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_usage_by_agent),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_continue),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_another_user),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
