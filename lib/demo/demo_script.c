#include "config.h"
#include "demo/demo_script.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/str.h"
#include "json/field.h"

#define SLOW_MAX 600		/* seconds */
#define LONG_MAX 8192		/* KB */
#define QUOTE_MAX 300		/* bytes of a tool's result in a reply */

enum text_id {
#define TEXT(id, en, ko) TEXT_##id,
#include "demo/demo_texts.def"
#undef TEXT
	TEXT_COUNT,
};

static const struct { const char *en, *ko; } texts[TEXT_COUNT] = {
#define TEXT(id, en, ko) [TEXT_##id] = { en, ko },
#include "demo/demo_texts.def"
#undef TEXT
};

struct play {
	struct demo_reply *reply;
	const struct demo_turn *turn;
	const char *rest;	/* the words after the script's name */
	bool korean;
	bool first;
};

static const char *say(const struct play *p, enum text_id id)
{
	return p->korean ? texts[id].ko : texts[id].en;
}

/* A sentence and the beginning of the tool's result. */
static void answer_with_result(struct play *p, enum text_id id)
{
	const char *result = demo_turn_result_text(p->turn);
	auto_buf text = BUF_INIT(DEMO_TEXT_MAX);
	struct err e = { 0 };
	size_t n = utf8_prefix(result, strlen(result), QUOTE_MAX);

	if (buf_addf(&text, &e, "%s%.*s", say(p, id), (int)n, result) < 0)
		err_abort(e.text);
	demo_reply_text(p->reply, buf_text(&text));
}

/*
 * Calls a tool, requesting it first if the CLI defers it; says so when there
 * is none. Takes input.
 */
static void call(struct play *p, enum text_id before, const char *tool,
		 struct json_object *input)
{
	struct json_object *search;
	char query[64];

	snprintf(query, sizeof(query), "select:%s", tool);
	if (demo_turn_has_tool(p->turn, tool) ||
	    str_equal(p->turn->last_tool, "ToolSearch")) {
		if (before != TEXT_COUNT)
			demo_reply_text(p->reply, say(p, before));
		demo_reply_tool(p->reply, tool, input);
		return;
	}
	json_object_put(input);
	if (demo_turn_may_find(p->turn, tool)) {
		search = json_object_new_object();
		field_put_string(search, "query", query);
		field_put_number(search, "max_results", 1);
		demo_reply_tool(p->reply, "ToolSearch", search);
		return;
	}
	demo_reply_text(p->reply, say(p, TEXT_NO_TOOL));
	demo_reply_text(p->reply, tool);
}

static void play_hello(struct play *p)
{
	demo_reply_text(p->reply, say(p, TEXT_HELLO));
}

static void play_markdown(struct play *p)
{
	demo_reply_text(p->reply, say(p, TEXT_MARKDOWN));
}

static void play_run(struct play *p)
{
	struct json_object *input;

	if (p->turn->step > 0) {
		if (p->turn->result_failed)
			answer_with_result(p, TEXT_RUN_FAILED);
		else
			demo_reply_text(p->reply, say(p, TEXT_RUN_OK));
		return;
	}
	input = json_object_new_object();
	field_put_string(input, "command", *p->rest ? p->rest : "ls -la");
	field_put_string(input, "description", say(p, TEXT_RUN_DESCRIPTION));
	call(p, TEXT_RUN_START, "Bash", input);
}

/* Deferred work: nothing continues it once a run has ended. */
static void play_later(struct play *p)
{
	struct json_object *input;

	if (p->turn->step > 0) {
		demo_reply_text(p->reply, say(p, TEXT_RUN_OK));
		return;
	}
	input = json_object_new_object();
	field_put_number(input, "delaySeconds", 600);
	field_put_string(input, "reason", say(p, TEXT_RUN_DESCRIPTION));
	field_put_string(input, "prompt", "continue");
	call(p, TEXT_COUNT, "ScheduleWakeup", input);
}

/* "tool: NAME {...}": any tool, with its input. */
static void play_tool(struct play *p)
{
	size_t n = strcspn(p->rest, " ");
	const char *given = p->rest + n + strspn(p->rest + n, " ");
	struct json_object *input;
	char name[128];

	if (p->turn->step > 0 && !str_equal(p->turn->last_tool, "ToolSearch")) {
		answer_with_result(p, TEXT_TOOL_DONE);
		return;
	}
	if (!n || n >= sizeof(name)) {
		play_hello(p);
		return;
	}
	memcpy(name, p->rest, n);
	name[n] = '\0';
	input = *given ? field_parse(given, strlen(given)) : NULL;
	if (!json_object_is_type(input, json_type_object)) {
		json_object_put(input);
		input = json_object_new_object();
	}
	call(p, TEXT_COUNT, name, input);
}

