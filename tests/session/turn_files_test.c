/* lib/session/turn_files.c: what a conversation says of a turn's files. */
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
#include "fake_shim.h"
#include "session_world.h"

#define LINE(whose, path) "made " whose " 0123456789abcdef 12 1764025200123 " path "\n"

static void call_tool(const char *name, const char *input)
{
	fake_say("{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"content\":[{"
		 "\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"%s\",\"input\":%s}]}}",
		 name, input);
	fake_say("{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{"
		 "\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":\"ok\"}]}}");
}

static void say_turn(const char *id, const char *tool, const char *input)
{
	w.answers = false;
	session_message(w.s, 1, id, "go");
	turn_loop();
	say_turn_start(id);
	if (tool)
		call_tool(tool, input);
	say_turn_end(id);
	turn_loop();
	wait_recorded();
	turn_loop();
}

static char data[4096], state[16];
static int found;

static int take_files(void *ctx, const struct part *p, struct err *e)
{
	if (!str_equal(p->kind, "files"))
		return 0;
	found++;
	snprintf(data, sizeof(data), "%s", p->data);
	snprintf(state, sizeof(state), "%s", p->state);
	return 0;
}

/* The stored part of a turn's files, or "" when there is none. */
static const char *files(void)
{
	struct db *db = database();
	struct err e = { 0 };

	found = 0;
	data[0] = state[0] = '\0';
	assert_int_equal(part_each(db, w.conversation, -1, 0, 0, take_files, NULL,
				   &e), 0);
	talloc_free(db);
	return data;
}

static void has(const char *what)
{
	if (!strstr(data, what))
		fail_msg("no %s in %s", what, data);
}

static void a_turn_lists_what_it_wrote(void **ignored)
{
	fake.written = LINE("own", "a.csv") LINE("unknown", "b.csv")
		       LINE("own", "q%22%0Anl%FF") "made own x 1 2 bad\nmore 7\n";
	fake.file = "a,b\n1,2\n";
	fake_ready();
	say_turn(M1, "Bash", "{\"command\":\"x\"}");
	files();
	assert_int_equal(found, 1);
	assert_string_equal(state, "ok");
	has("\"name\":\"a.csv\"");
	has("\"version\":\"0123456789abcdef\"");
	has("\"head\":\"a,b\\n1,2\\n\"");
	has("\"more\":7");
	has("\"path\":\"b.csv\",\"version\":\"0123456789abcdef\",\"kind\":\"table\",\"icon\":\"table\",\"size\":12,\"at\":1764025200123,\"made\":true,\"meanwhile\":true");
	has("\"name\":\"q%22%0Anl%FF\",\"path\":\"q\\\"\\\\x0anl\\\\xff\"");
	assert_null(strstr(data, "bad"));
	/* Of what another may have written, nothing is read. */
	assert_int_equal(fake.reads, 1);
}

static void a_turn_without_tools_asks_nothing(void **ignored)
{
	fake.written = LINE("own", "a.csv");
	fake_ready();
	say_turn(M1, NULL, NULL);
	files();
	assert_int_equal(found, 0);
	assert_string_equal(fake.written_asked, "");
}

static void a_shim_that_cannot_tell_leaves_no_part_open(void **ignored)
{
	fake_ready();
	say_turn(M1, "Bash", "{\"command\":\"x\"}");
	assert_string_equal(files(), "{}");
	assert_string_equal(state, "ok");
}

/* A bridge that died before the answer asks again. */
static void what_was_not_answered_is_asked_again(void **ignored)
{
	fake.written = LINE("own", "a.csv");
	fake_ready();
	say_turn(M1, "Bash", "{\"command\":\"x\"}");
	close_session();
	{
		struct db *db = database();
		struct err e = { 0 };

		assert_int_equal(db_run(db, &e, "UPDATE parts SET state = 'running',"
			" data = '{\"since\":5,\"until\":9}' WHERE kind = 'files'", ""), 0);
		talloc_free(db);
	}
	fake.written_asked[0] = '\0';
	open_session();
	fake_ready();
	turn_loop();
	wait_recorded();
	files();
	assert_string_equal(state, "ok");
	has("\"name\":\"a.csv\"");
	assert_non_null(strstr(fake.written_asked, "since=5&until=9"));
}

static void claudes_own_calls_are_told(void **ignored)
{
	fake_ready();
	say_turn(M1, "Write", "{\"file_path\":\"/workspace/d/a b.txt\",\"content\":\"x\"}");
	assert_non_null(strstr(fake.wrote, "/wrote?path=d%2Fa%20b.txt&since="));
	fake.wrote[0] = '\0';
	say_turn(M2, "Read", "{\"file_path\":\"/workspace/a.txt\"}");
	say_turn(M3, "Write", "{\"file_path\":\"/etc/passwd\",\"content\":\"x\"}");
	assert_string_equal(fake.wrote, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_turn_lists_what_it_wrote),
		TEST(a_turn_without_tools_asks_nothing),
		TEST(a_shim_that_cannot_tell_leaves_no_part_open),
		TEST(what_was_not_answered_is_asked_again),
		TEST(claudes_own_calls_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
