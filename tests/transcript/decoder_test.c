/*
 * The decoder with recorded logs of the real CLI, split anywhere, and with
 * forged ones. Tests decoder_agent.c, decoder_ask.c, decoder_command.c,
 * decoder_form.c, decoder_live.c, decoder_retract.c, decoder_stream.c, decoder_turn.c,
 * decoder_user.c, ask_rules.c and truncate_line.c.
 */
#include "config.h"
#include "trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <cmocka.h>

#include "core/str.h"

static const char *const recordings[] = {
	"agent", "agent_fg", "ask", "basic", "big", "commands", "cut", "e400", "e401", "e429",
	"e529then", "ebig", "emid", "endsess", "interrupt", "intrq", "kill",
	"kill_tool", "misc", "modes2", "noresume", "perm", "perm2", "plan", "queue",
	"task_on", "term", "think", "todo_on", "tools",
};
#define RECORDINGS (sizeof(recordings) / sizeof(recordings[0]))

static unsigned seed = 12345;

static size_t below(size_t n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % n;
}

static void same_however_cut(void **state)
{
	struct trace *holder = trace_new(), *whole, *cut;
	struct decoder *d;
	char *bytes;
	size_t i, k, n, at;

	for (i = 0; i < RECORDINGS; i++) {
		bytes = trace_file(holder, recordings[i], &n);
		whole = trace_of(bytes, n);
		for (k = 0; k < 4; k++) {
			cut = trace_new();
			d = decoder_new(cut, 0, NULL, 0, false, trace_now, &trace_events, cut);
			for (at = 0; at < n;) {
				size_t len = 1 + below(k ? 500 * k : 2);

				len = len > n - at ? n - at : len;
				decoder_feed(d, bytes + at, len);
				at += len;
			}
			assert_string_equal(whole->calls, cut->calls);
			assert_int_equal(decoder_offset(d), n);
			trace_free(cut);
		}
		trace_free(whole);
	}
	trace_free(holder);
}

static void every_turn_ends_once(void **state)
{
	struct trace *t;
	size_t i, k;

	for (i = 0; i < RECORDINGS; i++) {
		t = trace_of_file(recordings[i]);
		assert_int_equal(t->started, t->ended);
		assert_int_equal(t->deltas_for_no_part, 0);
		assert_int_equal(t->processes, t->exits);
		for (k = 0; k < t->nparts; k++) {
			assert_string_not_equal(t->parts[k].state, "running");
			assert_string_not_equal(t->parts[k].state, "waiting");
		}
		trace_free(t);
	}
}

struct opened {
	struct part parts[600];
	size_t n;
};

/* What the store would give: open parts and the last one. */
static void keep_open(struct trace *t, struct opened *o)
{
	size_t i;

	o->n = 0;
	for (i = 0; i < t->nparts; i++) {
		if (i + 1 == t->nparts || str_equal(t->parts[i].state, "running") ||
		    str_equal(t->parts[i].state, "waiting"))
			o->parts[o->n++] = t->parts[i];
	}
}

static void assert_same_parts(const struct trace *a, const struct trace *b)
{
	size_t i;

	assert_int_equal(a->nparts, b->nparts);
	for (i = 0; i < a->nparts; i++) {
		assert_int_equal(a->parts[i].at, b->parts[i].at);
		assert_int_equal(a->parts[i].turn, b->parts[i].turn);
		assert_string_equal(a->parts[i].kind, b->parts[i].kind);
		assert_string_equal(a->parts[i].state, b->parts[i].state);
		assert_string_equal(a->parts[i].data, b->parts[i].data);
	}
}

/* The bridge dies anywhere; the next one begins at the safe offset. */
static void restarts_lose_nothing(void **state)
{
	struct trace *holder = trace_new(), *whole, *t;
	static struct opened o;
	struct decoder *d;
	int64_t from;
	bool in_turn;
	char *bytes;
	size_t i, k, n, at;

	for (i = 0; i < RECORDINGS; i++) {
		bytes = trace_file(holder, recordings[i], &n);
		whole = trace_of(bytes, n);
		for (k = 0; k < 12; k++) {
			t = trace_new();
			d = decoder_new(t, 0, NULL, 0, false, trace_now, &trace_events, t);
			at = below(n);
			decoder_feed(d, bytes, at);
			from = decoder_safe_offset(d);
			in_turn = decoder_in_turn(d);
			assert_true(from <= (int64_t)at);
			talloc_free(d);
			keep_open(t, &o);
			if (t->started > t->ended && !in_turn)
				fail();
			d = decoder_new(t, from, o.parts, o.n, in_turn, trace_now,
					&trace_events, t);
			for (at = 0; at < t->nechoes; at++) {
				if (t->echoes[at].at < from)
					decoder_know(d, t->echoes[at].id);
			}
			decoder_feed(d, bytes + from, n - (size_t)from);
			if (whole->nparts != t->nparts)
				fail_msg("%s cut at %zu, begun again at %lld:\n%s",
					 recordings[i], at, (long long)from, t->calls);
			assert_same_parts(whole, t);
			trace_free(t);
		}
		trace_free(whole);
	}
	trace_free(holder);
}

static void tools_tell_how_they_ended(void **state)
{
	struct trace *t = trace_of_file("tools");
	const struct part *p;

	p = trace_part(t, "tool_use", 0);
	assert_string_equal(p->state, "ok");
	assert_non_null(strstr(p->data, "\"output\":\"one\\ntwo\""));
	assert_non_null(strstr(p->data, "\"about\":\"Run it\""));
	p = trace_part(t, "tool_use", 1);
	assert_string_equal(p->state, "failed");
	assert_non_null(strstr(p->data, "Exit code 3"));
	p = trace_part(t, "tool_use", 4);
	assert_null(strchr(p->data, 033));
	assert_non_null(strstr(p->data, "\"output\":\"\\u001b[31mred"));
	assert_non_null(strstr(trace_part(t, "tool_use", 7)->data,
			       "\"lines\":[\" one\",\"-two\",\"+2\",\" three\"]"));
	assert_int_equal(trace_count(t, "image"), 1);
	assert_int_equal(trace_count(t, "usage"), 8);
	trace_free(t);

	t = trace_of_file("big");
	p = trace_part(t, "tool_use", 0);
	assert_non_null(strstr(p->data, "\"bytes\":348894"));
	trace_free(t);
}

