/*
 * The pages of agents as plain CGI, with a real Redis and a real store; the
 * bridge is away. Tests lib/store/dashboard.c.
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
#include "kv/kv.h"
#include "store/agents.h"
#include "store/conversations.h"
#include "store/executions.h"
#include "tests/cgi-bin/cgi.h"

#define XSS "%3Cscript%3Ealert(1)%3C/script%3E%22'%3Cimg+src=x%3E"
#define DAILY "&frequency=daily&time=08:00&timezone=Asia/Seoul"

static struct site_under_test site;

static int setup(void **state)
{
	(void)state;
	site_init(&site, "default_timezone = Asia/Seoul\n");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	site_release(&site);
	return 0;
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

static void has(const struct answer *a, const char *what)
{
	if (!strstr(a->body, shown(what)))
		print_error("no %s in\n%s\n", what, a->body);
	assert_non_null(strstr(a->body, shown(what)));
}

/* The address with the id where its star is; good until the next. */
static const char *at(const char *pattern, const char *id)
{
	static char address[256];
	const char *star = strchr(pattern, '*');

	assert_non_null(star);
	snprintf(address, sizeof(address), "%.*s%s%s", (int)(star - pattern),
		 pattern, id, star + 1);
	return address;
}

static struct agent *load(const char *id)
{
	struct err e = { 0 };
	struct agent *a = agent_load(site.db, NULL, id, NULL, false, &e);

	if (!a)
		fail_msg("%s", e.text);
	return a;
}

/* Saves a new one by the form; where it led is its page. */
static void create(struct browser *b, const char *form, char id[ID_SIZE])
{
	struct answer *a = post(b, "/agents/new", form);
	const char *to = header(a, "Location");

	expect(a, 303);
	assert_true(str_starts(to, "/agents/"));
	snprintf(id, ID_SIZE, "%.36s", to + strlen("/agents/"));
	assert_string_equal(to + strlen("/agents/") + 36, "?done=on");
	talloc_free(a);
}

static void make(struct browser *b, char id[ID_SIZE])
{
	create(b, "csrf=CSRF&act=save&name=Weekly+stocks&prompt=Fetch+%7B%7Bdate"
	       "%7D%7D" DAILY, id);
}

static void test_empty(void **state)
{
	struct browser b;
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	a = get(&b, "/agents");
	expect(a, 200);
	has(a, "No agents yet");
	has(a, "href=\"/agents/new\"");
	has(a, "href=\"/agents\" aria-current=\"page\"");
	has(a, "href=\"/executions\"");
	talloc_free(a);
	a = get(&b, "/agents?search=zzz");
	has(a, "@agent_none_found");
	talloc_free(a);
}

static void test_create(void **state)
{
	struct browser b;
	struct agent *g;
	struct answer *a;
	char id[ID_SIZE];

	(void)state;
	be_kim(&b, &site);
	a = get(&b, "/agents/new");
	expect(a, 200);
	has(a, "name=\"timezone\" value=\"Asia/Seoul\"");
	has(a, "value=\"none\" selected");
	talloc_free(a);
	make(&b, id);
	g = load(id);
	assert_string_equal(g->name, "Weekly stocks");
	assert_string_equal(g->status, "active");
	assert_string_equal(g->user_id, site.kim);
	assert_true(g->next_run_at > clock_now_ms());
	talloc_free(g);
	a = get(&b, at("/agents/*?done=on", id));
	expect(a, 200);
	has(a, "@agent_done_on_next");
	has(a, "@agent_overview_none");
	has(a, "id=\"pause\"");
	talloc_free(a);
	a = get(&b, at("/agents/*/edit", id));
	expect(a, 200);
	has(a, "Fetch {{date}}</textarea>");
	has(a, "value=\"daily\" selected");
	talloc_free(a);
	a = get(&b, "/agents");
	has(a, at("data-agent=\"*\" data-status=\"active\"", id));
	talloc_free(a);
}

