#include "config.h"
#include "ledger/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"

#define READ_SIZE 8192

struct ledger_client {
	char *path;
	int fd;			/* -1: not connected */
	int64_t deadline_ms;
};

static int hang_up(struct ledger_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	return 0;
}

struct ledger_client *ledger_client_new(const void *ctx, const char *path,
					int64_t deadline_ms)
{
	struct ledger_client *c = talloc_zero(ctx, struct ledger_client);

	if (!c || !(c->path = talloc_strdup(c, path)))
		err_abort("out of memory");
	c->fd = -1;
	c->deadline_ms = deadline_ms;
	talloc_set_destructor(c, hang_up);
	return c;
}

/* ---- bytes ---- */

static int away(const struct ledger_client *c, const char *why, struct err *e)
{
	return err_tell(e, ERR_UNAVAILABLE, "error_busy", "ledger at %s: %s",
			c->path, why);
}

static int call_up(struct ledger_client *c, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (!str_copy(at.sun_path, sizeof(at.sun_path), c->path))
		return away(c, "its path is too long", e);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd >= 0 &&
	    connect(c->fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return 0;
	away(c, strerror(errno), e);
	hang_up(c);
	return -1;
}

static int wait_for(const struct ledger_client *c, short events, int64_t end,
		    struct err *e)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int64_t left;

	while ((left = end - clock_mono_ms()) > 0) {
		if (poll(&p, 1, (int)left) > 0)
			return 0;
	}
	return away(c, "no answer in time", e);
}

static int push(struct ledger_client *c, const struct buf *request,
		int64_t end, struct err *e)
{
	size_t done = 0;
	ssize_t n;

	while (done < request->len) {
		n = send(c->fd, request->data + done, request->len - done,
			 MSG_NOSIGNAL);
		if (n > 0)
			done += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return away(c, strerror(errno), e);
		else if (wait_for(c, POLLOUT, end, e) < 0)
			return -1;
	}
	return 0;
}

static bool whole(const struct buf *reply)
{
	return reply->len > 2 &&
	       memcmp(reply->data + reply->len - 2, "\n\n", 2) == 0;
}

static int pull(struct ledger_client *c, struct buf *reply, int64_t end,
		struct err *e)
{
	ssize_t n;
	char *to;

	while (!whole(reply)) {
		if (wait_for(c, POLLIN, end, e) < 0)
			return -1;
		to = buf_reserve(reply, READ_SIZE, e);
		if (!to)
			return -1;
		n = recv(c->fd, to, READ_SIZE, 0);
		if (n > 0)
			buf_grew(reply, (size_t)n);
		else if (n == 0)
			return away(c, "it hung up", e);
		else if (errno != EAGAIN && errno != EINTR)
			return away(c, strerror(errno), e);
	}
	return 0;
}

static enum err_kind kind_of(const char *name)
{
	int k;

	for (k = ERR_INPUT; k < ERR_INTERNAL; k++) {
		if (str_equal(err_kind_name((enum err_kind)k), name))
			break;
	}
	return (enum err_kind)k;
}

/* "error KIND KEY|- TEXT" */
static int fail_with_reply(char *line, struct err *e)
{
	char *kind = strchr(line, ' '), *key, *text;

	key = kind ? strchr(kind + 1, ' ') : NULL;
	text = key ? strchr(key + 1, ' ') : NULL;
	if (!text)
		return err_set(e, ERR_INTERNAL, "ledger: an answer that is none");
	*kind++ = *key++ = *text++ = '\0';
	return err_tell(e, kind_of(kind), str_equal(key, "-") ? "" : key,
			"ledger: %s", text);
}

/*
 * Sends a request; returns its rows, to be read with wire_line, NULL: failed.
 * If a connection that was open turns out closed (the ledger restarted), tries
 * once more.
 */
static char *send_request(struct ledger_client *c, const struct buf *request,
			  struct buf *reply, struct err *e)
{
	int64_t end = clock_mono_ms() + c->deadline_ms;
	bool was_open;
	char *at;

	do {
		was_open = c->fd >= 0;
		if (!was_open && call_up(c, e) < 0)
			return NULL;
		buf_clear(reply);
		if (push(c, request, end, e) == 0 &&
		    pull(c, reply, end, e) == 0)
			break;
		hang_up(c);
		if (!was_open || clock_mono_ms() >= end)
			return NULL;
	} while (was_open);
	reply->data[reply->len - 1] = '\0';
	at = reply->data;
	if (str_equal(wire_line(&at), "ok"))
		return at;
	fail_with_reply(reply->data, e);
	return NULL;
}

/* ---- requests ---- */

static int garbled(struct err *e)
{
	return err_tell(e, ERR_UNAVAILABLE, "error_busy",
			"ledger: an answer that cannot be read");
}

static bool read_budget(char *const words[4], struct budget *b)
{
	return wire_number(words[0], LEDGER_NUMBER_MAX, &b->day_tokens) &&
	       wire_number(words[1], LEDGER_NUMBER_MAX, &b->day_cost) &&
	       wire_number(words[2], LEDGER_NUMBER_MAX, &b->month_tokens) &&
	       wire_number(words[3], LEDGER_NUMBER_MAX, &b->month_cost);
}

/* The reply's only row, with that many words. */
static bool one_row(char *at, char *words[LEDGER_WORDS_MAX], size_t n)
{
	char *line = wire_line(&at);

	return line && !*at && wire_split(line, words) == n;
}

int ledger_client_installation(struct ledger_client *c, struct ledger_installation *out,
			       struct err *e)
{
	auto_buf request = BUF_INIT(64), reply = BUF_INIT(LEDGER_REPLY_MAX + READ_SIZE);
	char *words[LEDGER_WORDS_MAX], *at;
	struct ledger_installation h;
	int64_t stopped;

