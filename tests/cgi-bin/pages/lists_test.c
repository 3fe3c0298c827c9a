/* Pages with lists: no query a row, no page that grows fat. The database's own trace counts. */
#include "config.h"
#include "in_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "auth/login.h"
#include "core/clock.h"
#include "store/agents.h"
#include "store/conversations.h"
#include "store/executions.h"
#include "store/notices.h"
#include "store/users.h"

#define AGENTS_MOST (40u << 10)		/* bytes of the HTML of /agents with 50 agents */

static int queries;
static char token[TOKEN_SIZE];

static int count_query(unsigned what, void *data, void *statement, void *text)
{
	(void)what;
	(void)data;
	(void)statement;
	(void)text;
	queries++;
	return 0;
}

/* Each connection that the process opens from now on is counted. */
static int trace(sqlite3 *db, const char **error, const void *api)
{
	(void)error;
	(void)api;
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, count_query, NULL);
}

static int begin(void **state)
{
	struct err e = { 0 };
	struct user *u;

	sqlite3_auto_extension((void (*)(void))trace);
	pages_begin(state);
	u = user_load(site.db, NULL, site.kim, &e);
	if (!u || login_start(pages_kv, u, 60, token, &e) < 0)
		fail_msg("%s", e.text);
	talloc_free(u);
	return 0;
}

/* An agent with a version, a notice and a conversation besides, and runs with use. */
static void add_agent(int n, int runs, char id[ID_SIZE])
{
	struct err e = { 0 };
	char name[32], run[ID_SIZE], conversation[ID_SIZE];
	struct notice notice = { .event = "failure", .state = "unread" };
	struct usage_call call = { .kind = "run", .model = "claude-x",
		.usage = { .input = 100000, .output = 2000 },
		.outcome = "complete", .status = 200 };
	int i;

	snprintf(name, sizeof(name), "Agent %04d", n);
	must(agent_create(site.db, site.kim, name, "{\"gongbang_agent\":1,"
			  "\"name\":\"n\",\"prompt\":\"p\"}", n % 2,
			  clock_now_ms() + 3600000, id, &e), &e);
	for (i = 0; i < runs; i++) {
		call.at = call.ended_at = clock_now_ms() - i * 3600000;
		add_row(&(struct row){ .agent = id, .status = i % 3 ? "success" :
			"failed", .reason = i % 3 ? "" : "model", .began = true,
			.planned = call.at, .result = "All is well." }, run);
		id_new(call.id);
		memcpy(call.user_id, site.kim, ID_SIZE);
		memcpy(call.subject_id, run, ID_SIZE);
		must(usage_add(site.db, &call, 1, &e), &e);
	}
	memcpy(notice.user_id, site.kim, ID_SIZE);
	memcpy(notice.agent_id, id, ID_SIZE);
	memcpy(notice.execution_id, run, ID_SIZE);
	notice.created_at = clock_now_ms();
	must(notice_add(site.db, &notice, &e), &e);
	must(conversation_create(site.db, site.kim, name, conversation, &e),
	     &e);
	call.kind = "conversation";
	id_new(call.id);
	memcpy(call.subject_id, conversation, ID_SIZE);
	must(usage_add(site.db, &call, 1, &e), &e);
}

static int queries_of(const char *path)
{
	queries = 0;
	assert_int_equal(pages_ask(pages_worker, token, METHOD_GET, path, "",
				   false), 200);
	return queries;
}

static void test_queries(void **state)
{
	static const char *const pages[] = { "/agents", "/executions",
		"/notices", "/search?q=agent", "/workspace", "/domains", "/account", "/usage",
		"/usage.csv" };
	int few[sizeof(pages) / sizeof(pages[0])], many;
	char id[ID_SIZE];
	size_t i;
	int n;

	(void)state;
	for (n = 0; n < 2; n++)
		add_agent(n, 2, id);
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		queries_of(pages[i]);
		few[i] = queries_of(pages[i]);
		assert_true(few[i] > 0);
	}
	for (; n < 30; n++)
		add_agent(n, 20, id);
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		queries_of(pages[i]);
		many = queries_of(pages[i]);
		if (many != few[i])
			fail_msg("%s: %d queries of a few rows, %d of many",
				 pages[i], few[i], many);
	}
}

static void test_bytes(void **state)
{
	char id[ID_SIZE];
	size_t bytes;
	int n;

	(void)state;
	for (n = 0; n < 50; n++)
		add_agent(n, 20, id);
	queries_of("/agents");
	bytes = strlen(strstr(pages_text, "<!doctype"));
	if (bytes > AGENTS_MOST)
		fail_msg("/agents with 50 agents: %zu bytes", bytes);
	assert_true(bytes > AGENTS_MOST / 2);	/* they are there */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_queries, begin, pages_end),
		cmocka_unit_test_setup_teardown(test_bytes, begin, pages_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