/* Sent again by reload or a second click: one agent. */
static void test_create_twice(void **state)
{
	const char *form = "csrf=CSRF&act=save&id=0191d4b8-0000-7000-8000-"
		"00000000aaaa&name=Once&prompt=x";
	struct browser b;
	char id[ID_SIZE], again[ID_SIZE];

	(void)state;
	be_kim(&b, &site);
	create(&b, form, id);
	create(&b, form, again);
	assert_string_equal(id, again);
}

static void test_fields(void **state)
{
	struct browser b;
	struct agent *g;
	struct answer *a;
	char id[ID_SIZE];

	(void)state;
	be_kim(&b, &site);
	create(&b, "csrf=CSRF&act=save&name=All&prompt=%0A+two%0Alines%0A"
	       "&frequency=weekly&days=mo&days=fr&days=15&time=07:30&timezone="
	       "Europe/Berlin&model=claude-x&policy=listed&tools=+Read+%0A%0A"
	       "Bash(git+log:*)%0A&timeout=5&max_turns=7&budget_tokens=500,000"
	       "&retries=1&overlap=queue&missed=run&window=90&jitter=10"
	       "&failures_max=3", id);
	g = load(id);
	assert_non_null(strstr(g->definition, "mo,fr"));
	assert_null(strstr(g->definition, "15"));
	assert_non_null(strstr(g->definition, "500000"));
	talloc_free(g);
	a = get(&b, at("/agents/*/edit", id));
	expect(a, 200);
	has(a, "Read\nBash(git log:*)\n</textarea>");
	has(a, "\n\n two\nlines\n</textarea>");
	has(a, "value=\"mo\" checked");
	has(a, "value=\"fr\" checked");
	has(a, "value=\"listed\" checked");
	has(a, "value=\"queue\" selected");
	has(a, "value=\"run\" selected");
	has(a, "name=\"budget_tokens\" value=\"500000\"");
	talloc_free(a);
	create(&b, "csrf=CSRF&act=save&name=Month&prompt=x&frequency=monthly"
	       "&days=mo&days=-1fr&time=07:30&timezone=UTC", id);
	a = get(&b, at("/agents/*/edit", id));
	has(a, "value=\"-1fr\" selected");
	talloc_free(a);
}

/* A draft has its schedule, but nothing is planned. */
static void test_draft(void **state)
{
	struct browser b;
	struct agent *g;
	struct answer *a;
	const char *to;
	char id[ID_SIZE];

	(void)state;
	be_kim(&b, &site);
	a = post(&b, "/agents/new", "csrf=CSRF&act=draft&name=Later&prompt=x"
		 DAILY);
	expect(a, 303);
	to = header(a, "Location");
	snprintf(id, ID_SIZE, "%.36s", to + strlen("/agents/"));
	assert_string_equal(to + strlen("/agents/") + 36, "?done=draft");
	talloc_free(a);
	g = load(id);
	assert_string_equal(g->status, "paused");
	assert_int_equal(g->next_run_at, 0);
	talloc_free(g);
	a = get(&b, at("/agents/*?done=draft", id));
	has(a, "@agent_done_draft");
	has(a, "id=\"resume\"");
	talloc_free(a);
}

static void refuse(struct browser *b, const char *form, int status,
		   const char *field, const char *words)
{
	struct answer *a = post(b, "/agents/new", form);

	expect(a, status);
	has(a, talloc_asprintf(a, "id=\"%s-problem\"", field));
	has(a, talloc_asprintf(a, "<a href=\"#%s\">", field));
	has(a, words);
	has(a, "kept word");
	talloc_free(a);
}

