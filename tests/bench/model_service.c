/*
 * A model service for scripts/bench, as fast as possible: one thread, epoll,
 * HTTP/1.1 with Content-Length requests. messages PORT. Each POST is answered
 * by a short event stream: the head and the first event, then the rest in
 * another write, like a streaming service. One with "x-app: hold" gets the
 * head and the first event, and then nothing until the client leaves.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ (256 << 10)
#define HEAD_MAX 16384
#define EVENTS 256

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n" \
	"Transfer-Encoding: chunked\r\nrequest-id: req_bench\r\n\r\n"
#define START "event: message_start\ndata: {\"type\":\"message_start\",\"message\":" \
	"{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"bench\"," \
	"\"content\":[],\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\n"
#define REST "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0," \
	"\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n" \
	"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0," \
	"\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello.\"}}\n\n" \
	"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" \
	"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":" \
	"\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\n" \
	"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

struct peer {
	int fd;
	size_t have;		/* of a head */
	long body;		/* bytes still to come */
	int in_body, hold;
	char head[HEAD_MAX];
};

static char begun[4096], rest[4096];
static size_t begun_len, rest_len;

static void make_replies(void)
{
	begun_len = (size_t)snprintf(begun, sizeof(begun), "%s%zx\r\n%s\r\n", HEAD,
				     strlen(START), START);
	rest_len = (size_t)snprintf(rest, sizeof(rest), "%zx\r\n%s\r\n0\r\n\r\n",
				    strlen(REST), REST);
}

static void leave(struct peer *p)
{
	close(p->fd);
	free(p);
}

/* A reply is small: it always fits into the socket's buffer. */
static int answer(struct peer *p)
{
	int hold = p->hold;

	p->in_body = p->hold = 0;
	p->have = 0;
	if (send(p->fd, begun, begun_len, MSG_NOSIGNAL) != (ssize_t)begun_len)
		return -1;
	return hold || send(p->fd, rest, rest_len, MSG_NOSIGNAL) == (ssize_t)rest_len ? 0 : -1;
}

static long take_head(struct peer *p, const char *bytes, long n)
{
	long used = n < (long)(HEAD_MAX - 1 - p->have) ? n : (long)(HEAD_MAX - 1 - p->have);
	const char *end, *length;
	size_t before = p->have;

	memcpy(p->head + p->have, bytes, (size_t)used);
	p->have += (size_t)used;
	p->head[p->have] = '\0';
	end = strstr(p->head, "\r\n\r\n");
	if (!end)
		return p->have < HEAD_MAX - 1 ? used : -1;
	length = strcasestr(p->head, "\r\ncontent-length:");
	p->body = length && length < end ? atol(length + 17) : 0;
	p->hold = strcasestr(p->head, "x-app: hold") != NULL;
	p->in_body = 1;
	return end + 4 - p->head - (long)before;
}

static int feed(struct peer *p, const char *bytes, long n)
{
	long used;

	while (n > 0) {
		if (p->in_body) {
			used = n < p->body ? n : p->body;
			p->body -= used;
		} else {
			used = take_head(p, bytes, n);
			if (used < 0)
				return -1;
		}
		bytes += used;
		n -= used;
		if (p->in_body && !p->body && answer(p) < 0)
			return -1;
	}
	return 0;
}

static void accept_all(int listener, int epoll)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct peer *p;
	int fd, one = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		p = calloc(1, sizeof(*p));
		if (!p)
			abort();
		p->fd = fd;
		event.data.ptr = p;
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

static void serve(int listener)
{
	static char bytes[READ];
	struct epoll_event list[EVENTS], event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC), n, i;
	ssize_t got;

	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		n = epoll_wait(epoll, list, EVENTS, -1);
		for (i = 0; i < n; i++) {
			struct peer *p = list[i].data.ptr;

			if (!p) {
				accept_all(listener, epoll);
				continue;
			}
			got = read(p->fd, bytes, sizeof(bytes));
			if (got < 0 && errno == EAGAIN)
				continue;
			if (got <= 0 || feed(p, bytes, got) < 0)
				leave(p);
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd, one = 1;

	if (argc != 2) {
		fprintf(stderr, "messages PORT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	make_replies();
	at.sin_port = htons((uint16_t)atoi(argv[1]));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1024) < 0) {
		perror("listen");
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	serve(fd);
	return 0;
}
