/*
 * gongbang-egress: squid's external_acl helper. Reads squid's questions from
 * stdin, asks the bridge on egress_socket, answers on stdout
 * (egress/helper_protocol.h). While the bridge is away it waits up to WAIT_MS,
 * then answers ERR.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/settings.h"
#include "core/str.h"
#include "egress/helper_protocol.h"

#define WAIT_MS 5000		/* for an answer from the bridge */
#define AGAIN_MS 100		/* between two attempts to connect */
#define OUT_MAX (2 * EGRESS_ASK_MAX * HELPER_LINE_MAX)

/*
 * A question from squid. Numbers sent to the bridge are never reused, unlike
 * squid's channels: a late answer must not be taken for another question's.
 */
struct waiting {
	bool used;
	uint64_t number, channel;
	int64_t deadline;
	char text[HELPER_LINE_MAX];	/* after the number */
};

/* A line buffer; a line that is too long is skipped to its end. */
struct reader {
	char bytes[4 * HELPER_LINE_MAX];
	size_t n;
	bool skipping;
};

struct helper {
	const char *path;
	int fd;			/* -1: the bridge is away */
	int64_t again_at;
	uint64_t numbers;
	struct waiting waiting[EGRESS_ASK_MAX];
	struct reader in, from;
	struct buf out;		/* to the bridge */
	bool ended;		/* squid closed its end */
};

static void answer_squid(uint64_t channel, const char *words)
{
	printf("%" PRIu64 " %s\n", channel, words);
}

static void refuse(uint64_t channel, enum egress_reason reason)
{
	char words[64];

	snprintf(words, sizeof(words), "ERR message=%s", egress_reason(reason));
	answer_squid(channel, words);
}

static void lose_bridge(struct helper *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	h->from = (struct reader){ 0 };
	buf_clear(&h->out);
	h->again_at = clock_mono_ms() + AGAIN_MS;
}

static void send_one(struct helper *h, const struct waiting *w)
{
	struct err e = { 0 };

	if (h->fd >= 0 && buf_addf(&h->out, &e, "%" PRIu64 " %s\n", w->number,
				   w->text) < 0)
		lose_bridge(h);
}

static void reach(struct helper *h, int64_t now)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t i;

	if (h->fd >= 0 || now < h->again_at ||
	    !str_copy(a.sun_path, sizeof(a.sun_path), h->path))
		return;
	h->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (h->fd < 0 || connect(h->fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		lose_bridge(h);
		return;
	}
	for (i = 0; i < EGRESS_ASK_MAX; i++) {
		if (h->waiting[i].used)
			send_one(h, &h->waiting[i]);
	}
}

static void ask_bridge(struct helper *h, const char *line)
{
	struct waiting *w = NULL;
	uint64_t channel;
	const char *text = helper_line_number(line, &channel);
	size_t i, n;

	if (!text)
		return;		/* without a channel there is no answer */
	for (i = 0; i < EGRESS_ASK_MAX && !w; i++) {
		if (!h->waiting[i].used)
			w = &h->waiting[i];
	}
	if (!w) {
		refuse(channel, EGRESS_REASON_BUSY);
		return;
	}
	if (!str_copy(w->text, sizeof(w->text) - 24, text)) {
		refuse(channel, EGRESS_REASON_MALFORMED);
		return;
	}
	/* squid appends the arguments of its acl line, of which there are none. */
	n = strlen(w->text);
	if (n > 2 && str_equal(w->text + n - 2, " -"))
		w->text[n - 2] = '\0';
	w->used = true;
	w->number = ++h->numbers;
	w->channel = channel;
	w->deadline = clock_mono_ms() + WAIT_MS;
	send_one(h, w);
}

static void on_answer(struct helper *h, const char *line)
{
	char words[HELPER_LINE_MAX];
	uint64_t number;
	const char *text = helper_line_number(line, &number);
	size_t i;

	if (!text)
		return;
	for (i = 0; i < EGRESS_ASK_MAX; i++) {
		struct waiting *w = &h->waiting[i];

		if (!w->used || w->number != number)
			continue;
		w->used = false;
		if (str_starts(text, "ERR "))
			snprintf(words, sizeof(words), "ERR message=%s", text + 4);
		else
			snprintf(words, sizeof(words), "%s",
				 str_equal(text, "OK") ? "OK" : "ERR");
		answer_squid(w->channel, words);
		return;
	}
}

