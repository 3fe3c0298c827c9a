/* The pages as plain CGI, with a real Redis and a real store; the bridge is away. */
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

#include "core/str.h"
#include "store/conversations.h"
#include "tests/cgi-bin/cgi.h"
#include "tests/cgi-bin/control_socket.h"

#define XSS "%3Cscript%3Ealert(1)%3C/script%3E%22'%3Cimg+src=x%3E"

static struct site_under_test site;

static int setup(void **state)
{
	(void)state;
	site_init(&site, "");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	site_release(&site);
	return 0;
}

static void test_wrong_requests(void **state)
{
	struct browser b;
	struct answer *a;
	char *large = talloc_zero_size(NULL, 10 << 20);

	(void)state;
	be_kim(&b, &site);
	expect_error(get(&b, "/nothing"), 404, "@error_missing");
	expect_error(get(&b, "/workspace/..%2f"), 400, "@error_path");
	a = get(&b, "/logout");
	expect(a, 405);
	assert_string_equal(header(a, "Allow"), "POST");
	talloc_free(a);
	a = ask(&b, "DELETE", "/login", NULL, 0);
	expect(a, 405);
	assert_string_equal(header(a, "Allow"), "GET, HEAD, POST");
	talloc_free(a);
	a = ask(&b, "HEAD", "/workspace", NULL, 0);
	expect(a, 200);
	assert_int_equal(a->body_len, 0);
	talloc_free(a);
	memset(large, 'a', 10 << 20);
	memcpy(large, "text=", 5);
	a = ask(&b, "POST", "/account", large, 10 << 20);
	expect(a, 413);
	talloc_free(a);
	talloc_free(large);
	expect_error(post(&b, "/account", "csrf=CSRF&display_name=%zz"), 400,
		     "role=\"alert\"");
	expect_error(post(&b, "/account", "csrf=CSRF&display_name=%ff"), 400,
		     "role=\"alert\"");
	expect_error(post(&b, "/account", "csrf=CSRF&display_name=%00"), 400,
		     "role=\"alert\"");
	b.env[0][0] = "CONTENT_TYPE";
	b.env[0][1] = "multipart/form-data; boundary=x";
	expect_error(post(&b, "/account", "csrf=CSRF"), 400, "role=\"alert\"");
	b.env[0][0] = "CONTENT_LENGTH";
	b.env[0][1] = "999";
	expect_error(post(&b, "/account", "csrf=CSRF"), 400, "role=\"alert\"");
	b.env[0][0] = "HTTP_HOST";
	b.env[0][1] = "evil.example";
	expect_error(get(&b, "/workspace"), 400, "@error_host");
}

static void begin(struct browser *b, const char *form, char id[ID_SIZE])
{
	struct answer *a = post(b, "/conversations", form);
	const char *to = header(a, "Location");

	expect(a, 303);
	assert_true(str_starts(to, "/workspace/"));
	assert_true(str_copy(id, ID_SIZE, to + strlen("/workspace/")));
	talloc_free(a);
}

static struct conversation *load(const char *id)
{
	struct err e = { 0 };
	struct conversation *c;

	c = conversation_load(site.db, NULL, id, NULL, &e);
	if (!c)
		fail_msg("%s", e.text);
	return c;
}

static void test_begin(void **state)
{
	const char *form = "csrf=CSRF&id=0191d4b8-0000-7000-8000-00000000abcd"
		"&text=%0A++%EA%B0%80%EA%B0%80+one%0Atwo";
	struct browser b;
	struct conversation *c;
	char id[ID_SIZE], again[ID_SIZE];
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	begin(&b, form, id);
	c = load(id);
	assert_string_equal(c->title, "가가 one");
	assert_string_equal(c->user_id, site.kim);
	talloc_free(c);
	begin(&b, form, again);
	assert_string_equal(id, again);
	a = get(&b, talloc_asprintf(b.site->db, "/workspace/%s", id));
	expect(a, 200);
	assert_non_null(strstr(a->body, "data-offset=\"0\""));
	/* The rules by which a browser prefetches the others. */
	assert_true(str_starts(header(a, "Speculation-Rules"), "\"/static/v/"));
	assert_non_null(strstr(header(a, "Speculation-Rules"), "/speculation.json\""));
	assert_non_null(strstr(a->body, "one\ntwo"));
	talloc_free(a);
	expect_error(post(&b, "/conversations", "csrf=CSRF&id=x&text=x"), 400,
		     "role=\"alert\"");
}

