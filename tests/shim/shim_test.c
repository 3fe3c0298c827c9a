/*
 * gongbang-shim as a real process, with lib/link as its client. Scripts stand
 * in for Claude.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/id.h"
#include "core/str.h"
#include "tests/shim/harness.h"

struct world {
	struct shim shim;
	struct client *c;
	char id[ID_SIZE];
};

static struct world world;

static int setup(void **state)
{
	memset(&world, 0, sizeof(world));
	shim_begin(&world.shim);
	id_new(world.id);
	world.c = client_new(&world.shim, true);
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	shim_end(&world.shim);
	return 0;
}

static const char *path_of(const char *rest)
{
	static char path[200];

	snprintf(path, sizeof(path), "/sessions/%s%s", world.id, rest);
	return path;
}

static int call(const char *method, const char *rest)
{
	return client_call(world.c, NULL, method, path_of(rest), NULL, 0);
}

static void follow(struct reply *r)
{
	client_send(world.c, r, "GET", path_of("/log?from=0"), NULL, 0);
}

static int input(const char *text)
{
	return client_call(world.c, NULL, "POST", path_of("/input"), text,
			   strlen(text));
}

static void starts_finds_and_lists(void **state)
{
	struct reply log = { 0 }, list = { 0 }, health = { 0 };

	assert_int_equal(start_script(world.c, world.id,
				      "echo $COLOUR $GONGBANG_SESSION; cat"), 201);
	assert_int_equal(start_script(world.c, world.id, "echo no"), 200);
	follow(&log);
	run_until_text(&log, "green ");
	run_until_text(&log, world.id);
	assert_memory_equal(log.body.data,
		"{\"type\":\"gongbang\",\"subtype\":\"start\",\"at\":", 41);
	assert_int_equal(client_call(world.c, &list, "GET", "/sessions", NULL, 0), 200);
	assert_non_null(strstr(list.body.data, " running "));
	assert_int_equal(client_call(world.c, &health, "GET", "/health", NULL, 0), 200);
	assert_non_null(strstr(health.body.data, "\nsessions 1\n"));
	assert_non_null(strstr(health.body.data, "\ndisk_free "));
	reply_release(&list);
	assert_int_equal(call("DELETE", "?grace=5"), 200);
	run_until_text(&log, "\"signal\":15");
	assert_int_equal(client_call(world.c, &list, "GET", "/sessions", NULL, 0), 200);
	assert_non_null(strstr(list.body.data, " ended "));
	assert_false(log.done);
	reply_release(&log);
	reply_release(&list);
	reply_release(&health);
}

static void every_offset_is_exact(void **state)
{
	struct reply all = { 0 }, r[8] = { { 0 } };
	struct client *other = client_new(&world.shim, false);
	char path[100];
	size_t n, from, i;

	start_script(world.c, world.id, "seq 1 400; echo oops >&2; exit 3");
	follow(&all);
	run_until_text(&all, "\"code\":3,\"signal\":0,\"oom\":0,\"reason\":\"exit\","
			     "\"stderr\":\"oops\\u000a\"}\n");
	n = all.count;
	for (from = 0; from <= n; from += 8) {
		for (i = 0; i < 8 && from + i <= n; i++) {
			snprintf(path, sizeof(path), "/sessions/%s/log?from=%zu",
				 world.id, from + i);
			client_send(i % 2 ? other : world.c, &r[i], "GET", path,
				    NULL, 0);
		}
		for (i = 0; i < 8 && from + i <= n; i++) {
			run_until_count(&r[i], n - from - i);
			assert_int_equal(r[i].count, n - from - i);
			assert_memory_equal(buf_text(&r[i].body),
					    all.body.data + from + i, r[i].count);
			reply_release(&r[i]);
		}
	}
	snprintf(path, sizeof(path), "/log?from=%zu", n + 1);
	assert_int_equal(call("GET", path), 416);
	reply_release(&all);
}

static void holes_are_refused(void **state)
{
	struct reply log = { 0 }, r = { 0 };
	struct stat before, after;
	char file[300];

	assert_int_equal(call("GET", "/log"), 404);
	start_script(world.c, world.id, "seq 1 30000");
	follow(&log);
	run_until_text(&log, "\"exit\"");
	snprintf(file, sizeof(file), "%s/.gongbang%s/log", world.shim.home,
		 path_of(""));
	assert_int_equal(stat(file, &before), 0);
	assert_int_equal(call("POST", "/trim?to=100001"), 200);
	assert_int_equal(call("POST", "/trim?to=5"), 200);
	assert_int_equal(call("POST", "/trim?to=999999999"), 416);
	assert_int_equal(call("POST", "/trim?to=x"), 400);
	assert_int_equal(stat(file, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_true(after.st_blocks < before.st_blocks);
	client_send(world.c, &r, "GET", path_of("/log?from=100000"), NULL, 0);
	run_until(&r.done);
	assert_int_equal(r.status, 410);
	assert_string_equal(r.body.data, "first 100001\n");
	reply_release(&r);
	client_send(world.c, &r, "GET", path_of("/log?from=100001"), NULL, 0);
	run_until_text(&r, "\"exit\"");
	assert_memory_equal(r.body.data, log.body.data + 100001, r.count);
	/* The hole is known to the next process 1 as well. */
	client_free(world.c);
	shim_kill(&world.shim);
	shim_run_again(&world.shim);
	world.c = client_new(&world.shim, false);
	assert_int_equal(call("GET", "/log?from=100000"), 410);
	r.stream = NULL;
	log.stream = NULL;
	reply_release(&r);
	reply_release(&log);
}

