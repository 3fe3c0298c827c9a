/*
 * Opens many WebSockets on loopback and holds them: sockets PORT PATH COOKIE
 * COUNT IN_FLIGHT. Prints "open N failed M" when all have been answered, then
 * holds them until its standard input ends.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int epoll;
static struct sockaddr_in server = { .sin_family = AF_INET };
static char request[8192];
static size_t request_len;
static int opened, failed, in_flight;

static void start_one(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof(server)) < 0 ||
	    send(fd, request, request_len, MSG_NOSIGNAL) != (ssize_t)request_len) {
		fprintf(stderr, "connect: %s\n", strerror(errno));
		failed++;
		if (fd >= 0)
			close(fd);
		return;
	}
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
	in_flight++;
}

static void answered(int fd)
{
	char head[1024];
	ssize_t n = recv(fd, head, sizeof(head) - 1, 0);

	epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
	in_flight--;
	head[n > 0 ? n : 0] = '\0';
	if (strncmp(head, "HTTP/1.1 101", 12) == 0) {
		opened++;
		return;
	}
	fprintf(stderr, "%.60s\n", n > 0 ? head : "closed");
	failed++;
	close(fd);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	struct epoll_event events[256];
	int count, cap, n, i;
	char rest[16];

	if (argc != 6) {
		fprintf(stderr, "usage: sockets PORT PATH COOKIE COUNT IN_FLIGHT\n");
		return 2;
	}
	setrlimit(RLIMIT_NOFILE, &files);
	server.sin_port = htons((uint16_t)atoi(argv[1]));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	count = atoi(argv[4]);
	cap = atoi(argv[5]);
	request_len = (size_t)snprintf(request, sizeof(request),
		"GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nOrigin: http://127.0.0.1:%s\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\nCookie: %s\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		argv[2], argv[1], argv[1], argv[3]);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	while (opened + failed < count) {
		while (in_flight < cap && opened + failed + in_flight < count)
			start_one();
		n = epoll_wait(epoll, events, 256, 20000);
		if (n <= 0)
			break;
		for (i = 0; i < n; i++)
			answered(events[i].data.fd);
	}
	printf("open %d failed %d\n", opened, count - opened);
	fflush(stdout);
	while (read(STDIN_FILENO, rest, sizeof(rest)) > 0)
		;
	return 0;
}
