/*
 * Actions on runs in their pages, as plain CGI: files, cancel, continue, run
 * again.
 */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "run_rows.h"
#include "store/conversations.h"
#include "store/executions.h"

#define DAILY ",\"schedule\":{\"frequency\":\"daily\",\"time\":\"08:00\"," \
	"\"timezone\":\"UTC\"}"

/* After a test, where a paused agent has a schedule, and nowhere else. */
static void test_turn_on(void **state)
{
	static const struct {
		const char *schedule, *trigger;
		bool active, offered;
	} rows[] = {
		{ DAILY, "test", false, true },
		{ DAILY, "test", true, false },
		{ DAILY, "manual", false, false },
		{ "", "test", false, false },
	};
	char own[ID_SIZE], id[ID_SIZE], json[300];
	struct err e = { 0 };
	struct browser b;
	struct answer *a;
	size_t i;

	(void)state;
	be_kim(&b, &site);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(json, sizeof(json), "{\"gongbang_agent\":1,\"name\":"
			 "\"n\",\"prompt\":\"p\"%s}", rows[i].schedule);
		must(agent_create(site.db, site.kim, "n", json, rows[i].active,
				  0, own, &e), &e);
		add_row(&(struct row){ .status = "success", .began = true,
				       .agent = own, .planned = 60000,
				       .trigger = rows[i].trigger }, id);
		a = get(&b, address(id, ""));
		assert_int_equal(count(a, "id=\"run-turn-on\""),
				 rows[i].offered);
		talloc_free(a);
		must(agent_delete(site.db, own, &e), &e);
	}
}

/* What a run made is shown on its page; nothing of it acts as one. */
static void test_shown_files(void **state)
{
	static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\5\0\0\0\1\x90\b\6\0\0";
	static const char svg[] = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>x</script></svg>";
	static const struct {
		const char *path, *content;
		size_t n;
		const char *type;	/* with view=1 */
	} files[] = {
		{ "chart.png", png, sizeof(png) - 1, "image/png" },
		{ "fake.png", "<script>x</script>", 18, "application/octet-stream" },
		{ "page.html", "<script>y</script>", 18, "application/octet-stream" },
		{ "pic.svg", svg, sizeof(svg) - 1, "application/octet-stream" },
		{ "t.csv", "a,<b>\n1,2\n", 10, "application/octet-stream" },
	};
	struct err e = { 0 };
	struct browser b;
	struct answer *a;
	char id[ID_SIZE], query[64];
	size_t i;

	(void)state;
	add_row(&(struct row){ .status = "success", .planned = 61000,
			       .began = true }, id);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct execution_file f = {
			.path = files[i].path, .size = (int64_t)files[i].n,
			.owner = FILE_OWN, .kept = true,
			.content = files[i].content,
		};

		must(execution_file_add(site.db, id, &f, &e), &e);
	}
	be_kim(&b, &site);
	a = get(&b, address(id, ""));
	has(a, "files?path=chart.png&amp;view=1\" alt=\"chart.png\" width=\"640\" height=\"200\"");
	has(a, "files?path=pic.svg&amp;view=1\" alt=\"pic.svg\" loading");
	has(a, "<td class=\"num\" dir=\"auto\">2</td>");
	has_not(a, "<script>x");
	has_not(a, "path=fake.png&amp;view=1");
	talloc_free(a);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(query, sizeof(query), "/files?path=%s&view=1",
			 files[i].path);
		a = get(&b, address(id, query));
		expect(a, 200);
		assert_string_equal(header(a, "Content-Type"), files[i].type);
		assert_string_equal(header(a, "X-Content-Type-Options"), "nosniff");
		assert_non_null(strstr(a->head, "sandbox; default-src 'none'"));
		talloc_free(a);
	}
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
	a = get(&b, address(id, "?fold=files-meanwhile"));
	has(a, "&lt;b&gt;.html");
	has_not(a, "<b>.html");
	has(a, "@run_file_large");
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
	/* An agent has one run a millisecond. */
	add_row(&(struct row){ .status = "running", .began = true,
			       .planned = clock_now_ms() - 6 * MINUTE },
		running);
	add_attempt(running, 1, "", talk);
	be_kim(&b, &site);
	a = get(&b, address(queued, ""));
	expect(a, 200);
	has(a, "in the queue");
	has(a, "Queued for 5 min");
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
	has(a, "of 30 min");
	has_not(a, "id=\"message-input\"");
	has_not(a, "id=\"result\"");
	talloc_free(a);
	expect_to(post(&b, address(running, "/cancel"), "csrf=CSRF"),
		  address(running, ""));
	expect_to(post(&b, address(running, "/cancel"), "csrf=CSRF"),
		  address(running, ""));
	a = get(&b, address(running, ""));
	has(a, "@run_said_ending");
	has_not(a, "id=\"run-cancel\"");
	talloc_free(a);
	expect_to(post(&b, address(queued, "/cancel"), "csrf=CSRF"),
		  address(queued, ""));
	a = get(&b, address(queued, ""));
	has(a, "@run_said_cancelled_early");
	has(a, "@run_reason_person");
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
	has(a, "@run_never_began");
	talloc_free(a);
	expect_error(post(&b, address(early, "/continue"), "csrf=CSRF"), 404,
		     "");
}

