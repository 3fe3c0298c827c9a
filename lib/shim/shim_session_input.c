/* The queue of whole lines for a session's stdin. */
#include "config.h"
#include "shim/shim_session_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static void forget(struct exchange *x)
{
	struct input *in = x->work;

	in->x = NULL;
}

static void finish(struct input *in, bool written)
{
	if (in->x) {
		in->x->gone = NULL;
		if (written)
			exchange_answer(in->x, 200, "written");
		else
			exchange_answer(in->x, 409, "the process has ended");
	}
	in->session->inputs = in->next;
	in->session->ninputs--;
	body_release(&in->body);
	free(in);
}

void shim_session_drop_inputs(struct shim_session *s)
{
	while (s->inputs)
		finish(s->inputs, false);
	event_loop_close(&s->in);
}

void shim_session_write_input(struct watch *w, uint32_t events)
{
	struct shim_session *s = owner_of(w, struct shim_session, in);
	struct input *in;
	ssize_t n;

	while ((in = s->inputs)) {
		n = send(w->fd, in->body.data + in->at, in->body.len - in->at,
			 MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			event_loop_change(w, EPOLLOUT);
			return;
		}
		if (n < 0) {
			shim_session_drop_inputs(s);
			return;
		}
		in->at += (size_t)n;
		if (in->at == in->body.len)
			finish(in, true);
	}
	if (events & (EPOLLERR | EPOLLHUP))
		shim_session_drop_inputs(s);	/* it closed its stdin */
	else
		event_loop_change(w, EPOLLHUP);
}

void shim_session_input(struct shim_session *s, struct exchange *x)
{
	struct input *in, **at;

	if (s->in.fd < 0) {
		exchange_answer(x, 409, "the process takes no input");
		return;
	}
	if (s->ninputs == SHIM_SESSION_INPUTS_MAX) {
		exchange_answer(x, 503, "too much input waits");
		return;
	}
	in = alloc_checked(calloc(1, sizeof(*in)));
	exchange_take_body(x, &in->body);
	in->x = x;
	in->session = s;
	x->work = in;
	x->gone = forget;
	for (at = &s->inputs; *at; at = &(*at)->next)
		;
	*at = in;
	s->ninputs++;
	shim_session_write_input(&s->in, 0);
}
