#include "config.h"
#include "gateway/upstream.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <talloc.h>

#include "core/str.h"
#include "gateway/upstream_internal.h"

#define EVENTS 64
#define SPARE_MAX 64		/* handles kept for the next calls */
#define WANTED 0x80		/* libcurl watches it now; a flag beside CURL_POLL_* */
#define IDLE_S 60L		/* an idle connection is reused within; load balancers drop older
				 * ones */

/* What the epoll set has for a descriptor; grows as needed. */
static unsigned char *polled(struct upstream *u, int fd)
{
	int n = u->npolled;

	if (fd >= n) {
		u->npolled = fd + 64;
		u->polled = talloc_realloc(u, u->polled, unsigned char,
					   u->npolled);
		memset(u->polled + n, 0, (size_t)(u->npolled - n));
	}
	return &u->polled[fd];
}

/*
 * libcurl 7.88 silently closes a socket that never connected, so reset the
 * slot when an fd is reused, not only when it is closed.
 */
static curl_socket_t open_socket(void *upstream, curlsocktype purpose,
				 struct curl_sockaddr *at)
{
	struct upstream *u = upstream;
	int fd = socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);

	if (fd < 0)
		return CURL_SOCKET_BAD;
	*polled(u, fd) = 0;
	return fd;
}

static int close_socket(void *upstream, curl_socket_t fd)
{
	struct upstream *u = upstream;

	*polled(u, fd) = 0;	/* the epoll set drops it by itself */
	return close(fd);
}

static void set_options(struct upstream *u, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (*u->ca)
		curl_easy_setopt(easy, CURLOPT_CAINFO, u->ca);
	if (u->local)
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)u->connect_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)u->whole_ms);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)OUTBOUND_READ);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)OUTBOUND_WRITE);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, u);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, u);
	outbound_options(easy);
}

CURL *upstream_handle(struct upstream *u)
{
	CURL *easy;

	if (u->nspare)
		return u->spare[--u->nspare];
	easy = alloc_checked(curl_easy_init());
	set_options(u, easy);
	return easy;
}

void upstream_return(struct upstream *u, CURL *easy)
{
	if (u->nspare < SPARE_MAX)
		u->spare[u->nspare++] = easy;
	else
		curl_easy_cleanup(easy);
}

static void on_timer(uv_timer_t *timer)
{
	struct upstream *u = timer->data;

	u->due = true;
	upstream_run(u);
}

void upstream_soon(struct upstream *u)
{
	u->due = true;
	uv_timer_start(&u->timer, on_timer, 0, 0);
}

static int timer_wanted(CURLM *multi, long ms, void *data)
{
	struct upstream *u = data;

	if (ms < 0)
		uv_timer_stop(&u->timer);
	else if (ms == 0)
		upstream_soon(u);
	else
		uv_timer_start(&u->timer, on_timer, (uint64_t)ms, 0);
	return 0;
}

/*
 * libcurl's sockets are in an epoll set of their own: no libuv handle per
 * connection. A socket that libcurl stops watching usually comes back with the
 * next call, so it is only removed when it has an event.
 */
static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *data,
			 void *known)
{
	struct upstream *u = data;
	struct epoll_event event = { .data.fd = fd };
	unsigned char *s = polled(u, fd);

	if (what == CURL_POLL_REMOVE) {
		*s &= (unsigned char)~WANTED;
		return 0;
	}
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	if ((*s & ~WANTED) != what &&
	    epoll_ctl(u->epoll, *s & ~WANTED ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
		      fd, &event) < 0)
		err_abort("epoll_ctl");	/* it would never be woken again */
	*s = (unsigned char)(what | WANTED);
	return 0;
}

static bool unwanted(struct upstream *u, int fd)
{
	unsigned char *s = polled(u, fd);

	if (*s & WANTED)
		return false;
	epoll_ctl(u->epoll, EPOLL_CTL_DEL, fd, NULL);
	*s = 0;
	return true;
}

static void reap(struct upstream *u)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(u->multi, &left))) {
		if (m->msg == CURLMSG_DONE)
			outbound_ended(m->easy_handle, m->data.result);
	}
}

static void on_events(uv_poll_t *poll, int status, int events)
{
	struct upstream *u = poll->data;
	struct epoll_event list[EVENTS];
	int n, i, running, mask;

	n = epoll_wait(u->epoll, list, EVENTS, 0);
	for (i = 0; i < n; i++) {
		if (unwanted(u, list[i].data.fd))
			continue;
		mask = 0;
		if (list[i].events & EPOLLIN)
			mask |= CURL_CSELECT_IN;
		if (list[i].events & EPOLLOUT)
			mask |= CURL_CSELECT_OUT;
		if (list[i].events & (EPOLLERR | EPOLLHUP))
			mask |= CURL_CSELECT_ERR;
		curl_multi_socket_action(u->multi, list[i].data.fd, mask, &running);
	}
	reap(u);
}