static void add_question(const char *talk)
{
	const struct part parts[] = {
		{ .at = 50, .changed_at = 60, .turn = 10, .role = "assistant",
		  .kind = "question", .state = "cancelled",
		  .data = "{\"request\":\"r\",\"questions\":[{\"question\":"
			  "\"Which <one>?\",\"options\":[{\"label\":\"A\"}]}]}" },
		{ .at = 70, .changed_at = 80, .turn = 10, .role = "assistant",
		  .kind = "error", .state = "failed",
		  .data = "{\"key\":\"error_run_question\"}" },
	};
	const struct recording rec = {
		.conversation_id = talk, .offset = 600, .state = "idle",
		.parts = parts, .nparts = 2,
	};
	struct err e = { 0 };

	must(conversation_record(site.db, &rec, &e), &e);
	must(db_run(site.db, &e, "DELETE FROM parts WHERE conversation_id = $1"
		    " AND at = 500", "t", talk), &e);
}

static int keep_text(void *data, const struct message *m, struct err *e)
{
	(void)e;
	*(char **)data = talloc_strdup(site.db, m->text);
	return 0;
}

/* What the run asked is asked again; its answer is a message that says both. */
static void test_continue_question(void **state)
{
	static const char form[] = "csrf=CSRF&answer=p-50+again&q50-id="
		"0191d4b8-0000-7000-8000-00000000beef&q50-0-text=Which+%3Cone%3E%3F";
	char id[ID_SIZE], talk[ID_SIZE], to[96], act[96], *said = NULL;
	struct err e = { 0 };
	struct browser b;
	struct answer *a;

	(void)state;
	add_row(&(struct row){ .status = "failed", .reason = "needs_input",
			       .planned = 41000, .began = true }, id);
	add_attempt(id, 1, "failed", talk);
	add_question(talk);
	be_kim(&b, &site);
	a = get(&b, address(id, ""));
	has_not(a, "p-50 again");
	talloc_free(a);
	snprintf(to, sizeof(to), "/workspace/%s", talk);
	snprintf(act, sizeof(act), "/conversations/%s/act", talk);
	expect_to(post(&b, address(id, "/continue"), "csrf=CSRF"), to);
	a = get(&b, to);
	has(a, "value=\"p-50 again\" data-again");
	has(a, "id=\"p-50\" data-part=\"question\" data-state=\"waiting\"");
	has_not(a, "@error_run_question");
	has_not(a, "@question_none");
	talloc_free(a);
	a = get(&b, address(id, ""));
	has(a, "@error_run_question");
	talloc_free(a);
	expect_error(post(&b, act, form), 400, "@question_choose");
	expect_error(post(&b, act, "csrf=CSRF&answer=p-49+again"), 409,
		     "@error_answer_late");
	expect_to(post(&b, act, talloc_asprintf(site.db, "%s&q50-0=A", form)), to);
	expect_to(post(&b, act, talloc_asprintf(site.db, "%s&q50-0=A", form)), to);
	must(message_each_unplaced(site.db, talk, keep_text, &said, &e), &e);
	assert_string_equal(said, "You asked: Which <one>?\nMy answer: A");
	a = get(&b, to);
	has_not(a, "p-50 again");
	talloc_free(a);
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
	a = get(&b, address(fresh, "?fold=numbers"));
	has(a, "Manual");
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
		cmocka_unit_test(test_turn_on),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_shown_files),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_continue),
		cmocka_unit_test(test_continue_question),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_another_user),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