static void answers_end_what_was_asked(void **state)
{
	struct trace *t = trace_of_file("perm");

	assert_string_equal(trace_part(t, "permission", 0)->state, "ok");
	assert_non_null(strstr(trace_part(t, "permission", 1)->data, "\"for_session\":true"));
	assert_string_equal(trace_part(t, "permission", 2)->state, "denied");
	assert_non_null(strstr(trace_part(t, "permission", 2)->data,
			       "\"reason\":\"Too dangerous\""));
	assert_null(strstr(t->calls, "control "));
	trace_free(t);

	t = trace_of_file("perm2");
	assert_string_equal(trace_part(t, "permission", 3)->state, "cancelled");
	trace_free(t);

	t = trace_of_file("ask");
	assert_int_equal(trace_count(t, "question"), 3);
	assert_int_equal(trace_count(t, "permission"), 0);
	assert_int_equal(trace_count(t, "tool_use"), 0);
	assert_non_null(strstr(trace_part(t, "question", 1)->data,
			       "\"answers\":{\"Which currency?\":\"my own <i>text</i>\""));
	assert_string_equal(trace_part(t, "question", 2)->state, "denied");
	trace_free(t);

	t = trace_of_file("plan");
	assert_string_equal(trace_part(t, "plan", 0)->state, "denied");
	assert_non_null(strstr(trace_part(t, "plan", 0)->data, "add a test step"));
	assert_string_equal(trace_part(t, "plan", 1)->state, "ok");
	assert_non_null(strstr(t->calls, "init  acceptEdits \n"));
	trace_free(t);
}

static void joined_messages_stand_once(void **state)
{
	struct trace *t = trace_of_file("queue");

	assert_string_equal(trace_part(t, "text", 2)->data, "{\"text\":\"S:hello one\"}");
	assert_string_equal(trace_part(t, "text", 3)->data, "{\"text\":\"S:hello two\"}");
	assert_int_not_equal(trace_part(t, "text", 2)->turn, trace_part(t, "text", 3)->turn);
	trace_free(t);
}

static void broken_streams_are_taken_over(void **state)
{
	static const char *const names[] = { "cut", "emid" };
	struct trace *t;
	size_t i;

	for (i = 0; i < 2; i++) {
		t = trace_of_file(names[i]);
		assert_int_equal(trace_count(t, "text"), 2);
		assert_string_equal(trace_part(t, "text", 1)->data, "{\"text\":\"Whole now.\"}");
		trace_free(t);
	}
	t = trace_of_file("e529then");
	assert_non_null(strstr(t->calls, "activity retrying 2/10"));
	assert_int_equal(trace_count(t, "error"), 0);
	trace_free(t);
}

/* What a run's outcome is made of. */
static void results_are_told_whole(void **state)
{
	static const struct { const char *name, *said; } rows[] = {
		{ "basic", "result 0000 0 1 0 " },
		{ "e429", "result 1001 429 1 0 API Error: Request rejected (429)" },
		{ "e400", "result 1001 400 1 0 API Error" },
		{ "interrupt", "result 1100 0 " },
	};
	static const char asked[] =
		"{\"type\":\"control_request\",\"request_id\":\"r\","
		"\"request\":{\"subtype\":\"something\"}}\n"
		"{\"type\":\"control_request\",\"request_id\":\"\","
		"\"request\":{\"subtype\":\"something\"}}\n"
		"{\"type\":\"gongbang\",\"subtype\":\"start\",\"lost\":true}\n"
		"{\"type\":\"gongbang\",\"subtype\":\"exit\",\"signal\":9,"
		"\"oom\":1,\"reason\":\"exit\"}\n"
		"{\"type\":\"gongbang\",\"subtype\":\"exit\",\"code\":143,"
		"\"reason\":\"container\"}\n";
	struct trace *t;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t = trace_of_file(rows[i].name);
		if (!strstr(t->calls, rows[i].said))
			fail_msg("%s: no \"%s\"", rows[i].name, rows[i].said);
		trace_free(t);
	}
	t = trace_of(asked, sizeof(asked) - 1);
	assert_non_null(strstr(t->calls, "asked r something\n"));
	assert_null(strstr(t->calls, "asked  "));
	assert_non_null(strstr(t->calls, "process started 1\n"));
	assert_non_null(strstr(t->calls, "process ended 0 9 1 01 \n"));
	assert_non_null(strstr(t->calls, "process ended 143 0 0 10 \n"));
	trace_free(t);
}

#define FORM(schema) "{\"type\":\"control_request\",\"request_id\":\"f\",\"request\":" \
	"{\"subtype\":\"elicitation\",\"mcp_server_name\":\"shop\"," \
	"\"message\":\"Which size?\",\"mode\":\"form\",\"requested_schema\":" \
	"{\"type\":\"object\"," schema "}}}\n"
#define FORM_ANSWER(answer) "{\"type\":\"control_response\",\"response\":" \
	"{\"subtype\":\"success\",\"request_id\":\"f\",\"response\":" answer "}}\n"

