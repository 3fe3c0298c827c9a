/*
 * FastCGI through libfcgi's thread-safe half (FCGX_*_r), one request per
 * thread. It gets readable connections; connections.c accepts them and waits
 * for their next request.
 *
 * libfcgi would catch SIGTERM itself, so the signals are blocked in every
 * thread before it starts, and the main thread takes them by sigwait.
 */
#include "config.h"
#include "fcgi/fcgi_server.h"

#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>

#include "auth/login.h"
#include "core/clock.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/str.h"
#include "fcgi/connections.h"
#include "fcgi/fair_share.h"
#include "fcgi/request_queue.h"
#include "http/cookie.h"

#define BACKLOG 1024
#define RECORD_HEAD 8
#define RECORD_MAX 65528u	/* bytes of one record, a multiple of 8 */
#define DROP_MAX (32 << 20)	/* bytes of an unwanted body: more than nginx passes on */
#define OUTPUT_KEPT (256u << 10)	/* a thread keeps no larger buffer than this */

/*
 * Hashing a password takes 64 MiB and some 100 ms: two threads do nothing
 * else, so no page waits for one.
 */
#define PASSWORD_THREADS 2
#define PASSWORDS_WAITING 32	/* some 2 s; further requests are told to retry */
#define PAGES_WAITING 1000	/* of callers who have their share of the threads */

struct thread {
	pthread_t id;
	struct page_worker *worker;
	struct connections *connections;
	struct request_queue *passwords;
	struct fair_share *shares;
	FCGX_Request *request;	/* owned by one thread at a time */
	bool ended;		/* the request's body was read completely */
};

static const char *env(void *data, const char *name)
{
	const struct thread *t = data;

	return FCGX_GetParam(name, t->request->envp);
}

static int64_t read_body(void *data, char *out, size_t n)
{
	struct thread *t = data;
	int got = FCGX_GetStr(out, n > 1 << 20 ? 1 << 20 : (int)n,
			      t->request->in);

	if (got == 0 && FCGX_GetError(t->request->in))
		return -1;
	t->ended = got == 0;
	return got;
}

/*
 * The answer's records (FastCGI 1.0, sections 3.3 and 5.5): STDOUT, its empty
 * end, END_REQUEST. Written in one go; libfcgi's own stream would wake nginx
 * for every 8 KB of a page.
 */
static void put_header(unsigned char *out, int type, int id, size_t n)
{
	out[0] = FCGI_VERSION_1;
	out[1] = (unsigned char)type;
	out[2] = (unsigned char)(id >> 8);
	out[3] = (unsigned char)id;
	out[4] = (unsigned char)(n >> 8);
	out[5] = (unsigned char)n;
	out[6] = 0;
	out[7] = 0;
}

/* Writes all of iov, or returns false: the peer is gone or does not read. */
static bool put_all(int fd, struct iovec *iov, int n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = (size_t)n };
	ssize_t sent;

	while (m.msg_iovlen) {
		sent = sendmsg(fd, &m, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		while (m.msg_iovlen && (size_t)sent >= m.msg_iov->iov_len) {
			sent -= (ssize_t)m.msg_iov->iov_len;
			m.msg_iov++;
			m.msg_iovlen--;
		}
		if (m.msg_iovlen) {
			m.msg_iov->iov_base = (char *)m.msg_iov->iov_base + sent;
			m.msg_iov->iov_len -= (size_t)sent;
		}
	}
	return true;
}

/* False: nginx is gone. */
static bool put_answer(const FCGX_Request *request, const struct buf *bytes)
{
	unsigned char head[RECORD_HEAD], end[3 * RECORD_HEAD] = { 0 };
	size_t sent = 0;

	put_header(end, FCGI_STDOUT, request->requestId, 0);
	put_header(end + RECORD_HEAD, FCGI_END_REQUEST, request->requestId,
		   RECORD_HEAD);
	do {
		size_t n = bytes->len - sent;
		struct iovec iov[] = {
			{ head, sizeof(head) },
			{ bytes->data + sent, n > RECORD_MAX ? RECORD_MAX : n },
			{ end, sizeof(end) },
		};

		put_header(head, FCGI_STDOUT, request->requestId, iov[1].iov_len);
		if (!put_all(request->ipcFd, iov, n > RECORD_MAX ? 2 : 3))
			return false;
		sent += iov[1].iov_len;
	} while (sent < bytes->len);
	return true;
}

