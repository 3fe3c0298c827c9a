/*
 * cgi-bin/pages/share/page_share.c and cgi-bin/pages/share/page_shared.c: which
 * parts of a conversation or a run others see, and until when.
 */
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

#include "core/clock.h"
#include "core/str.h"
#include "store/conversations.h"
#include "store/executions.h"
#include "store/users.h"
#include "tests/cgi-bin/pages/runs/run_rows.h"


static struct browser kim, lee, stranger;
static char chat[ID_SIZE];

/* What a conversation may contain; the words tell one from another. */
static const struct part said[] = {
	{ .role = "user", .kind = "text", .state = "ok", .data = "{\"text\":\"the-request <b>\"}" },
	{ .role = "assistant", .kind = "thinking", .state = "ok", .data = "{\"text\":\"the-thought\"}" },
	{ .role = "assistant", .kind = "tool_use", .state = "ok",
	  .data = "{\"name\":\"Bash\",\"title\":\"the-command\",\"output\":\"the-output\","
		  "\"blocked\":[\"blocked.example\"]}" },
	{ .role = "assistant", .kind = "permission", .state = "denied", .data = "{\"tool\":\"Bash\",\"title\":\"the-permission\"}" },
	{ .role = "assistant", .kind = "question", .state = "waiting",
	  .data = "{\"questions\":[{\"question\":\"the-question\",\"options\":[]}]}" },
	{ .role = "assistant", .kind = "error", .state = "failed", .data = "{\"detail\":\"the-error\"}" },
	{ .role = "assistant", .kind = "usage", .state = "ok", .data = "{\"input\":4711}" },
	{ .role = "assistant", .kind = "unheard_of", .state = "ok", .data = "{\"text\":\"the-unknown\"}" },
	{ .role = "assistant", .kind = "text", .state = "ok", .data = "{\"text\":\"the-answer\"}" },
};
#define SAID (sizeof(said) / sizeof(said[0]))

static void record(const char *id, int64_t from)
{
	struct part parts[SAID];
	const struct recording r = {
		.conversation_id = id, .offset = from + 1000, .state = "idle",
		.parts = parts, .nparts = SAID, .touched = true,
	};
	struct err e = { 0 };
	size_t i;

	memcpy(parts, said, sizeof(said));
	for (i = 0; i < SAID; i++) {
		parts[i].at = from + (int64_t)i;
		parts[i].changed_at = parts[i].at + 1;
		parts[i].turn = str_equal(parts[i].role, "user") ? from : from + 1;
		parts[i].created_at = parts[i].ended_at = 1;
	}
	must(conversation_record(site.db, &r, &e), &e);
}

static void begin(const char *settings)
{
	struct err e = { 0 };

	memset(&kim, 0, sizeof(kim));
	memset(&lee, 0, sizeof(lee));
	memset(&stranger, 0, sizeof(stranger));
	be_kim(&kim, &site);
	talloc_free(log_in(&lee, &site, "lee", PASSWORD));
	stranger.site = &site;
	must(conversation_create(site.db, site.kim, "The <title>", chat, &e), &e);
	record(chat, 10);
	if (*settings) {
		FILE *f = fopen(site.settings, "a");

		assert_non_null(f);
		fputs(settings, f);
		fclose(f);
	}
}

/* Shares; the path of the link that the page shows. */
static const char *share(const char *address, const char *choices)
{
	static char path[4][128];
	static int turn;
	char *to = path[turn++ % 4];
	struct answer *a;
	const char *at;

	talloc_free(get(&kim, address));
	a = post(&kim, address, choices);
	expect(a, 200);
	at = strstr(a->body, "/share/");
	while (at && strspn(at + 7, "0123456789abcdef") != 64)
		at = strstr(at + 1, "/share/");
	assert_non_null(at);
	snprintf(to, 128, "%.71s", at);
	talloc_free(a);
	return to;
}

static const char *of_chat(const char *rest)
{
	static char out[128];

	snprintf(out, sizeof(out), "/conversations/%s%s", chat, rest);
	return out;
}

static void only_what_was_said(void **state)
{
	struct answer *a;
	const char *path;

	(void)state;
	begin("");
	path = share(of_chat("/share"), "csrf=CSRF&who=members&days=7");
	a = get(&lee, path);
	expect(a, 200);
	assert_string_equal(header(a, "X-Robots-Tag"), "noindex, nofollow");
	has(a, "content=\"noindex, nofollow\"");
	has(a, "content=\"no-referrer\"");
	has(a, "The &lt;title&gt;");
	has(a, "the-request");
	has(a, "the-answer");
	has_not(a, "<b>");
	has_not(a, "the-thought");
	has_not(a, "the-command");
	has_not(a, "the-output");
	has_not(a, "the-permission");
	has_not(a, "the-question");
	has_not(a, "the-error");
	has_not(a, "4711");
	has_not(a, "the-unknown");
	talloc_free(a);
	path = share(of_chat("/share"), "csrf=CSRF&who=members&days=7&tools=1");
	a = get(&lee, path);
	expect(a, 200);
	has(a, "the-thought");
	has(a, "the-command");
	has(a, "the-output");
	has_not(a, "blocked.example");
	has_not(a, "the-permission");
	has_not(a, "the-question");
	has_not(a, "the-unknown");
	talloc_free(a);
}