/* The form of an MCP server is a question with its fields, closed by its answer. */
static void forms_are_questions(void **state)
{
	static const char log[] = FORM("\"properties\":{"
		"\"size\":{\"type\":\"string\",\"enum\":[\"s\",\"l\"],"
		" \"enumNames\":[\"Small\",\"l\"],\"title\":\"Size\"},"
		"\"tags\":{\"type\":\"array\",\"items\":{\"anyOf\":"
		" [{\"const\":\"a\",\"title\":\"A\"}]}},"
		"\"n\":{\"type\":\"integer\",\"description\":\"How many\"},"
		"\"gift\":{\"type\":\"boolean\"}},\"required\":[\"size\"]");
	static const char answers[][200] = {
		FORM_ANSWER("{\"action\":\"accept\",\"content\":{\"size\":\"s\","
			    "\"tags\":[\"a\"],\"n\":3,\"gift\":true}}"),
		FORM_ANSWER("{\"action\":\"decline\"}"),
	};
	struct trace *t = trace_of(log, sizeof(log) - 1);
	const struct part *p = trace_part(t, "question", 0);
	char both[sizeof(log) + sizeof(answers[0])];

	assert_non_null(p);
	assert_string_equal(p->state, "waiting");
	assert_string_equal(p->data, "{\"request\":\"f\",\"form\":true,"
		"\"tool\":\"shop\",\"message\":\"Which size?\",\"questions\":["
		"{\"name\":\"size\",\"question\":\"Size\",\"optional\":false,"
		"\"multi\":false,\"options\":[{\"label\":\"Small\",\"value\":\"s\"},"
		"{\"label\":\"l\",\"value\":\"l\"}],\"type\":\"choice\"},"
		"{\"name\":\"tags\",\"question\":\"tags\",\"optional\":true,"
		"\"multi\":true,\"options\":[{\"label\":\"A\",\"value\":\"a\"}],"
		"\"type\":\"choice\"},"
		"{\"name\":\"n\",\"question\":\"n\",\"about\":\"How many\","
		"\"optional\":true,\"multi\":false,\"type\":\"integer\"},"
		"{\"name\":\"gift\",\"question\":\"gift\",\"optional\":true,"
		"\"multi\":false,\"type\":\"boolean\"}]}");
	assert_null(strstr(t->calls, "asked"));
	trace_free(t);
	snprintf(both, sizeof(both), "%s%s", log, answers[0]);
	t = trace_of(both, strlen(both));
	p = trace_part(t, "question", 0);
	assert_string_equal(p->state, "ok");
	assert_non_null(strstr(p->data, "\"answers\":{\"size\":\"s\","
			       "\"tags\":[\"a\"],\"n\":\"3\",\"gift\":\"true\"}"));
	trace_free(t);
	snprintf(both, sizeof(both), "%s%s", log, answers[1]);
	t = trace_of(both, strlen(both));
	assert_string_equal(trace_part(t, "question", 0)->state, "denied");
	trace_free(t);
}

static void forms_that_no_page_shows_say_so(void **state)
{
	static const char *const logs[] = {
		FORM("\"properties\":{\"a\":{\"type\":\"object\"}}"),
		FORM("\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}"),
		FORM("\"properties\":{\"a\":{\"enum\":[1,2]}}"),
		FORM("\"properties\":{\"\":{\"type\":\"string\"}}"),
		FORM("\"properties\":{\"a\":7}"),
		("{\"type\":\"control_request\",\"request_id\":\"f\",\"request\":"
		"{\"subtype\":\"elicitation\",\"mode\":\"url\",\"url\":\"https://x\"}}\n"),
	};
	struct trace *t;
	const struct part *p;
	size_t i;

	for (i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		t = trace_of(logs[i], strlen(logs[i]));
		p = trace_part(t, "question", 0);
		assert_non_null(p);
		assert_non_null(strstr(p->data, "\"unshown\":true"));
		assert_null(strstr(p->data, "\"questions\""));
		trace_free(t);
	}
}

/* What a tool was refused belongs to the call that names it, else to all that run. */
static void a_blocked_domain_is_at_its_card(void **state)
{
	static const char log[] =
		"{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"content\":[{"
		"\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"Bash\",\"input\":"
		"{\"command\":\"curl example.org\"}}]}}\n"
		"{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"content\":[{"
		"\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"Bash\",\"input\":"
		"{\"command\":\"python3 fetch.py\"}}]}}\n";
	static const char result[] =
		"{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{"
		"\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":\"no\"}]}}\n";
	struct trace *t = trace_new();
	struct decoder *d = decoder_new(t->ctx, 0, NULL, 0, false, trace_now,
					&trace_events, t);

	decoder_feed(d, log, sizeof(log) - 1);
	decoder_blocked(d, "example.org");
	decoder_blocked(d, "example.org");
	decoder_blocked(d, "example.net");
	decoder_feed(d, result, sizeof(result) - 1);
	decoder_blocked(d, "example.com");
	assert_string_equal(trace_part(t, "tool_use", 0)->state, "ok");
	assert_non_null(strstr(trace_part(t, "tool_use", 0)->data,
			       "\"blocked\":[\"example.org\",\"example.net\"]"));
	assert_non_null(strstr(trace_part(t, "tool_use", 1)->data,
			       "\"blocked\":[\"example.net\",\"example.com\"]"));
	talloc_free(d);
	trace_free(t);
}

static void failures_are_one_error(void **state)
{
	static const struct { const char *name, *key; } rows[] = {
		{ "e400", "error_api_request" }, { "e401", "error_api_auth" },
		{ "e429", "error_api_rate" }, { "ebig", "error_api_large" },
		{ "kill", "error_claude_killed" }, { "kill_tool", "error_claude_memory" },
		{ "term", "error_container_stopped" },
	};
	struct trace *t;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t = trace_of_file(rows[i].name);
		assert_int_equal(trace_count(t, "error"), 1);
		assert_non_null(strstr(trace_part(t, "error", 0)->data, rows[i].key));
		assert_int_equal(t->ended_ok, t->ended - 1);
		trace_free(t);
	}
	t = trace_of_file("kill_tool");
	assert_string_equal(trace_part(t, "tool_use", 0)->state, "failed");
	trace_free(t);
	t = trace_of_file("interrupt");
	assert_int_equal(trace_count(t, "error"), 0);
	assert_string_equal(trace_part(t, "tool_use", 0)->state, "cancelled");
	assert_int_equal(trace_count(t, "status"), 2);
	trace_free(t);
	t = trace_of_file("noresume");
	assert_int_equal(t->started + (int)t->nparts, 0);
	trace_free(t);
}