/* True when the request was completely read: drops the rest of a refused form. */
static bool read_to_end(struct thread *t)
{
	char rest[16 << 10];
	int i;

	for (i = 0; i < DROP_MAX && !t->ended; i += (int)sizeof(rest)) {
		if (read_body(t, rest, sizeof(rest)) < 0)
			return false;
	}
	return t->ended;
}

/*
 * Kept for the next request, or closed once nginx has gone: closing now would
 * discard the response.
 */
static void finish(struct thread *t, bool keep)
{
	int fd = t->request->ipcFd;

	if (!keep) {
		FCGX_Free(t->request, 1);
		return;
	}
	t->request->ipcFd = -1;
	FCGX_Free(t->request, 0);
	connections_return(t->connections, fd);
}

/*
 * After an answer nginx may send the next request at once; libfcgi would lose
 * what it reads together with the body's end. So the body is read first.
 */
static void answer(struct thread *t, enum app_passwords passwords,
		   struct buf *bytes)
{
	const struct request_source src = {
		.env = env, .read = read_body, .data = t,
	};
	bool whole;

	t->ended = false;
	if (!app_answer(t->worker, &src, passwords, bytes)) {
		if (request_queue_push(t->passwords, t->request)) {
			t->request = NULL;
			return;
		}
		app_answer(t->worker, &src, PASSWORDS_REFUSED, bytes);
	}
	whole = read_to_end(t);
	finish(t, put_answer(t->request, bytes) && whole &&
		  t->request->keepConnection);
	buf_clear(bytes);
	if (bytes->size > OUTPUT_KEPT)
		buf_release(bytes);
}

/* The login; without one, the address. */
static uint64_t caller_of(const FCGX_Request *request)
{
	const char *cookies = FCGX_GetParam("HTTP_COOKIE", request->envp);
	const char *address = FCGX_GetParam("REMOTE_ADDR", request->envp);
	char *login = cookies ? cookie_find(NULL, cookies, LOGIN_COOKIE) : NULL;
	const char *name = login ? login : address ? address : "";
	uint64_t caller = hash_64(HASH_64_OFFSET, name, strlen(name));

	talloc_free(login);
	return caller;
}

/* And what waited for it. */
static void serve(struct thread *t, struct buf *bytes)
{
	uint64_t caller = caller_of(t->request);
	FCGX_Request *next = NULL;

	switch (fair_share_begin(t->shares, caller, t->request)) {
	case FAIR_SHARE_WAITS:
		t->request = NULL;
		return;
	case FAIR_SHARE_FULL:
		finish(t, false);
		return;
	default:
		break;
	}
	do {
		if (next) {
			free(t->request);
			t->request = next;
		}
		answer(t, PASSWORDS_LATER, bytes);
		next = fair_share_end(t->shares, caller);
	} while (next);
}

