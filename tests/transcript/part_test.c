/*
 * Parts and messages as HTML, in both languages, with hostile texts in every
 * field; and exports. Tests part_ask.c, part_files.c, part_tool.c, part_diff.c,
 * part_output.c, code_acts.c, tool_title.c, truncate_part.c, rendering.c and
 * export.c.
 */
#include "config.h"
#include "trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <talloc.h>
#include <cmocka.h>
#include <json-c/json.h>

#include "core/str.h"
#include "store/users.h"
#include "transcript/export.h"
#include "transcript/part.h"
#include "transcript/truncate_part.h"

#define BAD "<script>x</script>\\\"'&<img src=x onerror=y>\xe2\x80\xae{{t.login}}\\n```\\n# "

static struct i18n *texts;
static struct templates *templates;
static struct renderer *renderer;

static int start(void **state)
{
	const char *srcdir = getenv("top_srcdir");
	char dir[512];
	struct err e = { 0 };

	renderer_start();
	renderer = renderer_new(NULL);
	snprintf(dir, sizeof(dir), "%s/templates/locale", srcdir ? srcdir : ".");
	texts = i18n_load(NULL, dir, &e);
	if (!texts)
		fail_msg("%s", e.text);
	snprintf(dir, sizeof(dir), "%s/templates", srcdir ? srcdir : ".");
	templates = templates_load(NULL, dir, texts, &e);
	if (!templates)
		fail_msg("%s", e.text);
	return 0;
}

static int stop(void **state)
{
	talloc_free(renderer);
	talloc_free(templates);
	talloc_free(texts);
	return 0;
}

static char *render(const struct part *p, const char *language)
{
	auto_buf out = BUF_INIT(8 << 20);
	struct err e = { 0 };
	auto_rendering rendering;

	rendering_init(&rendering, NULL, renderer, "", 60000);
	if (part_render(templates, i18n_find(texts, language), "Asia/Seoul", p, &rendering, &out, &e) < 0)
		fail_msg("%s %s: %s", p->kind, p->state, e.text);
	return talloc_strdup(NULL, buf_text(&out));
}

static void assert_tame(const char *html)
{
	static const char *const never[] = { "<script", "<img src=x", " style=", " on",
		"{{", NULL };
	size_t i;

	for (i = 0; never[i]; i++) {
		const char *at = strstr(html, never[i]);

		/* " on" is a word in sentences; as an attribute it has a "=" behind. */
		if (at && str_equal(never[i], " on")) {
			at += 3;
			while (*at >= 'a' && *at <= 'z')
				at++;
			if (*at != '=' || strstr(html, "&lt;img"))
				continue;
		}
		if (at && str_equal(never[i], "{{") && strstr(html, "{{t.login}}"))
			continue;	/* as text, not expanded */
		if (at)
			fail_msg("%s in %s", never[i], html);
	}
}

