#include "config.h"
#include "scripted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#define COMPRESSED_MAX (256 << 10)
#define START "event: message_start\ndata: {\"type\":\"message_start\",\"message\":" \
	"{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-test-1\"," \
	"\"content\":[],\"usage\":{\"input_tokens\":100,\"output_tokens\":1}}}\n\n"
#define DELTA "event: content_block_delta\ndata: {\"type\":\"content_block_delta\"," \
	"\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"word \"}}\n\n"
#define END "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":" \
	"{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":20}}\n\n" \
	"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
#define STREAM START DELTA DELTA END
#define NO_USAGE "event: message_start\ndata: {\"type\":\"message_start\",\"message\":" \
	"{\"model\":\"claude-test-1\"}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
#define JSON "{\"type\":\"message\",\"model\":\"claude-test-1\",\"content\":[]," \
	"\"usage\":{\"input_tokens\":100,\"output_tokens\":20}}"

struct client {
	struct scripted *s;
	int fd;
	char bytes[16384];	/* read ahead: [at, have) */
	size_t at, have;
	char head[65536];
	size_t head_len;
	char what[32];
	long n;
	char body[4096];	/* its begin and, when it is longer, its end */
	size_t body_len;
	int64_t body_size;
};

static bool put(struct client *c, const void *bytes, size_t n)
{
	const char *at = bytes;
	ssize_t sent;

	while (n) {
		sent = send(c->fd, at, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool put_text(struct client *c, const char *text)
{
	return put(c, text, strlen(text));
}

static void add(struct scripted *s, int *counter, int n)
{
	pthread_mutex_lock(&s->lock);
	*counter += n;
	pthread_mutex_unlock(&s->lock);
}

static void report(struct scripted *s, int64_t in, int64_t out)
{
	pthread_mutex_lock(&s->lock);
	s->in += in;
	s->out += out;
	pthread_mutex_unlock(&s->lock);
}

static bool chunk(struct client *c, const char *text)
{
	char size[24];

	snprintf(size, sizeof(size), "%zx\r\n", strlen(text));
	return put_text(c, size) && put_text(c, text) && put_text(c, "\r\n");
}

static bool stream_head(struct client *c)
{
	return put_text(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
			"request-id: req_1\r\nanthropic-ratelimit-x: 7\r\nset-cookie: a=b\r\n"
			"server: scripted\r\nTransfer-Encoding: chunked\r\n\r\n");
}

static bool plain(struct client *c, int status, const char *fields,
		  const char *type, const void *body, size_t n)
{
	char head[512];

	snprintf(head, sizeof(head), "HTTP/1.1 %d Status\r\nContent-Type: %s\r\n"
		 "%sContent-Length: %zu\r\n\r\n", status, type, fields, n);
	return put_text(c, head) && put(c, body, n);
}

static bool error_of(struct client *c, int status)
{
	char body[200];

	snprintf(body, sizeof(body), "{\"type\":\"error\",\"error\":{\"type\":\"x_error\","
		 "\"message\":\"upstream says %d\"}}", status);
	return plain(c, status, status == 429 ? "retry-after: 1\r\n" : "",
		     "application/json", body, strlen(body));
}

static bool limit(struct client *c)
{
	static const char *const said[] = {
		"anthropic-ratelimit-requests-remaining: 7\r\n",
		"anthropic-ratelimit-tokens-remaining: 0\r\n",
		"retry-after: 9223372036854775807\r\n",
	};

	return plain(c, 429, said[c->n], "application/json", "{}", 2);
}

static void wait_for_leave(struct client *c)
{
	char bytes[4096];

	while (recv(c->fd, bytes, sizeof(bytes), 0) > 0)
		;
	add(c->s, &c->s->left, 1);
}

static bool whole_stream(struct client *c, long deltas, int gap_ms)
{
	report(c->s, SCRIPTED_IN, 1);
	if (!stream_head(c) || !chunk(c, START))
		return false;
	for (; deltas; deltas--) {
		if (gap_ms)
			usleep((useconds_t)gap_ms * 1000);
		if (!chunk(c, DELTA)) {
			add(c->s, &c->s->left, 1);
			return false;
		}
	}
	report(c->s, 0, SCRIPTED_OUT - 1);
	return chunk(c, END) && put_text(c, "0\r\n\r\n");
}

/* One member; format as in deflateInit2: 31 gzip, 15 zlib. */
static size_t member_of(unsigned char *to, const char *text, size_t n, int format)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)text, .avail_in = (uInt)n,
		       .next_out = to, .avail_out = COMPRESSED_MAX / 4 };

	assert(deflateInit2(&z, 9, Z_DEFLATED, format, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	assert(deflate(&z, Z_FINISH) == Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

/* A comment of the stream that is much larger than it looks. */
static size_t bomb_of(unsigned char *to)
{
	size_t n = 8 << 20, made;
	char *text = malloc(n);

	assert(text);
	memset(text, ':', n);
	made = member_of(to, text, n, 31);
	free(text);
	return made;
}

/* The stream in as many members as asked for, and what may be behind or missing. */
static bool compressed(struct client *c)
{
	static const struct {
		const char *what, *coding;
		const char *parts[3];
		int format;
		size_t less;		/* bytes cut from the end */
		const char *behind;
	} shapes[] = {
		{ "gzip", "gzip", { STREAM }, 31, 0, "" },
		{ "gzip_x", "x-gzip", { STREAM }, 31, 0, "" },
		{ "gzip_two", "GZIP ", { START DELTA DELTA, END }, 31, 0, "" },
		{ "gzip_three", "gzip", { START, DELTA DELTA, END }, 31, 0, "" },
		{ "gzip_garbage", "gzip", { STREAM }, 31, 0, "garbage" },
		{ "gzip_almost", "gzip", { START DELTA, DELTA END }, 31, 0, "\x1f\x8c no member" },
		{ "gzip_cut", "gzip", { START DELTA DELTA, END }, 31, 60, "" },
		{ "gzip_bomb", "gzip", { START DELTA DELTA, NULL, END }, 31, 0, "" },
		{ "gzip_twice", "gzip, gzip", { STREAM }, 31, 0, "" },
		{ "deflate", "deflate", { STREAM }, 15, 0, "" },
		{ "br", "br", { STREAM }, 31, 0, "" },
	};
	unsigned char *bytes = malloc(COMPRESSED_MAX);
	char field[64];
	size_t i, k, n = 0;
	bool sent;

	assert(bytes);
	for (i = 0; strcmp(shapes[i].what, c->what); i++)
		assert(i + 1 < sizeof(shapes) / sizeof(shapes[0]));
	for (k = 0; k < 3; k++) {
		if (shapes[i].parts[k])
			n += member_of(bytes + n, shapes[i].parts[k],
				       strlen(shapes[i].parts[k]), shapes[i].format);
		else if (!strcmp(c->what, "gzip_bomb"))
			n += bomb_of(bytes + n);
	}
	n -= shapes[i].less;
	memcpy(bytes + n, shapes[i].behind, strlen(shapes[i].behind));
	n += strlen(shapes[i].behind);
	report(c->s, SCRIPTED_IN, SCRIPTED_OUT);
	snprintf(field, sizeof(field), "content-encoding: %s\r\n", shapes[i].coding);
	sent = plain(c, 200, field, "text/event-stream", bytes, n);
	free(bytes);
	return sent;
}

static bool many_fields(struct client *c, int count, int size)
{
	char line[2048];
	int i;

	put_text(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n");
	for (i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "anthropic-f%d: %0*d\r\n", i, size, 7);
		if (!put_text(c, line))
			return false;
	}
	return put_text(c, "\r\n");
}

static bool blob(struct client *c)
{
	char bytes[8192];
	char head[128];
	long n = c->n;

	memset(bytes, 'b', sizeof(bytes));
	snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
		 "Content-Length: %ld\r\n\r\n", n);
	if (!put_text(c, head))
		return false;
	for (; n > 0; n -= (long)sizeof(bytes)) {
		if (!put(c, bytes, n < (long)sizeof(bytes) ? (size_t)n : sizeof(bytes))) {
			add(c->s, &c->s->left, 1);
			return false;
		}
	}
	return true;
}

static bool first_event(struct client *c)
{
	report(c->s, SCRIPTED_IN, 1);
	return stream_head(c) && chunk(c, START);
}

static bool read_body(struct client *c);

static bool early_no(struct client *c)
{
	return put_text(c, "HTTP/1.1 413 Status\r\nContent-Type: application/json\r\n"
			"Transfer-Encoding: chunked\r\n\r\n") &&
		chunk(c, "{\"type\":\"error\",\"error\":{\"type\":\"x_error\","
		      "\"message\":\"upstream says 413\"}}") &&
		put_text(c, "0\r\n\r\n") && read_body(c);
}

static bool early_yes(struct client *c)
{
	if (!first_event(c))
		return false;
	usleep((useconds_t)c->n * 1000);
	if (!read_body(c))
		return false;
	report(c->s, 0, SCRIPTED_OUT - 1);
	return chunk(c, END) && put_text(c, "0\r\n\r\n");
}

static bool take(struct client *c)
{
	const char *max = strstr(c->body, "\"max_tokens\":");
	long in = (long)(c->body_size + 2) / 3, out = max ? atol(max + 13) : 1;
	char text[512];

	pthread_mutex_lock(&c->s->lock);
	c->s->billed_in += in;
	c->s->billed_out += out;
	pthread_mutex_unlock(&c->s->lock);
	usleep(50000);
	snprintf(text, sizeof(text), "event: message_start\ndata: {\"type\":\"message_start\","
		 "\"message\":{\"model\":\"unknown-1\",\"usage\":{\"input_tokens\":%ld,"
		 "\"output_tokens\":1}}}\n\nevent: message_delta\ndata: {\"type\":"
		 "\"message_delta\",\"usage\":{\"output_tokens\":%ld}}\n\n"
		 "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", in, out);
	return stream_head(c) && chunk(c, text) && put_text(c, "0\r\n\r\n");
}

static bool odd(struct client *c)
{
	put_text(c, c->s->odd_head);
	put(c, c->s->odd_reply, c->s->odd_size);
	return false;
}

static bool key_good(struct client *c)
{
	char want[160];
	bool good;

	pthread_mutex_lock(&c->s->lock);
	snprintf(want, sizeof(want), "x-api-key: %s\r\n", c->s->good_key);
	good = !*c->s->good_key || strcasestr(c->head, want);
	pthread_mutex_unlock(&c->s->lock);
	return good;
}

static bool deltas(struct client *c)
{
	long n;

	for (n = c->n; n && chunk(c, DELTA); n--)
		;
	return !n;
}

/* False: the connection ends. */
static bool answer(struct client *c)
{
	const char *what = c->what;

	if (!key_good(c))
		return error_of(c, 401);
	if (!*what)
		return whole_stream(c, 2, 0);
	if (!strcmp(what, "take"))
		return take(c);
	if (!strcmp(what, "odd"))
		return odd(c);
	if (!strcmp(what, "slow"))
		return whole_stream(c, c->n, 20);
	if (!strcmp(what, "json")) {
		report(c->s, SCRIPTED_IN, SCRIPTED_OUT);
		return plain(c, 200, "", "application/json", JSON, strlen(JSON));
	}
	if (!strcmp(what, "status"))
		return error_of(c, (int)c->n);
	if (!strcmp(what, "limit"))
		return limit(c);
	if (!strcmp(what, "garbage"))
		return stream_head(c) && chunk(c, "data: {{{\n\nevent\n\n:::\ndata: 7\n\n") &&
			put_text(c, "0\r\n\r\n");
	if (!strcmp(what, "error"))
		return first_event(c) && chunk(c, "event: error\ndata: {\"type\":\"error\","
			"\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n") &&
			put_text(c, "0\r\n\r\n");
	if (!strcmp(what, "nousage"))
		return stream_head(c) && chunk(c, NO_USAGE) && put_text(c, "0\r\n\r\n");
	if (!strcmp(what, "huge_head"))
		return many_fields(c, 400, 1000);
	if (!strcmp(what, "many_fields"))
		return many_fields(c, 200, 4);
	if (!strncmp(what, "gzip", 4) || !strcmp(what, "deflate") || !strcmp(what, "br"))
		return compressed(c);
	if (!strcmp(what, "redirect"))
		return plain(c, 307, "location: http://127.0.0.1:1/\r\n", "text/plain", "", 0);
	if (!strcmp(what, "blob"))
		return blob(c);
	if (!strcmp(what, "cut"))
		return first_event(c), false;
	if (!strcmp(what, "hold"))
		return first_event(c), wait_for_leave(c), false;
	if (!strcmp(what, "text"))
		return first_event(c) && deltas(c) && (wait_for_leave(c), false);
	if (!strcmp(what, "silent"))
		return wait_for_leave(c), false;
	if (!strcmp(what, "endless")) {
		for (first_event(c); chunk(c, DELTA);)
			;
		add(c->s, &c->s->left, 1);
	}
	return false;
}

static bool fill(struct client *c)
{
	ssize_t got;

	if (c->at < c->have)
		return true;
	got = recv(c->fd, c->bytes, sizeof(c->bytes), 0);
	c->at = 0;
	c->have = got > 0 ? (size_t)got : 0;
	return got > 0;
}

static bool read_head(struct client *c)
{
	c->head_len = 0;
	do {
		if (c->head_len == sizeof(c->head) - 1 || !fill(c))
			return false;
		c->head[c->head_len++] = c->bytes[c->at++];
		c->head[c->head_len] = '\0';
	} while (c->head_len < 4 || memcmp(c->head + c->head_len - 4, "\r\n\r\n", 4));
	return true;
}

/* Only early_yes's bodies are looked at: {"system":"yyy"}, and ends of chunks. */
static void look_at(struct client *c, size_t n)
{
	size_t i, strange = 0;

	if (strcmp(c->what, "early_yes"))
		return;
	for (i = 0; i < n; i++)
		strange += !strchr("y\r\n{}\":system", c->bytes[c->at + i]);
	pthread_mutex_lock(&c->s->lock);
	c->s->strange += (int64_t)strange;
	pthread_mutex_unlock(&c->s->lock);
}

static void keep_body(struct client *c, size_t n)
{
	static const size_t begin = 512, end = 512;
	const char *from = c->bytes + c->at;
	size_t some;

	c->body_size += (int64_t)n;
	while (n) {
		/* The begin stays, and of what follows the end. */
		if (c->body_len == sizeof(c->body) - 1) {
			memmove(c->body + begin, c->body + c->body_len - end, end);
			c->body_len = begin + end;
		}
		some = sizeof(c->body) - 1 - c->body_len;
		if (some > n)
			some = n;
		memcpy(c->body + c->body_len, from, some);
		c->body_len += some;
		from += some;
		n -= some;
	}
	c->body[c->body_len] = '\0';
}

static bool pass_over(struct client *c, int64_t n)
{
	size_t some;

	while (n > 0) {
		if (!fill(c))
			return false;
		some = c->have - c->at;
		if ((int64_t)some > n)
			some = (size_t)n;
		look_at(c, some);
		keep_body(c, some);
		c->at += some;
		n -= (int64_t)some;
	}
	return true;
}

static void count_body(struct scripted *s, int64_t n)
{
	pthread_mutex_lock(&s->lock);
	s->body_bytes += n;
	pthread_mutex_unlock(&s->lock);
}

static bool skip_chunks(struct client *c)
{
	char line[32];
	size_t n;
	long size;

	for (;;) {
		n = 0;
		do {
			if (!fill(c) || n == sizeof(line) - 1)
				return false;
			line[n++] = c->bytes[c->at++];
		} while (line[n - 1] != '\n');
		line[n] = '\0';
		size = strtol(line, NULL, 16);
		if (!pass_over(c, size + 2))
			return false;
		if (!size)
			return true;
		count_body(c->s, size);
	}
}

static void read_script(struct client *c)
{
	const char *app = strcasestr(c->head, "\r\nx-app: ");

	c->what[0] = '\0';
	c->n = 0;
	if (app)
		sscanf(app + 9, "%31[a-z_] %ld", c->what, &c->n);
}

static bool read_body(struct client *c)
{
	const char *length = strcasestr(c->head, "\r\ncontent-length:");

	if (strcasestr(c->head, "\r\ntransfer-encoding: chunked"))
		return skip_chunks(c);
	if (!length)
		return true;
	if (!pass_over(c, atoll(length + 17)))
		return false;
	count_body(c->s, atoll(length + 17));
	return true;
}

static bool serve_one(struct client *c)
{
	if (!read_head(c))
		return false;
	c->body_len = 0;
	c->body_size = 0;
	c->body[0] = '\0';
	read_script(c);
	pthread_mutex_lock(&c->s->lock);
	c->s->requests++;
	memcpy(c->s->head, c->head, c->head_len + 1);
	pthread_mutex_unlock(&c->s->lock);
	if (!strcmp(c->what, "early")) {
		error_of(c, 413);
		usleep(200000);
		return false;
	}
	if (!strcmp(c->what, "early_no"))
		return early_no(c);
	if (!strcmp(c->what, "early_yes"))
		return early_yes(c);
	if (!read_body(c))
		return false;
	add(c->s, &c->s->bodies, 1);
	return answer(c);
}

static void *serve_client(void *data)
{
	struct client *c = data;

	while (serve_one(c))
		;
	close(c->fd);
	add(c->s, &c->s->open, -1);
	free(c);
	return NULL;
}

static bool is_deaf(struct scripted *s)
{
	bool deaf;

	pthread_mutex_lock(&s->lock);
	deaf = s->deaf && !s->stopping;
	pthread_mutex_unlock(&s->lock);
	return deaf;
}

static void wait_until_it_hears(struct scripted *s)
{
	while (is_deaf(s))
		usleep(10000);
}

void scripted_set_deaf(struct scripted *s, bool deaf)
{
	pthread_mutex_lock(&s->lock);
	s->deaf = deaf;
	pthread_mutex_unlock(&s->lock);
	assert_int_equal(listen(s->listener, deaf ? 0 : 256), 0);
}

static void *serve(void *data)
{
	struct scripted *s = data;
	struct client *c;
	pthread_t thread;
	int fd, one = 1;

	while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
		wait_until_it_hears(s);
		if (s->stopping) {
			close(fd);
			break;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		add(s, &s->connections, 1);
		add(s, &s->open, 1);
		c = calloc(1, sizeof(*c));
		c->s = s;
		c->fd = fd;
		pthread_create(&thread, NULL, serve_client, c);
		pthread_detach(thread);
	}
	return NULL;
}

void scripted_start(struct scripted *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s->listener, 256), 0);
	getsockname(s->listener, (struct sockaddr *)&at, &len);
	s->port = ntohs(at.sin_port);
	pthread_create(&s->thread, NULL, serve, s);
}

void scripted_stop(struct scripted *s)
{
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_mutex_unlock(&s->lock);
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
	scripted_wait_is(s, &s->open, 0);
	pthread_mutex_destroy(&s->lock);
}

static int value_of(struct scripted *s, const int *counter)
{
	int value;

	pthread_mutex_lock(&s->lock);
	value = *counter;
	pthread_mutex_unlock(&s->lock);
	return value;
}

int scripted_wait(struct scripted *s, const int *counter, int at_least)
{
	int i;

	for (i = 0; i < 1000; i++) {
		if (value_of(s, counter) >= at_least)
			return value_of(s, counter);
		usleep(10000);
	}
	fail_msg("the service counted %d, not %d", value_of(s, counter), at_least);
	return 0;
}

void scripted_wait_is(struct scripted *s, const int *counter, int value)
{
	int i;

	for (i = 0; i < 1000 && value_of(s, counter) != value; i++)
		usleep(10000);
	assert_int_equal(value_of(s, counter), value);
}