/* A budget's sentence comes as it was said, without what the CLI puts before it. */
static void a_refusal_in_words_is_kept_as_such(void **state)
{
	struct trace *t = trace_of_file("e429");

	assert_string_equal(trace_part(t, "error", 0)->data,
			    "{\"key\":\"error_api_rate\",\"said\":\"slow down\"}");
	trace_free(t);
	t = trace_of_file("e401");
	assert_null(strstr(trace_part(t, "error", 0)->data, "\"said\""));
	trace_free(t);
}

static struct trace *trace_ended_as(const char *name)
{
	struct trace *t = trace_new();
	size_t n;
	char *bytes = trace_file(t, name, &n);
	struct decoder *d = decoder_new(t->ctx, 0, NULL, 0, false, trace_now,
					&trace_events, t);
	/* Only from the turn on: a process's start forgets what was said. */
	const char *turn = strstr(bytes, "\"subtype\":\"init\"");
	size_t before = turn ? (size_t)(turn - bytes) : 0;

	decoder_feed(d, bytes, before);
	decoder_end_as(d, "error_claude_left");
	decoder_feed(d, bytes + before, n - before);
	talloc_free(d);
	return t;
}

static void who_ends_it_says_why(void **state)
{
	static const char *const names[] = { "kill", "term" };
	struct trace *t;
	size_t i;

	for (i = 0; i < 2; i++) {
		t = trace_ended_as(names[i]);
		assert_int_equal(trace_count(t, "error"), 1);
		assert_string_equal(trace_part(t, "error", 0)->data,
				    "{\"key\":\"error_claude_left\"}");
		trace_free(t);
	}
	t = trace_ended_as("interrupt");
	assert_true(trace_count(t, "error") >= 1);
	assert_int_equal(trace_count(t, "status"), 0);
	trace_free(t);
}

static void sub_agents_stay_in_their_card(void **state)
{
	static const char *const names[] = { "agent", "agent_fg" };
	struct trace *t;
	size_t i;

	for (i = 0; i < 2; i++) {
		t = trace_of_file(names[i]);
		assert_int_equal(trace_count(t, "tool_use"), 1);
		assert_string_equal(trace_part(t, "tool_use", 0)->state, "ok");
		assert_non_null(strstr(trace_part(t, "tool_use", 0)->data, "echo from-sub"));
		assert_null(strstr(trace_part(t, "text", 1)->data, "Sub"));
		assert_int_equal(t->background, 0);
		trace_free(t);
	}
	t = trace_of_file("todo_on");
	assert_int_equal(trace_count(t, "todo"), 1);
	assert_string_equal(trace_part(t, "todo", 0)->state, "ok");
	trace_free(t);
}

static void oom_marks_the_killed_tool(void **state)
{
	static const char oom[] = "{\"type\":\"gongbang\",\"subtype\":\"oom\",\"at\":1,\"kills\":1}\n";
	struct trace *holder = trace_new(), *t;
	char *bytes, *result, *next, *log;
	size_t n;

	bytes = trace_file(holder, "tools", &n);
	result = strstr(bytes, "\"content\":\"Exit code 137");
	assert_non_null(result);
	next = strchr(result, '\n') + 1;
	while (result[-1] != '\n')
		result--;
	log = talloc_asprintf(holder, "%.*s%s%.*s", (int)(next - bytes), bytes, oom,
			      (int)(bytes + n - next), next);
	t = trace_of(log, strlen(log));
	assert_non_null(strstr(trace_part(t, "tool_use", 2)->data, "\"oom\":true"));
	assert_null(strstr(trace_part(t, "tool_use", 3)->data, "\"oom\":true"));
	trace_free(t);
	log = talloc_asprintf(holder, "%.*s%s%.*s", (int)(result - bytes), bytes, oom,
			      (int)(bytes + n - result), result);
	t = trace_of(log, strlen(log));
	assert_non_null(strstr(trace_part(t, "tool_use", 2)->data, "\"oom\":true"));
	trace_free(t);
	trace_free(holder);
}

#define TURN "{\"type\":\"system\",\"subtype\":\"init\"}\n"
#define RESULT "{\"type\":\"result\",\"subtype\":\"success\",\"usage\":{\"input_tokens\":1}}\n"

#define BROKEN "{\"key\":\"status_line_broken\"}"

static struct trace *trace_lines(const char *lines)
{
	return trace_of(lines, strlen(lines));
}

static void forged_lines_break_nothing(void **state)
{
	static const char *const lines[] = {
		"\n", "{}", "[]", "null", "1", "\"x\"", "{", "not json", "{\"type\":1}",
		"{\"type\":\"nonsense\"}", "{\"type\":\"system\"}", "{\"type\":\"assistant\"}",
		"{\"type\":\"assistant\",\"message\":5}",
		"{\"type\":\"assistant\",\"message\":{\"content\":[1,null,{},{\"type\":\"text\"},{\"type\":\"tool_use\"},{\"type\":\"tool_use\",\"name\":1,\"id\":{}}]}}",
		"{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":7,\"content\":{}}]},\"tool_result_meta\":{}}",
		"{\"type\":\"user\",\"isReplay\":true,\"uuid\":\"x\"}",
		"{\"type\":\"user\",\"isReplay\":true,\"uuid\":\"00000000-0000-7000-8000-000000000000\",\"message\":[]}",
		"{\"type\":\"control_request\",\"request_id\":[],\"request\":{\"subtype\":\"can_use_tool\"}}",
		"{\"type\":\"control_response\",\"response\":\"x\"}",
		"{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_delta\",\"index\":-5,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}}",
		"{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_start\",\"index\":99999999999999999999999,\"content_block\":{\"type\":\"text\"}}}",
		"{\"type\":\"result\",\"usage\":{\"input_tokens\":1e999,\"output_tokens\":-3},\"duration_ms\":\"x\"}",
		"{\"type\":\"gongbang\",\"subtype\":\"exit\",\"code\":1e30,\"signal\":-1,\"stderr\":5}",
		"{\"type\":\"gongbang\"}",
		"{\"type\":\"system\",\"subtype\":\"task_notification\",\"tool_use_id\":null}",
	};
	char text[4096];
	struct trace *t;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "%s%s\n%s%s", TURN, lines[i], RESULT, RESULT);
		t = trace_lines(text);
		assert_int_equal(t->started, t->ended);
		assert_true(t->ended >= 1);
		trace_free(t);
	}
}