static void test_long_message(void **state)
{
	struct site_under_test own;
	struct browser b;
	struct answer *a;
	char *form = talloc_array(NULL, char, 6000);

	(void)state;
	site_init(&own, "message_max = 4096\n");
	talloc_free(log_in(&b, &own, "kim", PASSWORD));
	talloc_free(get(&b, "/workspace"));
	memset(form, 'a', 5999);
	form[5999] = '\0';
	memcpy(form, "csrf=CSRF&text=", 15);
	a = post(&b, "/conversations", form);
	expect_error(a, 413, "too long");
	form[4000] = '\0';
	a = post(&b, "/conversations", form);
	expect(a, 303);
	talloc_free(a);
	talloc_free(form);
	site_release(&own);
}

/* What differs in every page: the request's id and the masks of CSRF tokens. */
static void hide_request(struct answer *a)
{
	static const char csrf[] = "name=\"csrf\" value=\"";
	char *id = strstr(strstr(a->body, "Request"), "<code>") + 6;
	char *at = a->body;

	memset(id, '-', strcspn(id, "<"));
	while ((at = strstr(at, csrf))) {
		at += sizeof(csrf) - 1;
		memset(at, '-', strcspn(at, "\""));
	}
}

/* Another's conversation cannot be told from one that never was. */
static void test_no_oracle(void **state)
{
	static const char *const forms[][2] = {
		{ "/workspace/", "" }, { "/conversations/", "/delete" },
		{ "/conversations/", "/export.md" },
		{ "/conversations/", "/export.json" },
	};
	struct browser kim, lee;
	char id[ID_SIZE], none[ID_SIZE], address[128];
	struct answer *a, *m;
	char *at;
	size_t i;

	(void)state;
	be_kim(&kim, &site);
	begin(&kim, "csrf=CSRF&text=secret", id);
	talloc_free(log_in(&lee, &site, "lee", PASSWORD));
	talloc_free(get(&lee, "/workspace"));
	id_new(none);
	for (i = 0; i < 4; i++) {
		snprintf(address, sizeof(address), "%s%s%s", forms[i][0], id,
			 forms[i][1]);
		a = get(&lee, address);
		snprintf(address, sizeof(address), "%s%s%s", forms[i][0], none,
			 forms[i][1]);
		m = get(&lee, address);
		expect(a, 404);
		while ((at = strstr(a->body, id)))
			memcpy(at, none, ID_SIZE - 1);
		hide_request(a);
		hide_request(m);
		assert_string_equal(a->body, m->body);
		assert_null(strstr(a->body, "secret"));
		talloc_free(a);
		talloc_free(m);
	}
	snprintf(address, sizeof(address), "/conversations/%s/delete", id);
	expect_error(post(&lee, address, "csrf=CSRF"), 404, "@error_missing");
	snprintf(address, sizeof(address), "/conversations/%s/rename", id);
	expect_error(post(&lee, address, "csrf=CSRF&title=x"), 404, "@error_missing");
	talloc_free(load(id));
}

static void no_markup(struct answer *a, int status)
{
	expect(a, status);
	assert_null(strstr(a->body, "<script>alert"));
	assert_null(strstr(a->body, "<img src=x"));
	talloc_free(a);
}

static void test_escapes(void **state)
{
	struct browser b;
	char id[ID_SIZE], address[128];

	(void)state;
	talloc_free(log_in(&b, &site, "kim", PASSWORD));
	no_markup(log_in(&b, &site, XSS, "x"), 401);
	be_kim(&b, &site);
	begin(&b, "csrf=CSRF&text=" XSS, id);
	expect_to(post(&b, "/account", "csrf=CSRF&display_name=" XSS
		       "&locale=en&theme=&timezone="), "/account?saved=1");
	no_markup(get(&b, "/account"), 200);
	no_markup(get(&b, "/workspace?search=" XSS), 200);
	no_markup(get(&b, "/" XSS), 404);
	snprintf(address, sizeof(address), "/workspace/%s", id);
	no_markup(get(&b, address), 200);
	snprintf(address, sizeof(address), "/conversations/%s/delete", id);
	no_markup(get(&b, address), 200);
	no_markup(post(&b, "/account", "csrf=CSRF&timezone=" XSS
		       "&display_name=kim"), 400);
	expect_to(post(&b, "/account", "csrf=CSRF&display_name=kim&locale="
		       "&theme=&timezone="), "/account?saved=1");
}