static void input_arrives_whole(void **state)
{
	struct reply log = { 0 }, r[3] = { { 0 } };
	size_t n = 9 << 20, i;
	char *big = malloc(n);

	assert_int_equal(input("early\n"), 409);
	start_script(world.c, world.id, "read a; echo got $a; sleep 0.2; wc -c");
	follow(&log);
	assert_int_equal(input("no newline"), 400);
	assert_int_equal(input(""), 400);
	assert_int_equal(input("one\n"), 200);
	run_until_text(&log, "got one");
	memset(big, 'x', n);
	big[n - 1] = '\n';
	for (i = 0; i < 3; i++)
		client_send(world.c, &r[i], "POST", path_of("/input"), big, n);
	for (i = 0; i < 3; i++) {
		run_until(&r[i].done);
		assert_int_equal(r[i].status, 200);
		reply_release(&r[i]);
	}
	assert_int_equal(call("POST", "/signal?name=HUP"), 400);
	assert_int_equal(call("POST", "/signal?name=TERM"), 200);
	run_until_text(&log, "\"signal\":15");
	assert_int_equal(input("late\n"), 409);
	free(big);
	reply_release(&log);
}

static void input_waits_for_its_reader(void **state)
{
	struct reply log = { 0 }, r = { 0 };
	size_t n = 1 << 20;
	char *big = malloc(n);

	start_script(world.c, world.id, "sleep 0.5; exec head -c 100 >/dev/null");
	follow(&log);
	memset(big, 'y', n);
	big[n - 1] = '\n';
	client_send(world.c, &r, "POST", path_of("/input"), big, n);
	run_until(&r.done);
	assert_int_equal(r.status, 409);
	run_until_text(&log, "\"code\":0");
	free(big);
	reply_release(&r);
	reply_release(&log);
}

/* Every way a tool may try to leave, begun as Claude begins its tools. */
static const char hiding[] =
	"sleep 1000 & echo helper $!; "
	"export SHELL=x; T=$HERE/gongbang-tool; "
	"setsid $T 'echo a $$; exec sleep 1001' & "
	"$T 'setsid nohup sleep 1002 >/dev/null 2>&1 & echo b $!' ; "
	"$T '( (setsid sleep 1003 & echo c $!) & )' ; "
	"$T 'env -i setsid sleep 1004 & echo d $!' ; "
	"$T 'echo e $$; exec env -i setsid sleep 1005' & "
	"setsid env -i $T 'echo f $$; exec sleep 1006' & "
	"sleep 0.3; echo ready; cat; echo done; sleep 1007";

static int pid_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	assert_non_null(at);
	return atoi(at + strlen(key));
}

static bool alive(int pid)
{
	char path[64], line[256], state = 'X';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fgets(line, sizeof(line), f))
		sscanf(strrchr(line, ')') + 1, " %c", &state);
	fclose(f);
	return state != 'Z' && state != 'X';
}