static void a_copy_does_not_follow(void **state)
{
	struct answer *a;
	const char *path;

	(void)state;
	begin("");
	path = share(of_chat("/share"), "csrf=CSRF&who=members&days=1");
	record(chat, 2000);
	a = get(&lee, path);
	expect(a, 200);
	assert_int_equal(count(a, "the-answer"), 1);
	talloc_free(a);
}

/* Longer than a page of the history: all of it, in its order. */
static void a_long_one_is_whole(void **state)
{
	struct answer *a;
	const char *path, *last = NULL, *at;
	int64_t i;

	(void)state;
	begin("");
	for (i = 1; i <= 60; i++)
		record(chat, i * 2000);
	path = share(of_chat("/share"), "csrf=CSRF&who=members&days=1");
	a = get(&lee, path);
	expect(a, 200);
	assert_int_equal(count(a, "the-answer"), 61);
	for (at = a->body; (at = strstr(at, "id=\"m-")); at++) {
		if (last)
			assert_true(strtoll(last + 6, NULL, 10) < strtoll(at + 6, NULL, 10));
		last = at;
	}
	talloc_free(a);
}

/* Two megabytes of text each; what is rendered stays bounded. */
static void too_large_is_refused(void **state)
{
	const size_t n = 2 << 20;
	char *data = malloc(n + 100);
	struct part part = { .role = "assistant", .kind = "text", .state = "ok", .data = data };
	struct recording r = { .conversation_id = chat, .state = "idle", .parts = &part, .nparts = 1 };
	struct err e = { 0 };

	(void)state;
	begin("");
	strcpy(data, "{\"text\":\"");
	memset(data + strlen(data), 'x', n);
	strcpy(data + 9 + n, "\"}");
	for (r.offset = 20000; r.offset < 20006; r.offset++) {
		part.at = part.turn = r.offset;
		part.changed_at = r.offset + 1;
		must(conversation_record(site.db, &r, &e), &e);
	}
	free(data);
	talloc_free(get(&kim, of_chat("/share")));
	expect_error(post(&kim, of_chat("/share"), "csrf=CSRF&who=members&days=1"), 413, "@error_share_large");
}

static void strangers_log_in_first(void **state)
{
	struct answer *a;
	const char *path;
	char to[128];

	(void)state;
	begin("");
	path = share(of_chat("/share"), "csrf=CSRF&who=members&days=1");
	snprintf(to, sizeof(to), "/login?next=%s", path);
	expect_to(get(&stranger, path), to);
	snprintf(to, sizeof(to), "%s/state", path);
	expect_error(get(&stranger, to), 401, "");
	/* The installation allows no public ones. */
	talloc_free(get(&kim, of_chat("/share")));
	a = post(&kim, of_chat("/share"), "csrf=CSRF&who=anyone&days=1");
	expect(a, 403);
	talloc_free(a);
}

static void public_if_the_installation_allows(void **state)
{
	struct answer *a;
	const char *path;

	(void)state;
	begin("public_links = yes\n");
	path = share(of_chat("/share"), "csrf=CSRF&who=anyone&days=1");
	a = get(&stranger, path);
	expect(a, 200);
	has(a, "the-answer");
	talloc_free(a);
	/* Turned off later, it holds for the links that exist. */
	begin("public_links = no\n");
	a = get(&stranger, path);
	expect(a, 303);
	talloc_free(a);
}

static void others_cannot_share_it(void **state)
{
	(void)state;
	begin("");
	expect_error(get(&lee, of_chat("/share")), 404, "");
	talloc_free(get(&lee, "/account"));
	expect_error(post(&lee, of_chat("/share"), "csrf=CSRF&who=members&days=1"), 404, "");
	expect_error(post(&kim, of_chat("/share"), "who=members&days=1"), 403, "");
}

static void wrong_choices(void **state)
{
	static const char *const bad[] = { "", "0", "366", "-1", "x", "1e3" };
	char form[80];
	size_t i;

	(void)state;
	begin("");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(form, sizeof(form), "csrf=CSRF&who=members&days=%s", bad[i]);
		expect_error(post(&kim, of_chat("/share"), form), 400, "");
	}
	expect_error(get(&lee, "/share/0000"), 404, "@error_share_gone");
}

