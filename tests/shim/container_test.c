/*
 * The shim as process 1 of a real workspace container with its limits, linked
 * by exec. Needs $GONGBANG_TEST_ENGINE (an engine's socket), the docker
 * command and the workspace image; otherwise it is skipped. Tests shim.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/id.h"
#include "tests/shim/harness.h"

#define IMAGE "claude-workspace:latest"

static char docker[200], name[40], id[ID_SIZE];
static struct client *c;

static const char *path_of(const char *rest)
{
	static char path[200];

	snprintf(path, sizeof(path), "/sessions/%s%s", id, rest);
	return path;
}

static void open_link(void)
{
	char command[300];

	snprintf(command, sizeof(command), "exec %s exec -i -w /var/lib/gongbang/volume %s gongbang-shim link",
		 docker, name);
	setenv("GONGBANG_TEST_LINK", command, 1);
	c = client_new(NULL, true);
}

static int setup(void **state)
{
	const char *instance = getenv("GONGBANG_TEST_INSTANCE");

	id_new(id);
	snprintf(name, sizeof(name), "gongbang-shim-test-%d", (int)getpid());
	/* The program just built, not the image's, which may be older. */
	shell("%s run -d --name %s --label gongbang.instance=%s --network none "
	      "--read-only -v %s:/workspace -v %s:/var/lib/gongbang/volume "
	      "--tmpfs /workspace/.gongbang:ro,size=4k --tmpfs /run/gongbang:exec,size=8m,mode=1777 --tmpfs /tmp:size=64m --memory 128m --memory-swap 128m --cpus 1 "
	      "--pids-limit 64 --cap-drop ALL --security-opt no-new-privileges "
	      "-v \"$(readlink -f gongbang-shim)\":/usr/local/bin/gongbang-shim:ro "
	      "%s >/dev/null", docker, name,
	      instance ? instance : "gongbang-test", name, name, IMAGE);
	open_link();
	return 0;
}

static int teardown(void **state)
{
	client_free(c);
	shell("%s rm -f %s >/dev/null && %s volume rm %s >/dev/null", docker,
	      name, docker, name);
	return 0;
}

static void follow(struct reply *log)
{
	client_send(c, log, "GET", path_of("/log?from=0"), NULL, 0);
}

static void a_tool_out_of_memory_is_told(void **state)
{
	struct reply log = { 0 }, health = { 0 };

	assert_int_equal(start_script(c, id, "id -u; pwd; "
		"gongbang-tool 'tail /dev/zero'; echo \"tool $?\"; cat"), 201);
	follow(&log);
	run_until_text(&log, "1000\n/workspace\n");
	run_until_text(&log, "\"subtype\":\"oom\"");
	run_until_text(&log, "tool 137\n");
	assert_int_equal(client_call(c, &health, "GET", "/health", NULL, 0), 200);
	assert_non_null(strstr(health.body.data, "\nmemory_max 134217728\n"));
	assert_non_null(strstr(health.body.data, "\ncpus 1.00\n"));
	assert_null(strstr(health.body.data, "\noom_kills 0\n"));
	assert_int_equal(client_call(c, NULL, "DELETE", path_of("?grace=2"),
				     NULL, 0), 200);
	run_until_text(&log, "\"signal\":15,\"oom\":1,");
	reply_release(&log);
	reply_release(&health);
}

static void no_process_to_be_had_is_said(void **state)
{
	struct reply log = { 0 };
	char first[ID_SIZE];

	assert_int_equal(start_script(c, id, "exec python3 -c '"
		"import os, time\n"
		"try:\n"
		"  while True:\n"
		"    if not os.fork(): time.sleep(1000)\n"
		"except OSError: print(\"full\", flush=True)\n"
		"time.sleep(1000)'"), 201);
	follow(&log);
	run_until_text(&log, "full");
	memcpy(first, id, sizeof(first));
	id_new(id);
	assert_int_equal(start_script(c, id, "true"), 503);
	assert_int_equal(client_call(c, NULL, "GET", "/health", NULL, 0), 200);
	memcpy(id, first, sizeof(id));
	assert_int_equal(client_call(c, NULL, "DELETE", path_of("?grace=1"),
				     NULL, 0), 200);
	assert_int_equal(start_script(c, id, "echo room"), 201);
	run_until_text(&log, "room");
	reply_release(&log);
}

static void a_killed_container_is_closed_later(void **state)
{
	struct reply log = { 0 };

	start_script(c, id, "echo one; sleep 1000");
	follow(&log);
	run_until_text(&log, "one");
	log.stream = NULL;
	client_free(c);
	reply_release(&log);
	shell("%s kill %s >/dev/null && %s start %s >/dev/null", docker, name,
	      docker, name);
	open_link();
	follow(&log);
	run_until_text(&log, "\"reason\":\"container\"");
	reply_release(&log);
}

static void stop_ends_with_an_exit_line(void **state)
{
	struct reply log = { 0 };

	start_script(c, id, "read a; echo bye; exit 4");
	follow(&log);
	run_until_text(&log, "start");
	log.stream = NULL;
	client_free(c);
	reply_release(&log);
	shell("%s stop -t 10 %s >/dev/null && %s start %s >/dev/null", docker,
	      name, docker, name);
	open_link();
	follow(&log);
	run_until_text(&log, "bye\n");
	run_until_text(&log, "\"code\":4,\"signal\":0");
	reply_release(&log);
}