static FCGX_Request *request_of_own(void)
{
	FCGX_Request *request = calloc(1, sizeof(*request));

	if (!request ||
	    FCGX_InitRequest(request, -1, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		err_abort("FCGX_InitRequest");
	return request;
}

/*
 * Without a listening socket of its own, libfcgi's accept fails at the
 * connection's end.
 */
static void *work(void *data)
{
	struct thread *t = data;
	auto_buf bytes = BUF_INIT(APP_OUTPUT_MAX);
	int fd;

	while ((fd = connections_next(t->connections)) >= 0) {
		if (!t->request)
			t->request = request_of_own();
		t->request->ipcFd = fd;
		t->request->keepConnection = 1;	/* otherwise it is closed at once */
		if (FCGX_Accept_r(t->request) == 0)
			serve(t, &bytes);
	}
	free(t->request);
	return NULL;
}

static void *work_on_passwords(void *data)
{
	struct thread *t = data;
	auto_buf bytes = BUF_INIT(APP_OUTPUT_MAX);

	while ((t->request = request_queue_pop(t->passwords))) {
		answer(t, PASSWORDS_NOW, &bytes);
		free(t->request);
	}
	return NULL;
}

static bool somebody_listens(const struct sockaddr_un *to)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes;

	if (fd < 0)
		return true;
	yes = connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0;
	close(fd);
	return yes;
}

/* Removes an existing file only if it is a socket without a server. */
static int clear_stale(const char *path, const struct sockaddr_un *to,
		       struct err *e)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 :
		       err_errno(e, ERR_INTERNAL, errno, "%s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_CONFLICT, "%s exists and is not a socket", path);
	if (somebody_listens(to))
		return err_set(e, ERR_CONFLICT, "another server uses %s", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_errno(e, ERR_INTERNAL, errno, "unlink %s", path);
	return 0;
}

/* Open to all: access is limited by its folder. */
static int listen_at(const char *path, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (!str_copy(to.sun_path, sizeof(to.sun_path), path))
		return err_set(e, ERR_INPUT, "pages_socket is too long");
	if (clear_stale(path, &to, e) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, ERR_INTERNAL, errno, "socket");
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	    chmod(path, 0666) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	err_errno(e, ERR_INTERNAL, errno, "listen at %s", path);
	close(fd);
	return -1;
}

/* Idle threads end at once; busy ones after their answer. Returns those left. */
static int stop(struct thread *threads, int n)
{
	int64_t end = clock_mono_ms() + FCGI_SERVER_GRACE_MS;
	struct timespec until;
	int i, left = 0;

	connections_stop(threads[0].connections);
	request_queue_stop(threads[0].passwords);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FCGI_SERVER_GRACE_MS / 1000;
	for (i = 0; i < n; i++) {
		if (clock_mono_ms() > end)
			until.tv_sec = 0;
		left += pthread_timedjoin_np(threads[i].id, NULL, &until) != 0;
	}
	return left;
}

/* The last PASSWORD_THREADS of n are those for passwords. */
static void start(struct thread *threads, int n, const struct app *app,
		  struct connections *connections,
		  struct request_queue *passwords, struct fair_share *shares)
{
	int i;

	for (i = 0; i < n; i++) {
		threads[i].worker = page_worker_new(threads, app);
		threads[i].connections = connections;
		threads[i].passwords = passwords;
		threads[i].shares = shares;
		if (pthread_create(&threads[i].id, NULL,
				   i < n - PASSWORD_THREADS ?
				   work : work_on_passwords, &threads[i]) != 0)
			err_abort("no thread");
	}
}

int fcgi_server_run(const struct app *app, int listener, struct err *e)
{
	const char *path = settings_text(app->settings, SET_PAGES_SOCKET);
	int n = (int)settings_number(app->settings, SET_PAGES_THREADS) +
		PASSWORD_THREADS;
	struct request_queue *passwords = request_queue_new(PASSWORDS_WAITING);
	struct thread *threads = talloc_zero_array(NULL, struct thread, (unsigned)n);
	struct fair_share *shares = fair_share_new((size_t)n - PASSWORD_THREADS,
						   PAGES_WAITING);
	struct connections *connections;
	bool bound = listener < 0;
	int signal_number, left;
	sigset_t ends;

	if (!threads)
		err_abort("out of memory");
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (FCGX_Init() != 0)
		return err_set(e, ERR_INTERNAL, "FCGX_Init");
	if (bound) {
		listener = listen_at(path, e);
		if (listener < 0)
			return -1;
	}
	connections = connections_new(listener);
	start(threads, n, app, connections, passwords, shares);
	log_event(LOG_INFO, "started", "socket", bound ? path : NULL, NULL);
	sigwait(&ends, &signal_number);
	if (bound)
		unlink(path);
	left = stop(threads, n);
	log_event(LOG_INFO, "stopped", "unfinished", left ? "yes" : NULL, NULL);
	/* A thread whose client stalls still uses what would be freed below. */
	if (left)
		_exit(EXIT_SUCCESS);
	talloc_free(threads);
	connections_free(connections);
	request_queue_free(passwords);
	fair_share_free(shares);
	return 0;
}
