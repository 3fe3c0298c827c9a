#include "config.h"
#include "ws/websocket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <talloc.h>

#include "core/clock.h"
#include "ws/framing.h"

#define CLOSE_WAIT_MS 2000
#define FRAMES_WINDOW_MS 10000
#define FRAMES_MAX 5000		/* frames within that time */

struct websocket {
	uv_poll_t poll;
	const struct websocket_events *ev;
	void *data;
	struct framing *framing;	/* only while a message or handshake is in progress */
	uv_timer_t *deadline;		/* for a message, then for the close handshake */
	char *early;
	size_t early_len;
	size_t cap;
	int fd;
	int wanted;			/* events the poll is started with */
	int handles;
	int frames;		/* since window, clock_mono_ms */
	int64_t window;
	bool busy;			/* inside a callback */
	bool closing, ending, gone;	/* ending: the deadline is final */
	bool pinged;			/* and nothing arrived since */
};

static ssize_t read_some(void *data, void *out, size_t n)
{
	struct websocket *w = data;

	w->pinged = false;
	if (!w->early)
		return recv(w->fd, out, n, 0);
	if (n > w->early_len)
		n = w->early_len;
	memcpy(out, w->early, n);
	w->early_len -= n;
	memmove(w->early, w->early + n, w->early_len);
	if (!w->early_len)
		TALLOC_FREE(w->early);
	return (ssize_t)n;
}

static ssize_t write_some(void *data, const void *bytes, size_t n)
{
	struct websocket *w = data;

	return send(w->fd, bytes, n, MSG_NOSIGNAL);
}

static void disarm(struct websocket *w)
{
	if (w->deadline && !w->ending)
		uv_timer_stop(w->deadline);
}

static void got_message(void *data, const char *text, size_t n)
{
	struct websocket *w = data;

	disarm(w);
	if (!w->closing)
		w->ev->message(w->data, text, n);
}

static void got_binary(void *data, const void *bytes, size_t n)
{
	struct websocket *w = data;

	disarm(w);
	if (w->closing)
		return;
	if (w->ev->binary)
		w->ev->binary(w->data, bytes, n);
	else
		websocket_close(w, WEBSOCKET_UNSUPPORTED, "text only");
}

static void got_too_long(void *data, const char *head, size_t n)
{
	struct websocket *w = data;

	if (!w->closing)
		w->ev->too_long(w->data, head, n);
}

/* Counted here, because the framing object is freed and recreated. */
static bool may_frame(void *data)
{
	struct websocket *w = data;
	int64_t now = clock_mono_ms();

	if (now - w->window > FRAMES_WINDOW_MS) {
		w->window = now;
		w->frames = 0;
	}
	return ++w->frames <= FRAMES_MAX;
}

static const struct framing_events framing_calls = {
	.read = read_some,
	.write = write_some,
	.frame = may_frame,
	.message = got_message,
	.binary = got_binary,
	.too_long = got_too_long,
};

static struct framing *framing(struct websocket *w)
{
	if (!w->framing)
		w->framing = framing_new(w, w->cap, &framing_calls, w);
	return w->framing;
}

static void handle_closed(uv_handle_t *h)
{
	struct websocket *w = h->data;

	if (h != (uv_handle_t *)&w->poll)
		talloc_free(h);
	if (--w->handles > 0)
		return;
	close(w->fd);
	w->ev->closed(w->data);
	talloc_free(w);
}

static void end_socket(struct websocket *w)
{
	if (w->gone)
		return;
	w->gone = true;
	w->closing = true;
	uv_poll_stop(&w->poll);
	uv_close((uv_handle_t *)&w->poll, handle_closed);
	if (w->deadline)
		uv_close((uv_handle_t *)w->deadline, handle_closed);
}

static void on_ready(uv_poll_t *poll, int status, int events);

static void watch(struct websocket *w, int wanted)
{
	if (wanted != w->wanted) {
		w->wanted = wanted;
		uv_poll_start(&w->poll, wanted, on_ready);
	}
}

static void too_late(uv_timer_t *timer)
{
	end_socket(timer->data);
}

