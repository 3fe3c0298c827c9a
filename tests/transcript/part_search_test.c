#include "config.h"
#include "transcript/part_search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

static void each_kind_has_its_texts(void **state)
{
	static const struct {
		const char *kind, *state, *data, *text;
	} rows[] = {
		{ "text", "ok", "{\"text\":\"결제\"}", "결제" },
		{ "text", "running", "{\"text\":\"half\"}", NULL },
		{ "text", "ok", "{\"text\":\"\"}", NULL },
		{ "text", "ok", "{\"text\":7}", NULL },
		{ "text", "ok", "[]", NULL },
		{ "text", "ok", "{", NULL },
		{ "text", "ok", "{\"text\":\"a\\u0000b\"}", "a" },
		{ "thinking", "ok", "{\"text\":\"secret\"}", NULL },
		{ "tool_use", "ok", "{\"title\":\"ls\",\"about\":\"Lists\","
		  "\"output\":\"files\"}", "ls\nLists" },
		{ "tool_use", "failed", "{\"title\":\"ls\"}", "ls" },
		{ "plan", "waiting", "{\"plan\":\"1. do\"}", "1. do" },
		{ "question", "ok", "{\"questions\":[{\"question\":\"Which?\"},"
		  "{\"question\":\"When?\"},3]}", "Which?\nWhen?" },
		{ "status", "ok", "{\"text\":\"done\"}", NULL },
		{ "error", "ok", "{\"detail\":\"x\"}", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct part p = { .kind = rows[i].kind,
			.state = rows[i].state, .data = rows[i].data };
		char *text = part_search_text(NULL, &p);

		if (!text != !rows[i].text ||
		    (text && strcmp(text, rows[i].text) != 0))
			fail_msg("%s: %s", rows[i].data, text ? text : "nothing");
		talloc_free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
