/*
 * The promises of each row of the route table, checked against the pages
 * themselves in this process: a login, a CSRF token, an administrator, and
 * that an {id} belongs to the user. New rows are checked, too; one with a new
 * kind of {id}, or whose handler needs a field first, fails until it is added
 * below.
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
#include <unistd.h>

#include "core/str.h"
#include "in_process.h"
#include "pages/pages.h"
#include "store/domains.h"
#include "store/notices.h"
#include "store/pictures.h"
#include "store/projects.h"
#include "store/shares.h"
#include "store/users.h"

static char park[ID_SIZE];	/* an administrator */

/* Kim's, made again for every row: the row before may have deleted them. */
static char conversation[ID_SIZE], agent_id[ID_SIZE], run[ID_SIZE];
static struct share shared = { .kind = "conversation", .title = "t", .author = "Kim",
			       .html = "", .expires_at = INT64_MAX };
static char message[ID_SIZE], rule[ID_SIZE], picture[ID_SIZE], project[ID_SIZE];

/* What an {id} names, by the beginning of the pattern. */
static const struct {
	const char *pattern, *id;
} kinds[] = {
	{ "/workspace/{id}", conversation },
	{ "/conversations/{id}", conversation },
	{ "/agents/{id}", agent_id },
	{ "/executions/{id}", run },
	{ "/pictures/{id}", picture },
	{ "/shares/{id}", shared.id },
	{ "/admin/usage/{id}", site.kim },
	{ "/projects/{id}", project },
};

/* Fields without which a row does not come to ask whose it is; ids by their names. */
static const struct {
	const char *pattern, *fields;
} wants[] = {
	{ "/conversations/{id}/agent", "id=MESSAGE" },
	{ "/conversations/{id}/agent/cancel", "message=MESSAGE" },
	{ "/conversations/{id}/rename", "title=x" },
	{ "/projects/{id}", "name=x" },
	{ "/agents/{id}/versions/{version}/restore", "version=1" },
	{ "/agents/{id}/notify/remove", "rule=RULE" },
	{ "/agents/{id}/notify/test", "rule=RULE" },
	{ "/conversations/{id}/share", "who=members&days=1" },
	{ "/executions/{id}/share", "who=members&days=1" },
	{ "/executions/{id}/files", "path=out.txt" },
	{ "/executions/{id}/transcript", "attempt=1" },
};

/* Things of others that a row is told by a field or its query. */
static const struct {
	enum method method;
	const char *address, *fields;
} others[] = {
	{ METHOD_POST, "/agents/preview?agent=AGENT", "" },
	{ METHOD_GET, "/agents/new?conversation=CONVERSATION&message=MESSAGE",
	  "" },
	{ METHOD_POST, "/agents/OWN/notify/remove", "rule=RULE" },
	{ METHOD_POST, "/agents/OWN/notify/test", "rule=RULE" },
	{ METHOD_GET, "/workspace?project=PROJECT", "" },
};

static int begin(void **state)
{
	struct err e = { 0 };

	pages_begin(state);
	must(user_create(site.db, "park", "x", true, park, &e), &e);
	return 0;
}