static void arm(struct websocket *w, uint64_t ms)
{
	if (!w->deadline) {
		w->deadline = talloc_zero(w, uv_timer_t);
		uv_timer_init(w->poll.loop, w->deadline);
		w->deadline->data = w;
		w->handles++;
	}
	uv_timer_start(w->deadline, too_late, ms, 0);
}

/*
 * A client that does not finish the handshake, or does not read the close
 * frame, is disconnected.
 */
static void expect_end(struct websocket *w)
{
	w->closing = true;
	TALLOC_FREE(w->early);
	if (!w->ending)
		arm(w, CLOSE_WAIT_MS);
	w->ending = true;
}

/* Half a message may be megabytes: it is not kept for good. */
static void expect_rest(struct websocket *w)
{
	bool armed = w->deadline && uv_is_active((uv_handle_t *)w->deadline);

	if (w->ending)
		return;
	if (!framing_amid(w->framing))
		disarm(w);
	else if (!armed)
		arm(w, (uint64_t)w->ev->message_ms);
}

/* Runs after every event: sends, then ends, waits or frees the buffers. */
static void flush(struct websocket *w)
{
	if (w->busy || w->gone || !w->framing)
		return;
	if (framing_closing(w->framing))
		expect_end(w);
	expect_rest(w);
	if (framing_flush(w->framing) < 0 || framing_over(w->framing)) {
		end_socket(w);
		return;
	}
	if (framing_wants_write(w->framing) || w->early) {
		watch(w, UV_READABLE | UV_WRITABLE);
		return;
	}
	watch(w, UV_READABLE);
	if (framing_quiet(w->framing))
		TALLOC_FREE(w->framing);
}

static void receive(struct websocket *w)
{
	int r;

	w->busy = true;
	r = framing_receive(framing(w));
	w->busy = false;
	if (r < 0) {
		framing_flush(w->framing);	/* a close frame may still be queued */
		end_socket(w);
	} else {
		flush(w);
	}
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct websocket *w = poll->data;

	if (status < 0)
		end_socket(w);
	else if (events & UV_READABLE || w->early)
		receive(w);
	else
		flush(w);
}

struct websocket *websocket_new(const void *ctx, uv_loop_t *loop, int fd,
				size_t cap, const void *early, size_t n,
				const struct websocket_events *ev, void *data)
{
	struct websocket *w = talloc_zero(ctx, struct websocket);
	int on = 1;

	w->ev = ev;
	w->data = data;
	w->cap = cap;
	w->fd = fd;
	w->poll.data = w;
	w->handles = 1;
	/* Fails on a Unix socket, which has no Nagle delay anyway. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	uv_poll_init(loop, &w->poll, fd);
	watch(w, UV_READABLE);
	if (n) {
		w->early = talloc_memdup(w, early, n);
		w->early_len = n;
		/* A new socket is always writable: this wakes the reader. */
		watch(w, UV_READABLE | UV_WRITABLE);
	}
	return w;
}

/* False when nothing more may be queued. */
static bool may_send(struct websocket *w, size_t n)
{
	if (w->closing)
		return false;
	if (w->framing && framing_unsent(w->framing) + n > WEBSOCKET_OUT_MAX &&
	    framing_unsent(w->framing)) {
		websocket_close(w, WEBSOCKET_SLOW, "reads too slowly");
		return false;
	}
	return true;
}

void websocket_send(struct websocket *w, const char *text, size_t n)
{
	if (!may_send(w, n))
		return;
	framing_text(framing(w), text, n);
	flush(w);
}

void websocket_send_binary(struct websocket *w, const void *bytes, size_t n)
{
	if (!may_send(w, n))
		return;
	framing_binary(framing(w), bytes, n);
	flush(w);
}

size_t websocket_unsent(const struct websocket *w)
{
	return w->framing ? framing_unsent(w->framing) : 0;
}

bool websocket_is_open(const struct websocket *w)
{
	return !w->closing;
}

void websocket_close(struct websocket *w, int code, const char *reason)
{
	if (w->closing)
		return;
	framing_close(framing(w), code, reason);
	expect_end(w);
	flush(w);
}

void websocket_ping(struct websocket *w)
{
	if (w->closing)
		return;
	if (w->pinged) {
		end_socket(w);
		return;
	}
	w->pinged = true;
	framing_ping(framing(w));
	flush(w);
}