/* The id of kim's newest link, from her account's page. */
static void newest(char id[ID_SIZE])
{
	struct answer *a = get(&kim, "/account");
	const char *at = strstr(a->body, "data-share=\"");

	assert_non_null(at);
	snprintf(id, ID_SIZE, "%s", at + 12);
	talloc_free(a);
}

static void it_ends(void **state)
{
	char id[ID_SIZE], to[128], state_path[128];
	struct err e = { 0 };
	struct answer *a;
	const char *path;

	(void)state;
	begin("");
	path = share(of_chat("/share"), "csrf=CSRF&who=members&days=1");
	snprintf(state_path, sizeof(state_path), "%s/state", path);
	a = get(&lee, state_path);
	expect(a, 204);
	talloc_free(a);
	a = get(&lee, path);
	expect(a, 200);
	talloc_free(a);
	newest(id);
	a = get(&kim, "/account");
	has(a, "1 view");
	talloc_free(a);
	snprintf(to, sizeof(to), "/shares/%s/end", id);
	talloc_free(get(&lee, "/account"));
	expect_error(post(&lee, to, "csrf=CSRF"), 404, "@error_share_gone");
	expect_to(post(&kim, to, "csrf=CSRF"), "/account?saved=share#shares");
	expect_error(get(&lee, path), 404, "@error_share_gone");
	expect_error(get(&lee, state_path), 404, "");
	expect_error(post(&kim, to, "csrf=CSRF"), 404, "");
	/* With its conversation, its account's disabling, and its time. */
	path = share(of_chat("/share"), "csrf=CSRF&who=members&days=1");
	must(user_set_disabled(site.db, site.kim, true, &e), &e);
	expect_error(get(&lee, path), 404, "");
	must(user_set_disabled(site.db, site.kim, false, &e), &e);
	must(db_run(site.db, &e, "UPDATE shares SET expires_at = $1", "n", clock_now_ms() - 1), &e);
	expect_error(get(&lee, path), 404, "");
	be_kim(&kim, &site);
	path = share(of_chat("/share"), "csrf=CSRF&who=members&days=1");
	must(conversation_mark_deleted(site.db, chat, site.kim, &e), &e);
	expect_error(get(&lee, path), 404, "");
	must(conversation_purge(site.db, chat, &e), &e);
	expect_error(get(&lee, path), 404, "");
}

static void a_run_with_its_files(void **state)
{
	const struct row row = { .status = "success", .result = "the-**result**", .planned = 5, .began = true };
	const struct execution_file own = { .path = "out/a\"b\n<x>.txt", .size = 5, .made = true, .kept = true, .content = "bytes" };
	const struct execution_file other = { .path = "others.txt", .size = 5, .kept = true, .content = "bytes" };
	char run[ID_SIZE], conversation[ID_SIZE], file[256];
	struct err e = { 0 };
	struct answer *a;
	const char *path;

	(void)state;
	begin("");
	add_row(&row, run);
	add_attempt(run, 1, "success", conversation);
	must(execution_file_add(site.db, run, &own, &e), &e);
	must(execution_file_claim(site.db, run, own.path, &e), &e);
	must(execution_file_add(site.db, run, &other, &e), &e);
	path = share(address(run, "/share"), "csrf=CSRF&who=members&days=1");
	a = get(&lee, path);
	expect(a, 200);
	has(a, "the-<strong>result</strong>");
	has_not(a, "out/a");
	has_not(a, "others.txt");
	assert_int_equal(count(a, "data-part="), 1);
	talloc_free(a);
	path = share(address(run, "/share"), "csrf=CSRF&who=members&days=1&files=1&tools=1");
	a = get(&lee, path);
	expect(a, 200);
	has(a, "out/a");
	has_not(a, "others.txt");
	assert_true(count(a, "data-part=") > 1);
	talloc_free(a);
	snprintf(file, sizeof(file), "%s/file?path=out/a%%22b%%0A%%3Cx%%3E.txt", path);
	a = get(&lee, file);
	expect(a, 200);
	assert_string_equal(a->body, "bytes");
	assert_non_null(strstr(header(a, "Content-Disposition"), "attachment"));
	assert_string_equal(header(a, "Content-Type"), "application/octet-stream");
	talloc_free(a);
	snprintf(file, sizeof(file), "%s/file?path=others.txt", path);
	expect_error(get(&lee, file), 404, "");
	expect_error(get(&stranger, file), 401, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_what_was_said, setup, teardown),
		cmocka_unit_test_setup_teardown(a_copy_does_not_follow, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_one_is_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(too_large_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(strangers_log_in_first, setup, teardown),
		cmocka_unit_test_setup_teardown(public_if_the_installation_allows, setup, teardown),
		cmocka_unit_test_setup_teardown(others_cannot_share_it, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_choices, setup, teardown),
		cmocka_unit_test_setup_teardown(it_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(a_run_with_its_files, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