static void texts_become_valid(void **state)
{
	struct trace *t;
	const struct part *p;

	t = trace_lines(TURN "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\","
			"\"text\":\"a\\u0000b\\ud800c\xff\xfe\"}]}}\n" RESULT);
	p = trace_part(t, "text", 0);
	assert_string_equal(p->data, "{\"text\":\"a\xef\xbf\xbd" "b\xef\xbf\xbd" "c\xef\xbf\xbd\xef\xbf\xbd\"}");
	trace_free(t);
}

static void long_lines_are_told(void **state)
{
	size_t n = DECODER_LINE_MAX + 100, head = strlen(TURN);
	char *bytes = malloc(n + 1000);
	struct trace *t;

	memcpy(bytes, TURN, head);
	memset(bytes + head, 'x', n);
	strcpy(bytes + head + n, "\n" RESULT);
	t = trace_of(bytes, head + n + 1 + strlen(RESULT));
	assert_int_equal(trace_count(t, "error"), 1);
	assert_string_equal(trace_part(t, "error", 0)->data,
			    "{\"key\":\"error_line_long\",\"size\":\"4194404\"}");
	assert_int_equal(t->ended, 1);
	trace_free(t);
	/* Small in bytes, huge as a tree. */
	memset(bytes, '[', n);
	strcpy(bytes + DECODER_LINE_MAX - 1, "\n" RESULT);
	t = trace_of(bytes, strlen(bytes));
	assert_int_equal(t->nparts, 1);
	assert_string_equal(trace_part(t, "status", 0)->data, BROKEN);
	trace_free(t);
	free(bytes);
}

/* Once a turn, however many; and it is no answer. */
static void broken_lines_are_told(void **state)
{
	struct trace *t;

	t = trace_lines(TURN "warning: no JSON\n[1]\n{\"type\":\n" RESULT);
	assert_int_equal(trace_count(t, "status"), 2);
	assert_string_equal(trace_part(t, "status", 0)->data, BROKEN);
	assert_string_equal(trace_part(t, "status", 0)->state, "ok");
	assert_string_equal(trace_part(t, "status", 1)->data,
			    "{\"key\":\"status_no_answer\"}");
	assert_int_equal(t->ended_ok, 1);
	trace_free(t);
	t = trace_lines(TURN "no\n" RESULT TURN "no\n" RESULT "no\n");
	assert_int_equal(trace_count(t, "status"), 4);
	trace_free(t);
	t = trace_lines(TURN "\n\r\n{}\n" RESULT);
	assert_int_equal(trace_count(t, "status"), 1);
	trace_free(t);
}