static void test_rename_and_delete(void **state)
{
	struct browser b;
	struct conversation *c;
	char id[ID_SIZE], address[128], page[128], undone[128];
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	begin(&b, "csrf=CSRF&text=first", id);
	snprintf(page, sizeof(page), "/workspace/%s", id);
	snprintf(address, sizeof(address), "/conversations/%s/rename", id);
	expect_to(post(&b, address, "csrf=CSRF&title=Weekly+stocks"), page);
	c = load(id);
	assert_string_equal(c->title, "Weekly stocks");
	talloc_free(c);
	expect_error(post(&b, address, "csrf=CSRF&title="), 400, "1 to 200");
	a = get(&b, "/workspace?search=WEEKLY");
	assert_non_null(strstr(a->body, id));
	talloc_free(a);
	a = get(&b, "/workspace?search=nothing-like-it");
	assert_null(strstr(a->body, id));
	talloc_free(a);
	snprintf(address, sizeof(address), "/conversations/%s/delete", id);
	a = get(&b, address);
	expect(a, 200);
	assert_non_null(strstr(a->body, "Weekly stocks"));
	talloc_free(a);
	snprintf(undone, sizeof(undone), "/workspace?deleted=%s", id);
	expect_to(post(&b, address, "csrf=CSRF"), undone);
	expect_error(get(&b, page), 404, "@error_missing");
}

/* Only for some seconds, and only by the owner. */
static void test_undo(void **state)
{
	struct browser b, lee;
	struct err e = { 0 };
	char id[ID_SIZE], deletion[128], undo[128], page[128], after[128];
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	talloc_free(log_in(&lee, &site, "lee", "correct horse battery"));
	begin(&b, "csrf=CSRF&text=run:+first", id);
	snprintf(deletion, sizeof(deletion), "/conversations/%s/delete", id);
	snprintf(undo, sizeof(undo), "/conversations/%s/restore", id);
	snprintf(page, sizeof(page), "/workspace/%s", id);
	snprintf(after, sizeof(after), "/workspace?deleted=%s", id);
	a = get(&b, after);
	assert_null(strstr(a->body, "/restore\""));
	talloc_free(a);
	talloc_free(post(&b, deletion, "csrf=CSRF"));
	a = get(&b, after);
	assert_non_null(strstr(a->body, undo));
	assert_non_null(strstr(a->body, "Deleted “first”."));
	talloc_free(a);
	a = get(&lee, after);
	assert_null(strstr(a->body, "/restore\""));
	talloc_free(a);
	expect_error(post(&lee, undo, "csrf=CSRF"), 404, "@error_missing");
	expect_to(post(&b, undo, "csrf=CSRF"), page);
	expect_to(post(&b, undo, "csrf=CSRF"), page);
	a = get(&b, page);
	expect(a, 200);
	talloc_free(a);
	talloc_free(post(&b, deletion, "csrf=CSRF"));
	assert_int_equal(db_run(site.db, &e, "UPDATE conversations SET"
				" deleted_at = deleted_at - 21000 WHERE id = $1",
				"t", id), 0);
	a = get(&b, after);
	assert_null(strstr(a->body, "/restore\""));
	talloc_free(a);
	expect_error(post(&b, undo, "csrf=CSRF"), 404, "@error_missing");
}

static char *percent(const char *text)
{
	char *out = talloc_strdup(site.db, "");

	for (; *text; text++)
		out = talloc_asprintf_append(out, strchr("{}\":,?[]", *text) ? "%%%02X" : "%c",
					     (unsigned char)*text);
	return out;
}

/* What the chat's forms say without script is what a page's socket would have said. */
static void test_act(void **state)
{
	static const struct {
		const char *form, *command;
	} rows[] = {
		{ "act=stop", "{\"type\":\"interrupt\"}" },
		{ "act=mode&mode=plan", "{\"type\":\"mode\",\"mode\":\"plan\"}" },
		{ "answer=p-12+deny&p-12-reason=no",
		  "{\"type\":\"answer\",\"target\":\"p-12\",\"choice\":\"deny\",\"reason\":\"no\"}" },
		{ "answer=p-9+allow&q9-0-text=A%3F&q9-0=x&q9-1-text=B%3F&q9-1-multi=1&q9-1=y&q9-1=z&q9-1-other=w",
		  "{\"type\":\"answer\",\"target\":\"p-9\",\"choice\":\"allow\","
		  "\"answers\":{\"A?\":\"x\",\"B?\":[\"y\",\"z\",\"w\"]}}" },
		{ "withdraw=0191d4b8-0000-7000-8000-00000000abcd",
		  "{\"type\":\"withdraw\",\"id\":\"0191d4b8-0000-7000-8000-00000000abcd\"}" },
	};
	char id[ID_SIZE], address[128], page[128], path[200];
	struct control bridge;
	struct browser b;
	size_t i;

	(void)state;
	be_kim(&b, &site);
	begin(&b, "csrf=CSRF&text=first", id);
	snprintf(page, sizeof(page), "/workspace/%s", id);
	snprintf(address, sizeof(address), "/conversations/%s/act", id);
	snprintf(path, sizeof(path), "%s/control", site.folder);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		control_begin(&bridge, path);
		expect_to(post(&b, address, talloc_asprintf(site.db, "csrf=CSRF&%s", rows[i].form)), page);
		control_heard(&bridge, talloc_asprintf(site.db,
			"POST /conversations/%s/command?do=%s HTTP/1.1", id,
			percent(rows[i].command)));
	}
}