static void begin_hiding(struct reply *log)
{
	char script[2048];

	shell("ln -sf \"$(readlink -f gongbang-shim)\" %s/gongbang-tool",
	      world.shim.home);
	snprintf(script, sizeof(script), "HERE=%s; export HERE; %s",
		 world.shim.home, hiding);
	assert_int_equal(start_script(world.c, world.id, script), 201);
	follow(log);
	run_until_text(log, "ready");
}

static void all_tools_end(void **state)
{
	static const char *const keys[] = { "\na ", "\nb ", "\nc ", "\nd ", "\ne ", "\nf " };
	struct reply log = { 0 }, r = { 0 };
	size_t i;

	begin_hiding(&log);
	for (i = 0; i < 6; i++)
		assert_true(alive(pid_after(log.body.data, keys[i])));
	assert_int_equal(client_call(world.c, &r, "POST", path_of("/tools/end"),
				     NULL, 0), 200);
	assert_int_equal(strncmp(r.body.data, "ended ", 6), 0);
	for (i = 0; i < 6; i++)
		assert_false(alive(pid_after(log.body.data, keys[i])));
	assert_true(alive(pid_after(log.body.data, "\nhelper ")));
	assert_int_equal(input("hello\n"), 200);
	run_until_text(&log, "\nhello\n");
	assert_int_equal(call("DELETE", "?grace=1"), 200);
	assert_false(alive(pid_after(log.body.data, "\nhelper ")));
	reply_release(&log);
	reply_release(&r);
}

static void nothing_outlives_the_end(void **state)
{
	static const char *const keys[] = { "\na ", "\nb ", "\nc ", "\nd ", "\ne ", "\nf ", "\nhelper " };
	struct reply log = { 0 };
	size_t i;

	begin_hiding(&log);
	assert_int_equal(call("POST", "/signal?name=KILL"), 200);
	run_until_text(&log, "\"code\":0,\"signal\":9");
	for (i = 0; i < 7; i++)
		assert_false(alive(pid_after(log.body.data, keys[i])));
	reply_release(&log);
}

static void a_killed_keeper_ends_the_session(void **state)
{
	struct reply log = { 0 };
	int pid;

	begin_hiding(&log);
	start_script(world.c, world.id, "true");
	/* Claude's parent is the keeper; the tools' marks are all that is left. */
	pid = pid_after(log.body.data, "\nb ");
	{
		char path[64], line[256];
		int parent = 0;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		f = fopen(path, "r");
		assert_non_null(f);
		assert_non_null(fgets(line, sizeof(line), f));
		fclose(f);
		sscanf(strrchr(line, ')') + 1, " %*c %d", &parent);
		assert_true(parent > 1);
		kill(parent, SIGKILL);
	}
	run_until_text(&log, "\"signal\":9");
	assert_false(alive(pid));
	assert_int_equal(start_script(world.c, world.id, "echo again"), 201);
	run_until_text(&log, "again");
	reply_release(&log);
}

static void errors_are_told_in_utf8(void **state)
{
	struct reply log = { 0 };
	const char *tail;

	start_script(world.c, world.id,
		     "printf 'half a line'; "
		     "(yes 가나다 | head -n 3000; printf 'q\"b\\\\\\377\\033[31mred') >&2; "
		     "sleep 0.2; exit 9");
	follow(&log);
	run_until_text(&log, "\"exit\"");
	assert_non_null(strstr(log.body.data, "half a line\n{\"type\":\"gongbang\""));
	tail = strstr(log.body.data, "\"code\":9,\"signal\":0");
	assert_non_null(tail);
	assert_non_null(strstr(tail, "q\\u0022b\\u005c\xef\xbf\xbdred\"}\n"));
	assert_true(utf8_valid(log.body.data, log.body.len));
	reply_release(&log);
	id_new(world.id);
	{
		static const char body[] = "arg=/no/such/program\0";

		assert_int_equal(client_call(world.c, NULL, "POST", path_of(""),
					     body, sizeof(body) - 1), 201);
	}
	follow(&log);
	run_until_text(&log, "\"code\":127");
	run_until_text(&log, "cannot start /no/such/program");
	reply_release(&log);
}

