#include "config.h"
#include "shim/file_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/percent.h"
#include "core/str.h"
#include "shim/event_loop.h"
#include "shim/seccomp.h"
#include "shim/workspace_files.h"

#define MEMORY_MAX (128u << 20)
#define HEAD_MAX 512		/* the answer's first line: status and fields */
#define BODY_MAX (2 << 20)	/* above a stream's window, which bounds it */
#define PIPE_BYTES (256 << 10)
#define ANSWER_BUFFER LINK_SERVER_FRAME_MAX	/* one frame for many small writes */

struct worker {
	struct exchange *x;
	struct watch body, answer;
	struct buf unwritten;	/* of the body; still in its stream's window */
	bool ended;		/* the body came whole */
	struct buf head;	/* until the end of the first line, then what came with it */
	bool *complete;		/* shared with the child: the answer was written whole */
};

static unsigned workers;

/* ---- the child ---- */

void file_work_begin(struct file_work *w, int status, const char *fields)
{
	w->begun = true;
	fprintf(w->answer, "%d %s\n", status, fields);
}

int file_work_errno(struct err *e, int errnum, const char *what)
{
	if (errnum == ENOSPC || errnum == EDQUOT)
		return err_tell(e, ERR_UNAVAILABLE, "error_workspace_disk",
				"the disk is full");
	return err_errno(e, errnum == ENOENT || errnum == ENOTDIR ||
			 errnum == EXDEV || errnum == ENAMETOOLONG ? ERR_MISSING :
			 errnum == EINVAL || errnum == EILSEQ ? ERR_INPUT :
			 ERR_CONFLICT, errnum, "%s", what);
}

bool file_work_text(const struct file_work *w, const char *name, char *out,
		    size_t size)
{
	char text[LINK_SERVER_PATH_MAX];
	ptrdiff_t n;

	if (!link_server_query(w->query, name, text, sizeof(text)))
		return false;
	n = percent_decode(text, text, strlen(text), false);
	return n >= 0 && !memchr(text, '\0', (size_t)n) &&
	       str_copy(out, size, text);
}

static void fail(struct file_work *w, const struct err *e)
{
	file_work_begin(w, *e->key ? 507 : exchange_status(e->kind), "");
	fprintf(w->answer, "%s\n", e->text);
}

static void limit(bool lasts)
{
	const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };
	sigset_t none;

	seccomp_filter_processes();
#ifdef __SANITIZE_ADDRESS__
	(void)memory;
#else
	setrlimit(RLIMIT_DATA, &memory);
#endif
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(lasts ? 0 : FILE_WORKER_S);
}

static _Noreturn void work(const struct worker *from, int body, int answer,
			   const char *path, bool lasts, file_work_run *run)
{
	struct file_work w = { .path = path, .query = from->x->query };
	struct err e = { 0 };
	int rc;

	if (dup2(body, STDIN_FILENO) < 0 || dup2(answer, STDOUT_FILENO) < 0)
		_exit(1);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	w.body = STDIN_FILENO;
	limit(lasts);
	w.answer = fdopen(STDOUT_FILENO, "w");
	if (!w.answer || setvbuf(w.answer, NULL, _IOFBF, ANSWER_BUFFER))
		_exit(1);
	rc = run(&w, &e);
	if (rc < 0 && w.begun)
		_exit(1);
	if (rc < 0)
		fail(&w, &e);
	if (fflush(w.answer) == 0)
		*from->complete = true;
	_exit(0);
}

/* ---- process 1 ---- */

static void release(struct worker *w)
{
	event_loop_close(&w->body);
	event_loop_close(&w->answer);
	buf_release(&w->unwritten);
	buf_release(&w->head);
	munmap(w->complete, sizeof(*w->complete));
	workers--;
	free(w);
}

static void gone(struct exchange *x)
{
	release(x->work);
}

static int read_answer(struct exchange *x, void *out, size_t size)
{
	struct worker *w = x->work;
	ssize_t n;

	if (w->head.len) {
		if (size > w->head.len)
			size = w->head.len;
		memcpy(out, w->head.data, size);
		buf_drop(&w->head, size);
		return (int)size;
	}
	if (w->answer.fd < 0)
		return LINK_SERVER_BROKEN;
	n = read(w->answer.fd, out, size);
	if (n > 0)
		return (int)n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		event_loop_change(&w->answer, EPOLLIN);
		return 0;
	}
	return n == 0 && *w->complete ? -1 : LINK_SERVER_BROKEN;
}

/* Sets the fields "name=value ..." of the child's first line. */
static void set_fields(struct exchange *x, char *text)
{
	char *at, *value, *save = NULL;

	for (at = strtok_r(text, " ", &save); at;
	     at = strtok_r(NULL, " ", &save)) {
		value = strchr(at, '=');
		if (!value)
			continue;
		*value = '\0';
		exchange_field(x, at, "%s", value + 1);
	}
}