static void play_write(struct play *p)
{
	struct json_object *input;
	char path[512];
	int n;

	if (p->turn->step > 0) {
		if (p->turn->result_failed)
			answer_with_result(p, TEXT_WRITE_FAILED);
		else
			demo_reply_text(p->reply, say(p, TEXT_WRITE_OK));
		return;
	}
	n = snprintf(path, sizeof(path), "%s%s",
		     p->rest[0] == '/' ? "" : "/workspace/",
		     *p->rest ? p->rest : "demo.md");
	if (n < 0 || (size_t)n >= sizeof(path)) {
		play_hello(p);
		return;
	}
	input = json_object_new_object();
	field_put_string(input, "file_path", path);
	field_put_string(input, "content", say(p, TEXT_WRITE_CONTENT));
	call(p, TEXT_WRITE_START, "Write", input);
}

static struct json_object *option(const struct play *p, enum text_id label)
{
	struct json_object *o = json_object_new_object();

	field_put_string(o, "label", say(p, label));
	field_put_string(o, "description", say(p, label + 1));
	return o;
}

/* Question, header, two choices, each with a description: in this order. */
static struct json_object *question(const struct play *p, enum text_id id,
				    bool many)
{
	struct json_object *o = json_object_new_object();
	struct json_object *options = json_object_new_array();

	field_put_string(o, "question", say(p, id));
	field_put_string(o, "header", say(p, id + 1));
	json_object_array_add(options, option(p, id + 2));
	json_object_array_add(options, option(p, id + 4));
	json_object_object_add(o, "options", options);
	field_put_flag(o, "multiSelect", many);
	return o;
}

static void play_question(struct play *p)
{
	struct json_object *input, *list;

	if (str_equal(p->turn->last_tool, "AskUserQuestion")) {
		if (p->turn->result_failed)
			demo_reply_text(p->reply, say(p, TEXT_QUESTION_SKIPPED));
		else
			answer_with_result(p, TEXT_QUESTION_DONE);
		return;
	}
	input = json_object_new_object();
	list = json_object_new_array();
	json_object_array_add(list, question(p, TEXT_QUESTION_1, false));
	json_object_array_add(list, question(p, TEXT_QUESTION_2, true));
	json_object_object_add(input, "questions", list);
	call(p, TEXT_QUESTION_START, "AskUserQuestion", input);
}

/* The CLI names a file for the plan; then the plan is submitted. */
static void play_plan(struct play *p)
{
	struct json_object *input;
	char path[512];

	if (str_equal(p->turn->last_tool, "ExitPlanMode")) {
		if (p->turn->result_failed)
			answer_with_result(p, TEXT_PLAN_NO);
		else
			demo_reply_text(p->reply, say(p, TEXT_PLAN_OK));
		return;
	}
	if (!demo_turn_mentions(p->turn, "Plan mode is active")) {
		demo_reply_text(p->reply, say(p, TEXT_PLAN_MODE));
		return;
	}
	input = json_object_new_object();
	if (!p->turn->step && demo_turn_find(p->turn, "Plan File Info", "/",
					     ".md", path, sizeof(path))) {
		field_put_string(input, "file_path", path);
		field_put_string(input, "content", say(p, TEXT_PLAN_BODY));
		call(p, TEXT_PLAN_START, "Write", input);
		return;
	}
	field_put_string(input, "plan", say(p, TEXT_PLAN_BODY));
	call(p, TEXT_COUNT, "ExitPlanMode", input);
}

static int64_t number(const char *s, int64_t preset, int64_t max)
{
	char *end;
	int64_t n = strtoll(s, &end, 10);

	if (end == s || n < 1)
		return preset;
	return n > max ? max : n;
}

