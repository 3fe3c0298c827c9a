/*
 * gongbang-egress between a scripted squid and a scripted bridge. Tests
 * helper_protocol.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static struct world {
	char folder[64], socket[96], settings[96];
	int to, from;		/* the helper's stdin and stdout */
	int listening, bridge;	/* -1: none */
	pid_t pid;
	char squid[8192], asked[65536];
} w;

static void open_socket(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", w.socket);
	unlink(w.socket);
	w.listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(w.listening, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(w.listening, 8), 0);
}

static void close_socket(void)
{
	close(w.listening);
	close(w.bridge);
	unlink(w.socket);
	w.listening = w.bridge = -1;
}

static void meet(void)
{
	struct pollfd p = { .fd = w.listening, .events = POLLIN };

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	w.bridge = accept(w.listening, NULL, NULL);
	assert_true(w.bridge >= 0);
	w.asked[0] = '\0';
}

static int set_up(void **state)
{
	int in[2], out[2];
	FILE *f;

	w = (struct world){ .listening = -1, .bridge = -1 };
	snprintf(w.folder, sizeof(w.folder), "/tmp/helper_testXXXXXX");
	assert_non_null(mkdtemp(w.folder));
	snprintf(w.socket, sizeof(w.socket), "%s/egress.sock", w.folder);
	snprintf(w.settings, sizeof(w.settings), "%s/conf", w.folder);
	f = fopen(w.settings, "w");
	fprintf(f, "egress_socket = %s\n", w.socket);
	fclose(f);
	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	w.pid = fork();
	if (w.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl("gongbang-egress", "gongbang-egress", "--settings",
		      w.settings, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	w.to = in[1];
	w.from = out[0];
	return 0;
}

static int tear_down(void **state)
{
	char command[128];
	int status;

	close(w.to);
	assert_int_equal(waitpid(w.pid, &status, 0), w.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(w.from);
	close_socket();
	snprintf(command, sizeof(command), "rm -rf %s", w.folder);
	return system(command);
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
}

/* Reads on until what was said holds text. */
static void wait_for(int fd, char *said, size_t size, const char *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t have = strlen(said);
	ssize_t n;

	while (!strstr(said, text)) {
		if (poll(&p, 1, PATIENCE_MS) != 1)
			fail_msg("no %s in %s", text, said);
		n = read(fd, said + have, size - have - 1);
		if (n <= 0)
			fail_msg("the end, and no %s in %s", text, said);
		have += (size_t)n;
		said[have] = '\0';
	}
}

static void told(const char *text)
{
	wait_for(w.from, w.squid, sizeof(w.squid), text);
}

static void asked(const char *text)
{
	wait_for(w.bridge, w.asked, sizeof(w.asked), text);
}

static void channels(void **state)
{
	open_socket();
	say(w.to, "0 172.30.0.2 CONNECT a.example 443\n"
	    "1 172.30.0.2 CONNECT b.example 443\n");
	meet();
	asked("2 172.30.0.2 CONNECT b.example 443\n");
	assert_non_null(strstr(w.asked, "1 172.30.0.2 CONNECT a.example 443\n"));
	say(w.bridge, "2 OK\n1 ERR not-");
	told("1 OK\n");
	say(w.bridge, "listed\n");
	told("0 ERR message=not-listed\n");
	/* The channel again: an answer to the number before is nobody's. */
	say(w.to, "0 172.30.0.2 GET c.example 80\n");
	asked("3 172.30.0.2 GET c.example 80\n");
	w.squid[0] = '\0';
	say(w.bridge, "1 OK\nnonsense\n77 OK\n3 ERR bad-port\n");
	told("0 ERR message=bad-port\n");
	assert_null(strstr(w.squid, "OK"));
}

static void bridge_comes_late(void **state)
{
	say(w.to, "5 172.30.0.2 CONNECT a.example 443\n");
	usleep(300000);
	open_socket();
	meet();
	asked("1 172.30.0.2 CONNECT a.example 443\n");
	say(w.bridge, "1 OK\n");
	told("5 OK\n");
}

static void bridge_dies(void **state)
{
	open_socket();
	say(w.to, "5 172.30.0.2 CONNECT a.example 443\n");
	meet();
	asked("a.example 443\n");
	say(w.bridge, "1 O");
	close_socket();
	open_socket();
	meet();
	asked("1 172.30.0.2 CONNECT a.example 443\n");
	say(w.bridge, "1 ERR address\n");
	told("5 ERR message=address\n");
}

static void bridge_away(void **state)
{
	say(w.to, "5 172.30.0.2 CONNECT a.example 443\n");
	told("5 ERR message=away\n");
}

static void bridge_silent(void **state)
{
	open_socket();
	say(w.to, "5 172.30.0.2 CONNECT a.example 443\n");
	meet();
	told("5 ERR message=away\n");
	say(w.bridge, "1 OK\n");
	say(w.to, "5 172.30.0.2 CONNECT b.example 443\n");
	asked("2 172.30.0.2 CONNECT b.example 443\n");
	w.squid[0] = '\0';
	say(w.bridge, "2 ERR bad-name\n");
	told("5 ERR message=bad-name\n");
}

static void too_long(void **state)
{
	char line[6000];

	open_socket();
	memset(line, 'a', sizeof(line));
	memcpy(line, "3 x CONNECT ", 12);
	strcpy(line + sizeof(line) - 6, " 443\n");
	say(w.to, line);
	told("3 ERR message=malformed\n");
	strcpy(line + 1500, " 443\n");
	say(w.to, line);
	say(w.to, "4 x CONNECT a.example 443\n");
	meet();
	asked("x CONNECT a.example 443\n");
	assert_null(strstr(w.asked, "aaaa"));
	say(w.bridge, "1 OK\n2 OK\n");
	told("4 OK\n");
}

static void too_many(void **state)
{
	char line[64];
	int i;

	open_socket();
	for (i = 0; i <= 1024; i++) {
		snprintf(line, sizeof(line), "%d x CONNECT a.example 443\n", i);
		say(w.to, line);
	}
	told("1024 ERR message=busy\n");
	meet();
	asked("1024 x CONNECT a.example 443\n");
}

static void squid_ends(void **state)
{
	open_socket();
	say(w.to, "5 172.30.0.2 CONNECT a.example 443\n");
	meet();
	asked("a.example 443\n");
	close(w.to);
	w.to = -1;
	say(w.bridge, "1 OK\n");
	told("5 OK\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(channels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bridge_comes_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bridge_dies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bridge_away, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bridge_silent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(squid_ends, set_up, tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