/* An answer of many megabytes: its last lines hold it whole, and still end the turn. */
static void long_lines_are_truncated(void **state)
{
	size_t n = DECODER_LINE_MAX + 1000;
	char *log = malloc(3 * n + 4000), *at = log;
	const struct part *p;
	struct trace *t, *bytewise;
	size_t i;

	(void)state;
	at += sprintf(at, "%s{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"", TURN);
	for (i = 0; i < n; i += 12)
		at += sprintf(at, "ab\xec\x95\x88\\\"\\u00e9");
	at += sprintf(at, "\"}]}}\n{\"result\":\"");
	memset(at, 'x', n);
	at += n;
	strcpy(at, "\\\\\"," "\"is_error\":false,\"type\":\"result\",\"subtype\":\"success\"}\n");
	n = strlen(log);
	t = trace_of(log, n);
	assert_int_equal(t->ended, 1);
	assert_int_equal(t->ended_ok, 1);
	assert_int_equal(trace_count(t, "error"), 0);
	p = trace_part(t, "text", 0);
	assert_string_equal(p->state, "ok");
	assert_non_null(strstr(p->data, "\"cut\":true"));
	assert_true(strlen(p->data) > 1 << 20);
	bytewise = trace_new();
	{
		struct decoder *d = decoder_new(bytewise->ctx, 0, NULL, 0, false,
						trace_now, &trace_events, bytewise);
		for (i = 0; i < n; i += 4093)
			decoder_feed(d, log + i, n - i < 4093 ? n - i : 4093);
		talloc_free(d);
	}
	assert_string_equal(t->calls, bytewise->calls);
	trace_free(bytewise);
	trace_free(t);
	free(log);
}

static void long_outputs_keep_head_and_tail(void **state)
{
	struct trace *t;
	size_t n = 1 << 20;
	char *log = malloc(n + 2000), *at = log;
	const struct part *p;

	at += sprintf(at, "%s{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"Bash\",\"input\":{\"command\":\"x\"}}]}}\n"
		      "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"BEGIN", TURN);
	memset(at, '.', n);
	at += n;
	strcpy(at, "END\"}]}}\n" RESULT);
	t = trace_of(log, strlen(log));
	p = trace_part(t, "tool_use", 0);
	assert_string_equal(p->state, "ok");
	assert_non_null(strstr(p->data, "\"output\":\"BEGIN."));
	assert_non_null(strstr(p->data, ".END\""));
	assert_non_null(strstr(p->data, "\"bytes\":1048584"));
	assert_true(strlen(p->data) < 70000);
	trace_free(t);
	free(log);
}

static void images_are_checked(void **state)
{
#define IMAGE(type, data) TURN "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"content\":[{\"type\":\"image\",\"source\":{\"media_type\":\"" type "\",\"data\":\"" data "\"}}]}]}}\n"
	struct trace *t = trace_lines(IMAGE("image/svg+xml", "AAAA") IMAGE("image/png", "\\\" onerror=x")
				      IMAGE("image/png", "AAAA"));

	assert_int_equal(trace_count(t, "image"), 1);
	assert_int_equal(trace_count(t, "status"), 2);
	trace_free(t);
}

static char *append(char *at, const char *fmt, ...) printf_like(2, 3);
static char *append(char *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	at += vsprintf(at, fmt, ap);
	va_end(ap);
	return at;
}

/* The result's own picture takes the last place, and the tool it is for was the oldest. */
static void a_picture_may_end_the_tool_it_is_for(void **state)
{
	char *log = malloc(1 << 20), *at = append(log, TURN);
	struct trace *t;
	int i;

	for (i = 0; i < 512; i++)
		at = append(at, "{\"type\":\"assistant\",\"message\":{\"content\":"
			    "[{\"type\":\"tool_use\",\"id\":\"t%d\",\"name\":"
			    "\"Bash\",\"input\":{}}]}}\n", i);
	append(at, "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":"
	       "\"tool_result\",\"tool_use_id\":\"t0\",\"content\":[{\"type\":"
	       "\"image\",\"source\":{\"media_type\":\"image/png\",\"data\":"
	       "\"AAAA\"}}]}]}}\n" RESULT);
	t = trace_of(log, strlen(log));
	assert_string_equal(trace_part(t, "tool_use", 0)->state, "cancelled");
	assert_int_equal(trace_count(t, "image"), 1);
	assert_int_equal(t->ended, 1);
	trace_free(t);
	free(log);
}

static size_t opened;

static void count_open(void *data, const struct part *p)
{
	opened += str_equal(p->state, "waiting");
}

/* 27 KB of text, some 6 MB as objects: what waits is bounded by what it takes. */
static void what_waits_is_bounded(void **state)
{
	static const char head[] = "{\"type\":\"control_request\",\"request_id\":";
	struct trace *t = trace_new();
	struct decoder *d = decoder_new(t, 0, NULL, 0, false, trace_now,
					&trace_events, t);
	char *line = malloc(80000), *at;
	int i, k;

	for (i = 0; i < 100; i++) {
		at = append(line, "%s\"r%d\",\"request\":{\"subtype\":\"can_use_tool\","
			    "\"tool_name\":\"AskUserQuestion\",\"input\":{\"a\":[{}",
			    head, i);
		for (k = 0; k < 9000; k++)
			at = append(at, ",{}");
		append(at, "]}}}\n");
		decoder_feed(d, line, strlen(line));
	}
	opened = 0;
	decoder_each_open(d, count_open, NULL);
	assert_in_range(opened, 1, 2);
	free(line);
	trace_free(t);
}

/* A line for a sub-agent looks through all cards: their number is bounded. */
static void few_cards_have_steps(void **state)
{
	char *log = malloc(1 << 20), *at = append(log, TURN);
	struct trace *t;
	size_t i, n = 0;

	for (i = 0; i < 100; i++)
		at = append(at, "{\"type\":\"assistant\",\"message\":{\"content\":"
			    "[{\"type\":\"tool_use\",\"id\":\"t%zu\",\"name\":"
			    "\"Task\",\"input\":{}}]}}\n"
			    "{\"type\":\"assistant\",\"parent_tool_use_id\":\"t%zu\","
			    "\"message\":{\"content\":[{\"type\":\"text\",\"text\":"
			    "\"x\"}]}}\n", i, i);
	t = trace_of(log, strlen(log));
	for (i = 0; i < t->nparts; i++)
		n += strstr(t->parts[i].data, "\"steps\"") != NULL;
	assert_int_equal(n, 32);
	trace_free(t);
	free(log);
}

#define ID_A "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
#define ID_B "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
#define LIFE(id, state) "{\"type\":\"command_lifecycle\",\"command_uuid\":\"" id \
	"\",\"state\":\"" state "\"}\n"
#define SAID "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\"," \
	"\"text\":\"an answer\"}]}}\n"
#define SILENT "{\"type\":\"result\",\"subtype\":\"success\",\"num_turns\":0,\"result\":\"\"}\n"
#define REASON "{\"type\":\"result\",\"subtype\":\"success\",\"num_turns\":0," \
	"\"result\":\"a reason\"}\n"
#define WARNING "{\"type\":\"system\",\"subtype\":\"informational\"," \
	"\"level\":\"warning\",\"content\":\"a hook's\"}\n"
#define CHATTER "{\"type\":\"system\",\"subtype\":\"informational\"," \
	"\"level\":\"info\",\"content\":\"for nobody\"}\n"
#define ECHO(id, text) "{\"type\":\"user\",\"isReplay\":true,\"timestamp\":\"2026-01-01T00:00:00Z\"," \
	"\"uuid\":\"" id "\",\"message\":{\"content\":\"" text "\"}}\n"
#define STATE(s) "{\"type\":\"system\",\"subtype\":\"session_state_changed\",\"state\":\"" s "\"}\n"
#define EXIT "{\"type\":\"gongbang\",\"subtype\":\"exit\",\"code\":1,\"stderr\":\"\"}\n"
#define BEGUN(id) LIFE(id, "queued") LIFE(id, "started") TURN

/* What is drawn, in the order it is read: whose it is and a word of its data. */
static void each_end_of_a_message_is_known(void **state)
{
	static const struct {
		const char *lines, *parts[5];
		size_t echoes;
	} cases[] = {
		/* a command that the CLI answers without an echo */
		{ BEGUN(ID_A) SAID RESULT LIFE(ID_A, "completed"),
		  { "user typed", "assistant an answer", "assistant input" }, 1 },
		/* one whose echo follows the answer stands before it all the same */
		{ BEGUN(ID_A) SAID ECHO(ID_A, "<command-name>/other</command-name>")
		  SILENT LIFE(ID_A, "completed"),
		  { "user typed", "assistant an answer" }, 1 },
		/* /review is echoed as /code-review */
		{ BEGUN(ID_A) ECHO(ID_A, "/other") SAID SILENT LIFE(ID_A, "completed"),
		  { "user typed", "assistant an answer" }, 1 },
		/* a hook took it: its words, and the hook's */
		{ BEGUN(ID_A) WARNING REASON LIFE(ID_A, "completed"),
		  { "user typed", "assistant a hook's" }, 1 },
		{ BEGUN(ID_A) WARNING ECHO(ID_A, "typed") REASON
		  LIFE(ID_A, "completed"),
		  { "user typed", "assistant a hook's" }, 1 },
		/* the reason stands in the result only */
		{ BEGUN(ID_A) CHATTER REASON LIFE(ID_A, "completed"),
		  { "user typed", "assistant a reason" }, 1 },
		{ BEGUN(ID_A) SILENT LIFE(ID_A, "completed"),
		  { "user typed", "assistant status_no_answer" }, 1 },
		/* /clear, by whatever way */
		{ BEGUN(ID_A) "{\"type\":\"conversation_reset\"}\n" SILENT
		  LIFE(ID_A, "completed"),
		  { "user typed", "assistant status_memory_cleared" }, 1 },
		/* the record given back is a note */
		{ ECHO(ID_A, "<gongbang-record>\\nall of it") SAID RESULT,
		  { "user status_recalled", "assistant an answer", "assistant input" }, 1 },
		/* two of one turn, one of them echoed ahead */
		{ ECHO(ID_A, "first") LIFE(ID_A, "started") BEGUN(ID_B) WARNING
		  REASON LIFE(ID_A, "completed") LIFE(ID_B, "completed"),
		  { "user first", "user typed", "assistant a hook's" }, 2 },
		/* without `completed` the CLI's own state says that it is over */
		{ BEGUN(ID_A) SAID RESULT STATE("idle"),
		  { "user typed", "assistant an answer", "assistant input" }, 1 },
		{ BEGUN(ID_A) SAID STATE("idle"),
		  { "user typed", "assistant an answer" }, 1 },
		/* the process ended in it: shown, not given again */
		{ BEGUN(ID_A) EXIT,
		  { "user typed", "assistant error_claude_exit" }, 1 },
		/* Claude has not seen these: their words are not drawn */
		{ BEGUN(ID_A) RESULT LIFE(ID_A, "cancelled"),
		  { "assistant status_no_answer", "assistant input" }, 0 },
		{ LIFE(ID_A, "queued") LIFE(ID_A, "discarded"), { NULL }, 0 },
		{ LIFE(ID_A, "refused") STATE("idle"), { NULL }, 0 },
		/* back in the queue */
		{ BEGUN(ID_A) RESULT LIFE(ID_A, "queued") STATE("idle"),
		  { "assistant status_no_answer", "assistant input" }, 0 },
		/* twice is once */
		{ BEGUN(ID_A) SAID SILENT LIFE(ID_A, "completed")
		  LIFE(ID_A, "completed") STATE("idle"),
		  { "user typed", "assistant an answer" }, 1 },
	};
	struct trace *t;
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t = trace_lines(cases[i].lines);
		for (k = 0; k < 5 && cases[i].parts[k]; k++) {
			const char *role = cases[i].parts[k];
			const char *word = strchr(role, ' ') + 1;

			if (k >= t->nparts ||
			    strncmp(t->parts[k].role, role,
				    strlen(t->parts[k].role)) != 0 ||
			    !strstr(t->parts[k].data, word))
				fail_msg("case %zu: no \"%s\" in\n%s", i, role,
					 t->calls);
		}
		if (t->nparts != k || t->nechoes != cases[i].echoes ||
		    t->started != t->ended)
			fail_msg("case %zu: %zu parts, %zu echoes, turn %d:%d\n%s",
				 i, t->nparts, t->nechoes, t->started, t->ended,
				 t->calls);
		trace_free(t);
	}
}

/* What was drawn is taken away, by each of the three lines that may say so. */
static void what_claude_takes_back_goes(void **state)
{
	static const char said[] = TURN "{\"type\":\"assistant\",\"uuid\":\"" ID_A "\",\"message\":"
		"{\"content\":[{\"type\":\"text\",\"text\":\"forbidden\"}]}}\n";
	static const char *const rows[] = {
		"{\"type\":\"system\",\"subtype\":\"model_refusal_fallback\",\"retracted_message_uuids\":[\"" ID_A "\"]}\n",
		"{\"type\":\"user\",\"retracted_message_uuids\":[7,\"" ID_A "\"],\"message\":{}}\n",
		"{\"type\":\"assistant\",\"supersedes\":[\"" ID_A "\"],\"message\":{\"content\":[]}}\n",
	};
	char text[1024];
	struct trace *t;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s%s" RESULT, said, rows[i]);
		t = trace_lines(text);
		assert_int_equal(trace_count(t, "text"), 0);
		assert_non_null(strstr(trace_part(t, "status", 0)->data, "status_retracted"));
		trace_free(t);
	}
	/* A later turn takes back what an earlier one said: there, not here. */
	snprintf(text, sizeof(text), "%s" RESULT TURN "%s" RESULT, said, rows[0]);
	t = trace_lines(text);
	assert_int_equal(trace_count(t, "text"), 0);
	assert_int_equal(trace_part(t, "status", 0)->turn,
			 trace_part(t, "usage", 0)->turn);
	assert_true(trace_part(t, "status", 0)->turn <
		    trace_part(t, "usage", 1)->turn);
	trace_free(t);
	/* The one of two that is named, in its place and its turn, and once. */
	snprintf(text, sizeof(text), "%s{\"type\":\"assistant\",\"uuid\":\"" ID_B "\",\"message\":"
		 "{\"content\":[{\"type\":\"text\",\"text\":\"allowed\"}]}}\n%s%s" RESULT,
		 said, rows[0], rows[0]);
	t = trace_lines(text);
	assert_int_equal(trace_count(t, "text"), 1);
	assert_int_equal(trace_count(t, "status"), 1);
	assert_non_null(strstr(trace_part(t, "text", 0)->data, "allowed"));
	assert_true(trace_part(t, "status", 0)->at < trace_part(t, "text", 0)->at);
	assert_int_equal(trace_part(t, "status", 0)->turn,
			 trace_part(t, "text", 0)->turn);
	trace_free(t);
	snprintf(text, sizeof(text), "%s{\"type\":\"assistant\",\"supersedes\":[\"" ID_B "\"],"
		 "\"message\":{\"content\":[]}}\n" RESULT, said);
	t = trace_lines(text);
	assert_int_equal(trace_count(t, "text"), 1);
	trace_free(t);
}

