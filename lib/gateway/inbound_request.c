#include "config.h"
#include "gateway/listener_internal.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"

#define BLOCK 4096	/* MHD's own buffer of a response without a length */

struct inbound *inbound_new(struct connection *connection,
			    struct MHD_Connection *mhd, const char *target)
{
	struct inbound *c = talloc_zero(connection, struct inbound);

	c->listener = connection->listener;
	c->connection = connection;
	c->mhd = mhd;
	c->target = talloc_strdup(c, target);
	bounded_buffer_init(&c->up, LISTENER_WINDOW, true);
	bounded_buffer_init(&c->down, LISTENER_WINDOW, false);
	return c;
}

void inbound_free(struct inbound *c, bool whole)
{
	if (c->call)
		c->listener->events->ended(c->call,
					   whole && (!c->streams || c->whole));
	if (c->response)
		MHD_destroy_response(c->response);
	bounded_buffer_release(&c->up);
	bounded_buffer_release(&c->down);
	talloc_free(c);
}

static enum MHD_Result hold(struct inbound *c)
{
	c->suspended = true;
	MHD_suspend_connection(c->mhd);
	return MHD_YES;
}

static void wake(struct inbound *c)
{
	if (!c->suspended)
		return;
	c->suspended = false;
	c->read_at = 0;		/* bytes after which the wait for the client starts */
	MHD_resume_connection(c->mhd);
	daemon_soon(c->listener->daemon);
}

static void moved(struct inbound *c)
{
	c->moved_at = clock_mono_ms();
	c->moved = 0;
}

static void cut_connection(struct inbound *c)
{
	c->cut = true;
	shutdown(c->connection->fd, SHUT_RDWR);
	wake(c);
}

void inbound_lost(struct inbound *c)
{
	void *call = c->call;

	c->call = NULL;
	cut_connection(c);
	if (call)
		c->listener->events->ended(call, false);
}

void inbound_drop(struct inbound *c)
{
	c->call = NULL;
	cut_connection(c);
}

/* ---- the request */

#define NO_LENGTH INT64_MIN	/* missing, repeated or malformed */

/*
 * MHD takes "Transfer-Encoding : chunked" for a field with this name; it is
 * not one.
 */
static bool name_good(const char *name)
{
	for (; *name; name++) {
		if (*name <= ' ' || *name > '~')
			return false;
	}
	return true;
}

static enum MHD_Result each_length(void *cls, enum MHD_ValueKind kind,
				   const char *name, const char *value)
{
	struct inbound *c = cls;
	struct err e = { 0 };

	if (!strcasecmp(name, "content-length")) {
		if (c->lengths++ || !value ||
		    str_parse_number(value, 0, INT64_MAX, &c->length, &e) < 0)
			c->length = NO_LENGTH;
	} else if (!strcasecmp(name, "transfer-encoding")) {
		c->length = c->lengths++ || !value || strcasecmp(value, "chunked") ?
			NO_LENGTH : -1;
	} else if (!strcasecmp(name, "expect")) {
		c->expects = true;
	} else if (!name_good(name)) {
		c->lengths++;
		c->length = NO_LENGTH;
	}
	return MHD_YES;
}

static struct MHD_Response *make_response(struct inbound *c);

static enum MHD_Result queue(struct inbound *c)
{
	if (!c->response)
		c->response = make_response(c);
	c->queued = true;
	return MHD_queue_response(c->mhd, (unsigned)c->status, c->response);
}

/*
 * MHD accepts an answer after the head, and then reads no more of this
 * connection, or after the body. A client that still writes would lose an
 * early answer, so only a body too long to be read is answered before its end.
 */
static enum MHD_Result after_head(struct inbound *c)
{
	c->head_held = false;
	if (c->cut)
		return MHD_NO;
	if (c->answered && (c->expects || c->length == NO_LENGTH ||
			    c->length > LISTENER_DRAIN_MAX))
		return queue(c);
	if (c->expects && !c->answered && !c->go_on) {
		c->head_held = true;
		return hold(c);
	}
	return MHD_YES;
}

