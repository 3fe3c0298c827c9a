/* lib/shim/shim_terminal.c, lib/shim/terminal_viewer.c, lib/shim/terminal_api.c and lib/shim/subreaper_exec.c: shells on pseudo terminals. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "tests/shim/shim_world.h"

/* No profile but the system's. */
static int setup_home(void **state)
{
	setenv("HOME", "/nonexistent", 1);
	return setup(state);
}

static const char *at(const char *rest)
{
	static char path[300];

	snprintf(path, sizeof(path), "/terminals/%s%s", world.id, rest);
	return path;
}

static int call_at(const char *method, const char *rest)
{
	return client_call(world.c, NULL, method, at(rest), NULL, 0);
}

static void type(const char *text)
{
	assert_int_equal(client_call(world.c, NULL, "POST", at("/input"), text,
				     strlen(text)), 200);
}

static void view(struct reply *r)
{
	memset(r, 0, sizeof(*r));
	client_send(world.c, r, "GET", at("/io"), NULL, 0);
}

/* The body has NULs, in the records' heads. */
static size_t count_of(const struct reply *r, const char *text)
{
	const char *from = buf_text(&r->body), *end = from + r->body.len;
	size_t n = 0;

	while ((from = memmem(from, (size_t)(end - from), text, strlen(text)))) {
		from += strlen(text);
		n++;
	}
	return n;
}

static void until(const struct reply *r, const char *text, size_t n)
{
	int64_t deadline = clock_mono_ms() + WAIT_MS;

	while (count_of(r, text) < n) {
		if (clock_mono_ms() > deadline)
			fail_msg("no %s", text);
		run_for(5);
	}
}

/* Types nothing before the shell asks, because its profile may drop it. */
static void start_plain(const char *query)
{
	struct reply r;

	assert_int_equal(call_at("POST", query), 201);
	view(&r);
	until(&r, "\033[?2004h", 1);
	type("PS1='$ '; PROMPT_COMMAND=; stty -echo; echo be''gun\r");
	until(&r, "begun", 1);
	reply_release(&r);
}

static void a_shell_survives_its_viewers(void **state)
{
	struct reply r, again;

	start_plain("?rows=10&cols=40&name=%EB%B9%8C%EB%93%9C");
	view(&r);
	until(&r, "begun", 1);
	assert_int_equal(buf_text(&r.body)[0], 'S');
	assert_memory_equal(buf_text(&r.body) + 4, "\0\012\0\050", 4);
	type("x=kept; echo \"$TERM $COLORTERM $(stty size) $(tty | head -c 8)\"\r");
	until(&r, "xterm-256color truecolor 10 40 /dev/pts", 1);
	reply_release(&r);	/* closes it */
	type("echo un''seen\r");
	view(&again);
	until(&again, "unseen", 1);
	type("echo $x-$x\r");
	until(&again, "kept-kept", 1);
	reply_release(&again);
}

static void the_list_says_what_runs_where(void **state)
{
	struct reply r, list;

	start_plain("?rows=0&cols=100000&name=a%20b");
	view(&r);
	until(&r, "begun", 1);
	type("cd /usr; printf '\\033]2;\xed\x95\x9c title\\a'; exec sleep 1000\r");
	until(&r, "title", 1);
	assert_int_equal(get("/terminals", &list), 200);
	while (!strstr(buf_text(&list.body), " sleep ")) {
		reply_release(&list);
		run_for(20);
		assert_int_equal(get("/terminals", &list), 200);
	}
	assert_non_null(strstr(buf_text(&list.body), world.id));
	assert_non_null(strstr(buf_text(&list.body), " 1 600 "));
	assert_non_null(strstr(buf_text(&list.body),
			       " 1 sleep a%20b /usr %ED%95%9C%20title\n"));
	assert_int_equal(call_at("POST", "/name?to=c"), 200);
	assert_int_equal(call_at("POST", "/name?to=%0A"), 400);
	assert_int_equal(call_at("POST", "/name?to=%FF"), 400);
	assert_int_equal(call_at("POST", "/name?to=%"), 400);
	reply_release(&list);
	assert_int_equal(get("/terminals", &list), 200);
	assert_non_null(strstr(buf_text(&list.body), " c /usr"));
	reply_release(&r);
	reply_release(&list);
}

static void it_ends_with_its_shell(void **state)
{
	struct reply r, list;

	start_plain("");
	assert_int_equal(call_at("POST", ""), 200);
	view(&r);
	until(&r, "begun", 1);
	type("sleep 1000 & exit 7\r");
	run_until(&r.done);
	assert_memory_equal(buf_text(&r.body) + r.body.len - 6, "X\0\0\2\7\0", 6);
	assert_int_equal(get("/terminals", &list), 200);
	assert_int_equal(list.body.len, 0);
	assert_int_equal(call_at("POST", "/input"), 404);
	assert_int_equal(call_at("GET", "/io"), 404);
	assert_int_equal(call_at("DELETE", ""), 404);
	assert_int_equal(client_call(world.c, NULL, "POST", "/terminals/x", NULL,
				     0), 400);
	reply_release(&r);
	reply_release(&list);
}