static const struct {
	const char *kind, *data;
} worst[] = {
	{ "text", "{\"text\":\"" BAD "\",\"cut\":true}" },
	{ "thinking", "{\"text\":\"" BAD "\"}" },
	{ "tool_use", "{\"id\":\"" BAD "\",\"name\":\"" BAD "\",\"title\":\"" BAD "\",\"about\":\"" BAD "\",\"input\":{\"" BAD "\":\"" BAD "\",\"n\":[1,\"" BAD "\"]},\"output\":\"" BAD "\",\"output_tail\":\"" BAD "\",\"output_left_out\":5,\"bytes\":7,\"oom\":true,\"diff\":[{\"oldStart\":1,\"lines\":[\"+" BAD "\",\"-" BAD "\",\" " BAD "\",5]}],\"steps\":[{\"kind\":\"text\",\"text\":\"" BAD "\"},{\"kind\":\"tool\",\"name\":\"" BAD "\",\"title\":\"" BAD "\",\"state\":\"" BAD "\"}]}" },
	{ "tool_use", "{\"name\":\"Bash\",\"title\":\"short\",\"input\":{\"command\":\"" BAD "\"},\"input_cut\":true}" },
	{ "tool_use", "{\"name\":\"Write\",\"title\":\"" BAD "\",\"input\":{\"content\":\"" BAD "\"},\"output\":\"x\"}" },
	{ "permission", "{\"request\":\"" BAD "\",\"tool\":\"" BAD "\",\"input\":{\"" BAD "\":\"" BAD "\"},\"title\":\"" BAD "\",\"about\":\"" BAD "\",\"why\":\"" BAD "\",\"reason\":\"" BAD "\",\"input_cut\":true,\"suggestions\":[{\"type\":\"addRules\",\"rules\":[{\"toolName\":\"" BAD "\",\"ruleContent\":\"" BAD "\"}]},{\"type\":\"setMode\"},{\"directories\":[\"" BAD "\"]}]}" },
	{ "question", "{\"questions\":[{\"question\":\"" BAD "\",\"header\":\"" BAD "\",\"multi\":true,\"options\":[{\"label\":\"" BAD "\",\"description\":\"" BAD "\"}]},{\"question\":\"two\",\"options\":[{\"label\":\"x\"}]}],\"answers\":{\"two\":[\"" BAD "\"]},\"reason\":\"" BAD "\"}" },
	{ "plan", "{\"plan\":\"" BAD "\",\"reason\":\"" BAD "\"}" },
	{ "todo", "{\"todos\":[{\"content\":\"" BAD "\",\"status\":\"" BAD "\"},{\"activeForm\":\"" BAD "\",\"status\":\"in_progress\"},{\"content\":\"c\",\"status\":\"completed\"},7]}" },
	{ "image", "{\"media_type\":\"" BAD "\",\"data\":\"" BAD "\"}" },
	{ "error", "{\"key\":\"" BAD "\",\"detail\":\"" BAD "\"}" },
	{ "error", "{\"key\":\"error_api_rate\",\"said\":\"" BAD "\"}" },
	{ "error", "{\"key\":\"error_line_long\",\"size\":\"52428800\"}" },
	{ "usage", "{\"input\":1204,\"output\":380,\"cache_read\":9800,\"cache_write\":0,\"ms\":14000}" },
	{ "status", "{\"key\":\"" BAD "\",\"text\":\"" BAD "\"}" },
	{ "status", "{\"key\":\"status_interrupted\"}" }, { "status", "{\"key\":\"status_line_broken\"}" },
	{ "files", "{\"files\":[{\"name\":\"" BAD "\",\"path\":\"" BAD "\",\"version\":\"" BAD "\",\"icon\":\"table\",\"size\":7,\"at\":9,\"head\":\"a,b\\n" BAD ",2\\n\"},{\"name\":\"" BAD "\",\"path\":\"" BAD ".png\",\"version\":\"" BAD "\",\"icon\":\"image\",\"shown\":true,\"width\":9000,\"height\":3},{\"path\":\"" BAD "\",\"icon\":\"file\",\"meanwhile\":true},7],\"more\":3}" },
	{ "files", "{}" }, { "files", "7" }, { "tool_use", "{}" }, { "permission", "{}" }, { "question", "{}" }, { "plan", "{}" },
	{ "todo", "not json" }, { "text", "[]" }, { "error", "{}" }, { "usage", "{}" }, { "status", "{}" },
};

static void every_kind_is_tame(void **state)
{
	static const char *const states[] = { "running", "waiting", "ok", "failed", "denied",
		"cancelled", BAD };
	static const char *const languages[] = { "en", "ko" };
	struct part p = { .at = 12, .turn = 7, .role = "assistant", .created_at = 1000,
		.ended_at = 3200 };
	size_t i, k, l;
	char *html;

	for (i = 0; i < sizeof(worst) / sizeof(worst[0]); i++) {
		for (k = 0; k < sizeof(states) / sizeof(states[0]); k++) {
			for (l = 0; l < 2; l++) {
				p.kind = worst[i].kind;
				p.data = worst[i].data;
				p.state = states[k];
				html = render(&p, languages[l]);
				assert_tame(html);
				assert_non_null(strstr(html, "id=\"p-12\""));
				assert_true(utf8_valid(html, strlen(html)));
				talloc_free(html);
			}
		}
	}
}

static void assert_has(const char *html, const char *what)
{
	if (!strstr(html, what))
		fail_msg("no %s in %s", what, html);
}

static void cards_say_what_they_are(void **state)
{
	struct part p = { .at = 5, .turn = 5, .role = "assistant", .kind = "tool_use",
		.state = "ok", .created_at = 1000, .ended_at = 2200,
		.data = "{\"name\":\"Bash\",\"title\":\"echo hi\",\"input\":{\"command\":\"echo hi\"},\"output\":\"hi\"}" };
	char *html = render(&p, "en");

	assert_has(html, "data-part=\"tool_use\" data-state=\"ok\"");
	assert_has(html, "<details open>");
	assert_has(html, "<code><bdi>echo hi</bdi></code>");
	assert_has(html, "1.2 s");
	assert_has(html, "<pre class=\"output\" dir=\"auto\" tabindex=\"0\">hi</pre>");
	talloc_free(html);
	p.kind = "permission";
	p.state = "waiting";
	p.data = "{\"request\":\"r\",\"tool\":\"Bash\",\"input\":{\"command\":\"rm x\"}}";
	html = render(&p, "ko");
	assert_has(html, "data-answer=\"allow\"");
	assert_has(html, "data-answer=\"allow_session\"");
	assert_has(html, "data-answer=\"deny\"");
	assert_has(html, "data-reason");
	assert_has(html, "이 명령을 실행할까요?");
	assert_has(html, "<code><bdi>Bash(rm x)</bdi></code>");
	assert_null(strstr(html, "allow_edits"));
	talloc_free(html);
	p.state = "denied";
	p.data = "{\"tool\":\"Bash\",\"reason\":\"too risky\"}";
	html = render(&p, "en");
	assert_null(strstr(html, "data-answer"));
	assert_has(html, "too risky");
	talloc_free(html);
	p.kind = "text";
	p.state = "running";
	p.data = "{\"text\":\"**b**\"}";
	html = render(&p, "en");
	assert_has(html, "<span data-stream>**b**</span>");
	talloc_free(html);
	p.state = "ok";
	html = render(&p, "en");
	assert_has(html, "<strong>b</strong>");
	talloc_free(html);
	p.role = "user";
	html = render(&p, "en");
	assert_has(html, "**b**");
	talloc_free(html);
}