/* True once the first line is there, and the answer has begun. */
static bool begin_answer(struct worker *w)
{
	struct exchange *x = w->x;
	char *end = memchr(w->head.data, '\n', w->head.len);
	char line[HEAD_MAX];
	size_t n;

	if (!end)
		return false;
	n = (size_t)(end - w->head.data);
	memcpy(line, w->head.data, n);
	line[n] = '\0';
	buf_drop(&w->head, n + 1);
	set_fields(x, line + strcspn(line, " "));
	exchange_stream(x, atoi(line), read_answer);
	return true;
}

static void heard(struct watch *watch, uint32_t events)
{
	struct worker *w = owner_of(watch, struct worker, answer);
	char bytes[HEAD_MAX];
	struct err e = { 0 };
	ssize_t n;

	if (w->x->answered) {
		event_loop_change(watch, 0);
		exchange_wake(w->x);
		return;
	}
	n = read(watch->fd, bytes, sizeof(bytes) - w->head.len - 1);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || buf_add(&w->head, bytes, (size_t)n, &e) < 0) {
		event_loop_close(watch);
		exchange_answer(w->x, 503, "the work was cut off");
	} else if (begin_answer(w)) {
		event_loop_change(watch, 0);
	}
}

/* The child ended before it read all: its answer says why, and the rest is dropped. */
static void stop_body(struct worker *w)
{
	exchange_consume(w->x, w->unwritten.len);
	buf_clear(&w->unwritten);
	event_loop_close(&w->body);
}

static void write_body(struct worker *w)
{
	ssize_t n = 0;

	while (w->unwritten.len && w->body.fd >= 0) {
		n = write(w->body.fd, w->unwritten.data, w->unwritten.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			event_loop_change(&w->body, EPOLLOUT);
			return;
		}
		if (n < 0) {
			stop_body(w);
			return;
		}
		buf_drop(&w->unwritten, (size_t)n);
		exchange_consume(w->x, (size_t)n);
	}
	if (w->ended)
		event_loop_close(&w->body);
	else
		event_loop_change(&w->body, 0);
}

static void body_ready(struct watch *watch, uint32_t events)
{
	write_body(owner_of(watch, struct worker, body));
}

static void take(struct exchange *x, const void *bytes, size_t n)
{
	struct worker *w = x->work;
	struct err e = { 0 };

	if (!n)
		w->ended = true;
	if (w->body.fd < 0 || buf_add(&w->unwritten, bytes, n, &e) < 0)
		exchange_consume(x, n);
	else
		write_body(w);
}

static bool make_pipes(int body[2], int answer[2])
{
	if (pipe2(body, O_CLOEXEC) < 0)
		return false;
	if (pipe2(answer, O_CLOEXEC) < 0) {
		close(body[0]);
		close(body[1]);
		return false;
	}
	fcntl(body[1], F_SETFL, O_NONBLOCK);
	fcntl(answer[0], F_SETFL, O_NONBLOCK);
	/* Best effort: the kernel limits a user's. */
	fcntl(body[1], F_SETPIPE_SZ, PIPE_BYTES);
	fcntl(answer[0], F_SETPIPE_SZ, PIPE_BYTES);
	return true;
}

static int start(struct worker *w, const char *path, bool lasts,
		 file_work_run *run, struct err *e)
{
	int body[2], answer[2], rc;
	pid_t pid;

	if (!make_pipes(body, answer))
		return err_set(e, ERR_UNAVAILABLE, "no pipe");
	pid = fork();
	if (pid == 0)
		work(w, body[0], answer[1], path, lasts, run);
	close(body[0]);
	close(answer[1]);
	if (pid < 0) {
		close(body[1]);
		close(answer[0]);
		return err_set(e, ERR_UNAVAILABLE, "no process");
	}
	w->answer.ready = heard;
	w->body.ready = body_ready;
	rc = event_loop_watch(&w->answer, answer[0], EPOLLIN, e);
	w->body.fd = body[1];
	return rc;
}

void file_worker_start(struct exchange *x, const char *path, bool lasts,
		       file_work_run *run)
{
	char decoded[LINK_SERVER_PATH_MAX] = "";
	struct err e = { 0 };
	struct worker *w;

	if (*path && workspace_files_path(path, decoded, sizeof(decoded), &e) < 0) {
		exchange_fail(x, &e);
		return;
	}
	if (workers >= FILE_WORKERS_MAX) {
		exchange_answer(x, 503, "too many requests at once");
		return;
	}
	w = alloc_checked(calloc(1, sizeof(*w)));
	w->complete = mmap(NULL, sizeof(*w->complete), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);	/* cppcheck-suppress invalidFunctionArg */
	if (w->complete == MAP_FAILED)
		err_abort("out of memory");
	w->x = x;
	w->body.fd = w->answer.fd = -1;
	buf_init(&w->unwritten, BODY_MAX);
	buf_init(&w->head, HEAD_MAX);
	workers++;
	if (start(w, decoded, lasts, run, &e) < 0) {
		release(w);
		exchange_fail(x, &e);
		return;
	}
	x->work = w;
	x->gone = gone;
	x->take = take;
}