static void make_things(void)
{
	const struct row row = { .agent = agent_id, .status = "success",
				 .planned = 60 * MINUTE, .began = true };
	struct picture p = { .name = "a", .media_type = "image/png", .width = 1,
			     .height = 1, .data = "x", .bytes = 1 };
	struct notify_rule r = { .channel = "email", .target = "a@b.example",
				 .secret = "", .events = "failure" };
	char session[ID_SIZE];
	struct project made = { .name = "n", .folder = "", .instructions = "" };
	struct err e = { 0 };

	memcpy(made.user_id, site.kim, ID_SIZE);
	must(project_create(site.db, &made, project, &e), &e);
	must(domain_ask(site.db, site.kim, "asked.example", "why", &e), &e);
	must(domain_note_blocked(site.db, site.kim, "blocked.example", false,
				 &e), &e);
	must(conversation_create(site.db, site.kim, "t", conversation, &e), &e);
	id_new(message);
	must(message_add(site.db, conversation, message, "hello", &e), &e);
	must(picture_add(site.db, site.kim, &p, 1000, picture, &e), &e);
	memcpy(shared.user_id, site.kim, ID_SIZE);
	shared.subject_id = conversation;
	must(db_run(site.db, &e, "DELETE FROM shares", ""), &e);
	must(share_add(site.db, &shared, "hash", NULL, 0, &e), &e);
	new_agent(site.kim, "n", agent_id);
	memcpy(r.agent_id, agent_id, ID_SIZE);
	must(notify_rule_add(site.db, &r, &e), &e);
	memcpy(rule, r.id, ID_SIZE);
	add_row(&row, run);
	add_attempt(run, 1, "success", session);
	must(db_run(site.db, &e, "INSERT INTO execution_files (execution_id,"
		    " path, size, made, kept, content) VALUES ($1, 'out.txt',"
		    " 1, 1, 1, 'x')", "t", run), &e);
}

struct visitor {
	const char *user_id;		/* NULL: nobody */
	bool token;			/* sends the form's CSRF token */
};

/* The status of the page that this visitor is given. */
static int status_of(const struct visitor *v, enum method method,
		     const char *uri, const char *fields)
{
	char token[TOKEN_SIZE] = "";
	struct err e = { 0 };
	struct user *user;

	if (v->user_id) {
		user = user_load(site.db, NULL, v->user_id, &e);
		if (!user)
			fail_msg("%s", e.text);
		must(login_start(pages_kv, user, 60, token, &e), &e);
		talloc_free(user);
	}
	return pages_ask(pages_worker, token, method, uri, fields, v->token);
}

/* Each WORD of the text by the id it stands for. Gives. */
static char *with_ids(const char *text, const char *own)
{
	const struct { const char *word, *id; } rows[] = {
		{ "CONVERSATION", conversation }, { "AGENT", agent_id },
		{ "MESSAGE", message }, { "RULE", rule }, { "OWN", own },
		{ "PROJECT", project },
		{ "{version}", "1" }, { "{subject}", "all" },
		{ "{path*}", "a/b.txt" }, { "{terminal}", conversation },
	};
	char *out = talloc_strdup(NULL, text), *at, *next;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		while (rows[i].id && (at = strstr(out, rows[i].word))) {
			next = talloc_asprintf(NULL, "%.*s%s%s",
					       (int)(at - out), out, rows[i].id,
					       at + strlen(rows[i].word));
			talloc_free(out);
			out = next;
		}
	}
	return out;
}

/* The row's address with the ids of kim's things, and the fields it wants. */
static char *address_of(const struct route *row, char **fields)
{
	const char *id = strstr(row->pattern, "{id}"), *plus = "";
	char *text = talloc_strdup(NULL, row->pattern), *out;
	size_t i, n;

	for (i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		if (str_equal(wants[i].pattern, row->pattern))
			plus = wants[i].fields;
	}
	*fields = with_ids(plus, NULL);
	for (i = 0; id && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		n = strlen(kinds[i].pattern);
		if (strncmp(row->pattern, kinds[i].pattern, n) != 0)
			continue;
		talloc_free(text);
		text = talloc_asprintf(NULL, "%.*s%s%s",
				       (int)(id - row->pattern), row->pattern,
				       kinds[i].id, id + 4);
	}
	out = with_ids(text, NULL);
	talloc_free(text);
	if (strchr(out, '{'))
		fail_msg("%s: what does it name? Add it to kinds[].",
			 row->pattern);
	if (row->method == METHOD_GET && **fields)
		out = talloc_asprintf_append(out, "?%s", *fields);
	return out;
}

/* Rows of the store that the pages have changed by now. */
static int64_t changes(void)
{
	struct err e = { 0 };
	struct db *db = page_worker_db(pages_worker, &e);
	int64_t n = 0;

	if (!db)
		fail_msg("%s", e.text);
	must(db_query(db, &e, db_keep_number, &n, "SELECT total_changes()", ""),
	     &e);
	return n;
}