/* Too long for a question: its channel still gets an answer. */
static void too_long(struct helper *h, struct reader *r)
{
	uint64_t channel;

	r->bytes[HELPER_LINE_MAX] = '\0';
	if (r == &h->in && helper_line_number(r->bytes, &channel))
		refuse(channel, EGRESS_REASON_MALFORMED);
	r->skipping = true;
	r->n = 0;
}

static void take_lines(struct helper *h, struct reader *r,
		       void (*take)(struct helper *h, const char *line))
{
	char *begin = r->bytes, *end;
	size_t left = r->n;

	while ((end = memchr(begin, '\n', left))) {
		*end = '\0';
		if (!r->skipping && strlen(begin) == (size_t)(end - begin))
			take(h, begin);
		r->skipping = false;
		left -= (size_t)(end + 1 - begin);
		begin = end + 1;
	}
	memmove(r->bytes, begin, left);
	r->n = left;
	if (r->skipping)
		r->n = 0;
	else if (left > HELPER_LINE_MAX)
		too_long(h, r);
}

/* False at the end of the input. */
static bool pull(int fd, struct reader *r)
{
	ssize_t n = read(fd, r->bytes + r->n, sizeof(r->bytes) - r->n);

	if (n > 0)
		r->n += (size_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void push(struct helper *h)
{
	ssize_t n = write(h->fd, h->out.data, h->out.len);

	if (n > 0)
		buf_drop(&h->out, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		lose_bridge(h);
}

/*
 * Answers questions that waited too long; returns milliseconds until the next
 * is due, -1 for none.
 */
static int expire(struct helper *h, int64_t now)
{
	int64_t next = -1;
	size_t i;

	for (i = 0; i < EGRESS_ASK_MAX; i++) {
		struct waiting *w = &h->waiting[i];

		if (!w->used)
			continue;
		if (w->deadline <= now) {
			w->used = false;
			refuse(w->channel, EGRESS_REASON_AWAY);
		} else if (next < 0 || w->deadline - now < next) {
			next = w->deadline - now;
		}
	}
	if (next >= 0 && h->fd < 0 && next > AGAIN_MS)
		next = AGAIN_MS;
	return (int)next;
}

static void turn(struct helper *h, int wait_ms)
{
	struct pollfd fds[] = {
		{ .fd = h->ended ? -1 : STDIN_FILENO, .events = POLLIN },
		{ .fd = h->fd, .events = POLLIN },
	};

	if (h->out.len)
		fds[1].events |= POLLOUT;
	if (poll(fds, 2, wait_ms) <= 0)
		return;
	if (fds[0].revents) {
		h->ended = !pull(STDIN_FILENO, &h->in);
		take_lines(h, &h->in, ask_bridge);
	}
	if (h->fd == fds[1].fd && h->fd >= 0 &&
	    fds[1].revents & (POLLIN | POLLHUP | POLLERR)) {
		if (pull(h->fd, &h->from))
			take_lines(h, &h->from, on_answer);
		else
			lose_bridge(h);
	}
	if (h->fd >= 0 && h->out.len)
		push(h);
}

int main(int argc, char **argv)
{
	struct settings *s = settings_main(&argc, &argv);
	static struct helper h;
	int next;

	signal(SIGPIPE, SIG_IGN);
	h.path = settings_text(s, SET_EGRESS_SOCKET);
	h.fd = -1;
	buf_init(&h.out, OUT_MAX);
	do {
		int64_t now = clock_mono_ms();

		reach(&h, now);
		next = expire(&h, now);
		if (fflush(stdout) != 0)
			break;		/* squid is gone */
		if (!h.ended || next >= 0)
			turn(&h, next);
	} while (!h.ended || next >= 0);
	fflush(stdout);
	buf_release(&h.out);
	settings_free(s);
	return EXIT_SUCCESS;
}