/* A process with no parent here is the engine's doing; a session's never is one. */
static void only_what_the_engine_put_in_is_answered(void **state)
{
	static const char knock[] =
		"import os, socket, time\n"
		"def knock(who):\n"
		"  s = socket.socket(socket.AF_UNIX)\n"
		"  try: s.connect(\"\\0gongbang-shim\"); got = s.recv(99)\n"
		"  except OSError as e: got = b\"refused\"\n"
		"  print(who, \"in\" if got.startswith(b\"gongbang\") else \"out\", flush=True)\n"
		"knock(\"plain\")\n"
		"if not os.fork():\n"
		"  os.setsid()\n"
		"  if not os.fork():\n"
		"    time.sleep(0.3); knock(\"orphan\"); os._exit(0)\n"
		"  os._exit(0)\n"
		"time.sleep(1)\n";
	struct reply log = { 0 };
	char script[2000], path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/%s.py", name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(knock, f);
	fclose(f);
	/* No domain here: only the parent tells this one from the link. */
	shell("%s exec -i -w /tmp %s sh -c 'cat >knock.py; python3 knock.py; true' <%s >%s.out",
	      docker, name, path, path);
	shell("grep -qx 'plain out' %s.out && grep -qx 'orphan out' %s.out", path, path);
	shell("%s exec -i %s python3 - <%s >%s.out; grep -qx 'plain in' %s.out",
	      docker, name, path, path, path);
	snprintf(script, sizeof(script), "python3 /tmp/knock.py; gongbang-tool 'python3 /tmp/knock.py'; echo over");
	assert_int_equal(start_script(c, id, script), 201);
	follow(&log);
	run_until_text(&log, "\nover\n");
	assert_null(strstr(log.body.data, " in\n"));
	assert_non_null(strstr(log.body.data, "orphan out\n"));
	reply_release(&log);
	shell("rm -f %s %s.out", path, path);
}

/* Its owner may shut the home: the shim opens it again, also at its start. */
static void a_home_shut_to_all_is_opened(void **state)
{
	struct reply log = { 0 };

	shell("%s exec %s chmod 000 /workspace", docker, name);
	assert_int_equal(start_script(c, id, "chmod 000 /workspace; echo shut; cat"), 201);
	follow(&log);
	run_until_text(&log, "shut\n");
	/* The session's next process finds it shut. */
	assert_int_equal(client_call(c, NULL, "DELETE", path_of("?grace=1"),
				     NULL, 0), 200);
	assert_int_equal(start_script(c, id, "pwd; chmod 000 /workspace; cat"), 201);
	run_until_text(&log, "/workspace\n");
	log.stream = NULL;
	client_free(c);
	reply_release(&log);
	shell("%s restart -t 10 %s >/dev/null", docker, name);
	open_link();
	id_new(id);
	assert_int_equal(start_script(c, id,
		"ls .gongbang; ls /var/lib/gongbang || echo none"), 201);
	follow(&log);
	run_until_text(&log, "none\n");
	assert_null(strstr(log.body.data, "sessions"));
	reply_release(&log);
}

static int start_at_home(const char *session, const char *fields, size_t n)
{
	char path[100];

	snprintf(path, sizeof(path), "/sessions/%s", session);
	return client_call(c, NULL, "POST", path, fields, n);
}

/* A session's own home: new, closed to every other one, gone with it. */
static void an_own_home_is_nobody_elses(void **state)
{
	static const char fields[] = "arg=bash\0arg=-c\0arg=echo home $HOME; "
		"ls -A $HOME/.claude; echo x >$HOME/.bashrc && mv $HOME/.bashrc $HOME/a && cat $HOME/a; "
		"gongbang-tool 'echo y >$HOME/b && cat $HOME/b'; echo ready; cat\0home=own";
	struct reply log = { 0 }, other = { 0 };
	char first[ID_SIZE], script[600];

	memcpy(first, id, sizeof(first));
	assert_int_equal(start_at_home(id, fields, sizeof(fields)), 201);
	follow(&log);
	run_until_text(&log, "ready\n");
	snprintf(script, sizeof(script), "home /run/gongbang/%s\nprojects\nx\ny\n", first);
	assert_non_null(strstr(log.body.data, script));
	id_new(id);
	snprintf(script, sizeof(script), "cd /run/gongbang/%s && echo x >.bashrc; "
		 "cat a; mv a c; mkdir .config; ln -s / l; "
		 "mkdir /run/gongbang/planted; echo over; echo $HOME; cat", first);
	assert_int_equal(start_script(c, id, script), 201);
	follow(&other);
	run_until_text(&other, "over\n/workspace\n");
	assert_null(strstr(other.body.data, "\nx\n"));
	shell("%s exec %s sh -c 'test $(ls -A /run/gongbang/%s | wc -l) = 4 && test $(ls /run/gongbang) = %s'",
	      docker, name, first, first);
	memcpy(id, first, sizeof(first));
	assert_int_equal(client_call(c, NULL, "DELETE", path_of("?grace=1"),
				     NULL, 0), 200);
	shell("%s exec %s sh -c 'test -z \"$(ls /run/gongbang)\"'", docker, name);
	reply_release(&log);
	reply_release(&other);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_tool_out_of_memory_is_told),
		CASE(no_process_to_be_had_is_said),
		CASE(a_killed_container_is_closed_later),
		CASE(stop_ends_with_an_exit_line),
		CASE(only_what_the_engine_put_in_is_answered),
		CASE(a_home_shut_to_all_is_opened),
		CASE(an_own_home_is_nobody_elses),
	};
	const char *engine = getenv("GONGBANG_TEST_ENGINE");
	char probe[300];

	snprintf(docker, sizeof(docker), "docker -H unix://%s", engine ? engine : "");
	snprintf(probe, sizeof(probe), "%s image inspect %s >/dev/null 2>&1",
		 docker, IMAGE);
	if (!engine || system(probe) != 0) {
		puts("skipped: GONGBANG_TEST_ENGINE names no engine with "
		     IMAGE ", or there is no docker command");
		return 77;
	}
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