static void a_new_process_1_closes_old_logs(void **state)
{
	struct reply log = { 0 };

	start_script(world.c, world.id, "echo one; printf two; sleep 1000");
	follow(&log);
	run_until_text(&log, "two");
	log.stream = NULL;
	client_free(world.c);
	shim_kill(&world.shim);
	shim_run_again(&world.shim);
	world.c = client_new(&world.shim, true);
	reply_release(&log);
	follow(&log);
	run_until_text(&log, "one\ntwo\n{\"type\":\"gongbang\",\"subtype\":\"exit\"");
	run_until_text(&log, "\"reason\":\"container\",\"stderr\":\"\"}\n");
	assert_int_equal(start_script(world.c, world.id, "echo three"), 201);
	run_until_text(&log, "three\n");
	run_until_text(&log, "\"reason\":\"exit\"");
	reply_release(&log);
}

static void term_ends_with_the_last_words(void **state)
{
	struct reply log = { 0 };
	char file[300], text[2000] = "";
	FILE *f;

	start_script(world.c, world.id, "read a; echo \"heard $a\"; exit 1");
	follow(&log);
	run_until_text(&log, "start");
	log.stream = NULL;
	assert_int_equal(shim_stop(&world.shim), 0);
	snprintf(file, sizeof(file), "%s/.gongbang%s/log", world.shim.home,
		 path_of(""));
	f = fopen(file, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_non_null(strstr(text, "heard {\"type\":\"control_request\""));
	assert_non_null(strstr(text, "\"code\":1,\"signal\":0"));
	snprintf(file, sizeof(file), "%s/.gongbang%s/running", world.shim.home,
		 path_of(""));
	assert_int_not_equal(access(file, F_OK), 0);
	buf_release(&log.body);
}

static void fifty_megabytes_in_constant_memory(void **state)
{
	struct reply fast = { .discard = true }, slow = { .discard = true };
	struct client *other = client_new(&world.shim, true);
	size_t n = 50 << 20;
	long before, after;

	slow.hold = true;
	start_script(world.c, world.id, "read a; yes 0123456789abcdef | head -c 52428800; cat");
	follow(&fast);
	client_send(other, &slow, "GET", path_of("/log?from=0"), NULL, 0);
	before = shim_memory(&world.shim);
	assert_int_equal(input("go\n"), 200);
	run_until_count(&fast, n);
	after = shim_memory(&world.shim);
	assert_true(slow.count < 1 << 20);
	/* Its neighbour on the same link is not held up. */
	assert_int_equal(client_call(other, NULL, "GET", "/health", NULL, 0), 200);
	if (!getenv("ASAN_OPTIONS") || after < 8192)
		assert_true(after - before < 2048);
	slow.hold = false;
	link_stream_consume(slow.stream, slow.count);
	run_until_count(&slow, n);
	reply_release(&fast);
	reply_release(&slow);
}

static void a_link_that_reads_nothing_costs_nothing(void **state)
{
	struct reply fast = { .discard = true };
	struct client *deaf = client_new(&world.shim, false);
	struct reply never = { .discard = true };
	long before;

	start_script(world.c, world.id, "read a; yes 0123456789abcdef | head -c 20000000; cat");
	follow(&fast);
	client_send(deaf, &never, "GET", path_of("/log?from=0"), NULL, 0);
	run_for(100);
	deaf->failed = true;	/* its socket is no longer read */
	before = shim_memory(&world.shim);
	assert_int_equal(input("go\n"), 200);
	run_until_count(&fast, 20000000);
	if (before < 8192)
		assert_true(shim_memory(&world.shim) - before < 2048);
	never.stream = NULL;
	reply_release(&never);
	reply_release(&fast);
}

static void twenty_links_at_once(void **state)
{
	struct client *c[20];
	struct reply r[20] = { { 0 } };
	size_t i;

	start_script(world.c, world.id, "read a; seq 1 20000; cat");
	for (i = 0; i < 20; i++) {
		c[i] = client_new(&world.shim, true);
		client_send(c[i], &r[i], "GET", path_of("/log?from=0"), NULL, 0);
	}
	assert_int_equal(input("go\n"), 200);
	for (i = 0; i < 20; i++) {
		run_until_text(&r[i], "\n20000\n");
		assert_int_equal(r[i].count, r[0].count);
		assert_memory_equal(r[i].body.data, r[0].body.data, r[0].count);
	}
	for (i = 0; i < 20; i++)
		reply_release(&r[i]);
}

static void send_raw(const char *bytes, size_t n)
{
	int fd = shim_connect(&world.shim);
	char answer[4096];

	assert_true(fd >= 0);
	assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), n);
	while (recv(fd, answer, sizeof(answer), 0) > 0)
		;		/* it must hang up by itself */
	close(fd);
}