/* A second message is stored, once; one that the bridge refuses is said. */
static void test_act_message(void **state)
{
	const char *form = "csrf=CSRF&id=0191d4b8-0000-7000-8000-00000000abce&act=message&text=zweite";
	struct browser b;
	char id[ID_SIZE], address[128], page[128];
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	begin(&b, "csrf=CSRF&text=first&mode=plan", id);
	snprintf(page, sizeof(page), "/workspace/%s", id);
	snprintf(address, sizeof(address), "/conversations/%s/act", id);
	expect_to(post(&b, address, form), page);
	expect_to(post(&b, address, form), page);
	a = get(&b, page);
	assert_non_null(strstr(a->body, "zweite"));
	assert_null(strstr(strstr(a->body, "zweite") + 1, "zweite"));
	assert_non_null(strstr(a->body, "<option value=\"plan\" selected>"));
	assert_non_null(strstr(a->body, "http-equiv=\"refresh\""));
	talloc_free(a);
	expect_error(post(&b, address, "csrf=CSRF&act=stop"), 409, "@error_answer_late");
	expect_error(post(&b, "/conversations", "csrf=CSRF&text=x&mode=other"), 400, "role=\"alert\"");
}

static void test_export(void **state)
{
	struct browser b;
	char id[ID_SIZE], address[128];
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	begin(&b, "csrf=CSRF&text=%EA%B3%B5%EB%B0%A9+a/b%22c", id);
	snprintf(address, sizeof(address), "/conversations/%s/export.md", id);
	a = get(&b, address);
	expect(a, 200);
	assert_string_equal(header(a, "Content-Disposition"),
		"attachment; filename=\"conversation.md\"; "
		"filename*=UTF-8''%EA%B3%B5%EB%B0%A9%20a_b%22c.md");
	assert_non_null(strstr(a->body, "공방"));
	talloc_free(a);
	snprintf(address, sizeof(address), "/conversations/%s/export.json", id);
	a = get(&b, address);
	expect(a, 200);
	assert_int_equal(a->body[0], '{');
	talloc_free(a);
}

