#include "config.h"
#include "ws/framing.h"

#include <errno.h>
#include <string.h>

#include <talloc.h>
#include <wslay/wslay.h>

#include "core/buf.h"
#include "ws/websocket.h"

#define READ_TURN (256u << 10)	/* bytes read before other connections get their turn */
#define QUEUE_MAX 20000		/* frames waiting to be sent, including pongs */

struct framing {
	wslay_event_context_ptr wslay;
	const struct framing_events *ev;
	void *data;
	struct buf in;
	size_t turn;		/* bytes read in this turn */
	uint64_t taken, framed;	/* bytes passed to wslay, and those of complete frames */
	uint64_t frame;		/* bytes of the current frame, including its head */
	bool in_message, control, too_long, closing, ended;
};

static ssize_t on_read(wslay_event_context_ptr ctx, uint8_t *out, size_t n,
		       int flags, void *data)
{
	struct framing *f = data;
	ssize_t got;

	if (f->turn >= READ_TURN) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	do
		got = f->ev->read(f->data, out, n);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		f->turn += (size_t)got;
		f->taken += (uint64_t)got;
		return got;
	}
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
	} else {
		f->ended = true;
		wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
	}
	return -1;
}

static ssize_t on_write(wslay_event_context_ptr ctx, const uint8_t *bytes,
			size_t n, int flags, void *data)
{
	struct framing *f = data;
	ssize_t put;

	do
		put = f->ev->write(f->data, bytes, n);
	while (put < 0 && errno == EINTR);
	if (put >= 0)
		return put;
	if (errno == EAGAIN || errno == EWOULDBLOCK) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
	} else {
		f->ended = true;
		wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
	}
	return -1;
}

static void on_frame(wslay_event_context_ptr ctx,
		     const struct wslay_event_on_frame_recv_start_arg *arg,
		     void *data)
{
	struct framing *f = data;
	uint64_t n = arg->payload_length;

	f->frame = n + (n < 126 ? 6 : n < 65536 ? 8 : 14);
	f->control = wslay_is_ctrl_frame(arg->opcode);
	if (!f->control)
		f->in_message = true;
	if (f->ev->frame && !f->ev->frame(f->data))
		framing_close(f, WEBSOCKET_POLICY, "too many frames");
}

static void on_chunk(wslay_event_context_ptr ctx,
		     const struct wslay_event_on_frame_recv_chunk_arg *arg,
		     void *data)
{
	struct framing *f = data;
	struct err full = { 0 };

	/* A ping may arrive between the fragments of a message. */
	if (f->control || f->too_long)
		return;
	if (buf_add(&f->in, arg->data, arg->data_length, &full) < 0)
		f->too_long = true;
}

static void on_frame_end(wslay_event_context_ptr ctx, void *data)
{
	struct framing *f = data;

	f->framed += f->frame;
	f->frame = 0;
}

static void on_message(wslay_event_context_ptr ctx,
		       const struct wslay_event_on_msg_recv_arg *arg, void *data)
{
	struct framing *f = data;
	bool too_long = f->too_long;

	if (wslay_is_ctrl_frame(arg->opcode) || f->closing)
		return;
	f->in_message = false;
	f->too_long = false;
	if (arg->opcode != WSLAY_TEXT_FRAME && !f->ev->binary)
		framing_close(f, WSLAY_CODE_UNSUPPORTED_DATA, "text only");
	else if (too_long)
		f->ev->too_long(f->data, buf_text(&f->in), f->in.len);
	else if (arg->opcode != WSLAY_TEXT_FRAME)
		f->ev->binary(f->data, buf_text(&f->in), f->in.len);
	else
		f->ev->message(f->data, buf_text(&f->in), f->in.len);
	buf_release(&f->in);
}

static int destroy(struct framing *f)
{
	wslay_event_context_free(f->wslay);
	buf_release(&f->in);
	return 0;
}

struct framing *framing_new(const void *ctx, size_t cap,
			    const struct framing_events *ev, void *data)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = on_read,
		.send_callback = on_write,
		.on_frame_recv_start_callback = on_frame,
		.on_frame_recv_chunk_callback = on_chunk,
		.on_frame_recv_end_callback = on_frame_end,
		.on_msg_recv_callback = on_message,
	};
	struct framing *f = talloc_zero(ctx, struct framing);

	f->ev = ev;
	f->data = data;
	buf_init(&f->in, cap);
	if (wslay_event_context_server_init(&f->wslay, &callbacks, f) != 0)
		err_abort("out of memory");
	wslay_event_config_set_no_buffering(f->wslay, 1);
	wslay_event_config_set_max_recv_msg_length(f->wslay, WEBSOCKET_DROP_MAX);
	talloc_set_destructor(f, destroy);
	return f;
}

int framing_receive(struct framing *f)
{
	f->turn = 0;
	if (wslay_event_want_read(f->wslay) && wslay_event_recv(f->wslay) != 0)
		return -1;
	return f->ended ? -1 : 0;
}

int framing_flush(struct framing *f)
{
	if (wslay_event_want_write(f->wslay) && wslay_event_send(f->wslay) != 0)
		return -1;
	if (wslay_event_get_queued_msg_count(f->wslay) > QUEUE_MAX)
		return -1;
	return f->ended ? -1 : 0;
}

static void queue(struct framing *f, uint8_t opcode, const void *bytes, size_t n)
{
	struct wslay_event_msg msg = {
		.opcode = opcode,
		.msg = bytes,
		.msg_length = n,
	};

	if (wslay_event_queue_msg(f->wslay, &msg) == WSLAY_ERR_NOMEM)
		err_abort("out of memory");
}

void framing_text(struct framing *f, const char *text, size_t n)
{
	queue(f, WSLAY_TEXT_FRAME, text, n);
}

void framing_binary(struct framing *f, const void *bytes, size_t n)
{
	queue(f, WSLAY_BINARY_FRAME, bytes, n);
}

void framing_ping(struct framing *f)
{
	struct wslay_event_msg msg = { .opcode = WSLAY_PING };

	if (wslay_event_queue_msg(f->wslay, &msg) == WSLAY_ERR_NOMEM)
		err_abort("out of memory");
}

void framing_close(struct framing *f, int code, const char *reason)
{
	f->closing = true;
	wslay_event_queue_close(f->wslay, (uint16_t)code,
				(const uint8_t *)reason, strlen(reason));
}

size_t framing_unsent(const struct framing *f)
{
	return wslay_event_get_queued_msg_length(f->wslay);
}

bool framing_wants_write(const struct framing *f)
{
	return wslay_event_want_write(f->wslay);
}

bool framing_closing(const struct framing *f)
{
	return f->closing || f->ended ||
	       wslay_event_get_close_received(f->wslay) ||
	       wslay_event_get_close_sent(f->wslay);
}

bool framing_over(const struct framing *f)
{
	if (f->ended)
		return true;
	return wslay_event_get_close_sent(f->wslay) &&
	       (wslay_event_get_close_received(f->wslay) ||
		!wslay_event_want_read(f->wslay)) &&
	       !wslay_event_want_write(f->wslay);
}

bool framing_amid(const struct framing *f)
{
	return f->in_message;
}

bool framing_quiet(const struct framing *f)
{
	return f->taken == f->framed && !f->frame && !f->in_message &&
	       !wslay_event_want_write(f->wslay) &&
	       wslay_event_get_read_enabled(f->wslay) &&
	       !wslay_event_get_close_sent(f->wslay) &&
	       !wslay_event_get_close_received(f->wslay);
}