/* ---- files ---- */

static int get(const char *path, struct reply *r)
{
	memset(r, 0, sizeof(*r));
	return client_call(world.c, r, "GET", path, NULL, 0);
}

/* A line "HOW TIME PATH" with a time not before since. */
static bool lists(const struct reply *r, const char *how, const char *path,
		  int64_t since)
{
	const char *at = strstr(buf_text(&r->body), path), *line = at;
	char text[300];

	while (line && line > buf_text(&r->body) && line[-1] != '\n')
		line--;
	if (!at || strncmp(line, how, strlen(how)) != 0)
		return false;
	snprintf(text, sizeof(text), "%s%lld %s\n", how,
		 strtoll(line + strlen(how), NULL, 10), path);
	return strncmp(line, text, strlen(text)) == 0 &&
	       strtoll(line + strlen(how), NULL, 10) >= since;
}

static void what_was_made_or_changed_is_listed(void **state)
{
	const char *home = world.shim.home;
	struct reply r;
	char path[64];
	int64_t since;

	shell("cd %s && mkdir -p old .claude node_modules/x __pycache__ d/e && "
	      "echo 1 >old/kept && echo 1 >old/changed && echo 1 >old/linked",
	      home);
	run_for(50);
	since = clock_now_ms();
	run_for(50);
	shell("cd %s && echo 22 >>old/changed && echo 333 >d/e/made.txt && "
	      "echo x >.hidden && echo x >.claude/x && echo x >node_modules/x/y && "
	      "echo x >__pycache__/z && ln -s /etc/passwd link && mkfifo pipe && "
	      "ln -s / root && touch 'a b\n\xff' && touch -d 2001-01-01 d/dated",
	      home);
	snprintf(path, sizeof(path), "/changes?since=%lld", (long long)since);
	assert_int_equal(get(path, &r), 200);
	assert_true(lists(&r, "changed 5 ", "old/changed", since));
	assert_true(lists(&r, "made 4 ", "d/e/made.txt", since));
	assert_true(lists(&r, "made 0 ", "d/dated", since));
	assert_null(strstr(buf_text(&r.body), "kept"));
	assert_null(strstr(buf_text(&r.body), "hidden"));
	assert_null(strstr(buf_text(&r.body), "claude"));
	assert_null(strstr(buf_text(&r.body), "node_modules"));
	assert_null(strstr(buf_text(&r.body), "pycache"));
	assert_null(strstr(buf_text(&r.body), "link"));
	assert_null(strstr(buf_text(&r.body), "pipe"));
	assert_null(strstr(buf_text(&r.body), "root"));
	assert_null(strstr(buf_text(&r.body), "passwd"));
	reply_release(&r);
	assert_int_equal(get("/changes?since=x", &r), 400);
	reply_release(&r);
}

static void the_list_of_changes_has_an_end(void **state)
{
	struct reply r;
	size_t n = 0;
	const char *at;

	shell("cd %s && mkdir many && cd many && seq -f 'f%%g' 900 | xargs touch",
	      world.shim.home);
	assert_int_equal(get("/changes?since=1", &r), 200);
	for (at = buf_text(&r.body); (at = strchr(at, '\n')); at++)
		n++;
	assert_int_equal(n, 500);
	reply_release(&r);
}