/* What was typed stays, and the sentence stands at its field. */
static void test_wrong_fields(void **state)
{
	struct browser b;

	(void)state;
	be_kim(&b, &site);
	refuse(&b, "csrf=CSRF&act=save&name=&prompt=kept+word", 400, "name",
	       "1 to 80");
	refuse(&b, "csrf=CSRF&act=save&name=kept+word&prompt=+%0A", 400,
	       "prompt", "@error_agent_prompt");
	refuse(&b, "csrf=CSRF&act=save&name=kept+word&prompt=x&timeout=soon",
	       400, "timeout", "1,440 minutes");
	refuse(&b, "csrf=CSRF&act=save&name=kept+word&prompt=x&timeout=9999",
	       400, "timeout", "1,440 minutes");
	refuse(&b, "csrf=CSRF&act=save&name=kept+word&prompt=x&frequency=often",
	       400, "frequency", "@error_agent_frequency");
	refuse(&b, "csrf=CSRF&act=save&name=kept+word&prompt=x&overlap=x", 400,
	       "overlap", "@error_agent_overlap");
	refuse(&b, "csrf=CSRF&act=save&name=kept+word&prompt=x&tools=rm+-rf"
	       "&policy=listed", 400, "tools", "@error_agent_tools");
	refuse(&b, "csrf=CSRF&act=save&name=kept+word&prompt=x&frequency=daily"
	       "&time=08:00&timezone=Mars/Base", 400, "timezone", "");
	refuse(&b, "csrf=CSRF&act=save&name=kept+word&prompt=x&frequency=cron"
	       "&cron=0+0+30+2+*&timezone=UTC", 400, "cron", "");
	refuse(&b, "csrf=CSRF&act=save&name=kept+word&prompt=x&frequency=weekly"
	       "&time=08:00&timezone=UTC", 400, "days", "");
	refuse(&b, "csrf=CSRF&act=save&name=kept+word&prompt=x&frequency=once"
	       "&date=2020-01-01&time=08:00&timezone=UTC", 400, "date",
	       "has passed");
}

/* A prompt of a megabyte is refused in words and kept. */
static void test_large_prompt(void **state)
{
	size_t n = 1 << 20;
	char *form = talloc_array(NULL, char, n + 100);
	struct browser b;
	struct answer *a;
	int head;

	(void)state;
	be_kim(&b, &site);
	head = sprintf(form, "csrf=CSRF&act=save&name=Large&prompt=");
	memset(form + head, 'a', n);
	form[(size_t)head + n] = '\0';
	a = post(&b, "/agents/new", form);
	expect(a, 413);
	has(a, "@error_agent_prompt_long");
	assert_true(a->body_len > n);
	talloc_free(a);
	talloc_free(form);
}

static void test_preview(void **state)
{
	struct browser b;
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	a = post(&b, "/agents/new", "csrf=CSRF&act=preview&name=P&prompt=On+"
		 "%7B%7Bdate%7D%7D,+%7B%7Bother%7D%7D&frequency=daily&time="
		 "08:00&timezone=America/New_York");
	expect(a, 200);
	assert_int_equal(count(a, "<li><time"), 5);
	assert_int_equal(count(a, "class=\"theirs\""), 5);
	has(a, "{{other}}</pre>");
	assert_null(strstr(a->body, "On {{date}}, {{other}}</pre>"));
	talloc_free(a);
	a = get(&b, "/agents?search=P");
	assert_null(strstr(a->body, ">P</a>"));
	talloc_free(a);
	a = post(&b, "/agents/preview", "csrf=CSRF&frequency=daily&time=08:00"
		 "&timezone=Asia/Seoul");
	expect(a, 200);
	assert_int_equal(count(a, "<li><time"), 5);
	assert_int_equal(count(a, "class=\"theirs\""), 0);
	assert_null(strstr(a->body, "<html"));
	talloc_free(a);
	a = post(&b, "/agents/preview", "csrf=CSRF&frequency=daily&time=08:00"
		 "&timezone=x");
	expect(a, 200);
	has(a, "preview-problems");
	talloc_free(a);
	expect_error(post(&b, "/agents/preview", "csrf=x"), 403, "@error_csrf");
}

