/* The pages of runs, as plain CGI, with a real store and Redis. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "run_rows.h"
#include "store/executions.h"
#include "store/outcomes.h"
#include "store/users.h"

#define KNOWN "claude-sonnet-4-5-20250929"	/* 3, 15, 3.75, 6, 0.30 USD */

static void test_nothing_yet(void **state)
{
	struct browser b;
	struct answer *a;

	(void)state;
	talloc_free(log_in(&b, &site, "lee", PASSWORD));
	a = get(&b, "/executions");
	expect(a, 200);
	has(a, "@run_none");
	has(a, "href=\"/agents\"");
	has_not(a, "<table");
	talloc_free(a);
	a = get(&b, "/executions?status=failed");
	has(a, "@run_none_found");
	has_not(a, "@run_none");
	talloc_free(a);
}

/* What the run's head says beside its status does not repeat the status. */
static void says_status_once(struct answer *a)
{
	const char *mark = strstr(a->body, "<p class=\"said\">");
	const char *word, *rest, *end, *again;
	size_t n;

	assert_non_null(mark);
	end = strstr(mark, "</p>");
	word = strstr(mark, "data-state=\"");
	assert_true(word && end && word < end);
	word += strcspn(word, ">") + 1;
	n = strcspn(word, "<");
	assert_true(n > 0);
	rest = word + n;
	again = memmem(rest, (size_t)(end - rest), word, n);
	if (again)
		print_error("\"%.*s\" is said twice: %.*s\n", (int)n, word,
			    (int)(end - mark), mark);
	assert_null(again);
}

