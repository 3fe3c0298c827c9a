#include "config.h"
#include "gateway/upstream_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "gateway/inflater.h"

#define AGAIN_MS 1000	/* a body is sent again only this soon after it began */

struct outbound {
	TAILQ_ENTRY(outbound) woken_next;
	struct upstream *upstream;
	CURL *easy;
	const struct outbound_events *events;
	void *data;
	struct curl_slist nodes[HEADERS_MAX + 4];
	char *key;
	char url[2048];
	struct headers fields;		/* of the reply */
	int status;
	int64_t length, began;
	int64_t whole_length, left;	/* of the request; negative: unknown */
	struct inflater *inflater;	/* NULL: the body comes from events->body */
	bool encoded, unreadable, unwanted, head_done, over;
	bool given, sent;		/* the request is completely sent, or with libcurl */
	bool spared;			/* its upload buffer was freed */
	bool send_paused, receive_paused, woken;
	bool more, room;		/* why it was woken */
};

static size_t send_body(char *to, size_t size, size_t n, void *data)
{
	struct outbound *t = data;
	ssize_t got = t->events->body(t->data, to, size * n);

	if (got < 0) {
		t->send_paused = true;
		return CURL_READFUNC_PAUSE;
	}
	/*
	 * A truncated body must fail, or the next request would be read as its
	 * remainder.
	 */
	if (got == 0 && t->left > 0)
		return CURL_READFUNC_ABORT;
	t->left -= got;
	t->given = got == 0 || t->left == 0;
	if (t->given && t->head_done)
		curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 0L);
	return (size_t)got;
}

static int seek_body(void *data, curl_off_t offset, int origin)
{
	struct outbound *t = data;

	if (offset || origin != SEEK_SET || !t->events->rewind(t->data))
		return CURL_SEEKFUNC_FAIL;
	t->left = t->whole_length;
	t->given = false;
	return CURL_SEEKFUNC_OK;
}

/*
 * Connected; the request is about to be sent. libcurl sends it again when a
 * reused connection closed without a reply. That is right only if it closed
 * while idle: otherwise the service may have worked, and be paid, twice.
 */
static int before_request(void *data, char *to, char *from, int to_port, int from_port)
{
	struct outbound *t = data;

	if (!t->began)
		t->began = clock_mono_ms();
	return clock_mono_ms() - t->began > AGAIN_MS ?
		CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void read_status(struct outbound *t, const char *line, size_t n)
{
	const char *space = memchr(line, ' ', n);

	t->fields.n = t->fields.bytes = 0;
	t->status = space ? atoi(space + 1) : 0;
	t->length = -1;
	t->encoded = t->unreadable = false;
	TALLOC_FREE(t->inflater);
}

static bool field_is(const char *line, size_t n, const char *name)
{
	return strlen(name) == n && !strncasecmp(line, name, n);
}

/* We ask for identity, but decode another coding if it is supported. */
static void read_coding(struct outbound *t, const char *value, size_t n)
{
	char name[16];

	while (n && strchr(" \t", *value)) {
		value++;
		n--;
	}
	if (!n || field_is(value, n, "identity"))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)n, value);
	if (!t->encoded)
		t->inflater = inflater_new(t, name);
	t->unreadable = t->encoded || !t->inflater || n >= sizeof(name);
	t->encoded = true;
}

static void read_field(struct outbound *t, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n);
	size_t name = colon ? (size_t)(colon - line) : 0;
	struct err e = { 0 };

	if (!name)
		return;
	while (n && strchr("\r\n \t", line[n - 1]))
		n--;
	if (field_is(line, name, "content-encoding"))
		read_coding(t, colon + 1, n - name - 1);
	/* libcurl would decode other codings, and only the first member of gzip. */
	if (field_is(line, name, "transfer-encoding") &&
	    !(n > 7 && field_is(line + n - 7, 7, "chunked") &&
	      strspn(colon + 1, " \t") == n - name - 8))
		t->unreadable = true;
	if (field_is(line, name, "content-length"))
		t->length = strtoll(colon + 1, NULL, 10);
	/* Fields beyond the caps are dropped: the reply itself still passes. */
	if (headers_add(&t->fields, HEADERS_RESPONSE, line, name, colon + 1,
			 n - name - 1, &e) < 0)
		return;
}