static void files_are_read_and_nothing_else(void **state)
{
	static const struct { const char *path; int status; } rows[] = {
		{ "/files/plain.txt", 200 }, { "/files/d%2Fe%2Fdeep", 200 },
		{ "/files/a%20%25b", 200 }, { "/files/none", 404 },
		{ "/files/d", 409 }, { "/files/link", 409 },
		{ "/files/dirlink%2Fhostname", 404 },
		{ "/files/pipe", 409 }, { "/files/socket", 409 },
		{ "/files/..%2F..%2Fetc%2Fpasswd", 400 },
		{ "/files/%2Fetc%2Fpasswd", 400 },
		{ "/files/d%2F..%2Fplain.txt", 400 }, { "/files/.", 400 },
		{ "/files/..", 400 }, { "/files/d%2F%2Fe", 400 },
		{ "/files/d%2F", 400 }, { "/files/%00", 400 },
		{ "/files/plain.txt%00x", 400 }, { "/files/%zz", 400 },
		{ "/files/%2", 400 }, { "/files/", 404 },
		{ "/files/../etc/passwd", 404 }, { "/files/proc%2Fversion", 404 },
		{ "/files/plain.txt%2Fx", 404 },
		{ "/files/plain.txt?max=4", 413 }, { "/files/plain.txt?max=5", 200 },
		{ "/files/plain.txt?max=-1", 400 },
	};
	struct reply r;
	size_t i;

	shell("cd %s && printf 12345 >plain.txt && mkdir -p d/e && echo deep >d/e/deep && "
	      "echo x >'a %%b' && ln -s /etc/passwd link && ln -s /etc dirlink && "
	      "ln -s /proc proc && mkfifo pipe && python3 -c \"import socket; "
	      "socket.socket(socket.AF_UNIX).bind('socket')\"", world.shim.home);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (get(rows[i].path, &r) != rows[i].status)
			fail_msg("%s: %d", rows[i].path, r.status);
		if (i == 0)
			assert_string_equal(buf_text(&r.body), "12345");
		if (r.status != 200)
			assert_true(r.body.len > 3 && r.body.len < 200);
		reply_release(&r);
	}
}

static void a_large_file_comes_whole(void **state)
{
	struct reply r;

	shell("head -c 5000000 /dev/urandom >%s/big", world.shim.home);
	assert_int_equal(get("/files/big", &r), 200);
	assert_int_equal(r.body.len, 5000000);
	reply_release(&r);
	assert_int_equal(get("/files/big?max=4194304", &r), 413);
	reply_release(&r);
}

static void bad_input_is_refused(void **state)
{
	char path[5000], *big = malloc(33 << 20);
	struct reply r = { 0 };
	size_t i;

	send_raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n\r\n\r\n", 30);
	send_raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\x01\x04xxxxxxxxxxx", 40);
	assert_int_equal(call("PUT", ""), 405);
	assert_int_equal(call("GET", "/nothing"), 404);
	assert_int_equal(client_call(world.c, NULL, "GET", "/", NULL, 0), 404);
	assert_int_equal(client_call(world.c, NULL, "POST",
				     "/sessions/../../etc", NULL, 0), 404);
	assert_int_equal(client_call(world.c, NULL, "POST",
				     "/sessions/not-a-uuid", "arg=x", 5), 400);
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(client_call(world.c, NULL, "GET", path, NULL, 0), 400);
	assert_int_equal(call("POST", ""), 400);
	assert_int_equal(client_call(world.c, NULL, "POST", path_of(""),
				     "arg=sh\0what=1", 13), 400);
	assert_int_equal(client_call(world.c, NULL, "POST", path_of(""),
				     "arg=sh\0env=1A=2", 15), 400);
	memset(big, 'b', 33 << 20);
	assert_int_equal(client_call(world.c, NULL, "POST", path_of(""), big,
				     200 << 10), 413);
	start_script(world.c, world.id, "cat >/dev/null");
	for (i = 0; i < 2; i++)
		assert_int_equal(client_call(world.c, NULL, "POST",
					     path_of("/input"), big, 33 << 20), 413);
	assert_int_equal(input("fine\n"), 200);
	assert_int_equal(call("DELETE", "?grace=100000"), 400);
	assert_int_equal(call("DELETE", "?grace=-1"), 400);
	reply_release(&r);
	free(big);
}

