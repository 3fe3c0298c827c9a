/*
 * Calls a Messages API for scripts/bench.
 * calls PORT TOKEN latency COUNT BYTES: one after the other on one connection,
 *   prints "p50 US p99 US" of the time to the first byte of the answer.
 * calls PORT TOKEN streams COUNT BYTES: that many at once that the service
 *   holds, from several loopback addresses; prints "open N" when each had its
 *   first byte, and keeps them until stdin ends.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EACH 40		/* connections of one address */

/* A body of JSON, which is as long as it is asked for. */
#define BEGIN "{\"model\":\"claude-bench\",\"max_tokens\":100,\"system\":\""
#define END "\"}"

static int port;
static const char *token;

static int connect_from(int number)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)number);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror("connect");
		exit(1);
	}
	return fd;
}

static char *request_of(long bytes, const char *more, size_t *n)
{
	char *text = malloc((size_t)bytes + 1024);
	int head = sprintf(text, "POST /v1/messages?beta=true HTTP/1.1\r\nHost: bench\r\n"
			   "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
			   "anthropic-version: 2023-06-01\r\n%sContent-Length: %ld\r\n\r\n",
			   token, more, bytes);

	memset(text + head, 'x', (size_t)bytes);
	memcpy(text + head, BEGIN, strlen(BEGIN));
	memcpy(text + head + bytes - strlen(END), END, strlen(END));
	*n = (size_t)head + (size_t)bytes;
	return text;
}

static void send_all(int fd, const char *text, size_t n)
{
	ssize_t sent;

	while (n) {
		sent = send(fd, text, n, MSG_NOSIGNAL);
		if (sent <= 0) {
			perror("send");
			exit(1);
		}
		text += sent;
		n -= (size_t)sent;
	}
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void must_be_good(const char *answer)
{
	if (strncmp(answer, "HTTP/1.1 200", 12)) {
		fprintf(stderr, "%.300s\n", answer);
		exit(1);
	}
}

static int complete(const char *answer, size_t have)
{
	const char *end = strstr(answer, "\r\n\r\n"), *length;

	if (!end)
		return 0;
	length = strcasestr(answer, "\r\ncontent-length:");
	if (length && length < end)
		return have >= (size_t)(end + 4 - answer) + (size_t)atol(length + 17);
	return !memcmp(answer + have - 7, "\r\n0\r\n\r\n", 7);
}

/* Reads an answer to its end; when its first byte came. */
static double read_answer(int fd)
{
	static char answer[65536];
	size_t have = 0;
	double first = 0;
	ssize_t got;

	for (;;) {
		got = recv(fd, answer + have, sizeof(answer) - 1 - have, 0);
		if (got <= 0) {
			fprintf(stderr, "the answer broke off\n");
			exit(1);
		}
		if (!have)
			first = now_us();
		have += (size_t)got;
		answer[have] = '\0';
		if (complete(answer, have))
			break;
	}
	must_be_good(answer);
	return first;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void latency(long count, long bytes)
{
	double *took = malloc((size_t)count * sizeof(*took)), start;
	int fd = connect_from(0);
	size_t n;
	char *text = request_of(bytes, "", &n);
	long i;

	for (i = -count / 10; i < count; i++) {
		start = now_us();
		send_all(fd, text, n);
		start = read_answer(fd) - start;
		if (i >= 0)
			took[i] = start;
	}
	qsort(took, (size_t)count, sizeof(*took), by_size);
	printf("p50 %.0f p99 %.0f\n", took[count / 2], took[count * 99 / 100]);
}

static void streams(long count, long bytes)
{
	int *fds = malloc((size_t)count * sizeof(*fds));
	char answer[4096];
	size_t n;
	char *text = request_of(bytes, "x-app: hold\r\n", &n);
	ssize_t got;
	long i;

	for (i = 0; i < count; i++) {
		fds[i] = connect_from((int)(i / EACH));
		send_all(fds[i], text, n);
	}
	for (i = 0; i < count; i++) {
		got = recv(fds[i], answer, sizeof(answer) - 1, 0);
		answer[got > 0 ? got : 0] = '\0';
		must_be_good(answer);
	}
	printf("open %ld\n", count);
	fflush(stdout);
	while (read(0, answer, sizeof(answer)) > 0)
		;
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "calls PORT TOKEN latency|streams COUNT BYTES\n");
		return 2;
	}
	port = atoi(argv[1]);
	token = argv[2];
	if (!strcmp(argv[3], "latency"))
		latency(atol(argv[4]), atol(argv[5]));
	else
		streams(atol(argv[4]), atol(argv[5]));
	return 0;
}