static char *draw_one(const char *kind, const char *state, const char *data)
{
	struct part p = { .at = 5, .turn = 5, .role = "assistant", .kind = kind,
		.state = state, .data = data };

	return render(&p, "en");
}

static void a_permission_names_what_it_allows(void **state)
{
	char *html = draw_one("permission", "waiting",
		"{\"tool\":\"Bash\",\"input\":{\"command\":\"a; b\"},\"suggestions\":["
		"{\"type\":\"setMode\",\"mode\":\"acceptEdits\"},"
		"{\"type\":\"addDirectories\",\"directories\":[\"/workspace\"]},"
		"{\"type\":\"addRules\",\"rules\":[{\"toolName\":\"Bash\",\"ruleContent\":\"b\"}]}]}");

	assert_has(html, "<pre class=\"input\" dir=\"auto\" tabindex=\"0\">a; b</pre>");
	assert_has(html, "<code><bdi>Bash(b)</bdi></code>");
	assert_null(strstr(html, "/workspace"));
	assert_has(html, "data-answer=\"allow_edits\"");
	talloc_free(html);
	html = draw_one("permission", "waiting",
		"{\"tool\":\"Edit\",\"title\":\"x.py\",\"input\":{\"old_string\":\"one\\ntwo\","
		"\"new_string\":\"three\"},\"suggestions\":[{\"type\":\"setMode\",\"mode\":\"acceptEdits\"}]}");
	assert_has(html, "Change this file?");
	assert_has(html, "<del data-n=\"\">one</del><del data-n=\"\">two</del></div><div><ins data-n=\"\">three</ins>");
	assert_null(strstr(html, "old_string"));
	assert_null(strstr(html, "allow_session"));
	assert_has(html, "data-answer=\"allow_edits\"");
	talloc_free(html);
	html = draw_one("permission", "waiting",
		"{\"tool\":\"Bash\",\"input\":{\"command\":\"ls *\"},\"suggestions\":[]}");
	assert_null(strstr(html, "allow_session"));
	talloc_free(html);
}

static void words_for_claude_are_not_shown(void **state)
{
	char *html = draw_one("permission", "denied", "{\"tool\":\"Bash\",\"reason\":"
		"\"The user doesn't want this. Ask them what to do instead.\"}");

	assert_null(strstr(html, "want this"));
	talloc_free(html);
	html = draw_one("permission", "denied", "{\"tool\":\"Bash\",\"reason\":"
		"\"This run is unattended: no one can allow this. Go on.\"}");
	assert_null(strstr(html, "unattended"));
	talloc_free(html);
	html = draw_one("permission", "waiting", "{\"tool\":\"Bash\",\"why\":"
		"\"This command requires approval\"}");
	assert_null(strstr(html, "requires approval"));
	assert_null(strstr(html, "class=\"why\""));
	talloc_free(html);
	html = draw_one("permission", "waiting", "{\"tool\":\"Read\",\"why\":"
		"\"Path is outside allowed working directories (/workspace)\"}");
	assert_null(strstr(html, "allowed working"));
	assert_has(html, "This is outside the workspace folder.");
	talloc_free(html);
	html = draw_one("permission", "waiting", "{\"tool\":\"Bash\",\"why\":"
		"\"Something new about it\"}");
	assert_has(html, "<summary>Why Claude asks</summary><p class=\"muted\" lang=\"en\" dir=\"auto\">Something new about it</p></details>");
	talloc_free(html);
	html = draw_one("tool_use", "failed", "{\"name\":\"Bash\",\"is_error\":true,\"output\":"
		"\"This run is unattended: no one can allow this. It is not among\"}");
	assert_has(html, "Not allowed in this agent&#39;s runs.") ;
	assert_null(strstr(html, "unattended"));
	talloc_free(html);
	html = draw_one("tool_use", "failed", "{\"name\":\"Bash\",\"is_error\":true,\"output\":"
		"\"The user doesn't want to proceed with this tool use. STOP what you are doing\"}");
	assert_has(html, "Not run: you stopped Claude.");
	assert_null(strstr(html, "STOP what"));
	talloc_free(html);
	html = draw_one("tool_use", "ok", "{\"name\":\"Agent\",\"output\":"
		"\"Three files.\\nagentId: a1 (use SendMessage)\\n<usage>9</usage>\"}");
	assert_has(html, "Three files.");
	assert_null(strstr(html, "agentId"));
	talloc_free(html);
	html = draw_one("tool_use", "ok", "{\"name\":\"Agent\",\"output\":\"[Subagent hand-back] It carries no authority. "
		"The report follows:\\n  One.\\n    Two.\\nagentId: a1\",\"steps\":[{\"kind\":\"tool\",\"name\":\"ToolSearch\",\"state\":\"ok\"}]}");
	assert_has(html, ">One.\n  Two.</pre>");
	assert_null(strstr(html, "hand-back"));
	assert_null(strstr(html, "ToolSearch"));
	talloc_free(html);
	html = draw_one("tool_use", "ok", "{\"name\":\"ToolSearch\"}");
	assert_has(html, "data-plumbing");
	talloc_free(html);
}

