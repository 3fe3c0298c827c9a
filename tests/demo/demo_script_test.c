/*
 * lib/demo: which words lead to which reply, and how it is streamed. Tests
 * demo_turn.c, demo_stream.c and demo_reply.c.
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

#include "core/buf.h"
#include "core/str.h"
#include "demo/demo_reply.h"
#include "demo/demo_script.h"
#include "demo/demo_stream.h"
#include "demo/demo_turn.h"

#define TOOLS "\"tools\":[{\"name\":\"Bash\"},{\"name\":\"Write\"}," \
	"{\"name\":\"AskUserQuestion\"},{\"name\":\"ToolSearch\"}," \
	"{\"name\":\"Agent\"}]"

struct asked {
	struct demo_turn turn;
	struct demo_reply reply;
};

static void ask(struct asked *a, const char *messages, bool first)
{
	struct err e = { 0 };
	auto_buf body = BUF_INIT(1 << 20);

	assert_int_equal(buf_addf(&body, &e, "{\"stream\":true," TOOLS
				  ",\"messages\":[%s]}", messages), 0);
	assert_int_equal(demo_turn_parse(&a->turn, body.data, body.len, &e), 0);
	demo_reply_init(&a->reply);
	demo_script_play(&a->reply, &a->turn, first);
}

static void say(struct asked *a, const char *words)
{
	auto_buf message = BUF_INIT(1 << 20);
	struct json_object *text = json_object_new_string(words);
	struct err e = { 0 };

	assert_int_equal(buf_addf(&message, &e, "{\"role\":\"user\",\"content\":"
		"[{\"type\":\"text\",\"text\":\"<system-reminder>run: no\"},"
		"{\"type\":\"text\",\"text\":%s}]},{\"role\":\"system\","
		"\"content\":\"question\"}",
		json_object_to_json_string(text)), 0);
	json_object_put(text);
	ask(a, buf_text(&message), true);
}

static void done(struct asked *a)
{
	demo_reply_release(&a->reply);
	demo_turn_release(&a->turn);
}

/* A member of the last block, as text. */
static const char *last(const struct asked *a, const char *name)
{
	size_t n = json_object_array_length(a->reply.content);

	assert_true(n > 0);
	return json_object_get_string(json_object_object_get(
		json_object_array_get_idx(a->reply.content, n - 1), name));
}

static void pictures_are_named(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":"
	    "{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAAAA==\"}},"
	    "{\"type\":\"image\",\"source\":{\"media_type\":\"image/gif\",\"data\":\"AAAA\"}}]}",
	    true);
	assert_non_null(strstr(last(&a, "text"), "- image/png, 4 bytes\n- image/gif, 3 bytes\n"));
	done(&a);
}

