/* /search and the jump to what it found. */
#include "config.h"
#include "in_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "auth/login.h"
#include "core/str.h"
#include "store/conversations.h"
#include "store/users.h"
#include "transcript/part_search.h"

static char token[TOKEN_SIZE], conversation[ID_SIZE];

static int begin(void **state)
{
	struct err e = { 0 };
	struct user *u;

	pages_begin(state);
	u = user_load(site.db, NULL, site.kim, &e);
	if (!u || login_start(pages_kv, u, 60, token, &e) < 0)
		fail_msg("%s", e.text);
	talloc_free(u);
	must(conversation_create(site.db, site.kim, "Payments", conversation,
				 &e), &e);
	return 0;
}

static void say(const char *id, int64_t at, const char *role, const char *text)
{
	char *data = talloc_asprintf(NULL, "{\"text\":\"%s\"}", text);
	const struct part p = {
		.at = at, .changed_at = at + 1, .turn = at, .role = role,
		.kind = "text", .state = "ok", .data = data,
		.created_at = 1700000000000 + at, .ended_at = 1,
	};
	struct err e = { 0 };

	must(conversation_record(site.db, &(struct recording){
		.conversation_id = id, .offset = at + 1, .parts = &p,
		.nparts = 1, .search_text = part_search_text }, &e), &e);
	talloc_free(data);
}

static const char *page(const char *address, int status)
{
	assert_int_equal(pages_ask(pages_worker, token, METHOD_GET, address, "",
				   false), status);
	return pages_text;
}

static void expect_in(const char *address, const char *words)
{
	if (!strstr(page(address, 200), words))
		fail_msg("%s has no \"%s\": %s", address, words, pages_text);
}

static void expect_out(const char *address, const char *words)
{
	if (strstr(page(address, 200), words))
		fail_msg("%s has \"%s\"", address, words);
}

static void what_was_said_is_found_and_marked(void **state)
{
	char lees[ID_SIZE];
	struct err e = { 0 };

	(void)state;
	must(conversation_create(site.db, site.lee, "Theirs", lees, &e), &e);
	say(conversation, 100, "user", "어제 결제가 안 됐어 <b>");
	say(conversation, 200, "assistant", "The invoice was late");
	say(lees, 100, "user", "결제 비밀");
	/* 결제 */
	expect_in("/search?q=%EA%B2%B0%EC%A0%9C", "<mark>결제</mark>가 안 됐어 &lt;b&gt;");
	expect_out("/search?q=%EA%B2%B0%EC%A0%9C", "비밀");
	expect_in("/search?q=invo&by=assistant", "<mark>invo</mark>ice was late");
	expect_out("/search?q=invo&by=user", "<mark>");
	expect_out("/search?q=invo&kind=run", "<mark>");
	expect_in("/search?q=invo&from=2023-11-14&to=2023-11-15", "<mark>");
	expect_out("/search?q=invo&to=2023-11-13", "<mark>");
	expect_in("/search?q=paym", "id=\"search-titles\"");
	expect_in("/search?q=absent", shown("@search_none"));
	expect_in("/search", shown("@search_about"));
	/* 안 */
	expect_in("/search?q=%EC%95%88", shown("@search_slow"));
	expect_in("/search?q=%EC%95%88", "<mark>안</mark>");
}

static void any_question_has_an_answer(void **state)
{
	static const char *const hostile[] = {
		"%22", "%22+OR+%22", "invoice*", "-invoice", "NEAR(a+b)", "%25",
		"terms%3Ainvoice", "%27%3B--", "%EE%80%80", "%F0%9F%91%8D",
		"%01%02", "%CC%81",
	};
	char long_one[10300] = "/search?q=", *address;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		address = talloc_asprintf(NULL, "/search?q=%s", hostile[i]);
		page(address, 200);
		talloc_free(address);
	}
	page("/search?q=a%00b", 400);
	page("/search?q=%ED%A0%80", 400);
	page("/search?q=x&from=yesterday", 400);
	page("/search?q=x&before=-1", 400);
	page("/search?q=x&kind=all&by=nobody", 200);
	memset(long_one + 10, 'x', 3000);
	expect_in(long_one, shown("@search_cut"));
}

/* A page of the history that has it, with what follows. */
static void a_jump_shows_the_message(void **state)
{
	char address[200];
	int64_t at;

	(void)state;
	for (at = 1; at <= 500; at++)
		say(conversation, at, at % 2 ? "user" : "assistant",
		    at == 20 ? "needle" : "hay");
	snprintf(address, sizeof(address), "/workspace/%s?at=20#p-20",
		 conversation);
	expect_in("/search?q=needle", address);
	snprintf(address, sizeof(address), "/workspace/%s?at=20", conversation);
	expect_in(address, "id=\"p-20\"");
	expect_in(address, "id=\"p-60\"");
	expect_out(address, "id=\"p-61\"");
	expect_out(address, "id=\"composer\"");
	/* one of the last page: the conversation itself */
	snprintf(address, sizeof(address), "/workspace/%s?at=490", conversation);
	expect_in(address, "id=\"p-490\"");
	expect_in(address, "id=\"composer\"");
	snprintf(address, sizeof(address), "/workspace/%s?at=x", conversation);
	page(address, 400);
}

static void what_is_not_indexed_yet_is_said(void **state)
{
	struct err e = { 0 };

	(void)state;
	say(conversation, 1, "user", "hello");
	expect_out("/search?q=x", "id=\"search-indexing\"");
	must(db_run(site.db, &e, "INSERT INTO search_backlog (name,"
		    " conversation_id, at) VALUES ('parts', '', -1)", ""), &e);
	expect_in("/search?q=x", "id=\"search-indexing\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_said_is_found_and_marked,
						begin, pages_end),
		cmocka_unit_test_setup_teardown(any_question_has_an_answer,
						begin, pages_end),
		cmocka_unit_test_setup_teardown(a_jump_shows_the_message,
						begin, pages_end),
		cmocka_unit_test_setup_teardown(what_is_not_indexed_yet_is_said,
						begin, pages_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