static void test_two_tabs(void **state)
{
	struct browser b;
	struct agent *g;
	struct answer *a;
	char id[ID_SIZE], address[128];

	(void)state;
	be_kim(&b, &site);
	make(&b, id);
	snprintf(address, sizeof(address), "/agents/%s", id);
	a = post(&b, address, "csrf=CSRF&act=save&version=1&name=First+tab&"
		 "prompt=one%0Atwo" DAILY);
	expect(a, 303);
	talloc_free(a);
	a = post(&b, address, "csrf=CSRF&act=save&version=1&name=Second+tab&"
		 "prompt=one%0Athree" DAILY);
	expect(a, 409);
	has(a, "changed in another tab");
	has(a, "First tab");
	has(a, "name=\"name\" value=\"Second tab\"");
	has(a, "one\nthree</textarea>");
	has(a, "<del>two</del>");
	has(a, "<ins>three</ins>");
	has(a, "name=\"version\" value=\"2\"");
	has(a, "id=\"save\" class=\"secondary\"");
	talloc_free(a);
	g = load(id);
	assert_string_equal(g->name, "First tab");
	assert_int_equal(g->version, 2);
	talloc_free(g);
	a = post(&b, address, "csrf=CSRF&act=save&version=2&name=Second+tab&"
		 "prompt=one%0Athree" DAILY);
	expect(a, 303);
	talloc_free(a);
	g = load(id);
	assert_string_equal(g->name, "Second tab");
	assert_int_equal(g->version, 3);
	talloc_free(g);
}

static void test_versions(void **state)
{
	struct browser b;
	struct agent *g;
	struct answer *a;
	char id[ID_SIZE];

	(void)state;
	be_kim(&b, &site);
	make(&b, id);
	talloc_free(post(&b, at("/agents/*", id), "csrf=CSRF&act=save&version=1"
			 "&name=Renamed&prompt=Other+words" DAILY));
	a = get(&b, at("/agents/*/versions", id));
	expect(a, 200);
	assert_int_equal(count(a, "data-version="), 2);
	has(a, "Name, Prompt</td>");
	has(a, "@agent_version_first");
	talloc_free(a);
	a = get(&b, at("/agents/*/versions?from=2&to=1", id));
	expect(a, 200);
	has(a, "<del>Fetch {{date}}</del>");
	has(a, "<ins>Other words</ins>");
	has(a, "<td dir=\"auto\">Weekly stocks</td><td dir=\"auto\">Renamed</td>");
	talloc_free(a);
	expect_error(get(&b, at("/agents/*/versions?from=1&to=9", id)), 404,
		     "@error_missing");
	expect_error(post(&b, at("/agents/*/versions/1/restore", id),
			  "csrf=CSRF&version=1"), 409, "@error_agent_changed");
	expect_to(post(&b, at("/agents/*/versions/1/restore", id),
		       "csrf=CSRF&version=2"),
		  talloc_asprintf(site.db, "/agents/%s?done=restored", id));
	g = load(id);
	assert_int_equal(g->version, 3);
	assert_string_equal(g->name, "Weekly stocks");
	talloc_free(g);
}

static struct execution *run_of(struct answer *a)
{
	const char *to = header(a, "Location");
	struct execution *x;
	struct err e = { 0 };

	expect(a, 303);
	assert_true(str_starts(to, "/executions/"));
	x = execution_load(site.db, NULL, to + strlen("/executions/"), NULL, &e);
	if (!x)
		fail_msg("%s", e.text);
	talloc_free(a);
	return x;
}

