#include "config.h"
#include "receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct visitor {
	struct receiver *r;
	int fd;
};

static size_t whole(const char *s)
{
	const char *body = strstr(s, "\r\n\r\n");
	const char *length = strcasestr(s, "\r\nContent-Length:");

	if (!body)
		return SIZE_MAX;
	return (size_t)(body + 4 - s) + (length ? (size_t)atoi(length + 17) : 0);
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

static void answer(struct receiver *r, int fd)
{
	static const char more[4096];
	ssize_t n;

	while (!r->answer && !r->go && !r->stop)
		nap();
	n = r->answer ? write(fd, r->answer, strlen(r->answer)) : 0;
	while (n >= 0 && r->endless && !r->stop)
		n = write(fd, more, sizeof(more));
}

static void *visit(void *data)
{
	struct visitor *v = data;
	struct receiver *r = v->r;
	char text[4096] = "";
	size_t len = 0;
	ssize_t n;
	int at;

	while (len < whole(text) && len < sizeof(text) - 1) {
		n = read(v->fd, text + len, sizeof(text) - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		text[len] = '\0';
	}
	if (len) {
		at = r->n;
		if (at < RECEIVED_MAX)
			memcpy(r->requests[at], text, sizeof(text));
		r->n++;
		answer(r, v->fd);
	}
	close(v->fd);
	free(v);
	return NULL;
}

/* One after the other, so that requests stay in order; a silent client blocks no other. */
static void *serve(void *data)
{
	struct receiver *r = data;
	struct visitor *v;
	pthread_t thread;
	int fd;

	while ((fd = accept(r->fd, NULL, NULL)) >= 0) {
		v = malloc(sizeof(*v));
		*v = (struct visitor){ r, fd };
		if (r->answer) {
			visit(v);
		} else {
			pthread_create(&thread, NULL, visit, v);
			pthread_detach(thread);
		}
	}
	return NULL;
}

void receiver_start(struct receiver *r, const char *says)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	signal(SIGPIPE, SIG_IGN);
	memset(r, 0, sizeof(*r));
	r->answer = says;
	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(r->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(r->fd, 64), 0);
	assert_int_equal(getsockname(r->fd, (struct sockaddr *)&a, &len), 0);
	r->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&r->thread, NULL, serve, r), 0);
}

void receiver_stop(struct receiver *r)
{
	r->go = true;
	r->stop = true;
	shutdown(r->fd, SHUT_RDWR);
	pthread_join(r->thread, NULL);
	close(r->fd);
}

const char *receiver_get(const struct receiver *r, int i, const char *header,
			 char out[2048])
{
	const char *s = r->requests[i], *line;
	char want[128];

	if (!header[0]) {
		line = strstr(s, "\r\n\r\n");
		snprintf(out, 2048, "%.2000s", line ? line + 4 : "");
		return out;
	}
	snprintf(want, sizeof(want), "\r\n%s: ", header);
	line = strcasestr(s, want);
	line = line ? line + strlen(want) : "\r\n";
	snprintf(out, 2048, "%.*s", (int)strcspn(line, "\r\n"), line);
	return out;
}
