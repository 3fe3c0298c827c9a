/* lib/transcript/agent_script.c: the block with an agent, in any valid form. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "transcript/agent_script.h"

static void find(const char *text, bool found, const char *name,
		 const char *prompt)
{
	struct agent_script s;
	char got[1000];

	assert_int_equal(agent_script_find(text, &s), found);
	snprintf(got, sizeof(got), "%.*s", (int)s.name_n, s.name);
	assert_string_equal(got, name);
	snprintf(got, sizeof(got), "%.*s", (int)s.prompt_n, s.prompt);
	assert_string_equal(got, prompt);
}

static void test_plain(void **state)
{
	(void)state;
	find("Here:\n\n```agent\n# Weekly prices\n\nFetch them.\nDraw them.\n```\nDone.",
	     true, "Weekly prices", "Fetch them.\nDraw them.");
	find("```agent\n# 주간 가격\n가격을 가져와요.\n```", true, "주간 가격",
	     "가격을 가져와요.");
	find("````agent\r\n# A\r\nb\r\n````\r\n", true, "A", "b");
	find("   ``` agent  \n##  A  \nb\n   ```\n", true, "A", "b");
}

static void test_none(void **state)
{
	(void)state;
	find("", false, "", "");
	find("  No block.\n\n", false, "", "No block.");
	find("# A\n```\nagent\n```", false, "", "# A\n```\nagent\n```");
	find("```agents\nx\n```", false, "", "```agents\nx\n```");
	find("a ```agent\nx", false, "", "a ```agent\nx");
	find("``agent\nx\n``", false, "", "``agent\nx\n``");
}

static void test_no_name(void **state)
{
	(void)state;
	find("```agent\nDo it.\n```", true, "", "Do it.");
	find("```agent\n#hash is no heading\n```", true, "",
	     "#hash is no heading");
	find("```agent\n#\nDo it.\n```", true, "", "Do it.");
	find("```agent\n# Only a name\n```", true, "Only a name", "");
	find("```agent\n```", true, "", "");
}

static void test_last(void **state)
{
	(void)state;
	find("```agent\n# A\nx\n```\nBetter:\n```agent\n# B\ny\n```", true, "B",
	     "y");
	find("```sh\n```agent\n```\n```\n```agent\n# B\ny", true, "B", "y");
}

/* Code within: its fences come in pairs. */
static void test_nested(void **state)
{
	(void)state;
	find("```agent\n# A\nRun\n```sh\nls\n```\nand say so.\n```\nThat's it.",
	     true, "A", "Run\n```sh\nls\n```\nand say so.");
	find("````agent\n# A\n```\nls\n```\nend\n````\nMore.", true, "A",
	     "```\nls\n```\nend");
}

static void test_unclosed(void **state)
{
	(void)state;
	find("```agent\n# A\nx\n", true, "A", "x");
	find("```agent", true, "", "");
	find("```agent\n# A", true, "A", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_unclosed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