static void test_run(void **state)
{
	const char *form = "csrf=CSRF&id=0191d4b8-0000-7000-8000-00000000bbbb";
	struct browser b;
	struct execution *x, *again;
	struct answer *a;
	char id[ID_SIZE];

	(void)state;
	be_kim(&b, &site);
	make(&b, id);
	x = run_of(post(&b, at("/agents/*/run", id), form));
	again = run_of(post(&b, at("/agents/*/run", id), form));
	assert_string_equal(x->id, again->id);
	assert_string_equal(x->trigger, "manual");
	assert_string_equal(x->status, "queued");
	talloc_free(x);
	talloc_free(again);
	a = get(&b, "/agents");
	has(a, "href=\"/executions/0191d4b8-0000-7000-8000-00000000bbbb\"");
	talloc_free(a);
	x = run_of(post(&b, at("/agents/*", id), "csrf=CSRF&act=test&version=1"
			"&name=Weekly+stocks&prompt=x" DAILY));
	assert_string_equal(x->trigger, "test");
	assert_int_equal(x->version, 2);
	talloc_free(x);
}

/* Whoever runs agents hears of it by the stream; a queued run ends with its agent. */
static void test_told_and_ended(void **state)
{
	struct kv *kv = kv_new(NULL, site.redis.socket);
	struct browser b;
	struct execution *x;
	struct err e = { 0 };
	char id[ID_SIZE], *value;

	(void)state;
	be_kim(&b, &site);
	make(&b, id);
	assert_true(kv_delete(kv, "runs", &e) == 0);
	x = run_of(post(&b, at("/agents/*/run", id), "csrf=CSRF"));
	/* a key that is no text */
	assert_int_equal(kv_get(kv, kv, "runs", &value, &e), -1);
	assert_int_equal(e.kind, ERR_INTERNAL);
	talloc_free(post(&b, at("/agents/*/delete", id), "csrf=CSRF"));
	memcpy(id, x->id, ID_SIZE);
	talloc_free(x);
	x = execution_load(site.db, NULL, id, NULL, &e);
	assert_non_null(x);
	assert_string_equal(x->status, "cancelled");
	assert_string_equal(x->reason, "deleted");
	assert_true(x->agent_deleted);
	talloc_free(x);
	talloc_free(kv);
}

/* Tested before anything is scheduled: the schedule is off until it is turned on. */
static void test_save_and_test(void **state)
{
	struct browser b;
	struct execution *x;
	struct agent *g;
	char id[ID_SIZE];

	(void)state;
	be_kim(&b, &site);
	x = run_of(post(&b, "/agents/new", "csrf=CSRF&act=test&name=Tested&"
			"prompt=x" DAILY));
	memcpy(id, x->agent_id, ID_SIZE);
	g = load(id);
	assert_string_equal(g->status, "paused");
	assert_int_equal(g->next_run_at, 0);
	talloc_free(g);
	talloc_free(x);
	expect_to(post(&b, at("/agents/*/resume", id), "csrf=CSRF"),
		  talloc_asprintf(site.db, "/agents/%s?done=resumed", id));
	g = load(id);
	assert_string_equal(g->status, "active");
	assert_true(g->next_run_at > clock_now_ms());
	talloc_free(g);
	expect_to(post(&b, at("/agents/*/pause", id),
		       "csrf=CSRF&next=/agents?status=active"),
		  "/agents?status=active");
	g = load(id);
	assert_string_equal(g->status, "paused");
	talloc_free(g);
	expect_to(post(&b, at("/agents/*/pause", id),
		       "csrf=CSRF&next=//evil.example/"),
		  talloc_asprintf(site.db, "/agents/%s?done=paused", id));
}

static void test_delete(void **state)
{
	struct browser b;
	struct answer *a;
	char id[ID_SIZE];

	(void)state;
	be_kim(&b, &site);
	make(&b, id);
	a = get(&b, at("/agents/*/delete", id));
	expect(a, 200);
	has(a, "Weekly stocks");
	talloc_free(a);
	expect_to(post(&b, at("/agents/*/delete", id), "csrf=CSRF"),
		  "/agents?deleted=1");
	expect_error(get(&b, at("/agents/*", id)), 404, "@error_missing");
}