static void play_slow(struct play *p)
{
	int64_t seconds = number(p->rest, 20, SLOW_MAX), i;
	auto_buf text = BUF_INIT(DEMO_TEXT_MAX);
	struct err e = { 0 };
	char piece[128];
	int bad = buf_add_text(&text, say(p, TEXT_SLOW), &e);

	for (i = 1; i <= seconds * 2; i++) {
		if (p->korean)
			snprintf(piece, sizeof(piece),
				 "계속하고 있어요, %" PRId64 "번째. ", i);
		else
			snprintf(piece, sizeof(piece),
				 "Still going, part %" PRId64 ". ", i);
		bad |= buf_add_text(&text, piece, &e);
	}
	bad |= buf_add_text(&text, say(p, TEXT_SLOW_END), &e);
	if (bad)
		err_abort(e.text);
	demo_reply_text(p->reply, buf_text(&text));
	p->reply->spread_ms = seconds * 1000;
}

static void play_long(struct play *p)
{
	size_t want = (size_t)number(p->rest, 64, LONG_MAX) * 1024, line = 0;
	auto_buf text = BUF_INIT(DEMO_TEXT_MAX);
	struct err e = { 0 };

	while (text.len < want) {
		if (buf_addf(&text, &e, "%zu. A long answer, line by line, "
			     "긴 답변을 한 줄씩 써요.\n", ++line) < 0)
			err_abort(e.text);
	}
	demo_reply_text(p->reply, buf_text(&text));
}

/* Repeats the user's text; a line "%%%" begins another block. */
static void play_echo(struct play *p)
{
	static const char line[] = "\n%%%\n";
	const char *at = p->rest, *end;
	auto_buf text = BUF_INIT(DEMO_TEXT_MAX);
	struct err e = { 0 };

	for (; at; at = end ? end + sizeof(line) - 1 : NULL) {
		end = strstr(at, line);
		buf_clear(&text);
		if (buf_add(&text, at, end ? (size_t)(end - at) : strlen(at), &e) < 0)
			break;
		demo_reply_text(p->reply, buf_text(&text));
	}
}

static void play_think(struct play *p)
{
	demo_reply_thinking(p->reply, say(p, TEXT_THINK));
	demo_reply_text(p->reply, say(p, TEXT_THINK_DONE));
}

static void play_todo(struct play *p)
{
	static const char *const states[] = { "completed", "in_progress",
					      "pending" };
	struct json_object *input, *list, *row;
	int i;

	if (!demo_turn_has_tool(p->turn, "TodoWrite") &&
	    !demo_turn_may_find(p->turn, "TodoWrite")) {
		demo_reply_text(p->reply, say(p, TEXT_TODO_TEXT));
		return;
	}
	if (str_equal(p->turn->last_tool, "TodoWrite")) {
		demo_reply_text(p->reply, say(p, TEXT_TODO_DONE));
		return;
	}
	input = json_object_new_object();
	list = json_object_new_array();
	for (i = 0; i < 3; i++) {
		row = json_object_new_object();
		field_put_string(row, "content", say(p, TEXT_TODO_1 + i));
		field_put_string(row, "activeForm", say(p, TEXT_TODO_1 + i));
		field_put_string(row, "status", states[i]);
		json_object_array_add(list, row);
	}
	json_object_object_add(input, "todos", list);
	call(p, TEXT_COUNT, "TodoWrite", input);
}

static void play_agent(struct play *p)
{
	const char *tool = demo_turn_has_tool(p->turn, "Agent") ? "Agent" : "Task";
	struct json_object *input;

	if (p->turn->step > 0) {
		answer_with_result(p, TEXT_AGENT_DONE);
		return;
	}
	input = json_object_new_object();
	field_put_string(input, "description", say(p, TEXT_AGENT_DESCRIPTION));
	field_put_string(input, "prompt",
			 *p->rest ? p->rest : say(p, TEXT_AGENT_PROMPT));
	field_put_string(input, "subagent_type", "general-purpose");
	if (str_equal(tool, "Agent"))
		field_put_flag(input, "run_in_background", false);
	call(p, TEXT_COUNT, tool, input);
}