/*
 * For a chunked body libcurl's count includes the chunk framing; so its end is
 * when all was given.
 */
bool outbound_sent(struct outbound *t)
{
	curl_off_t n = 0;

	if (t->sent || !t->head_done)
		return t->sent;
	if (t->whole_length < 0) {
		t->sent = t->given;
	} else {
		curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &n);
		t->sent = n >= t->whole_length;
	}
	return t->sent;
}

/*
 * Setting its size frees the upload buffer: streams are many and long. Never
 * while it may hold bytes: for a chunked body we cannot tell.
 */
static void spare(struct outbound *t)
{
	if (t->spared || t->whole_length < 0 || !outbound_sent(t))
		return;
	t->spared = true;
	curl_easy_setopt(t->easy, CURLOPT_UPLOAD_BUFFERSIZE,
			 (long)OUTBOUND_WRITE);
}

/*
 * libcurl stops sending when the service has refused or finished already, but
 * does not end the transfer while sending is paused.
 */
static void nudge(struct outbound *t)
{
	outbound_more(t);
}

/* One line of the head; several heads arrive when some are interim (1xx). */
static size_t receive_head(char *line, size_t size, size_t n, void *data)
{
	struct outbound *t = data;

	n *= size;
	if (t->head_done)
		return n;		/* trailers */
	if (n > 5 && !memcmp(line, "HTTP/", 5)) {
		read_status(t, line, n);
	} else if (n <= 2 && strchr("\r\n", line[0])) {
		if (t->status < 200)
			return n;
		if (t->unreadable)
			return 0;
		t->head_done = true;
		spare(t);
		if (!t->given)
			curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
		nudge(t);
		t->events->head(t->data, t->status, &t->fields,
				t->encoded ? -1 : t->length);
	} else {
		read_field(t, line, n);
	}
	return n;
}

static size_t receive_bytes(char *bytes, size_t size, size_t n, void *data)
{
	struct outbound *t = data;

	enum inflater_result taken;

	spare(t);
	nudge(t);
	if (t->unwanted)
		return size * n;
	if (t->inflater)
		taken = inflater_feed(t->inflater, bytes, size * n,
				      t->events->bytes, t->data);
	else
		taken = t->events->bytes(t->data, bytes, size * n) ?
			INFLATER_TAKEN : INFLATER_FULL;
	if (taken == INFLATER_TAKEN)
		return size * n;
	if (taken == INFLATER_DAMAGED)
		return 0;
	t->receive_paused = true;
	return CURL_WRITEFUNC_PAUSE;
}

void outbound_options(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, send_body);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_head);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_bytes);
}

/* libcurl reads our list: no copy of each line. */
static void set_fields(struct outbound *t, const struct outbound_request *r)
{
	static char no_expect[] = "expect:", type[] = "content-type: application/json";
	static char plain[] = "accept-encoding: identity";
	size_t n = 0, i;

	for (i = 0; i < r->fields->n; i++)
		t->nodes[n++].data = r->fields->lines[i];
	if (t->key)
		t->nodes[n++].data = t->key;
	t->nodes[n++].data = no_expect;
	t->nodes[n++].data = plain;
	/*
	 * The body was read as JSON, so it is declared as JSON, whatever the
	 * client says.
	 */
	if (r->post)
		t->nodes[n++].data = type;
	for (i = 0; i + 1 < n; i++)
		t->nodes[i].next = &t->nodes[i + 1];
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->nodes);
}

static void set_request(struct outbound *t, const struct outbound_request *r)
{
	CURL *easy = t->easy;

	curl_easy_setopt(easy, CURLOPT_URL, t->url);
	if (r->post) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->length);
		/* Sends head and body in one write. */
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r->whole);
	} else {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	set_fields(t, r);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(easy, CURLOPT_READDATA, t);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, t);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
}