/* Another's agent cannot be told from one that never was. */
static void test_others(void **state)
{
	static const char *const pages[] = { "/agents/*", "/agents/*/delete",
		"/agents/*/versions" };
	static const char *const forms[] = { "/agents/*", "/agents/*/run",
		"/agents/*/test", "/agents/*/pause", "/agents/*/resume",
		"/agents/*/delete", "/agents/*/versions/1/restore" };
	struct browser kim, lee;
	char id[ID_SIZE];
	struct answer *a;
	struct agent *g;
	size_t i;

	(void)state;
	be_kim(&kim, &site);
	make(&kim, id);
	talloc_free(log_in(&lee, &site, "lee", PASSWORD));
	talloc_free(get(&lee, "/workspace"));
	for (i = 0; i < 3; i++)
		expect_error(get(&lee, at(pages[i], id)), 404, "@error_missing");
	for (i = 0; i < 7; i++) {
		expect_error(post(&lee, at(forms[i], id), "csrf=CSRF&version=1"
				  "&act=save&name=x&prompt=x"), 404,
			     "@error_missing");
		expect_error(post(&kim, at(forms[i], id), "csrf=x&version=1"),
			     403, "@error_csrf");
	}
	a = get(&lee, "/agents");
	assert_null(strstr(a->body, id));
	talloc_free(a);
	g = load(id);
	assert_string_equal(g->name, "Weekly stocks");
	assert_string_equal(g->status, "active");
	talloc_free(g);
}

static void no_markup(struct answer *a)
{
	assert_in_range(a->status, 200, 413);
	assert_null(strstr(a->body, "<script>alert"));
	assert_null(strstr(a->body, "<img src=x"));
	talloc_free(a);
}

static void test_escapes(void **state)
{
	static const char *const fields[] = { "name", "prompt", "frequency",
		"date", "time", "days", "cron", "timezone", "model", "policy",
		"tools", "timeout", "max_turns", "budget_tokens", "retries",
		"overlap", "missed", "window", "jitter", "failures_max", "id",
		"version", "act" };
	struct browser b;
	char id[ID_SIZE], form[512];
	size_t i;

	(void)state;
	be_kim(&b, &site);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		snprintf(form, sizeof(form), "csrf=CSRF&%s=%s&act=preview"
			 "&name=n&prompt=p&frequency=weekly&time=08:00&days=mo",
			 fields[i], XSS);
		no_markup(post(&b, "/agents/new", form));
		no_markup(post(&b, "/agents/preview", form));
	}
	create(&b, "csrf=CSRF&act=save&name=" XSS "&prompt=" XSS, id);
	no_markup(get(&b, at("/agents/*", id)));
	no_markup(get(&b, at("/agents/*/edit", id)));
	no_markup(get(&b, at("/agents/*/versions?from=1&to=1", id)));
	no_markup(get(&b, at("/agents/*/delete", id)));
	no_markup(get(&b, "/agents?search=" XSS "&status=" XSS));
	no_markup(get(&b, "/agents"));
}

static void test_korean(void **state)
{
	struct browser b;
	struct answer *a;
	char id[ID_SIZE];

	(void)state;
	be_kim(&b, &site);
	b.env[0][0] = "HTTP_ACCEPT_LANGUAGE";
	b.env[0][1] = "ko";
	create(&b, "csrf=CSRF&act=save&name=%EC%A3%BC%EA%B0%84+%EA%B0%80%EA%B2%A9"
	       "&prompt=%EA%B0%80%EC%A0%B8%EC%99%80%EC%9A%94" DAILY, id);
	a = get(&b, at("/agents/*/edit", id));
	has(a, "주간 가격");
	has(a, "가져와요</textarea>");
	has(a, "연속 실패 시 일시 중지");
	talloc_free(a);
	a = get(&b, "/agents?search=%EC%A3%BC%EA%B0%84");
	has(a, id);
	talloc_free(a);
}