static void purge_leaves_nothing(void **state)
{
	struct reply log = { 0 };

	shell("cd %s && mkdir -p .claude/projects/-w/%s/tool-results "
		 "&& touch .claude/projects/-w/%s.jsonl .claude/projects/-w/other.jsonl "
		 ".claude/projects/-w/%s/tool-results/a.txt", world.shim.home,
		 world.id, world.id, world.id);
	start_script(world.c, world.id, "trap '' TERM; echo up; sleep 1000 & wait; wait");
	follow(&log);
	run_until_text(&log, "up");
	assert_int_equal(call("DELETE", "?grace=1&purge=1"), 200);
	run_until(&log.done);
	assert_non_null(strstr(log.body.data, "\"signal\":9"));
	assert_int_equal(call("GET", "/log"), 404);
	shell("cd %s && test $(find . -name '%s*' | wc -l) = 0 "
		 "&& test -e .claude/projects/-w/other.jsonl", world.shim.home, world.id);
	assert_int_equal(call("DELETE", "?purge=1"), 200);
	reply_release(&log);
}

static void links_in_the_folder_are_not_followed(void **state)
{

	shell("cd %s && mkdir -p .gongbang/sessions elsewhere && "
		 "ln -s ../../elsewhere .gongbang/sessions/%s && echo secret > elsewhere/log",
		 world.shim.home, world.id);
	assert_int_equal(call("GET", "/log"), 500);
	assert_int_equal(start_script(world.c, world.id, "true"), 500);
	id_new(world.id);
	shell("cd %s/.gongbang/sessions && mkdir %s && mkfifo %s/log",
		 world.shim.home, world.id, world.id);
	assert_int_equal(call("GET", "/log"), 500);
}

static void a_full_disk_loses_nothing(void **state)
{
	struct rlimit limit = { .rlim_cur = 100000, .rlim_max = RLIM_INFINITY };
	struct reply log = { 0 }, health = { 0 };
	char last[32];

	start_script(world.c, world.id, "read a; seq 1 100000; echo the end");
	follow(&log);
	assert_int_equal(prlimit(world.shim.pid, RLIMIT_FSIZE, &limit, NULL), 0);
	assert_int_equal(input("go\n"), 200);
	run_until_count(&log, 100000);
	run_for(1200);
	assert_int_equal(log.count, 100000);
	client_call(world.c, &health, "GET", "/health", NULL, 0);
	assert_non_null(strstr(health.body.data, "\nblocked 1\n"));
	limit.rlim_cur = RLIM_INFINITY;
	assert_int_equal(prlimit(world.shim.pid, RLIMIT_FSIZE, &limit, NULL), 0);
	run_until_text(&log, "the end\n{\"type\":\"gongbang\",\"subtype\":\"exit\"");
	snprintf(last, sizeof(last), "\n%d\n%d\n", 99999, 100000);
	assert_non_null(strstr(log.body.data, last));
	/* start line, the numbers, "the end", exit line */
	assert_true(log.count > 588895);
	reply_release(&log);
	reply_release(&health);
}

static void write_kills(const char *dir, int n)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/memory.events", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "low 0\nhigh 0\nmax 7\noom 1\noom_kill %d\n", n);
	fclose(f);
}

static void out_of_memory_is_told(void **state)
{
	struct reply log = { 0 }, health = { 0 };
	char dir[80];
	const char *at;

	client_free(world.c);
	shim_kill(&world.shim);
	snprintf(dir, sizeof(dir), "%s/cgroup", world.shim.home);
	assert_int_equal(mkdir(dir, 0700), 0);
	write_kills(dir, 4);
	setenv("GONGBANG_SHIM_CGROUP", dir, 1);
	shim_run_again(&world.shim);
	unsetenv("GONGBANG_SHIM_CGROUP");
	world.c = client_new(&world.shim, false);
	start_script(world.c, world.id, "echo one; read a; printf half; read a; echo ' result'; cat");
	follow(&log);
	run_until_text(&log, "one\n");
	write_kills(dir, 6);
	run_until_text(&log, "\"subtype\":\"oom\"");
	run_until_text(&log, "\"kills\":2}\n");
	/* Never inside a line. */
	assert_int_equal(input("x\n"), 200);
	run_until_text(&log, "half");
	write_kills(dir, 7);
	run_for(700);
	assert_int_equal(input("x\n"), 200);
	run_until_text(&log, "half result\n{\"type\":\"gongbang\",\"subtype\":\"oom\"");
	run_until_text(&log, "\"kills\":1}\n");
	client_call(world.c, &health, "GET", "/health", NULL, 0);
	assert_non_null(strstr(health.body.data, "\noom_kills 7\n"));
	assert_int_equal(call("DELETE", "?grace=1"), 200);
	run_until_text(&log, "\"oom\":3,");
	at = strstr(log.body.data, "one\n");
	assert_memory_equal(at + 4, "{\"type\":\"gongbang\",\"subtype\":\"oom\"", 33);
	reply_release(&log);
	reply_release(&health);
}

