/* lib/shim/stdio_proxy.c: gongbang-shim link. */
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
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/shim/shim_world.h"

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
		CASE(the_relay_ends_with_its_input),
		CASE(a_link_speaks_to_process_1_alone),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
