/* lib/shim/link_listener.c: many, slow and strange clients. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/event_loop.h"
#include "shim/link_listener.h"
#include "shim/paths.h"
#include "tests/shim/shim_world.h"

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

/* ---- in this process, with a short deadline ---- */

static struct watch stranger = { .fd = -1 };
static char heard[64];
static size_t nheard;

static void on_stranger(struct watch *w, uint32_t events)
{
	ssize_t n = recv(w->fd, heard + nheard, sizeof(heard) - nheard, 0);

	nheard += n > 0 ? (size_t)n : 0;
	if (n <= 0) {
		event_loop_close(w);
		event_loop_stop();
	}
}

static void give_up(struct timer *t)
{
	event_loop_stop();
}

static void nothing(void)
{
}

static void first(void)
{
	fail_msg("nothing was said");
}

/* It holds one of the few connections. */
static void one_that_says_nothing_is_closed(void **state)
{
	static const struct shim_limits limits = { .bodies = 1000, .preface_ms = 20 };
	struct timer late = { .fire = give_up };
	struct sockaddr_un address;
	struct err e = { 0 };
	socklen_t n;
	int fd;

	client_free(world.c);
	shim_kill(&world.shim);		/* its address is needed */
	setenv("GONGBANG_SHIM_HOME", world.shim.home, 1);
	assert_int_equal(path_init(&e), 0);
	assert_int_equal(event_loop_init(&e), 0);
	if (link_listener_open(&limits, first, &e) < 0)
		fail_msg("%s", e.text);
	n = path_address(&address);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, n), 0);
	stranger.ready = on_stranger;
	assert_int_equal(event_loop_watch(&stranger, fd, EPOLLIN, &e), 0);
	event_loop_timer(&late, WAIT_MS);
	event_loop_run(nothing);
	event_loop_cancel(&late);
	assert_int_equal(stranger.fd, -1);
	assert_int_equal(nheard, sizeof(LINK_GREETING) - 1);
	assert_memory_equal(heard, LINK_GREETING, nheard);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(another_user_is_not_answered),
		CASE(fifty_megabytes_in_constant_memory),
		CASE(a_link_that_reads_nothing_costs_nothing),
		CASE(twenty_links_at_once),
		CASE(one_that_says_nothing_is_closed),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