static void expect_status(const struct route *row, const char *who, int got,
			  int want)
{
	if (got != want)
		fail_msg("%s %s, %s: %d, and not %d",
			 row->method == METHOD_POST ? "POST" : "GET",
			 row->pattern, who, got, want);
}

static void refused(const struct route *row, const char *who,
		    const struct visitor *v, int want)
{
	int64_t before = changes();
	char *fields, *address = address_of(row, &fields);

	expect_status(row, who, status_of(v, row->method, address, fields),
		      want);
	if (changes() != before)
		fail_msg("%s, %s: refused, and yet it changed the store",
			 row->pattern, who);
	talloc_free(address);
	talloc_free(fields);
}

static bool unsafe(const struct route *row)
{
	return row->method != METHOD_GET;
}

static void test_closed_rows_need_a_login(void **state)
{
	const struct visitor nobody = { NULL, false };
	size_t i;

	(void)state;
	make_things();
	for (i = 0; i < routes_count; i++) {
		if (!(routes[i].flags & ROUTE_OPEN))
			refused(&routes[i], "logged out", &nobody,
				unsafe(&routes[i]) ? 401 : 303);
	}
}

/* The owner (or an administrator) without a token; a row may only go without it together with OPEN. */
static void test_unsafe_rows_need_a_token(void **state)
{
	size_t i;

	(void)state;
	make_things();
	for (i = 0; i < routes_count; i++) {
		const struct route *row = &routes[i];
		const struct visitor v = {
			row->flags & ROUTE_ADMIN ? park : site.kim, false,
		};

		if (!unsafe(row))
			continue;
		if (!(row->flags & ROUTE_NO_CSRF))
			refused(row, "without a token", &v, 403);
		else if (!(row->flags & ROUTE_OPEN))
			fail_msg("%s: a login's cookie and no token",
				 row->pattern);
	}
}

static void test_admin_rows_are_not_there_for_users(void **state)
{
	const struct visitor user = { site.kim, true };
	size_t i;

	(void)state;
	for (i = 0; i < routes_count; i++) {
		if (routes[i].flags & ROUTE_ADMIN)
			refused(&routes[i], "a user", &user, 404);
		else if (str_starts(routes[i].pattern, "/admin"))
			fail_msg("%s is open to users", routes[i].pattern);
	}
}

/* A stranger is told 404; the owner is not, so it was the owner that was asked for. */
static void test_ids_of_others_are_not_there(void **state)
{
	const struct visitor lee = { site.lee, true };
	size_t i, n = 0;

	(void)state;
	for (i = 0; i < routes_count; i++) {
		const struct route *row = &routes[i];
		const struct visitor owner = {
			row->flags & ROUTE_ADMIN ? park : site.kim, true,
		};
		char *fields, *address;
		int status;

		if (row->flags & ROUTE_OPEN || !strstr(row->pattern, "{id}"))
			continue;
		make_things();
		refused(row, "a stranger", &lee, 404);
		address = address_of(row, &fields);
		status = status_of(&owner, row->method, address, fields);
		if (status >= 401 && status != 409)
			fail_msg("%s, the owner: %d. Does it want a field?"
				 " Add it to wants[].", row->pattern, status);
		talloc_free(address);
		talloc_free(fields);
		n++;
	}
	assert_true(n > 30);
}

static void test_fields_that_name_others_things(void **state)
{
	const struct visitor lee = { site.lee, true };
	char own[ID_SIZE];
	size_t i;

	(void)state;
	make_things();
	new_agent(site.lee, "own", own);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char *address = with_ids(others[i].address, own);
		char *fields = with_ids(others[i].fields, own);
		int64_t before = changes();

		if (status_of(&lee, others[i].method, address, fields) != 404 ||
		    changes() != before)
			fail_msg("%s %s", others[i].address, others[i].fields);
		talloc_free(address);
		talloc_free(fields);
	}
}

/*
 * Filled buttons: a button, or a link as one, without a class that says it is
 * not. One that is hidden is none; Stop takes the place of Send.
 */