static void look(struct browser *b, const char *id, const char *reason)
{
	struct answer *a = get(b, address(id, ""));

	expect(a, 200);
	has_not(a, "run_");
	has_not(a, "<script>alert");
	has_not(a, "<img src=x");
	says_status_once(a);
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

/* Its own sentence, with what to do; no other's. */
static void says_why(struct browser *b, const char *id, const char *reason)
{
	struct answer *a = get(b, address(id, ""));
	char key[64];
	size_t i;

	for (i = 0; i < outcome_reasons_count; i++) {
		const char *other = outcome_reasons[i].reason;

		snprintf(key, sizeof(key), "@run_reason_%s", other);
		if (!*other)
			continue;
		if (str_equal(other, reason))
			has(a, key);
		else
			has_not(a, key);
	}
	talloc_free(a);
}

static void look_in_both(struct browser *b, const struct row *row)
{
	char id[ID_SIZE];

	add_row(row, id);
	speak("ko");
	look(b, id, row->reason);
	speak("en");
	look(b, id, row->reason);
	says_why(b, id, row->reason);
}

/* Each status and reason of the one table of outcomes. */
static void test_every_end(void **state)
{
	struct browser b;
	size_t i;

	(void)state;
	be_kim(&b, &site);
	for (i = 0; i < outcome_statuses_count; i++) {
		if (!str_equal(outcome_statuses[i].status, "problems"))
			look_in_both(&b, &(struct row){
				.status = outcome_statuses[i].status,
				.reason = "",
				.planned = 1000000 + (int64_t)i });
	}
	for (i = 0; i < outcome_reasons_count; i++)
		look_in_both(&b, &(struct row){
			.status = outcome_reasons[i].status,
			.reason = outcome_reasons[i].reason,
			.detail = HOSTILE, .result = HOSTILE,
			.planned = 2000000 + (int64_t)i, .began = i % 2,
			.trigger = i % 3 ? "hook" : "test" });
}

/* And each of its problems: a word, what to do, and where the page can do it. */
static void test_every_problem(void **state)
{
	struct err e = { 0 };
	struct browser b;
	struct answer *a;
	char id[ID_SIZE], json[400];
	size_t i;

	(void)state;
	be_kim(&b, &site);
	for (i = 0; i < outcome_problems_count; i++) {
		add_row(&(struct row){ .status = "success", .began = true,
				       .planned = 90000000 + (int64_t)i }, id);
		snprintf(json, sizeof(json), "[{\"code\":\"%s\",\"what\":\"%s\","
			 "\"title\":\"<img src=x>\",\"count\":3},"
			 "{\"code\":\"of tomorrow\"},7]",
			 outcome_problems[i].code,
			 str_equal(outcome_problems[i].code, "blocked") ?
			 "example.org" : "<script>alert(1)</script>");
		must(db_run(site.db, &e, "UPDATE executions SET problems = $2"
			    " WHERE id = $1", "tt", id, json), &e);
		speak("ko");
		look(&b, id, "");
		speak("en");
		a = get(&b, address(id, ""));
		has_not(a, "<script>alert");
		has_not(a, "<img src=x>");
		has_not(a, "run_");
		has(a, "data-status=\"problems\"");
		has(a, "class=\"mark icon-alert\" data-state=\"problems\"");
		has(a, "<span>1 min</span>");
		has(a, "3 times");
		assert_int_equal(count(a, "data-problem="), 1);
		assert_int_equal(count(a, "action=\"/domains/ask\""),
				 str_equal(outcome_problems[i].code, "blocked"));
		assert_int_equal(count(a, "#tools\""),
				 str_equal(outcome_problems[i].code, "denied"));
		talloc_free(a);
	}
	a = get(&b, "/executions?status=problems");
	assert_int_equal(count(a, "data-status=\"problems\""),
			 outcome_problems_count);
	has(a, "Finished with problems");
	talloc_free(a);
	a = get(&b, "/executions?status=success");
	assert_int_equal(count(a, "data-status=\"problems\""), 0);
	talloc_free(a);
}

/* Whether trying again helps. */
static void test_again_is_said(void **state)
{
	struct browser b;
	struct answer *a;
	char id[ID_SIZE];
	size_t i;

	(void)state;
	be_kim(&b, &site);
	for (i = 0; i < outcome_reasons_count; i++) {
		const struct outcome_reason *o = &outcome_reasons[i];

		add_row(&(struct row){ .status = o->status, .began = true,
				       .reason = o->reason,
				       .planned = 80000000 + (int64_t)i }, id);
		a = get(&b, address(id, ""));
		assert_int_equal(count(a, "@run_again_helps"),
				 o->again == AGAIN_HELPS);
		assert_int_equal(count(a, "@run_again_useless"),
				 o->again == AGAIN_USELESS);
		talloc_free(a);
	}
}

/* A file that cannot be told to be the run's is listed apart. */
static void test_files_that_changed_meanwhile(void **state)
{
	const struct execution_file own = { .path = "report.md", .size = 1,
		.made = true, .kept = true, .content = "x" };
	const struct execution_file other = { .path = "chart.png", .size = 1,
		.made = true, .kept = true, .content = "x" };
	struct err e = { 0 };
	struct browser b;
	struct answer *a;
	char id[ID_SIZE];

	(void)state;
	be_kim(&b, &site);
	add_row(&(struct row){ .status = "success", .began = true,
			       .planned = 95000000 }, id);
	must(execution_file_add(site.db, id, &other, &e), &e);
	a = get(&b, address(id, ""));
	has(a, "@run_files_none");
	has(a, "@run_files_meanwhile");
	talloc_free(a);
	must(execution_file_add(site.db, id, &own, &e), &e);
	must(execution_file_claim(site.db, id, "report.md", &e), &e);
	a = get(&b, address(id, ""));
	has_not(a, "@run_files_none");
	has(a, "report.md");
	has_not(a, "chart.png");
	talloc_free(a);
	a = get(&b, address(id, "?fold=files-meanwhile"));
	assert_true(strstr(a->body, "report.md") < strstr(a->body,
		    shown("@run_files_meanwhile")));
	assert_true(strstr(a->body, "chart.png") > strstr(a->body,
		    shown("@run_files_meanwhile")));
	talloc_free(a);
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
	has(a, "@run_short_needs_input");
	has(a, "data-status=\"refused\"");
	has(a, "Trigger");
	talloc_free(a);
	a = get(&b, "/executions?to=1970-01-02&status=skipped");
	assert_int_equal(count(a, "data-execution="), 3);
	talloc_free(a);
}

/* A try that ended is no longer said to go on, though no worker has booked it. */
static void test_not_booked(void **state)
{
	const struct row row = { .status = "running", .planned = 7000000,
				 .began = true };
	char id[ID_SIZE], conversation[ID_SIZE];
	struct err e = { 0 };
	struct browser b;
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	add_row(&row, id);
	add_attempt(id, 1, "success", conversation);
	a = get(&b, address(id, ""));
	expect(a, 200);
	has(a, "data-phase=\"running 1\"");
	has(a, "@run_said_booking");
	has_not(a, "@run_since");
	has_not(a, "class=\"elapsed\"");
	has(a, "id=\"attempt-1\"");
	talloc_free(a);
	must(execution_cancel(site.db, id, "person", 1, &e), &e);
}

/* One that was only tried out says so, beside the tokens that took. */
static void test_only_tried(void **state)
{
	struct browser b;
	struct answer *a;
	char own[ID_SIZE], id[ID_SIZE], path[64];
	struct err e = { 0 };

	(void)state;
	be_kim(&b, &site);
	new_agent(site.kim, "Tried", own);
	add_row(&(struct row){ .status = "success", .planned = 8000000,
			       .agent = own, .began = true,
			       .trigger = "test" }, id);
	snprintf(path, sizeof(path), "/agents/%s", own);
	a = get(&b, "/agents?search=Tried");
	has(a, ">Succeeded</a><b>Test</b>");
	has_not(a, "@agent_never_ran");
	talloc_free(a);
	a = get(&b, path);
	has(a, "@agent_tests_only");
	has_not(a, "@agent_never_ran");
	talloc_free(a);
	add_row(&(struct row){ .status = "success", .planned = 9000000,
			       .agent = own, .began = true }, id);
	a = get(&b, "/agents?search=Tried");
	has(a, ">Succeeded</a>");
	has_not(a, "<b>Test</b>");
	talloc_free(a);
	a = get(&b, path);
	has_not(a, "@agent_tests_only");
	talloc_free(a);
	must(agent_delete(site.db, own, &e), &e);
}

/* The outcome is one word of the line at the top, whatever ended. */
static void test_outcome_once(void **state)
{
	struct browser b;
	struct answer *a;
	char id[ID_SIZE], session[ID_SIZE];

	(void)state;
	be_kim(&b, &site);
	add_row(&(struct row){ .status = "success", .planned = 9100000,
			       .began = true, .result = "ok" }, id);
	add_attempt(id, 1, "success", session);
	a = get(&b, address(id, ""));
	assert_int_equal(count(a, "Succeeded"), 1);
	talloc_free(a);
}

/* As a run would get it: the last success, tests aside. */
static void test_preview(void **state)
{
	static const struct row rows[] = {
		{ .status = "success", .planned = 8000000, .began = true,
		  .result = "older" },
		{ .status = "success", .planned = 8100000, .began = true,
		  .result = "the good one" },
		{ .status = "success", .planned = 8200000, .began = true,
		  .result = "tried out", .trigger = "test" },
		{ .status = "failed", .planned = 8300000, .began = true,
		  .reason = "model", .result = "the bad one" },
	};
	static const char form[] = "csrf=CSRF&prompt=%7B%7Blast_run_at%7D%7D+"
				   "%7B%7Blast_result%7D%7D&timezone=UTC";
	char own[ID_SIZE], id[ID_SIZE], path[128];
	struct err e = { 0 };
	struct browser b;
	struct answer *a;
	size_t i;

	(void)state;
	be_kim(&b, &site);
	new_agent(site.kim, "Previewed", own);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct row row = rows[i];

		row.agent = own;
		add_row(&row, id);
	}
	must(db_run(site.db, &e, "UPDATE agents SET last_execution_id = $2"
		    " WHERE id = $1", "tt", own, id), &e);
	snprintf(path, sizeof(path), "/agents/preview?agent=%s&fold=prompt", own);
	a = post(&b, path, form);
	expect(a, 200);
	has(a, "1970-01-01T02:15:01+00:00 the good one");
	talloc_free(a);
	new_agent(site.lee, "Lee's", own);
	snprintf(path, sizeof(path), "/agents/preview?agent=%s", own);
	expect_error(post(&b, path, form), 404, "");
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
	has(a, "@run_none_found");
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
	has(a, "<small>(deleted)</small>");
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
	has(a, "@run_prompt");
	has(a, "@run_payload");
	has(a, "<p class=\"author\" aria-hidden=\"true\">Schedule</p>");
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

/* A folded part is not in the page, but at its link's address. */
static void test_folds(void **state)
{
	static const struct {
		const char *fold, *label, *words;
	} folds[] = {
		{ "prompt", "@run_prompt", "@run_prompt_help" },
		{ "payload", "@run_payload", "@run_payload_help" },
		{ "numbers", "@run_numbers", "@run_version" },
	};
	char id[ID_SIZE], session[ID_SIZE], text[128];
	struct browser b;
	struct answer *a;
	size_t i, k;

	(void)state;
	add_row(&(struct row){ .status = "failed", .reason = "turns",
			       .planned = 71000, .began = true,
			       .trigger = "hook" }, id);
	add_attempt(id, 1, "failed", session);
	be_kim(&b, &site);
	a = get(&b, address(id, ""));
	assert_int_equal(count(a, " data-load>"), 3);
	has(a, ">Trigger</p>");
	for (i = 0; i < 3; i++) {
		has(a, folds[i].label);
		has_not(a, folds[i].words);
	}
	talloc_free(a);
	for (i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "?fold=%s", folds[i].fold);
		a = get(&b, address(id, text));
		snprintf(text, sizeof(text), "id=\"%s\" open>", folds[i].fold);
		has(a, text);
		has_not(a, "within");	/* the transcript is folded then */
		for (k = 0; k < 3; k++)
			(k == i ? has : has_not)(a, folds[k].words);
		talloc_free(a);
	}
}