	if (buf_add_text(&request, "installation\n\n", e) < 0)
		return -1;
	at = send_request(c, &request, &reply, e);
	if (!at)
		return -1;
	if (!one_row(at, words, 5) || !wire_number(words[0], 1, &stopped) ||
	    !read_budget(words + 1, &h.budget))
		return garbled(e);
	h.stopped = stopped;
	*out = h;
	return 0;
}

static bool read_account(char *at, struct ledger_account *a)
{
	char *w[LEDGER_WORDS_MAX];
	int64_t disabled;

	if (!one_row(at, w, 9) || !wire_number(w[0], 1, &disabled))
		return false;
	a->disabled = disabled;
	return call_line_unescape(w[1], a->locale) &&
	       call_line_unescape(w[2], a->timezone) &&
	       call_line_unescape(w[3], a->budget_timezone) &&
	       wire_number(w[4], LEDGER_NUMBER_MAX, &a->budget_timezone_until) &&
	       read_budget(w + 5, &a->budget);
}

int ledger_client_account(struct ledger_client *c, const char *user_id,
			  struct ledger_account *out, struct err *e)
{
	auto_buf request = BUF_INIT(128), reply = BUF_INIT(LEDGER_REPLY_MAX + READ_SIZE);
	struct ledger_account a;
	char *at;

	if (buf_addf(&request, e, "account %s\n\n", user_id) < 0)
		return -1;
	at = send_request(c, &request, &reply, e);
	if (!at)
		return -1;
	if (!read_account(at, &a))
		return garbled(e);
	*out = a;
	return 0;
}

static int booked_some(struct ledger_client *c, const char (*ids)[ID_SIZE],
		       size_t n, bool *booked, struct err *e)
{
	auto_buf request = BUF_INIT(LEDGER_REQUEST_MAX);
	auto_buf reply = BUF_INIT(LEDGER_REPLY_MAX + READ_SIZE);
	char *at, *line;
	size_t i;

	if (buf_add_text(&request, "booked\n", e) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		if (buf_addf(&request, e, "%s\n", ids[i]) < 0)
			return -1;
	}
	if (buf_add_text(&request, "\n", e) < 0)
		return -1;
	at = send_request(c, &request, &reply, e);
	if (!at)
		return -1;
	line = wire_line(&at);
	if (!line || strspn(line, "01") != n || line[n])
		return garbled(e);
	for (i = 0; i < n; i++)
		booked[i] = line[i] == '1';
	return 0;
}

int ledger_client_booked(struct ledger_client *c, const char (*ids)[ID_SIZE],
			 size_t n, bool *booked, struct err *e)
{
	size_t i, some;

	for (i = 0; i < n; i += some) {
		some = n - i < LEDGER_ROWS_MAX ? n - i : LEDGER_ROWS_MAX;
		if (booked_some(c, ids + i, some, booked + i, e) < 0)
			return -1;
	}
	return 0;
}

static bool read_sum(char *line, struct usage_sum *s,
		     char model[CALL_MODEL_SIZE])
{
	char *w[LEDGER_WORDS_MAX];
	struct usage *u = &s->usage;

	s->model = model;
	return wire_split(line, w) == 7 &&
	       wire_number(w[0], LEDGER_NUMBER_MAX, &s->quarter) &&
	       call_line_unescape(w[1], model) &&
	       wire_number(w[2], INT64_MAX, &u->input) &&
	       wire_number(w[3], INT64_MAX, &u->output) &&
	       wire_number(w[4], INT64_MAX, &u->cache_write_5m) &&
	       wire_number(w[5], INT64_MAX, &u->cache_write_1h) &&
	       wire_number(w[6], INT64_MAX, &u->cache_read);
}

int ledger_client_sums(struct ledger_client *c, const struct usage_filter *f,
		       bool by_quarter,
		       int (*each)(void *data, const struct usage_sum *s,
				   struct err *e),
		       void *data, struct err *e)
{
	auto_buf request = BUF_INIT(256), reply = BUF_INIT(LEDGER_REPLY_MAX + READ_SIZE);
	struct usage_sum s = { .user_id = "", .kind = "", .subject_id = "" };
	char model[CALL_MODEL_SIZE], *at, *line;

	if (buf_addf(&request, e, "sums %s %s %lld %lld %s\n\n",
		     f->user_id ? f->user_id : "-",
		     f->subject_id ? f->subject_id : "-", (long long)f->from,
		     (long long)f->to, by_quarter ? "quarter" : "all") < 0)
		return -1;
	at = send_request(c, &request, &reply, e);
	if (!at)
		return -1;
	while ((line = wire_line(&at))) {
		if (!read_sum(line, &s, model))
			return garbled(e);
		if (each(data, &s, e) < 0)
			return -1;
	}
	return 0;
}

int ledger_client_add(struct ledger_client *c, const struct usage_call *calls,
		      size_t n, struct err *e)
{
	auto_buf request = BUF_INIT(LEDGER_REQUEST_MAX);
	auto_buf reply = BUF_INIT(LEDGER_REPLY_MAX + READ_SIZE);
	char line[CALL_LINE_MAX];
	size_t i;

	if (buf_add_text(&request, "add\n", e) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		if (buf_add(&request, line,
			    call_line_format(LINE_END, &calls[i], line), e) < 0)
			return -1;
	}
	if (buf_add_text(&request, "\n", e) < 0)
		return -1;
	return send_request(c, &request, &reply, e) ? 0 : -1;
}