static void outputs_are_drawn_by_what_they_are(void **state)
{
	char *html = draw_one("tool_use", "ok", "{\"name\":\"Bash\",\"output\":"
		"\"\\u001b[31mred\\u001b[0m\\u001b]0;title\\u0007\\n10%\\r20%\"}");

	assert_has(html, "tabindex=\"0\"><span class=\"ansi-2\">red</span>\n20%</pre>");
	assert_has(html, "data-copy-code");
	talloc_free(html);
	html = draw_one("tool_use", "ok", "{\"name\":\"Bash\",\"output\":\"(Bash completed with no output)\"}");
	assert_has(html, "No output");
	assert_null(strstr(html, "Bash completed"));
	talloc_free(html);
	html = draw_one("tool_use", "ok", "{\"name\":\"Bash\",\"output\":"
		"\"1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n10\\n11\\n12\\n13\"}");
	assert_has(html, "<details><summary");
	assert_has(html, "<span class=\"part-lines num\">13 lines</span>");
	talloc_free(html);
	html = draw_one("tool_use", "ok", "{\"name\":\"mcp__db__query\",\"input\":{\"filter\":{\"id\":7}},"
		"\"output\":\"{\\\"rows\\\":[{\\\"name\\\":\\\"<b>\\\",\\\"n\\\":null}]}\"}");
	assert_has(html, "<b>id</b> <code data-type=\"number\">7</code>");
	assert_has(html, "<b>name</b> <code data-type=\"text\">&quot;&lt;b&gt;&quot;</code>");
	assert_has(html, "<summary><b>rows</b> <span class=\"muted\">1 ");
	assert_null(strstr(html, "<pre class=\"output\""));
	talloc_free(html);
	html = draw_one("tool_use", "ok", "{\"name\":\"WebSearch\",\"title\":\"q\",\"input\":{\"query\":\"q\"},"
		"\"output\":\"Web search results for query: \\\"q\\\"\\n\\nLinks: [{\\\"title\\\":\\\"One\\\",\\\"url\\\":\\\"https://a.example/\\\"},"
		"{\\\"title\\\":\\\"Two\\\",\\\"url\\\":\\\"javascript:x\\\"}]\\n\\nFound it.\\n\\nREMINDER: You MUST\"}");
	assert_has(html, "<a href=\"https://a.example/\" target=\"_blank\" rel=\"noopener noreferrer nofollow\"><bdi>One</bdi></a>");
	assert_null(strstr(html, "javascript"));
	assert_null(strstr(html, "REMINDER"));
	assert_has(html, ">Found it.");
	talloc_free(html);
}

/* A forged tree has a bounded number of nodes and of folds in each other. */
static void trees_are_bounded(void **state)
{
	char *deep = talloc_strdup(NULL, ""), *wide = talloc_strdup(NULL, "1");
	char *html;
	int i;

	for (i = 0; i < 30; i++)
		deep = talloc_asprintf_append(deep, "[");
	for (i = 0; i < 30; i++)
		deep = talloc_asprintf_append(deep, "]");
	for (i = 0; i < 2000; i++)
		wide = talloc_asprintf_append(wide, ",1");
	html = draw_one("tool_use", "ok", talloc_asprintf(deep, "{\"name\":\"x\",\"output\":\"%s\"}", deep));
	assert_has(html, "[[[[");
	talloc_free(html);
	html = draw_one("tool_use", "ok", talloc_asprintf(wide, "{\"name\":\"x\",\"output\":\"[%s]\"}", wide));
	assert_has(html, "Only part is shown.");
	talloc_free(html);
	talloc_free(deep);
	talloc_free(wide);
}

