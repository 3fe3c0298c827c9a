#include "config.h"
#include "gateway_calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway_world.h"

struct world w;
struct answer a;

int setup(void **state)
{
	world_init(&w);
	return 0;
}

int teardown(void **state)
{
	answer_release(&a);
	world_release(&w);
	return 0;
}

void start(void)
{
	w.keys = true;
	if (!world_start(&w))
		fail_msg("it does not start:\n%s", world_log(&w));
}

void read_answer(int fd)
{
	answer_release(&a);
	client_read(fd, &a);
}

void call(int user, const char *app)
{
	answer_release(&a);
	client_call(&w, user, app, &a);
}

void request(int user, const char *method, const char *target, const char *fields)
{
	int fd = client_connect(&w, 1);

	client_send(fd, &w, user, method, target, fields, NULL, 0);
	read_answer(fd);
	close(fd);
}

void expect_error(int status, const char *type, const char *words)
{
	char want[128];

	snprintf(want, sizeof(want), "{\"type\":\"error\",\"error\":{\"type\":\"%s\"", type);
	if (a.status != status || !strstr(a.body, want) || !strstr(a.body, words))
		fail_msg("not %d %s: %d %s\n%s", status, words, a.status, a.body, world_log(&w));
}

int64_t tokens_of(const struct ledger *l)
{
	return l->usage.input + l->usage.output;
}

void send_chunk(int fd, const char *bytes, size_t n)
{
	char size[32];

	snprintf(size, sizeof(size), "%zx\r\n", n);
	send(fd, size, strlen(size), MSG_NOSIGNAL);
	send(fd, bytes, n, MSG_NOSIGNAL);
	send(fd, "\r\n", 2, MSG_NOSIGNAL);
}

void send_chunks(int fd, size_t total, size_t each)
{
	char *ys = malloc(each);

	memset(ys, 'y', each);
	send_chunk(fd, "{\"system\":\"", 11);
	for (; total; total -= each)
		send_chunk(fd, ys, each);
	send_chunk(fd, "\"}", 2);
	send(fd, "0\r\n\r\n", 5, MSG_NOSIGNAL);
	free(ys);
}

void hear(int fd)
{
	static char bytes[65536];
	size_t have = 0;
	ssize_t got;

	do {
		got = recv(fd, bytes + have, sizeof(bytes) - 1 - have, 0);
		assert_true(got > 0);
		have += (size_t)got;
		bytes[have] = '\0';
	} while (!strstr(bytes, "message_start"));
}

char *json_of(size_t n)
{
	static const char begin[] = "{\"system\":\"", end[] = "\"}";
	char *body = malloc(n);

	memset(body, 'y', n);
	memcpy(body, begin, strlen(begin));
	memcpy(body + n - strlen(end), end, strlen(end));
	return body;
}

void hear_deltas(int fd, int want)
{
	size_t n = 0;
	ssize_t got;
	char *at;
	int seen;

	do {
		got = recv(fd, a.head + n, sizeof(a.head) - 1 - n, 0);
		assert_true(got > 0);
		n += (size_t)got;
		a.head[n] = '\0';
		for (seen = 0, at = a.head; (at = strstr(at, "text_delta")); at++)
			seen++;
	} while (seen < want);
}

void send_bytes(int fd, const char *app, size_t n)
{
	char *body = json_of(n), field[80];

	snprintf(field, sizeof(field), "x-app: %s\r\n", app);
	client_send(fd, &w, ANN, "POST", "/v1/messages", field, body, n);
	free(body);
}