/* More than nginx takes ahead of a slow reader would hold a thread. */
static void test_export_too_large(void **state)
{
	const size_t n = 1 << 20;
	char *data = malloc(n + 100), id[ID_SIZE], address[128];
	struct part part = {
		.role = "assistant", .kind = "text", .state = "ok", .data = data,
	};
	struct recording r = {
		.conversation_id = id, .state = "idle", .parts = &part, .nparts = 1,
	};
	struct err e = { 0 };
	struct browser b;

	(void)state;
	be_kim(&b, &site);
	begin(&b, "csrf=CSRF&text=large", id);
	strcpy(data, "{\"text\":\"");
	memset(data + strlen(data), 'x', n);
	strcpy(data + 9 + n, "\"}");
	for (r.offset = 1; r.offset <= 61; r.offset++) {
		part.at = part.turn = r.offset;
		part.changed_at = r.offset + 1;
		assert_int_equal(conversation_record(site.db, &r, &e), 0);
	}
	free(data);
	snprintf(address, sizeof(address), "/conversations/%s/export.json", id);
	expect_error(get(&b, address), 413, "too large to export");
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

static void test_many_conversations(void **state)
{
	struct browser b;
	struct err e = { 0 };
	char id[ID_SIZE], *end;
	const char *older;
	struct answer *a, *next;
	int i;

	(void)state;
	talloc_free(log_in(&b, &site, "lee", PASSWORD));
	for (i = 0; i < 53; i++)
		assert_int_equal(conversation_create(site.db, site.lee, "many",
						     id, &e), 0);
	a = get(&b, "/workspace");
	assert_int_equal(count(a, "class=\"row\""), 50);
	older = strstr(a->body, "/workspace?search=&amp;before=");
	assert_non_null(older);
	older = talloc_strndup(a, older, strcspn(older, "\""));
	end = strstr(older, "&amp;");
	memmove(end + 1, end + 5, strlen(end + 5) + 1);
	next = get(&b, older);
	talloc_free(a);
	a = next;
	assert_int_equal(count(a, "class=\"row\""), 3);
	talloc_free(a);
}

/* One turn of n parts of text, recorded as the bridge does. */
static void record(const char *id, int64_t from, int n)
{
	struct part *parts = talloc_zero_array(NULL, struct part, (unsigned)n);
	const struct recording r = {
		.conversation_id = id, .offset = from + n, .state = "idle",
		.parts = parts, .nparts = (size_t)n, .touched = true,
	};
	struct err e = { 0 };
	int i;

	for (i = 0; i < n; i++)
		parts[i] = (struct part){
			.at = from + i, .changed_at = from + i + 1, .turn = from,
			.role = "assistant", .kind = "text", .state = "ok",
			.data = "{\"text\":\"*it* <script>alert(1)</script>\"}",
			.created_at = 1, .ended_at = 2,
		};
	if (conversation_record(site.db, &r, &e) < 0)
		fail_msg("%s", e.text);
	talloc_free(parts);
}

static void test_history(void **state)
{
	struct browser b;
	struct answer *a;
	char id[ID_SIZE], address[128];

	(void)state;
	be_kim(&b, &site);
	begin(&b, "csrf=CSRF&text=", id);
	record(id, 10, 120);
	record(id, 130, 120);
	snprintf(address, sizeof(address), "/workspace/%s", id);
	a = get(&b, address);
	expect(a, 200);
	assert_int_equal(count(a, "data-part=\"text\""), 200);
	assert_int_equal(count(a, "data-role=\"assistant\""), 2);
	assert_int_equal(count(a, "<script>alert"), 0);
	assert_int_equal(count(a, "<em>it</em>"), 200);
	assert_non_null(strstr(a->body, "data-offset=\"250\""));
	assert_non_null(strstr(a->body, "?before=50\""));
	talloc_free(a);
	snprintf(address, sizeof(address), "/workspace/%s?before=50", id);
	a = get(&b, address);
	expect(a, 200);
	assert_int_equal(count(a, "data-part=\"text\""), 40);
	assert_int_equal(count(a, "class=\"earlier\""), 0);
	assert_int_equal(count(a, "id=\"composer\""), 0);
	talloc_free(a);
	snprintf(address, sizeof(address), "/workspace/%s?before=x", id);
	expect_error(get(&b, address), 400, "role=\"alert\"");
}

static void test_base_path(void **state)
{
	struct site_under_test own;
	struct browser b;
	struct answer *a;

	(void)state;
	site_init(&own, "base_path = /gongbang\n");
	memset(&b, 0, sizeof(b));
	b.site = &own;
	expect_to(get(&b, "/gongbang/workspace"),
		  "/gongbang/login?next=/workspace");
	a = get(&b, "/gongbang/login?next=/workspace");
	expect(a, 200);
	assert_non_null(strstr(a->head, "Path=/gongbang"));
	assert_non_null(strstr(a->body, "action=\"/gongbang/login\""));
	assert_null(strstr(a->body, "href=\"/static"));
	talloc_free(a);
	expect_to(post(&b, "/gongbang/login", "csrf=CSRF&login=kim&next="
		       "/workspace&password=correct+horse+battery"),
		  "/gongbang/workspace");
	a = get(&b, "/gongbang/workspace");
	expect(a, 200);
	assert_non_null(strstr(a->body, "data-ws=\"/gongbang/ws/workspace\""));
	talloc_free(a);
	a = get(&b, "/workspace");
	expect(a, 404);
	talloc_free(a);
	site_release(&own);
}

static void test_health(void **state)
{
	struct browser b = { .site = &site };

	(void)state;
	expect_error(get(&b, "/healthz"), 503, "store ok\nredis ok\nbridge away");
}

/* The last one: it takes the shared Redis away. */
static void test_redis_away(void **state)
{
	struct browser b;

	(void)state;
	be_kim(&b, &site);
	server_kill(&site.redis);
	expect_error(get(&b, "/workspace"), 503, "@error_redis");
	memset(b.session, 0, sizeof(b.session));
	expect_error(get(&b, "/login"), 200, "name=\"password\"");
	expect_error(post(&b, "/login", "csrf=CSRF&login=kim&password="
			  "correct+horse+battery"), 503, "@error_redis");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_requests),
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_long_message),
		cmocka_unit_test(test_no_oracle),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_rename_and_delete),
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_act),
		cmocka_unit_test(test_act_message),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_export_too_large),
		cmocka_unit_test(test_many_conversations),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_base_path),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_redis_away),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