static void words_choose_the_script(void **state)
{
	static const struct { const char *words, *type, *name; } rows[] = {
		{ "hello", "text", NULL },
		{ "run: ls -la", "tool_use", "Bash" },
		{ "Run: ls", "tool_use", "Bash" },
		{ "실행: ls", "tool_use", "Bash" },
		{ "run the tests please", "text", NULL },
		{ "write: a.md", "tool_use", "Write" },
		{ "쓰기: a.md", "tool_use", "Write" },
		{ "question", "tool_use", "AskUserQuestion" },
		{ "질문", "tool_use", "AskUserQuestion" },
		{ "questionable", "text", NULL },
		{ "agent", "tool_use", "Agent" },
		{ "Write it down:\n\n```agent\n# Name\n```", "text", NULL },
		{ "think", "text", NULL },
		{ "todo", "text", NULL },
		{ "plan", "text", NULL },
		{ "", "text", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked a;

		say(&a, rows[i].words);
		assert_string_equal(last(&a, "type"), rows[i].type);
		if (rows[i].name)
			assert_string_equal(last(&a, "name"), rows[i].name);
		assert_string_equal(a.reply.stop_reason, rows[i].name ?
				    "tool_use" : "end_turn");
		done(&a);
	}
}

static void what_is_said_is_echoed_in_blocks(void **state)
{
	struct asked a;

	say(&a, "echo: *a*\n%%%\n<b>\n%%%\n\n%%");
	assert_int_equal(json_object_array_length(a.reply.content), 3);
	assert_string_equal(last(&a, "text"), "\n%%");
	done(&a);
	say(&a, "echo: <b>");
	assert_int_equal(json_object_array_length(a.reply.content), 1);
	assert_string_equal(last(&a, "text"), "<b>");
	done(&a);
}

static void answers_in_the_language_asked(void **state)
{
	struct asked a;

	say(&a, "안녕하세요");
	assert_non_null(strstr(last(&a, "text"), "데모 모드"));
	done(&a);
	say(&a, "hello");
	assert_non_null(strstr(last(&a, "text"), "demo mode"));
	done(&a);
}

static void a_result_goes_on_with_the_script(void **state)
{
	static const char first[] =
		"{\"role\":\"user\",\"content\":\"run: false\"},"
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\","
		"\"id\":\"t1\",\"name\":\"Bash\",\"input\":{}}]},";
	char messages[1024];
	struct asked a;

	snprintf(messages, sizeof(messages), "%s{\"role\":\"user\",\"content\":"
		 "[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
		 "\"content\":\"fine\"}]}", first);
	ask(&a, messages, true);
	assert_int_equal(a.turn.step, 1);
	assert_non_null(strstr(last(&a, "text"), "The command succeeded"));
	assert_true(a.reply.usage.cache_read > 0);
	done(&a);
	snprintf(messages, sizeof(messages), "%s{\"role\":\"user\",\"content\":"
		 "[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
		 "\"is_error\":true,\"content\":[{\"type\":\"text\","
		 "\"text\":\"denied: too early\"}]}]}", first);
	ask(&a, messages, true);
	assert_non_null(strstr(last(&a, "text"), "denied: too early"));
	done(&a);
	ask(&a, "{\"role\":\"user\",\"content\":\"question\"},"
	    "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\","
	    "\"name\":\"AskUserQuestion\"}]},{\"role\":\"user\",\"content\":"
	    "[{\"type\":\"tool_result\",\"is_error\":true,\"content\":"
	    "\"not wanted\"}]}", true);
	assert_null(strstr(last(&a, "text"), "not wanted"));
	done(&a);
}

#define PLAN "{\"role\":\"user\",\"content\":\"plan\"},{\"role\":\"system\"," \
	"\"content\":\"The following deferred tools are now available via " \
	"ToolSearch:\\nExitPlanMode\\n\\nPlan mode is active.\\n## Plan File " \
	"Info:\\ncreate it at /workspace/.claude/plans/a-b.md using\"}"
#define CALLED(tool) ",{\"role\":\"assistant\",\"content\":[{\"type\":" \
	"\"tool_use\",\"name\":\"" tool "\"}]},{\"role\":\"user\",\"content\":" \
	"[{\"type\":\"tool_result\"},{\"type\":\"text\",\"text\":\"Tool loaded.\"}]}"

static void a_plan_is_written_looked_up_and_handed_in(void **state)
{
	struct asked a;

	ask(&a, PLAN, true);
	assert_string_equal(last(&a, "name"), "Write");
	assert_non_null(strstr(last(&a, "input"), "a-b.md"));
	done(&a);
	ask(&a, PLAN CALLED("Write"), true);
	assert_string_equal(last(&a, "name"), "ToolSearch");
	done(&a);
	ask(&a, PLAN CALLED("Write") CALLED("ToolSearch"), true);
	assert_string_equal(last(&a, "name"), "ExitPlanMode");
	done(&a);
	ask(&a, PLAN CALLED("Write") CALLED("ToolSearch")
	    CALLED("ExitPlanMode"), true);
	assert_string_equal(last(&a, "type"), "text");
	done(&a);
}

static void errors_on_request(void **state)
{
	struct asked a;

	say(&a, "error 429");
	assert_int_equal(a.reply.status, 429);
	assert_false(a.reply.may_retry);
	done(&a);
	say(&a, "오류 529");
	assert_int_equal(a.reply.status, 529);
	assert_true(a.reply.may_retry);
	done(&a);
	ask(&a, "{\"role\":\"user\",\"content\":\"error 529\"}", false);
	assert_int_equal(a.reply.status, 200);
	done(&a);
}

/* All events of an answer, and how it ended. */
static enum demo_stream_step drain(struct asked *a, struct buf *all,
				   int64_t *waited)
{
	struct demo_stream *s = demo_stream_new(&a->reply);
	enum demo_stream_step step;
	int64_t wait;

	*waited = 0;
	while ((step = demo_stream_next(s, all, &wait)) == DEMO_STREAM_MORE)
		*waited += wait;
	demo_stream_free(s);
	return step;
}

static size_t count(const char *all, const char *what)
{
	size_t n = 0;

	for (; (all = strstr(all, what)); all++)
		n++;
	return n;
}

static void a_stream_has_every_event(void **state)
{
	auto_buf all = BUF_INIT(1 << 24);
	struct asked a;
	int64_t waited;

	say(&a, "think");
	assert_int_equal(drain(&a, &all, &waited), DEMO_STREAM_END);
	assert_int_equal(count(buf_text(&all), "event: message_start\n"), 1);
	assert_int_equal(count(buf_text(&all), "event: content_block_start\n"), 2);
	assert_int_equal(count(buf_text(&all), "event: content_block_stop\n"), 2);
	assert_int_equal(count(buf_text(&all), "event: message_stop\n"), 1);
	assert_int_equal(count(buf_text(&all), "signature_delta"), 1);
	assert_true(utf8_valid(all.data, all.len));
	done(&a);
}

static void a_slow_stream_takes_its_time(void **state)
{
	auto_buf all = BUF_INIT(1 << 24);
	struct asked a;
	int64_t waited;

	say(&a, "느리게 3");
	assert_int_equal(drain(&a, &all, &waited), DEMO_STREAM_END);
	assert_in_range(waited, 2400, 3000);
	assert_true(utf8_valid(all.data, all.len));
	done(&a);
}

static void a_cut_stream_has_no_end(void **state)
{
	auto_buf all = BUF_INIT(1 << 24);
	struct asked a;
	int64_t waited;

	say(&a, "error cut");
	assert_int_equal(drain(&a, &all, &waited), DEMO_STREAM_CUT);
	assert_true(count(buf_text(&all), "text_delta") > 2);
	assert_int_equal(count(buf_text(&all), "message_stop"), 0);
	done(&a);
}

static void a_long_answer_is_as_long_as_asked(void **state)
{
	auto_buf all = BUF_INIT(1 << 24);
	struct asked a;
	int64_t waited;

	say(&a, "long 100");
	assert_in_range(strlen(last(&a, "text")), 102400, 102500);
	assert_int_equal(drain(&a, &all, &waited), DEMO_STREAM_END);
	assert_int_equal(waited, 0);
	assert_in_range(all.len, 102400, 400000);
	done(&a);
}

static void what_is_no_request_is_refused(void **state)
{
	static const char *const rows[] = { "", "{", "[]", "{\"messages\":{}}",
		"{\"messages\":[]}", "\"x\"" };
	static const char odd[] = "{\"messages\":[1,null,{\"role\":7}]}";
	struct demo_turn t;
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(demo_turn_parse(&t, rows[i], strlen(rows[i]),
						 &e), -1);
	assert_int_equal(demo_turn_parse(&t, odd, strlen(odd), &e), 0);
	assert_string_equal(t.text, "");
	demo_turn_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pictures_are_named),
		cmocka_unit_test(words_choose_the_script),
		cmocka_unit_test(what_is_said_is_echoed_in_blocks),
		cmocka_unit_test(answers_in_the_language_asked),
		cmocka_unit_test(a_result_goes_on_with_the_script),
		cmocka_unit_test(a_plan_is_written_looked_up_and_handed_in),
		cmocka_unit_test(errors_on_request),
		cmocka_unit_test(a_stream_has_every_event),
		cmocka_unit_test(a_slow_stream_takes_its_time),
		cmocka_unit_test(a_cut_stream_has_no_end),
		cmocka_unit_test(a_long_answer_is_as_long_as_asked),
		cmocka_unit_test(what_is_no_request_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