/* A moment that is two things is said once. */
static void test_moments(void **state)
{
	struct browser b;
	struct answer *a;
	char id[ID_SIZE];

	(void)state;
	add_row(&(struct row){ .status = "success", .planned = 60000,
			       .began = true, .trigger = "manual" }, id);
	be_kim(&b, &site);
	a = get(&b, address(id, "?fold=numbers"));
	has(a, "<dt>Due · Queued · Started</dt><dd>");
	has(a, "<dt>Ended</dt><dd>");
	talloc_free(a);
	a = get(&b, address(id, ""));
	has_not(a, "Queued");
	talloc_free(a);
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
	has(a, "12,000 tokens");
	has_not(a, "4,000");
	talloc_free(a);
	a = get(&b, address(id, "?fold=numbers"));
	has(a, "12,000");
	has(a, "4,000");
	has(a, "@usage_price_unknown");
	talloc_free(a);
	a = get(&b, "/executions?to=1970-01-02&status=success");
	has(a, "12,000");
	talloc_free(a);
	a = get(&b, "/usage?month=1970-01");
	talloc_free(a);
}

/* A deleted agent keeps its name there, and leads nowhere. */
static void test_usage_of_a_deleted_agent(void **state)
{
	struct usage_call c = {
		.kind = "run", .model = KNOWN, .outcome = "complete",
		.usage = { .input = 1000 }, .status = 200,
		.at = INT64_C(1730000000000), .ended_at = 1730000000000,
	};
	char gone[ID_SIZE], run[ID_SIZE];
	struct err e = { 0 };
	struct browser b;
	struct answer *a;

	(void)state;
	new_agent(site.kim, "Gone", gone);
	add_row(&(struct row){ .status = "success", .planned = c.at,
			       .agent = gone, .began = true }, run);
	id_new(c.id);
	assert_true(str_copy(c.user_id, ID_SIZE, site.kim));
	assert_true(str_copy(c.subject_id, ID_SIZE, run));
	must(usage_add(site.db, &c, 1, &e), &e);
	must(agent_delete(site.db, gone, &e), &e);
	be_kim(&b, &site);
	a = get(&b, "/usage?month=2024-10");
	has(a, "Gone (deleted)");
	has_not(a, gone);
	talloc_free(a);
	a = get(&b, "/usage.csv?month=2024-10");
	has(a, "\"Gone\"");
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
	has(a, "@run_compare_none");
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
	has(a, "<span>1 min</span>");
	talloc_free(a);
	snprintf(to, sizeof(to), "data-status=\"success\"");
	a = get(&b, address(id, "/state"));
	has(a, to);
	talloc_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_yet),
		cmocka_unit_test(test_every_end),
		cmocka_unit_test(test_list_says_all),
		cmocka_unit_test(test_every_problem),
		cmocka_unit_test(test_again_is_said),
		cmocka_unit_test(test_files_that_changed_meanwhile),
		cmocka_unit_test(test_not_booked),
		cmocka_unit_test(test_only_tried),
		cmocka_unit_test(test_outcome_once),
		cmocka_unit_test(test_preview),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_transcript),
		cmocka_unit_test(test_folds),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_usage_by_agent),
		cmocka_unit_test(test_usage_of_a_deleted_agent),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_result),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