bool upstream_due(const struct upstream *u)
{
	return u->due;
}

void upstream_run(struct upstream *u)
{
	int running;

	outbound_wake(u);
	if (u->due) {
		u->due = false;
		curl_multi_socket_action(u->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	reap(u);
}

static char *part(CURLU *url, CURLUPart which)
{
	char *text = NULL;

	return curl_url_get(url, which, &text, 0) == CURLUE_OK ? text : NULL;
}

static bool is_local(const char *host)
{
	return str_equal(host, "localhost") || str_starts(host, "127.") ||
	       str_equal(host, "[::1]");
}

static int check_base(struct upstream *u, CURLU *url, const char *base, struct err *e)
{
	char *scheme, *host, *user, *query, *fragment;
	size_t n = strlen(base);
	int done = 0;

	if (curl_url_set(url, CURLUPART_URL, base, 0) != CURLUE_OK)
		return err_set(e, ERR_INPUT, "model_upstream: not an address");
	scheme = part(url, CURLUPART_SCHEME);
	host = part(url, CURLUPART_HOST);
	user = part(url, CURLUPART_USER);
	query = part(url, CURLUPART_QUERY);
	fragment = part(url, CURLUPART_FRAGMENT);
	if (!scheme || !host ||
	    (!str_equal(scheme, "http") && !str_equal(scheme, "https")))
		done = err_set(e, ERR_INPUT, "model_upstream: begins with http:// or https://");
	else if (user || query || fragment)
		done = err_set(e, ERR_INPUT, "model_upstream: an address and a path, nothing else");
	else
		u->local = is_local(host);
	while (n && base[n - 1] == '/')
		n--;
	u->base = talloc_strndup(u, base, n);
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(query);
	curl_free(fragment);
	return done;
}

static int set_base(struct upstream *u, const char *base, struct err *e)
{
	CURLU *url = alloc_checked(curl_url());
	int done;

	done = check_base(u, url, base, e);
	curl_url_cleanup(url);
	return done;
}

static void make_multi(struct upstream *u, int64_t calls)
{
	u->multi = alloc_checked(curl_multi_init());
	curl_multi_setopt(u->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(u->multi, CURLMOPT_MAXCONNECTS, (long)calls);
	curl_multi_setopt(u->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
	curl_multi_setopt(u->multi, CURLMOPT_SOCKETDATA, u);
	curl_multi_setopt(u->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
	curl_multi_setopt(u->multi, CURLMOPT_TIMERDATA, u);
}

struct upstream *upstream_new(const void *ctx, uv_loop_t *loop,
			      const struct upstream_options *options, struct err *e)
{
	struct upstream *u = talloc_zero(ctx, struct upstream);

	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (set_base(u, options->base, e) < 0) {
		talloc_free(u);
		return NULL;
	}
	u->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (u->epoll < 0)
		err_abort("epoll_create1");
	u->ca = talloc_strdup(u, options->ca);
	u->connect_ms = options->connect_ms;
	u->whole_ms = options->whole_ms;
	u->spare = talloc_array(u, CURL *, SPARE_MAX);
	TAILQ_INIT(&u->woken);
	uv_timer_init(loop, &u->timer);
	uv_poll_init(loop, &u->poll, u->epoll);
	u->timer.data = u;
	u->poll.data = u;
	u->handles = 2;
	uv_poll_start(&u->poll, UV_READABLE, on_events);
	make_multi(u, options->calls);
	return u;
}

static void handle_closed(uv_handle_t *handle)
{
	struct upstream *u = handle->data;

	if (--u->handles)
		return;
	close(u->epoll);
	if (u->closed)
		u->closed(u->closed_data);
	talloc_free(u);
}

void upstream_close(struct upstream *u, void (*closed)(void *data), void *data)
{
	u->closed = closed;
	u->closed_data = data;
	curl_multi_cleanup(u->multi);
	while (u->nspare)
		curl_easy_cleanup(u->spare[--u->nspare]);
	uv_poll_stop(&u->poll);
	uv_close((uv_handle_t *)&u->poll, handle_closed);
	uv_close((uv_handle_t *)&u->timer, handle_closed);
}