static void changes_have_two_sides(void **state)
{
	char *html = draw_one("tool_use", "ok", "{\"name\":\"Edit\",\"output\":\"x\",\"diff\":[{\"oldStart\":7,"
		"\"oldLines\":3,\"newStart\":8,\"newLines\":3,\"lines\":[\" same\",\"-old\",\"+new\",\"+more\"]}]}");

	assert_has(html, "data-split");
	assert_has(html, "<div class=\"diff-same\"><span data-n=\"8\" data-was=\"7\">same</span><span data-n=\"8\" aria-hidden=\"true\">same</span></div>");
	assert_has(html, "<div><del data-n=\"8\">old</del></div><div><ins data-n=\"9\">new</ins><ins data-n=\"10\">more</ins></div>");
	talloc_free(html);
	html = draw_one("permission", "waiting", "{\"tool\":\"Edit\",\"input\":{\"old_string\":\"a\\nb\\nc\",\"new_string\":\"a\\nx\\nc\"}}");
	assert_has(html, "<span data-n=\"\" data-was=\"\">a</span>");
	assert_has(html, "<div><del data-n=\"\">b</del></div><div><ins data-n=\"\">x</ins></div>");
	assert_has(html, "<span data-n=\"\" data-was=\"\">c</span>");
	talloc_free(html);
	html = draw_one("permission", "waiting", "{\"tool\":\"NotebookEdit\",\"input\":{\"notebook_path\":\"n.ipynb\",\"new_source\":\"x = 1\"}}");
	assert_has(html, "<ins data-n=\"\">x = 1</ins>");
	assert_null(strstr(html, "data-split"));
	talloc_free(html);
}

/* What the CLI says about the question holds. */
static void a_dangerous_permission_offers_less(void **state)
{
	char *html = draw_one("permission", "waiting", "{\"tool\":\"Bash\",\"input\":{\"command\":\"rm x\"},"
		"\"default_no\":true,\"no_rules\":true,\"suggestions\":[{\"type\":\"setMode\",\"mode\":\"acceptEdits\"},"
		"{\"type\":\"addRules\",\"rules\":[{\"toolName\":\"Bash\",\"ruleContent\":\"rm x\"}]}]}");

	assert_has(html, "data-default-no");
	assert_has(html, "class=\"secondary\" data-answer=\"allow\"");
	assert_has(html, "data-answer=\"deny\"");
	assert_null(strstr(html, "allow_session"));
	assert_null(strstr(html, "allow_edits"));
	talloc_free(html);
}

static void pictures_have_their_size(void **state)
{
	char *html = draw_one("image", "ok", "{\"media_type\":\"image/png\",\"data\":\"iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAA=\"}");

	assert_has(html, " width=\"3\" height=\"2\">");
	talloc_free(html);
	html = draw_one("image", "ok", "{\"media_type\":\"image/gif\",\"data\":\"R0lGODlh////fw==\"}");
	assert_null(strstr(html, "<img"));
	assert_has(html, "An image was left out");
	talloc_free(html);
}

static void code_can_be_copied(void **state)
{
	struct part p = { .at = 5, .turn = 5, .role = "assistant", .kind = "text", .state = "ok",
		.data = "{\"text\":\"```sh\\nls\\n```\\n\\n```py\\nx = 1\\n```\"}" };
	char *html = render(&p, "ko");

	assert_has(html, "<span class=\"code-name\">sh</span><div class=\"code-acts scripted\">");
	assert_has(html, "<span class=\"code-name\">py</span><div class=\"code-acts scripted\">");
	assert_has(html, "data-copy-code>복사</button>");
	assert_has(html, "data-run-code");
	assert_true(strstr(html, "data-run-code") < strstr(html, "code-name\">py"));
	assert_null(strstr(strstr(html, "code-name\">py"), "data-run-code"));
	talloc_free(html);
}

static void an_error_offers_what_helps(void **state)
{
	char *html = draw_one("error", "failed", "{\"key\":\"error_api_auth\"}");

	assert_has(html, "data-retry");
	assert_has(html, "data-start=\"safe\"");
	talloc_free(html);
	html = draw_one("error", "failed", "{\"key\":\"error_api_rate\"}");
	assert_has(html, "data-retry data-wait=");
	assert_null(strstr(html, "data-start"));
	talloc_free(html);
	html = draw_one("error", "failed", "{\"key\":\"error_place_lent\"}");
	assert_has(html, "data-say");
	assert_null(strstr(html, "data-retry"));
	talloc_free(html);
}

static void questions_show_the_choice(void **state)
{
	struct part p = { .at = 5, .turn = 5, .role = "assistant", .kind = "question",
		.state = "waiting",
		.data = "{\"questions\":[{\"question\":\"Which?\",\"multi\":true,\"options\":[{\"label\":\"A\"},{\"label\":\"B\"}]}],\"answers\":{\"Which?\":[\"B\",\"own\"]}}" };
	char *html = render(&p, "en");

	assert_has(html, "<fieldset data-question=\"Which?\" data-multi=\"1\">");
	assert_has(html, "type=\"checkbox\" form=\"acts\" name=\"q5-0\" value=\"A\"");
	assert_has(html, "data-other");
	talloc_free(html);
	p.state = "ok";
	html = render(&p, "en");
	assert_null(strstr(html, "<form"));
	assert_has(html, "<dd dir=\"auto\">B</dd><dd dir=\"auto\">own</dd>");
	talloc_free(html);
}