static void ending_kills_what_ignores_it(void **state)
{
	struct reply r;

	start_plain("");
	view(&r);
	until(&r, "begun", 1);
	type("trap '' HUP TERM INT; echo de''af; while :; do sleep 1; done\r");
	until(&r, "deaf", 1);
	assert_int_equal(call_at("DELETE", ""), 200);
	run_until(&r.done);
	assert_memory_equal(buf_text(&r.body) + r.body.len - 6, "X\0\0\2\0\11", 6);
	reply_release(&r);
}

static void a_resize_is_told_to_all(void **state)
{
	struct reply a, b;

	start_plain("?rows=10&cols=40");
	view(&a);
	view(&b);
	until(&a, "begun", 1);
	until(&b, "begun", 1);
	assert_int_equal(call_at("POST", "/resize?rows=20&cols=100"), 200);
	until(&a, "\024", 1);
	until(&b, "\024", 1);
	type("stty size\r");
	until(&a, "20 100", 1);
	assert_int_equal(call_at("POST", "/resize?rows=0&cols=100000"), 200);
	type("stty size\r");
	until(&b, "1 600", 1);
	assert_int_equal(call_at("POST", "/resize?rows=-1&cols=5"), 400);
	assert_int_equal(call_at("POST", "/resize?rows=10000000&cols=5"), 400);
	reply_release(&a);
	reply_release(&b);
}

/*
 * Neither a viewer that reads nothing nor the flood makes process 1 grow, and
 * the key that interrupts answers though megabytes wait.
 */
static void a_flood_stays_small(void **state)
{
	struct reply stuck, fast;
	long before;
	size_t n;

	start_plain("");
	view(&fast);
	until(&fast, "begun", 1);
	memset(&stuck, 0, sizeof(stuck));
	stuck.hold = true;
	client_send(world.c, &stuck, "GET", at("/io"), NULL, 0);
	buf_clear(&fast.body);
	before = shim_memory(&world.shim);
	fast.discard = true;
	type("yes flooding this terminal\r");
	run_until_count(&fast, 20 << 20);
	assert_in_range(shim_memory(&world.shim), 0, before + (6 << 10));
	fast.discard = false;
	type("\003");
	type("echo st''ill\r");
	until(&fast, "still", 1);
	n = fast.body.len;
	assert_in_range(n, 0, 8 << 20);
	/* The one that read nothing was given a new state, not all that it missed. */
	assert_in_range(stuck.count, 1, 1 << 20);
	reply_release(&fast);
	reply_release(&stuck);
}

static void a_neighbour_of_a_flood_answers(void **state)
{
	char flood[ID_SIZE];
	struct reply loud, r;
	int64_t began;
	int i;

	start_plain("");
	memcpy(flood, world.id, sizeof(flood));
	view(&loud);
	until(&loud, "begun", 1);
	loud.discard = true;
	type("yes\r");
	id_new(world.id);
	start_plain("");
	view(&r);
	until(&r, "begun", 1);
	began = clock_mono_ms();
	for (i = 1; i <= 20; i++) {
		type("echo he''re\r");
		until(&r, "here", (size_t)i);
	}
	/* A share of the processor each, not a turn after the flood's end. */
	assert_in_range(clock_mono_ms() - began, 0, WAIT_MS / 2);
	memcpy(world.id, flood, sizeof(flood));
	type("\003");
	reply_release(&loud);
	reply_release(&r);
}

static void input_that_nobody_reads_is_capped(void **state)
{
	size_t n = 64 << 10, sent;
	char *big = malloc(n);
	int status = 200;
	struct reply r;

	start_plain("");
	view(&r);
	until(&r, "begun", 1);
	type("stty raw; echo ra''w; exec sleep 1000\r");
	until(&r, "raw", 1);
	memset(big, 'x', n);
	for (sent = 0; sent < 8u << 20 && status == 200; sent += n)
		status = client_call(world.c, NULL, "POST", at("/input"), big, n);
	assert_int_equal(status, 413);
	assert_in_range(sent, 2 << 20, 3 << 20);
	free(big);
	reply_release(&r);
}

static void terminals_and_viewers_are_counted(void **state)
{
	struct reply views[17], extra;
	size_t i;

	for (i = 0; i < 16; i++) {
		id_new(world.id);
		assert_int_equal(call_at("POST", ""), 201);
	}
	for (i = 0; i < 16; i++)
		view(&views[i]);
	until(&views[15], "\033c", 1);
	memset(&extra, 0, sizeof(extra));
	assert_int_equal(client_call(world.c, &extra, "GET", at("/io"), NULL, 0),
			 413);
	id_new(world.id);
	assert_int_equal(call_at("POST", ""), 413);
	for (i = 0; i < 16; i++)
		reply_release(&views[i]);
	reply_release(&extra);
}

static void a_program_is_answered_without_viewers(void **state)
{
	struct reply r;

	start_plain("?rows=24&cols=80");
	type("IFS= read -rs -d R -p $'\\033[5;7H\\033[6n' a; echo \"at${a:1}\"\r");
	run_for(50);
	view(&r);
	until(&r, "at[5;7", 1);
	reply_release(&r);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup_home, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_shell_survives_its_viewers),
		CASE(the_list_says_what_runs_where),
		CASE(it_ends_with_its_shell),
		CASE(ending_kills_what_ignores_it),
		CASE(a_resize_is_told_to_all),
		CASE(a_flood_stays_small),
		CASE(a_neighbour_of_a_flood_answers),
		CASE(input_that_nobody_reads_is_capped),
		CASE(terminals_and_viewers_are_counted),
		CASE(a_program_is_answered_without_viewers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