static void test_many(void **state)
{
	struct browser b;
	struct answer *a;
	struct err e = { 0 };
	char id[ID_SIZE], name[32];
	int i;

	(void)state;
	talloc_free(log_in(&b, &site, "lee", PASSWORD));
	for (i = 0; i < 120; i++) {
		snprintf(name, sizeof(name), "Agent %03d", i);
		assert_int_equal(agent_create(site.db, site.lee, name, "{}",
			i % 2, 0, id, &e), 0);
	}
	a = get(&b, "/agents");
	assert_int_equal(count(a, "data-agent="), 50);
	has(a, "page=2\"");
	talloc_free(a);
	a = get(&b, "/agents?page=3");
	assert_int_equal(count(a, "data-agent="), 20);
	talloc_free(a);
	a = get(&b, "/agents?status=paused&page=2");
	assert_int_equal(count(a, "data-agent="), 10);
	assert_int_equal(count(a, "data-status=\"active\""), 0);
	talloc_free(a);
	expect_error(get(&b, "/agents?page=x"), 400, "role=\"alert\"");
}

/* One turn as the bridge records it: texts of the assistant, then its end. */
static void answer(const char *conversation, const char *message, int64_t from,
		   const char *data, const char *end)
{
	struct part parts[2] = {
		{ .at = from + 1, .changed_at = from + 2, .turn = from + 1,
		  .role = "assistant", .kind = "text", .state = "ok",
		  .data = data, .created_at = 1, .ended_at = 2 },
		{ .at = from + 2, .changed_at = from + 3, .turn = from + 1,
		  .role = "assistant", .kind = end ? end : "usage",
		  .state = "ok", .data = "{}", .created_at = 1, .ended_at = 2 },
	};
	struct seen_message seen = { .at = from };
	const struct recording r = {
		.conversation_id = conversation, .offset = from + 3,
		.state = end ? "idle" : "working", .parts = parts,
		.nparts = end ? 2 : 1, .seen = &seen, .nseen = 1,
	};
	struct err e = { 0 };

	assert_true(str_copy(seen.id, ID_SIZE, message));
	if (conversation_record(site.db, &r, &e) < 0)
		fail_msg("%s", e.text);
}

static int keep_text(void *data, const struct message *m, struct err *e)
{
	(void)e;
	*(char **)data = talloc_strdup(NULL, m->text);
	return 0;
}

static void test_save_as_agent(void **state)
{
	static const char *const mid = "0191d4b8-0000-7000-8000-0000000000c1";
	struct browser b;
	struct err e = { 0 };
	char id[ID_SIZE], page[200], *text = NULL;
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	assert_int_equal(conversation_create(site.db, site.kim, "Prices", id,
					     &e), 0);
	snprintf(page, sizeof(page), "/agents/new?conversation=%s&message=%s",
		 id, mid);
	a = get(&b, at("/workspace/*", id));
	has(a, "id=\"save-agent\"");
	has(a, at("action=\"/conversations/*/agent\"", id));
	talloc_free(a);
	expect_to(post(&b, at("/conversations/*/agent", id),
		       "csrf=CSRF&id=0191d4b8-0000-7000-8000-0000000000c1"),
		  page);
	expect_to(post(&b, at("/conversations/*/agent", id),
		       "csrf=CSRF&id=0191d4b8-0000-7000-8000-0000000000c1"),
		  page);
	assert_int_equal(message_each_unplaced(site.db, id, keep_text, &text,
					       &e), 0);
	assert_non_null(strstr(text, "{{last_result}}"));
	assert_non_null(strstr(text, "```agent\n# Name"));
	talloc_free(text);
	a = get(&b, page);
	expect(a, 200);
	assert_string_equal(header(a, "Refresh"), "3");
	has(a, "Waiting for Claude");
	talloc_free(a);
	answer(id, mid, 100, "{\"text\":\"```agent\\n# Half\"}", NULL);
	a = get(&b, page);
	assert_non_null(header(a, "Refresh"));
	has(a, "Claude is writing");
	talloc_free(a);
	answer(id, mid, 200, "{\"text\":\"Here.\\n```agent\\n# Weekly <b>prices"
	       "</b>\\n\\nFetch {{date}}.\\n```\\nDone.\"}", "usage");
	answer(id, "0191d4b8-0000-7000-8000-0000000000c2", 300,
	       "{\"text\":\"```agent\\n# Another turn\\nno\\n```\"}", "usage");
	a = get(&b, page);
	expect(a, 200);
	assert_null(header(a, "Refresh"));
	has(a, "name=\"name\" value=\"Weekly &lt;b&gt;prices&lt;/b&gt;\"");
	has(a, "\nFetch {{date}}.</textarea>");
	has(a, "@agent_written");
	talloc_free(a);
	expect_error(get(&b, at("/agents/new?conversation=*&message="
				"0191d4b8-0000-7000-8000-0000000000c9", id)),
		     404, "@error_missing");
	talloc_free(log_in(&b, &site, "lee", PASSWORD));
	expect_error(get(&b, page), 404, "@error_missing");
}