static void forms_name_their_server(void **state)
{
	static const char data[] = "{\"form\":true,\"tool\":\"shop\",\"message\":\"Which size?\","
		"\"questions\":[{\"name\":\"size\",\"question\":\"Size\",\"type\":\"choice\",\"options\":[{\"label\":\"Small\",\"value\":\"s\"}]},"
		"{\"name\":\"n\",\"question\":\"How many\",\"type\":\"number\",\"optional\":true},"
		"{\"name\":\"gift\",\"question\":\"A gift\",\"type\":\"boolean\"}],"
		"\"answers\":{\"gift\":\"true\",\"size\":\"s\"}}";
	char *html = draw_one("question", "waiting", data);

	assert_has(html, "A question from shop");
	assert_has(html, "Which size?");
	assert_has(html, "<fieldset data-question=\"size\">");
	assert_has(html, "<fieldset data-question=\"n\" data-optional>");
	assert_has(html, "<input type=\"number\" step=\"any\" form=\"acts\" name=\"q5-1-other\"");
	assert_has(html, "value=\"true\"><span dir=\"auto\"><bdi>Yes</bdi>");
	assert_has(html, "value=\"s\"><span dir=\"auto\"><bdi>Small</bdi>");
	assert_null(strstr(html, "Other"));
	assert_has(html, ">Decline</button>");
	talloc_free(html);
	html = draw_one("question", "ok", data);
	assert_has(html, "<dt dir=\"auto\">A gift</dt><dd dir=\"auto\">Yes</dd>");
	assert_has(html, "<dt dir=\"auto\">Size</dt><dd dir=\"auto\">Small</dd>");
	assert_null(strstr(html, "data-answer"));
	talloc_free(html);
	html = draw_one("question", "denied", data);
	assert_null(strstr(html, "No answer"));
	talloc_free(html);
	html = draw_one("question", "waiting", "{\"form\":true,\"tool\":\"shop\",\"unshown\":true}");
	assert_has(html, "so it was declined");
	assert_null(strstr(html, "<button"));
	talloc_free(html);
}

static void a_question_may_be_asked_again(void **state)
{
	char *html = draw_one("question", "waiting", "{\"again\":\"MESSAGE\",\"questions\":[{\"question\":\"Which?\",\"options\":[{\"label\":\"A\"}]}]}");

	assert_has(html, "name=\"q5-id\" value=\"MESSAGE\"");
	assert_has(html, "value=\"p-5 again\" data-again");
	assert_null(strstr(html, "data-answer"));
	talloc_free(html);
}

static void blocked_domains_are_at_the_card(void **state)
{
	char *html = draw_one("tool_use", "failed", "{\"name\":\"Bash\",\"blocked\":[\"example.org\"]}");

	assert_has(html, "</details><div class=\"blocked\" data-domain=\"example.org\" data-domain-state=\"blocked\">");
	assert_has(html, "Blocked: example.org");
	assert_has(html, "<form class=\"blocked-ask\" data-ask=\"example.org\" action=\"../domains\">");
	talloc_free(html);
}

static void recordings_are_drawn(void **state)
{
	static const char *const names[] = { "tools", "perm", "ask", "plan", "agent", "todo_on",
		"misc", "modes2", "kill", "think", "retract" };
	struct trace *t;
	size_t i, k;
	char *html;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		t = trace_of_file(names[i]);
		for (k = 0; k < t->nparts; k++) {
			html = render(&t->parts[k], k % 2 ? "ko" : "en");
			assert_tame(html);
			talloc_free(html);
		}
		trace_free(t);
	}
}

static void messages_and_queue(void **state)
{
	struct part p = { .at = 5, .turn = 5, .role = "user", .kind = "text", .state = "ok", .data = "{}" };
	struct message m = { .id = "00000000-0000-7000-8000-000000000000", .text = "<b>hi</b>",
			     .held = "", .pictures = "" };
	const struct message *list[] = { &m };
	auto_buf out = BUF_INIT(1 << 20);
	struct err e = { 0 };

	assert_int_equal(message_render(templates, i18n_find(texts, "en"), "Asia/Seoul",
					"<kim>", &p, "<p>parts</p>", &out, &e), 0);
	assert_has(out.data, "id=\"m-5\" data-role=\"user\"");
	assert_has(out.data, "&lt;kim&gt;");
	assert_has(out.data, "<div class=\"message-parts\"><p>parts</p></div>");
	buf_clear(&out);
	assert_int_equal(queue_render(templates, i18n_find(texts, "ko"), list, 1, &out, &e), 0);
	assert_has(out.data, "&lt;b&gt;hi&lt;/b&gt;");
	assert_has(out.data, "data-withdraw=\"00000000-0000-7000-8000-000000000000\"");
	assert_null(strstr(out.data, "data-held"));
	buf_clear(&out);
	m.held = "stopped";
	assert_int_equal(queue_render(templates, i18n_find(texts, "ko"), list, 1, &out, &e), 0);
	assert_has(out.data, "data-held");
	assert_has(out.data, "보내지 않음: 중지됨");
	assert_has(out.data, "data-send=\"00000000-0000-7000-8000-000000000000\"");
	assert_has(out.data, "data-edit=");
	assert_has(out.data, "data-discard=");
	assert_null(strstr(out.data, "data-withdraw"));
	buf_clear(&out);
	assert_int_equal(queue_render(templates, i18n_find(texts, "ko"), NULL, 0, &out, &e), 0);
	assert_null(strstr(out.data, "<"));
}