static enum MHD_Result begin_request(struct inbound *c, const char *method)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		c->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (c->connection->hung_up)
		return MHD_NO;
	c->begun = true;
	c->method = method;
	address_format(info->client_addr, c->address);
	MHD_get_connection_values(c->mhd, MHD_HEADER_KIND, each_length, c);
	moved(c);
	c->listener->events->request(c->listener->data, c);
	return after_head(c);
}

static enum MHD_Result take_body(struct inbound *c, const char *bytes,
				 size_t *n)
{
	size_t taken = *n;

	if (!c->drain)
		taken = bounded_buffer_add(&c->up, bytes, *n);
	*n -= taken;
	c->received += (int64_t)taken;
	c->moved += (int64_t)taken;
	if (c->moved >= LISTENER_STEP)
		moved(c);
	if (c->received > LISTENER_DRAIN_MAX)
		shutdown(c->connection->fd, SHUT_RDWR);
	if (taken && c->call && !c->drain)
		c->listener->events->arrived(c->call);
	/* The call may have taken some bytes, or answered meanwhile. */
	if (*n && !c->drain && !bounded_buffer_room(&c->up))
		return hold(c);
	return *n ? take_body(c, bytes + taken, n) : MHD_YES;
}

static enum MHD_Result body_done(struct inbound *c)
{
	if (!c->complete) {
		c->complete = true;
		moved(c);
		if (c->call && !c->drain)
			c->listener->events->arrived(c->call);
	}
	if (c->answered && !c->queued)
		return queue(c);
	return hold(c);
}

enum MHD_Result inbound_handle(struct inbound *c, const char *method,
			       const char *bytes, size_t *n)
{
	if (!c->begun)
		return begin_request(c, method);
	if (c->head_held)
		return after_head(c);
	if (c->cut)
		return MHD_NO;
	return *n ? take_body(c, bytes, n) : body_done(c);
}

void inbound_set(struct inbound *c, void *call)
{
	c->call = call;
}

const char *inbound_method(const struct inbound *c)
{
	return c->method;
}

const char *inbound_target(const struct inbound *c)
{
	return c->target;
}

const char *inbound_address(const struct inbound *c)
{
	return c->address;
}

const char *inbound_header(const struct inbound *c, const char *name)
{
	return MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);
}

struct taking {
	struct headers *out;
	struct err *e;
	int result;
};

static enum MHD_Result each_field(void *cls, enum MHD_ValueKind kind,
				  const char *name, const char *value)
{
	struct taking *t = cls;

	if (value && headers_add(t->out, HEADERS_REQUEST, name, strlen(name),
				  value, strlen(value), t->e) < 0)
		t->result = -1;
	return t->result < 0 ? MHD_NO : MHD_YES;
}

int inbound_fields(const struct inbound *c, struct headers *out, struct err *e)
{
	struct taking t = { .out = out, .e = e };

	if (c->length == NO_LENGTH)
		return err_set(e, ERR_INPUT, "a body with two lengths, or a field without a name");
	MHD_get_connection_values(c->mhd, MHD_HEADER_KIND, each_field, &t);
	return t.result;
}

bool inbound_crowded(const struct inbound *c)
{
	return c->connection->crowded;
}

int64_t inbound_length(const struct inbound *c)
{
	return c->length;
}

int64_t inbound_received(const struct inbound *c)
{
	return c->received;
}

bool inbound_complete(const struct inbound *c)
{
	return c->complete;
}

bool inbound_window_full(const struct inbound *c)
{
	return !bounded_buffer_room(&c->up);
}

char *inbound_tail(struct inbound *c, size_t n)
{
	return c->up.data + c->up.from + c->up.len - n;
}

char *inbound_at(struct inbound *c, int64_t offset)
{
	int64_t first = c->received - (int64_t)c->up.len;

	if (offset < first || offset >= c->received)
		return NULL;
	return c->up.data + c->up.from + (offset - first);
}

bool inbound_expects(const struct inbound *c)
{
	return c->expects;
}

void inbound_go_on(struct inbound *c)
{
	c->go_on = true;
	if (c->head_held) {
		moved(c);
		wake(c);
	}
}

ssize_t inbound_read(struct inbound *c, void *to, size_t n)
{
	size_t got = bounded_buffer_take(&c->up, to, n);

	if (got) {
		if (!c->complete && c->suspended) {
			moved(c);
			wake(c);
		}
		return (ssize_t)got;
	}
	return c->complete && !c->drain ? 0 : -1;
}