/* The CLI's advice about the question is kept, its reason without a terminal's colours. */
static void a_permission_keeps_the_advice(void **state)
{
	struct trace *t = trace_lines(TURN "{\"type\":\"control_request\",\"request_id\":\"r1\",\"request\":"
		"{\"subtype\":\"can_use_tool\",\"tool_name\":\"Bash\",\"input\":{\"command\":\"rm x\"},"
		"\"tool_use_id\":\"t1\",\"default_to_no\":true,\"suppress_always_allow_rule\":true,"
		"\"decision_reason\":\"\\u001b[31mred\\u001b[0m reason\"}}\n");
	const struct part *p = trace_part(t, "permission", 0);

	assert_non_null(strstr(p->data, "\"default_no\":true"));
	assert_non_null(strstr(p->data, "\"no_rules\":true"));
	assert_non_null(strstr(p->data, "\"why\":\"red reason\""));
	trace_free(t);
}

/* Thinking and text are gone, one line says it, the other model's answer stays. */
static void one_line_says_what_was_taken_back(void **state)
{
	struct trace *t = trace_of_file("retract");

	assert_int_equal(trace_count(t, "thinking"), 0);
	assert_int_equal(trace_count(t, "text"), 2);
	assert_non_null(strstr(trace_part(t, "text", 1)->data, "Answered by another model."));
	assert_int_equal(trace_count(t, "status"), 2);
	assert_non_null(strstr(trace_part(t, "status", 0)->data, "status_retracted"));
	assert_null(strstr(trace_part(t, "status", 1)->data, "status_retracted"));
	assert_non_null(strstr(trace_part(t, "status", 1)->data, "\"gone\":true"));
	assert_int_equal(trace_part(t, "status", 0)->turn, trace_part(t, "text", 1)->turn);
	trace_free(t);
}