static void the_relay_ends_with_its_input(void **state)
{
	char command[300];

	shell("GONGBANG_SHIM_HOME=%s timeout 20 "
		 "./gongbang-shim link </dev/null >/dev/null", world.shim.home);
	/* Also when nobody reads its output. */
	shell("GONGBANG_SHIM_HOME=%s timeout 20 "
		 "./gongbang-shim link </dev/null | sleep 0.1", world.shim.home);
	snprintf(command, sizeof(command), "GONGBANG_SHIM_HOME=%s timeout 20 "
		 "./gongbang-shim 2>/dev/null", world.shim.home);
	assert_int_not_equal(system(command), 0);
}

/* The greeting is for the user of process 1 and for root. */
static void another_user_is_not_answered(void **state)
{
	char greeting[32] = "";
	int status, fd;
	pid_t pid;

	if (geteuid() != 0)
		skip();		/* nobody else can be tried */
	pid = fork();
	if (!pid) {
		if (setgid(12345) < 0 || setuid(12345) < 0)
			_exit(3);
		fd = shim_connect(&world.shim);
		_exit(fd < 0 ? 2 : recv(fd, greeting, sizeof(greeting), 0) > 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fd = shim_connect(&world.shim);
	assert_int_equal(recv(fd, greeting, sizeof(LINK_GREETING) - 1,
			      MSG_WAITALL), sizeof(LINK_GREETING) - 1);
	assert_string_equal(greeting, LINK_GREETING);
	close(fd);
}

/* A link's, in a workspace whose address this process has: it is not process 1. */
static _Noreturn void link_to_a_stranger(int out)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd;

	(void)!unshare(CLONE_NEWNET);	/* abstract addresses of its own */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(a.sun_path + 1, "gongbang-shim", 13);
	if (bind(fd, (struct sockaddr *)&a,
		 (socklen_t)offsetof(struct sockaddr_un, sun_path) + 14) < 0 ||
	    listen(fd, 5) < 0)
		_exit(3);
	unsetenv("GONGBANG_SHIM_HOME");
	if (!fork()) {
		dup2(open("/dev/null", O_RDWR), 0);
		dup2(out, 2);
		execl("./gongbang-shim", "gongbang-shim", "link", (char *)NULL);
		_exit(3);
	}
	wait(&fd);
	_exit(WIFEXITED(fd) ? WEXITSTATUS(fd) : 4);
}

static void a_link_speaks_to_process_1_alone(void **state)
{
	char text[200] = "";
	int out[2], status;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (!pid)
		link_to_a_stranger(out[1]);
	close(out[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(read(out[0], text, sizeof(text) - 1) >= 0);
	close(out[0]);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_non_null(strstr(text, "process 1 does not listen"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(starts_finds_and_lists),
		CASE(every_offset_is_exact),
		CASE(holes_are_refused),
		CASE(input_arrives_whole),
		CASE(input_waits_for_its_reader),
		CASE(all_tools_end),
		CASE(nothing_outlives_the_end),
		CASE(a_killed_keeper_ends_the_session),
		CASE(errors_are_told_in_utf8),
		CASE(a_new_process_1_closes_old_logs),
		CASE(term_ends_with_the_last_words),
		CASE(fifty_megabytes_in_constant_memory),
		CASE(a_link_that_reads_nothing_costs_nothing),
		CASE(twenty_links_at_once),
		CASE(what_was_made_or_changed_is_listed),
		CASE(the_list_of_changes_has_an_end),
		CASE(files_are_read_and_nothing_else),
		CASE(a_large_file_comes_whole),
		CASE(bad_input_is_refused),
		CASE(purge_leaves_nothing),
		CASE(links_in_the_folder_are_not_followed),
		CASE(a_full_disk_loses_nothing),
		CASE(out_of_memory_is_told),
		CASE(the_relay_ends_with_its_input),
		CASE(another_user_is_not_answered),
		CASE(a_link_speaks_to_process_1_alone),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