static void test_save_as_agent_fails(void **state)
{
	static const char *const mid = "0191d4b8-0000-7000-8000-0000000000d1";
	struct browser b;
	struct err e = { 0 };
	char id[ID_SIZE], page[200];
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	assert_int_equal(conversation_create(site.db, site.kim, "Words", id,
					     &e), 0);
	snprintf(page, sizeof(page), "/agents/new?conversation=%s&message=%s",
		 id, mid);
	talloc_free(post(&b, at("/conversations/*/agent", id),
			 "csrf=CSRF&id=0191d4b8-0000-7000-8000-0000000000d1"));
	answer(id, mid, 100, "{\"text\":\"I would rather not.\"}", "error");
	a = get(&b, page);
	expect(a, 200);
	assert_null(header(a, "Refresh"));
	has(a, "@agent_writing_failed");
	has(a, at("href=\"/workspace/*\"", id));
	talloc_free(a);
	assert_int_equal(conversation_create(site.db, site.kim, "Words", id,
					     &e), 0);
	snprintf(page, sizeof(page), "/agents/new?conversation=%s&message=%s",
		 id, "0191d4b8-0000-7000-8000-0000000000d2");
	talloc_free(post(&b, at("/conversations/*/agent", id),
			 "csrf=CSRF&id=0191d4b8-0000-7000-8000-0000000000d2"));
	answer(id, "0191d4b8-0000-7000-8000-0000000000d2", 100,
	       "{\"text\":\"Just do it.\"}", "usage");
	a = get(&b, page);
	expect(a, 200);
	has(a, "@agent_written_plain");
	has(a, "\nJust do it.</textarea>");
	has(a, "name=\"name\" value=\"Words\"");
	talloc_free(a);
	/* withdrawn while it waits */
	assert_int_equal(conversation_create(site.db, site.kim, "Words", id,
					     &e), 0);
	talloc_free(post(&b, at("/conversations/*/agent", id),
			 "csrf=CSRF&id=0191d4b8-0000-7000-8000-0000000000d3"));
	expect_to(post(&b, at("/conversations/*/agent/cancel", id), "csrf=CSRF"
		       "&message=0191d4b8-0000-7000-8000-0000000000d3"),
		  talloc_asprintf(site.db, "/workspace/%s", id));
	expect_error(get(&b, at("/agents/new?conversation=*&message="
				"0191d4b8-0000-7000-8000-0000000000d3", id)),
		     404, "@error_missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_draft),
		cmocka_unit_test(test_create_twice),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_wrong_fields),
		cmocka_unit_test(test_large_prompt),
		cmocka_unit_test(test_preview),
		cmocka_unit_test(test_two_tabs),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_told_and_ended),
		cmocka_unit_test(test_save_and_test),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_korean),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_save_as_agent),
		cmocka_unit_test(test_save_as_agent_fails),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