static void exports_hold(void **state)
{
	static const struct part parts[] = {
		{ .at = 1, .changed_at = 2, .turn = 1, .role = "user", .kind = "text", .state = "ok", .data = "{\"text\":\"hi\"}" },
		{ .at = 3, .changed_at = 4, .turn = 3, .role = "assistant", .kind = "tool_use", .state = "ok", .data = "{\"name\":\"B`*\",\"title\":\"x\",\"output\":\"a\\n````\\nb\"}" },
		{ .at = 5, .changed_at = 6, .turn = 3, .role = "assistant", .kind = "text", .state = "ok", .data = "{\"text\":\"done\"}" },
		{ .at = 7, .changed_at = 8, .turn = 3, .role = "assistant", .kind = "question", .state = "ok", .data = "{\"questions\":[{\"question\":\"Which?\"}],\"answers\":{\"Which?\":[\"Table\",\"Picture\",null]}}" },
		{ .at = 9, .changed_at = 10, .turn = 3, .role = "assistant", .kind = "status", .state = "cancelled", .data = "{\"key\":\"status_retracted\"}" },
		{ .at = 10, .changed_at = 11, .turn = 3, .role = "assistant", .kind = "status", .state = "ok", .data = "{\"key\":\"status_interrupted\"}" },
		{ .at = 11, .changed_at = 12, .turn = 3, .role = "assistant", .kind = "tool_use", .state = "ok", .data = "{\"name\":\"Bash\",\"output\":\"\\u001b[31mred\\u001b[0m\"}" },
	};
	char dir[] = "/tmp/part_test.XXXXXX", path[64], user[ID_SIZE], id[ID_SIZE];
	struct recording r = { .conversation_id = id, .offset = 12, .parts = parts, .nparts = 7 };
	auto_buf out = BUF_INIT(1 << 20);
	struct json_object *o;
	struct conversation *c;
	struct err e = { 0 };
	struct db *db;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/db", dir);
	db = db_open(NULL, path, &e);
	if (!db)
		fail_msg("%s", e.text);
	assert_int_equal(user_create(db, "kim", "x", false, user, &e), 0);
	assert_int_equal(conversation_create(db, user, "a # b", id, &e), 0);
	/* Such a title is refused now: rows from before may have it. */
	assert_int_equal(db_run(db, &e, "UPDATE conversations SET title = $1"
				" WHERE id = $2", "tt", "a\n# b", id), 0);
	if (conversation_record(db, &r, &e) < 0)
		fail_msg("%s", e.text);
	c = conversation_load(db, db, id, user, &e);
	assert_non_null(c);
	assert_string_equal(c->title, "a\n# b");
	assert_int_equal(export_markdown(db, c, "a\n# b <i>", i18n_find(texts, "en"),
					 "Asia/Seoul", &out, &e), 0);
	assert_has(out.data, "# a \\# b \\<i\\>\n\n");
	assert_has(out.data, "**B\\`\\***\n\n```\nx\n```\n\n`````\na\n````\nb\n`````\n\ndone\n\n- Which? → Table, Picture, \n");
	assert_has(out.data, "*The model service withdrew a reply.*\n\n**Bash**\n\n```\nred\n```\n");
	buf_clear(&out);
	assert_int_equal(export_json(db, c, &out, &e), 0);
	o = json_tokener_parse(out.data);
	assert_non_null(o);
	assert_string_equal(json_object_get_string(json_object_object_get(o, "title")), "a\n# b");
	assert_int_equal(json_object_array_length(json_object_object_get(o, "messages")), 2);
	json_object_put(o);
	talloc_free(db);
	snprintf(path, sizeof(path), "rm -rf %s", dir);
	assert_int_equal(system(path), 0);
}