static int filled(const char *page)
{
	static const char *const quiet[] = { "secondary", "danger", "quiet",
		"row-act", "link", " hidden", "id=\"stop\"" };
	const char *at = page, *end;
	char tag[600];
	int n = 0;
	size_t i;

	for (; (at = strchr(at, '<')); at = end) {
		end = strchr(at, '>');
		if (!end)
			break;
		snprintf(tag, sizeof(tag), "%.*s", (int)(end - at), at);
		if (!str_starts(tag, "<button") &&
		    !strstr(tag, "class=\"button"))
			continue;
		for (i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++) {
			if (strstr(tag, quiet[i]))
				break;
		}
		n += i == sizeof(quiet) / sizeof(quiet[0]);
	}
	return n;
}

static void expect_one_filled(const struct route *row, const char *who,
			      const char *user_id)
{
	const struct visitor v = { user_id, true };
	char *fields, *address = address_of(row, &fields);
	int status = status_of(&v, METHOD_GET, address, fields);
	int n = filled(pages_text);

	if (n > 1)
		fail_msg("%s, %s (%d): %d filled buttons", address, who, status,
			 n);
	talloc_free(address);
	talloc_free(fields);
}

/* A view has one primary act; also with nothing in it yet. */
static void test_one_filled_button(void **state)
{
	size_t i, n = 0;

	(void)state;
	make_things();
	for (i = 0; i < routes_count; i++) {
		const struct route *row = &routes[i];
		bool admin = row->flags & ROUTE_ADMIN;

		if (unsafe(row) || strstr(row->pattern, "{secret}"))
			continue;
		expect_one_filled(row, "with things", admin ? park : site.kim);
		if (!strstr(row->pattern, "{id}"))
			expect_one_filled(row, "with none", admin ? park :
					  site.lee);
		n += filled(pages_text);
	}
	assert_true(n > 10);	/* they are recognized */
}

/* What one request leaves in the log. */
static const char *log_of(enum method method, const char *address)
{
	static char text[8192];
	FILE *file = tmpfile();
	const int terminal = dup(STDERR_FILENO);
	size_t n;

	assert_true(file && terminal >= 0);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	pages_ask(pages_worker, "", method, address, "", false);
	dup2(terminal, STDERR_FILENO);
	close(terminal);
	rewind(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

static void expect_no_secret(const char *text)
{
	if (!strstr(text, "level=error") || strstr(text, "5ec2e7"))
		fail_msg("%s", text);
}

/* A secret in an address needs no login: whoever reads the log must not have it. */
static void test_secrets_are_not_in_the_log(void **state)
{
	static const char secret[] = "5ec2e75ec2e75ec2e75ec2e75ec2e75e"
		"5ec2e75ec2e75ec2e75ec2e75ec2e75e";
	size_t i, n = 0;

	(void)state;
	assert_non_null(strstr(log_of(METHOD_GET, "/nothing/here"),
			       "path=/nothing/here"));
	for (i = 0; i < routes_count; i++) {
		const char *mark = strstr(routes[i].pattern, "{secret}");
		char address[200];

		if (!mark)
			continue;
		snprintf(address, sizeof(address), "%.*s%s%s",
			 (int)(mark - routes[i].pattern), routes[i].pattern,
			 secret, mark + strlen("{secret}"));
		expect_no_secret(log_of(METHOD_GET, address));
		expect_no_secret(log_of(METHOD_POST, address));
		n++;
	}
	assert_true(n >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closed_rows_need_a_login),
		cmocka_unit_test(test_unsafe_rows_need_a_token),
		cmocka_unit_test(test_admin_rows_are_not_there_for_users),
		cmocka_unit_test(test_ids_of_others_are_not_there),
		cmocka_unit_test(test_fields_that_name_others_things),
		cmocka_unit_test(test_one_filled_button),
		cmocka_unit_test(test_secrets_are_not_in_the_log),
	};

	return cmocka_run_group_tests(tests, begin, pages_end);
}
