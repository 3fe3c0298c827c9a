/*
 * A service with TLS: trusted or not, HTTP/2, both directions stalled. nginx
 * runs in front of the scripted service. Tests upstream.c.
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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway_world.h"

#define MB (1 << 20)

static struct world w;
static struct answer a;
static pid_t nginx;
static int port;

static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *fmt, ...)
{
	char command[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void write_site(const char *more)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/nginx.conf", w.folder);
	f = fopen(path, "w");
	fprintf(f, "pid %s/pid; error_log %s/error; daemon off; master_process off;\n"
		"events {}\nhttp { access_log %s/access; client_max_body_size 40m;\n"
		"log_format x '$server_protocol'; access_log %s/protocols x;\n"
		"client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3;"
		"uwsgi_temp_path %s/t4; scgi_temp_path %s/t5;\n"
		"server { listen 127.0.0.1:%d ssl http2; ssl_certificate %s/cert; ssl_certificate_key %s/key;\n%s\n"
		"location / { proxy_pass http://127.0.0.1:%d; proxy_http_version 1.1; proxy_buffering off;"
		" proxy_request_buffering off; } } }\n",
		w.folder, w.folder, w.folder, w.folder, w.folder, w.folder, w.folder,
		w.folder, w.folder, port, w.folder, w.folder, more, w.service.port);
	fclose(f);
}

static void start_nginx(const char *more)
{
	char path[128];
	int i;

	write_site(more);
	snprintf(path, sizeof(path), "%s/nginx.conf", w.folder);
	nginx = fork();
	if (nginx == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("nginx", "nginx", "-p", w.folder, "-c", path, (char *)NULL);
		_exit(127);
	}
	for (i = 0; i < 500; i++) {
		int old = w.port, fd;

		w.port = port;
		fd = client_connect(&w, 1);
		w.port = old;
		if (fd >= 0) {
			close(fd);
			return;
		}
		usleep(10000);
	}
	fail_msg("nginx does not start");
}

static int setup(void **state)
{
	if (system("command -v nginx openssl >/dev/null") != 0) {
		print_message("nginx or openssl is missing\n");
		return -1;
	}
	world_init(&w);
	port = world_free_port();
	run("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 "
	    "-addext subjectAltName=IP:127.0.0.1 -days 2 -keyout %s/key -out %s/cert 2>/dev/null",
	    w.folder, w.folder);
	snprintf(w.upstream, sizeof(w.upstream), "https://127.0.0.1:%d", port);
	snprintf(w.more, sizeof(w.more), "extra_ca = %s/cert\n", w.folder);
	return 0;
}

static int teardown(void **state)
{
	kill(nginx, SIGTERM);	/* it ends its worker too */
	waitpid(nginx, NULL, 0);
	answer_release(&a);
	world_release(&w);
	return 0;
}

static void start(const char *more)
{
	start_nginx(more);
	w.keys = true;
	if (!world_start(&w))
		fail_msg("it does not start:\n%s", world_log(&w));
}

static void call(const char *app)
{
	answer_release(&a);
	client_call(&w, BEN, app, &a);
}

static void calls_go_over_http2(void **state)
{
	struct ledger l;
	int i;

	start("");
	for (i = 0; i < 5; i++) {
		call("slow 3");
		if (a.status != 200 || !a.whole)
			fail_msg("%d %s\n%s", a.status, a.body, world_log(&w));
	}
	world_ledger(&w, 5, &l);
	assert_int_equal(l.complete, 5);
	run("test $(grep -c HTTP/2.0 %s/protocols) = 5", w.folder);
}

static void large_bodies_pass_over_http2(void **state)
{
	size_t n = 31 * MB;
	char *body = malloc(n);
	int fd;

	memset(body, ' ', n);
	memcpy(body, "{}", 2);
	start("");
	fd = client_connect(&w, 1);
	client_send(fd, &w, BEN, "POST", "/v1/messages", "x-app: blob 8388608\r\n", body, n);
	usleep(200000);
	client_read(fd, &a);
	close(fd);
	free(body);
	assert_int_equal(a.status, 200);
	assert_true(a.whole);
	assert_int_equal(a.n, 8 * MB);
	assert_int_equal(w.service.body_bytes, n);
}

static void a_stalled_reader_stops_nobody_else(void **state)
{
	long before;
	int fd, i;

	start("");
	call("");
	before = world_resident_kb(&w);
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: endless\r\n", BODY, BODY_SIZE);
	sleep(1);
	assert_true(world_resident_kb(&w) - before < 4096);
	for (i = 0; i < 5; i++) {
		call("");
		assert_int_equal(a.status, 200);
		assert_true(a.whole);
	}
	close(fd);
	scripted_wait(&w.service, &w.service.left, 1);
}

static void one_that_leaves_ends_its_stream(void **state)
{
	struct ledger l;
	int fd;

	start("");
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: silent\r\n", BODY, BODY_SIZE);
	scripted_wait(&w.service, &w.service.requests, 1);
	close(fd);
	scripted_wait(&w.service, &w.service.left, 1);
	call("");
	assert_int_equal(a.status, 200);
	world_ledger(&w, 2, &l);
	assert_int_equal(l.interrupted, 1);
}

static void strangers_are_not_trusted(void **state)
{
	w.more[0] = '\0';	/* the system's own bundle */
	start("");
	call("");
	assert_int_equal(a.status, 502);
	assert_non_null(strstr(a.body, "certificate"));
	assert_string_equal(answer_field(&a, "x-should-retry"), "false");
	assert_int_equal(w.service.requests, 0);
}

static void old_tls_is_not_spoken(void **state)
{
	start("ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;");
	call("");
	assert_int_equal(a.status, 502);
	assert_int_equal(w.service.requests, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_go_over_http2),
		TEST(large_bodies_pass_over_http2),
		TEST(a_stalled_reader_stops_nobody_else),
		TEST(one_that_leaves_ends_its_stream),
		TEST(strangers_are_not_trusted),
		TEST(old_tls_is_not_spoken),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