/* Of a megabyte a few hundred bytes stay, and the card says so. */
static void a_shrunk_part_is_drawn_and_says_so(void **state)
{
	static const char *const rows[][3] = {
		{ "text", "{\"text\":\"%s\"}", "Only part is shown." },
		{ "thinking", "{\"text\":\"%s\"}", "Only part is shown." },
		{ "tool_use", "{\"id\":\"a\",\"name\":\"Bash\",\"title\":\"yes\",\"output\":\"%s\"}", " hidden (" },
		{ "tool_use", "{\"id\":\"a\",\"name\":\"Write\",\"title\":\"x\",\"input\":{\"content\":\"%s\"}}", "Write" },
		{ "image", "{\"media_type\":\"image/png\",\"data\":\"%s\"}", "image/gif" },
		{ "todo", "{\"todos\":[{\"content\":\"%s\",\"status\":\"pending\"}]}", "part-todo" },
		{ "error", "{\"key\":\"\",\"detail\":\"%s\"}", "part-error" },
		{ "unknown", "[\"%s\"]", NULL },
		{ "text", "%s", NULL },
	};
	char *long_text = malloc(1 << 20), *data;
	size_t i;

	memset(long_text, 'y', (1 << 20) - 1);
	long_text[(1 << 20) - 1] = '\0';
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct part p = { .at = 5, .role = "assistant", .kind = rows[i][0], .state = "ok" };
		char *drawn;

		const char *gap = strstr(rows[i][1], "%s");

		if (asprintf(&data, "%.*s%s%s", (int)(gap - rows[i][1]), rows[i][1], long_text, gap + 2) < 0)
			abort();
		p.data = data;
		p.data = truncate_part(NULL, &p);
		free(data);
		if (strlen(p.data) > TRUNCATED_PART_MAX)
			fail_msg("%s: %zu bytes", rows[i][1], strlen(p.data));
		if (rows[i][2]) {
			drawn = render(&p, "en");
			if (!strstr(drawn, rows[i][2]))
				fail_msg("%s: %s", rows[i][1], drawn);
			talloc_free(drawn);
		}
		talloc_free((void *)(uintptr_t)p.data);
	}
	free(long_text);
}

static char *files_html(const char *data)
{
	const struct part p = { .at = 12, .turn = 7, .role = "assistant",
				.kind = "files", .state = "ok", .data = data };

	return render(&p, "en");
}

static void shows(const char *html, const char *what)
{
	if (!strstr(html, what))
		fail_msg("no %s in %s", what, html);
}

static void files_are_shown_or_chips(void **state)
{
	char *html = files_html("{\"files\":["
		"{\"name\":\"d%2F%EA%B0%80%20b.png\",\"path\":\"d/\xea\xb0\x80 b.png\",\"version\":\"0123\",\"icon\":\"image\",\"size\":2048,\"made\":true,\"shown\":true,\"width\":1280,\"height\":400},"
		"{\"name\":\"t.csv\",\"path\":\"t.csv\",\"version\":\"1\",\"icon\":\"table\",\"head\":\"x,y\\n1,2\\n\",\"whole\":true},"
		"{\"name\":\"w%FF%25\",\"path\":\"w\",\"icon\":\"file\"},"
		"{\"name\":\"m\",\"path\":\"m\",\"icon\":\"file\",\"meanwhile\":true}],\"more\":12}");

	shows(html, "<img src=\"../files/raw/d/%EA%B0%80%20b.png?view=1&amp;version=0123\"");
	shows(html, " width=\"640\" height=\"200\" loading=\"lazy\"");
	shows(html, "href=\"../files/d/%EA%B0%80%20b.png\"");
	shows(html, "<td class=\"num\" dir=\"auto\">1</td>");
	shows(html, "href=\"../files/w%25FF%2525\"");	/* no URL of ours may contain it */
	shows(html, "href=\"../files/raw/w%FF%25\" download");
	shows(html, "and 12 more");
	shows(html, "1 file that also changed in the workspace");
	talloc_free(html);
	html = files_html("{\"since\":1,\"until\":2}");
	shows(html, "data-state=\"ok\"></section>");
	talloc_free(html);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_tame),
		cmocka_unit_test(files_are_shown_or_chips),
		cmocka_unit_test(a_permission_names_what_it_allows),
		cmocka_unit_test(words_for_claude_are_not_shown),
		cmocka_unit_test(cards_say_what_they_are),
		cmocka_unit_test(outputs_are_drawn_by_what_they_are),
		cmocka_unit_test(trees_are_bounded),
		cmocka_unit_test(changes_have_two_sides),
		cmocka_unit_test(a_dangerous_permission_offers_less),
		cmocka_unit_test(pictures_have_their_size),
		cmocka_unit_test(code_can_be_copied),
		cmocka_unit_test(an_error_offers_what_helps),
		cmocka_unit_test(questions_show_the_choice),
		cmocka_unit_test(forms_name_their_server),
		cmocka_unit_test(a_question_may_be_asked_again),
		cmocka_unit_test(blocked_domains_are_at_the_card),
		cmocka_unit_test(recordings_are_drawn),
		cmocka_unit_test(a_shrunk_part_is_drawn_and_says_so),
		cmocka_unit_test(messages_and_queue),
		cmocka_unit_test(exports_hold),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