void inbound_drain(struct inbound *c)
{
	c->drain = true;
	bounded_buffer_release(&c->up);
	if (!c->complete && c->suspended && !c->head_held) {
		moved(c);
		wake(c);
	}
}

bool inbound_rewind(struct inbound *c)
{
	return bounded_buffer_rewind(&c->up);
}

const char *inbound_whole(const struct inbound *c)
{
	return c->complete && c->up.len && !c->up.lost ? c->up.data : NULL;
}

/* ---- the answer */

/*
 * Cuts the connection through shutdown(), which MHD notices itself. If we
 * returned an error instead, MHD 0.9.75 would close the connection but keep
 * counting it for its address as long as any older connection is open, because
 * it only revisits the oldest.
 */
static ssize_t fail_down(struct inbound *c, char *to)
{
	shutdown(c->connection->fd, SHUT_RDWR);
	to[0] = '\0';		/* never reaches the client */
	return 1;
}

static ssize_t read_down(void *cls, uint64_t at, char *to, size_t max)
{
	struct inbound *c = cls;
	size_t n = bounded_buffer_take(&c->down, to, max);

	c->given += (int64_t)n;
	if (n) {
		if (c->call)
			c->listener->events->taken(c->call);
		return (ssize_t)n;
	}
	if (c->cut || (c->finished && !c->whole))
		return fail_down(c, to);
	if (c->finished)
		return MHD_CONTENT_READER_END_OF_STREAM;
	c->suspended = true;
	MHD_suspend_connection(c->mhd);
	return 0;
}

static void add_fields(struct MHD_Response *r, const struct headers *fields)
{
	const char *value;
	char name[64];
	size_t i, n;

	for (i = 0; fields && i < fields->n; i++) {
		n = headers_split(fields->lines[i], &value);
		if (n < sizeof(name)) {
			memcpy(name, fields->lines[i], n);
			name[n] = '\0';
			MHD_add_response_header(r, name, value);
		}
	}
}

/*
 * An answer that is complete before it is sent goes out with its length, in
 * one write.
 */
static struct MHD_Response *make_response(struct inbound *c)
{
	struct MHD_Response *r;

	if (c->finished && c->whole)
		r = MHD_create_response_from_buffer(
			c->down.len, c->down.len ? c->down.data + c->down.from : NULL,
			MHD_RESPMEM_PERSISTENT);
	else
		r = MHD_create_response_from_callback(
			c->answer_length < 0 ? MHD_SIZE_UNKNOWN :
			(uint64_t)c->answer_length, BLOCK, read_down, c, NULL);
	if (!r)
		err_abort("out of memory");
	add_fields(r, &c->fields);
	return r;
}

static void ready(struct inbound *c, int status)
{
	c->status = status;
	c->answered = true;
	moved(c);
	wake(c);
}

void inbound_answer(struct inbound *c, int status, const struct headers *fields,
		    const char *type, const char *body)
{
	c->response = MHD_create_response_from_buffer(
		strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
	if (!c->response)
		err_abort("out of memory");
	MHD_add_response_header(c->response, "Content-Type", type);
	add_fields(c->response, fields);
	inbound_drain(c);
	ready(c, status);
}

void inbound_begin(struct inbound *c, int status, const struct headers *fields,
		   int64_t length)
{
	size_t i;

	c->streams = true;
	c->answer_length = length;
	headers_init(&c->fields, c);
	for (i = 0; i < fields->n; i++)
		c->fields.lines[c->fields.n++] = talloc_strdup(c, fields->lines[i]);
	ready(c, status);
}

bool inbound_write(struct inbound *c, const char *bytes, size_t n)
{
	if (bounded_buffer_room(&c->down) < n)
		return false;
	bounded_buffer_add(&c->down, bytes, n);
	if (c->queued)
		wake(c);
	return true;
}

void inbound_finish(struct inbound *c, bool whole)
{
	c->finished = true;
	c->whole = whole;
	inbound_drain(c);
	if (c->queued)
		wake(c);
}

bool inbound_answered(const struct inbound *c)
{
	return c->answered;
}