struct outbound *outbound_new(struct upstream *u,
			      const struct outbound_request *request,
			      const struct outbound_events *events, void *data)
{
	struct outbound *t = talloc_zero(NULL, struct outbound);

	t->upstream = u;
	t->events = events;
	t->data = data;
	t->length = -1;
	t->whole_length = request->post ? request->length : 0;
	t->left = t->whole_length;
	t->given = request->whole || !t->whole_length;
	t->easy = upstream_handle(u);
	headers_init(&t->fields, t);
	if (request->key)
		t->key = talloc_strdup(t, request->key);
	snprintf(t->url, sizeof(t->url), "%s%s", u->base, request->target);
	set_request(t, request);
	if (curl_multi_add_handle(u->multi, t->easy) != CURLM_OK)
		err_abort("curl_multi_add_handle");
	return t;
}

void outbound_free(struct outbound *t)
{
	if (!t)
		return;
	if (t->woken)
		TAILQ_REMOVE(&t->upstream->woken, t, woken_next);
	/* libcurl 7.88 leaves an HTTP/2 stream open on a connection that it keeps. */
	if (!t->over)
		curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
	curl_multi_remove_handle(t->upstream->multi, t->easy);
	curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 0L);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
	upstream_return(t->upstream, t->easy);
	if (t->key)
		explicit_bzero(t->key, strlen(t->key));
	talloc_free(t);
}

void outbound_ignore(struct outbound *t)
{
	t->unwanted = true;
}

bool outbound_begun(const struct outbound *t)
{
	return t->began != 0;
}

static void wake(struct outbound *t)
{
	if (t->woken || t->over)
		return;
	t->woken = true;
	TAILQ_INSERT_TAIL(&t->upstream->woken, t, woken_next);
	upstream_soon(t->upstream);
}

void outbound_more(struct outbound *t)
{
	if (!t->send_paused)
		return;
	t->more = true;
	wake(t);
}

void outbound_room(struct outbound *t)
{
	if (!t->receive_paused)
		return;
	t->room = true;
	wake(t);
}

/*
 * curl_easy_pause calls back with data it held, so never call it from a
 * callback. Both directions are set at once, so the one that must wait stays
 * paused.
 */
void outbound_wake(struct upstream *u)
{
	struct outbound *t;
	int mask;

	while ((t = TAILQ_FIRST(&u->woken))) {
		TAILQ_REMOVE(&u->woken, t, woken_next);
		t->woken = false;
		if (t->more)
			t->send_paused = false;
		if (t->room)
			t->receive_paused = false;
		t->more = t->room = false;
		mask = (t->send_paused ? CURLPAUSE_SEND : 0) |
		       (t->receive_paused ? CURLPAUSE_RECV : 0);
		curl_easy_pause(t->easy, mask);
	}
}

static enum outbound_end end_of(const struct outbound *t, CURLcode result)
{
	if (result == CURLE_OK)
		return t->head_done ? OUTBOUND_WHOLE : OUTBOUND_BROKEN;
	if (t->head_done)
		return OUTBOUND_CUT;
	switch (result) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		return OUTBOUND_UNREACHED;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
		return OUTBOUND_UNTRUSTED;
	case CURLE_OPERATION_TIMEDOUT:
		return t->began ? OUTBOUND_LATE : OUTBOUND_UNREACHED;
	default:
		return OUTBOUND_BROKEN;
	}
}

void outbound_ended(CURL *easy, CURLcode result)
{
	struct outbound *t;
	char *private = NULL;
	enum outbound_end end;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	t = (struct outbound *)(void *)private;
	t->over = true;
	end = end_of(t, result);
	if (end == OUTBOUND_WHOLE && t->inflater && !t->unwanted &&
	    !inflater_whole(t->inflater))
		t->events->end(t->data, OUTBOUND_CUT,
			       "a compressed reply was cut");
	else
		t->events->end(t->data, end, curl_easy_strerror(result));
}