static void a_transcript_that_lost_lines_is_told(void **state)
{
	struct trace *t = trace_lines("{\"type\":\"system\",\"subtype\":\"session_writes_lost\","
				      "\"error_code\":\"ENOSPC\",\"lost\":[\"transcript\"]}\n"
				      "{\"type\":\"system\",\"subtype\":\"session_writes_lost\","
				      "\"error_code\":\"ENOSPC\",\"lost\":[\"global_config\"]}\n");

	assert_int_equal(t->nparts, 1);
	assert_non_null(strstr(t->parts[0].data, "status_writes_lost"));
	trace_free(t);
}

/* What a recorded bridge knows of a message is enough to draw it after a restart. */
static void a_begun_message_is_decoded_again(void **state)
{
	static const char before[] = BEGUN(ID_A);
	struct trace *t = trace_new();
	struct decoder *d = decoder_new(t, 0, NULL, 0, false, trace_now,
					&trace_events, t);

	decoder_feed(d, before, strlen(before));
	assert_int_equal(decoder_safe_offset(d), strlen(LIFE(ID_A, "queued")));
	decoder_feed(d, LIFE(ID_A, "completed"), strlen(LIFE(ID_A, "completed")));
	assert_int_equal(decoder_safe_offset(d), decoder_offset(d));
	trace_free(t);
}

static void a_new_start_ends_the_old(void **state)
{
	struct trace *t = trace_lines(TURN "{\"type\":\"gongbang\",\"subtype\":\"start\",\"at\":1}\n");

	assert_int_equal(t->ended, 1);
	assert_non_null(strstr(trace_part(t, "error", 0)->data, "error_container_stopped"));
	trace_free(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_however_cut),
		cmocka_unit_test(every_turn_ends_once),
		cmocka_unit_test(restarts_lose_nothing),
		cmocka_unit_test(tools_tell_how_they_ended),
		cmocka_unit_test(answers_end_what_was_asked),
		cmocka_unit_test(a_permission_keeps_the_advice),
		cmocka_unit_test(joined_messages_stand_once),
		cmocka_unit_test(broken_streams_are_taken_over),
		cmocka_unit_test(results_are_told_whole),
		cmocka_unit_test(forms_are_questions),
		cmocka_unit_test(forms_that_no_page_shows_say_so),
		cmocka_unit_test(a_blocked_domain_is_at_its_card),
		cmocka_unit_test(failures_are_one_error),
		cmocka_unit_test(a_refusal_in_words_is_kept_as_such),
		cmocka_unit_test(who_ends_it_says_why),
		cmocka_unit_test(sub_agents_stay_in_their_card),
		cmocka_unit_test(oom_marks_the_killed_tool),
		cmocka_unit_test(forged_lines_break_nothing),
		cmocka_unit_test(texts_become_valid),
		cmocka_unit_test(long_lines_are_told),
		cmocka_unit_test(broken_lines_are_told),
		cmocka_unit_test(long_lines_are_truncated),
		cmocka_unit_test(long_outputs_keep_head_and_tail),
		cmocka_unit_test(images_are_checked),
		cmocka_unit_test(a_picture_may_end_the_tool_it_is_for),
		cmocka_unit_test(what_waits_is_bounded),
		cmocka_unit_test(few_cards_have_steps),
		cmocka_unit_test(a_new_start_ends_the_old),
		cmocka_unit_test(each_end_of_a_message_is_known),
		cmocka_unit_test(a_begun_message_is_decoded_again),
		cmocka_unit_test(what_claude_takes_back_goes),
		cmocka_unit_test(one_line_says_what_was_taken_back),
		cmocka_unit_test(a_transcript_that_lost_lines_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
