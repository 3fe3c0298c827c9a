/* gongbang agent ...: an agent is exported, changed and imported again. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "operator.h"

#define FILE_OF(rest) "{\"gongbang_agent\": 1, \"name\": \"Weekly\", " rest "}"

static void an_agent_goes_out_and_comes_in(void **state)
{
	struct fixture *f = *state;
	struct ran r, again;

	expect(f, 0, "user add kim", "correct horse battery\n");
	r = expect(f, 0, "agent import --user kim --file -",
		   FILE_OF("\"prompt\": \"one\""));
	assert_non_null(strstr(r.err, "created a paused agent for kim"));
	r = expect(f, 0, "agent list --user kim", "");
	assert_non_null(strstr(r.out, "\npaused         1  -"));
	r = expect(f, 0, "agent export --user kim", "");
	assert_non_null(strstr(r.out, "\t\"prompt\": \"one\",\n"));
	/* What went out is what there is: no version of it. */
	expect(f, 0, "agent import --user kim --file -", r.out);
	again = expect(f, 0, "agent export --user kim Weekly", "");
	assert_string_equal(again.out, r.out);
	r = expect(f, 0, "agent list --user kim", "");
	assert_non_null(strstr(r.out, "\npaused         1  -"));
	expect(f, 0, "agent import --user kim --file -",
	       FILE_OF("\"prompt\": \"two\""));
	r = expect(f, 0, "agent list --user kim", "");
	assert_non_null(strstr(r.out, "\npaused         2  -"));
	assert_non_null(strstr(r.out, "Weekly\n"));
}

static void what_is_wrong_is_said(void **state)
{
	struct fixture *f = *state;
	struct ran r;

	expect(f, 0, "user add kim", "correct horse battery\n");
	r = expect(f, 1, "agent list", "");
	assert_non_null(strstr(r.err, "--user USERNAME"));
	r = expect(f, 1, "agent list --user nobody", "");
	assert_non_null(strstr(r.err, "gongbang user list"));
	r = expect(f, 1, "agent export --user kim Weekly", "");
	assert_non_null(strstr(r.err, "gongbang agent list --user kim"));
	r = expect(f, 1, "agent import --user kim", "");
	assert_non_null(strstr(r.err, "--file FILE"));
	r = expect(f, 1, "agent import --user kim --file /nowhere", "");
	assert_non_null(strstr(r.err, "can't read"));
	r = expect(f, 1, "agent import --user kim --file -",
		   FILE_OF("\"prompt\": \"one\", \"retries\": 11"));
	assert_non_null(strstr(r.err, "retries"));
	r = expect(f, 0, "agent list --user kim", "");
	assert_null(strstr(r.out, "Weekly"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_agent_goes_out_and_comes_in),
		TEST(what_is_wrong_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