static void play_error(struct play *p)
{
	static const struct {
		const char *word;
		int status;
		const char *type;
		enum text_id text;
		bool passes;
	} rows[] = {
		{ "400", 400, "invalid_request_error", TEXT_ERROR_INPUT, false },
		{ "429", 429, "rate_limit_error", TEXT_ERROR_LIMIT, false },
		{ "529", 529, "overloaded_error", TEXT_ERROR_BUSY, true },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!str_starts(p->rest, rows[i].word))
			continue;
		if (rows[i].passes && !p->first)
			demo_reply_text(p->reply, say(p, TEXT_AGAIN_OK));
		else
			demo_reply_error(p->reply, rows[i].status, rows[i].type,
					 say(p, rows[i].text), rows[i].passes);
		return;
	}
	if (str_starts(p->rest, "cut") || str_starts(p->rest, "끊")) {
		demo_reply_text(p->reply, say(p, p->first ? TEXT_CUT :
					      TEXT_AGAIN_OK));
		p->reply->cut = p->first;
		return;
	}
	demo_reply_error(p->reply, 429, "rate_limit_error",
			 say(p, TEXT_ERROR_LIMIT), false);
}

/* Which pictures came with the message. */
static void play_pictures(struct play *p)
{
	auto_buf text = BUF_INIT(DEMO_TEXT_MAX);
	const char *type;
	struct err e = { 0 };
	size_t i, bytes;
	int bad = buf_add_text(&text, say(p, TEXT_PICTURES), &e);

	for (i = 0; demo_turn_picture(p->turn, i, &type, &bytes); i++)
		bad |= buf_addf(&text, &e, "- %.40s, %zu bytes\n", type, bytes);
	if (bad)
		err_abort(e.text);
	demo_reply_text(p->reply, buf_text(&text));
}

/* For "save as agent": a block to be found in the reply. */
static void play_agent_script(struct play *p)
{
	demo_reply_text(p->reply, say(p, TEXT_AGENT_SCRIPT));
}

/* The first row whose word begins the user's text. */
static const struct {
	const char *word;
	bool korean;
	bool colon;		/* the word is followed by one */
	void (*play)(struct play *p);
} scripts[] = {
	{ "run", false, true, play_run },
	{ "실행", true, true, play_run },
	{ "tool", false, true, play_tool },
	{ "도구", true, true, play_tool },
	{ "later", false, false, play_later },
	{ "나중에", true, false, play_later },
	{ "write", false, true, play_write },
	{ "쓰기", true, true, play_write },
	{ "markdown", false, false, play_markdown },
	{ "마크다운", true, false, play_markdown },
	{ "question", false, false, play_question },
	{ "질문", true, false, play_question },
	{ "plan", false, false, play_plan },
	{ "계획", true, false, play_plan },
	{ "slow", false, false, play_slow },
	{ "느리게", true, false, play_slow },
	{ "echo", false, true, play_echo },
	{ "따라", true, true, play_echo },
	{ "long", false, false, play_long },
	{ "길게", true, false, play_long },
	{ "error", false, false, play_error },
	{ "오류", true, false, play_error },
	{ "think", false, false, play_think },
	{ "생각", true, false, play_think },
	{ "todo", false, false, play_todo },
	{ "할 일", true, false, play_todo },
	{ "agent", false, false, play_agent },
	{ "에이전트", true, false, play_agent },
};

/* The text after the word, or NULL when it does not match this script. */
static const char *rest_after(const char *text, const char *word, bool colon)
{
	size_t n = strlen(word);

	if (strncasecmp(text, word, n) != 0)
		return NULL;
	text += n;
	if (colon && *text != ':')
		return NULL;
	if (*text == ':')
		text++;
	else if (*text && *text != ' ' && *text != '\n' && *text != '.')
		return NULL;
	while (*text == ' ')
		text++;
	return text;
}

void demo_script_play(struct demo_reply *r, const struct demo_turn *t,
		      bool first)
{
	struct play p = { .reply = r, .turn = t, .korean = t->korean,
			  .first = first };
	const char *type;
	size_t i, bytes;

	if (strstr(t->text, "[SUGGESTION MODE")) {
		demo_reply_text(r, say(&p, TEXT_SUGGESTION));
		demo_reply_count(r, t);
		return;
	}
	if (strstr(t->text, "```agent\n")) {
		play_agent_script(&p);
		demo_reply_count(r, t);
		return;
	}
	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		p.rest = rest_after(t->text, scripts[i].word, scripts[i].colon);
		if (!p.rest)
			continue;
		p.korean |= scripts[i].korean;
		scripts[i].play(&p);
		break;
	}
	if (!p.rest && demo_turn_picture(t, 0, &type, &bytes))
		play_pictures(&p);
	else if (!p.rest)
		play_hello(&p);
	demo_reply_count(r, t);
}
