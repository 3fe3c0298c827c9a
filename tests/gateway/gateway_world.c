#include "config.h"
#include "gateway_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kv/kv.h"
#include "store/users.h"

#define READ_S 20

static void make_user(struct world *w, int which, const char *login, const char *locale)
{
	struct gateway_token t = { .kind = GATEWAY_TOKEN_CONVERSATION };
	struct err e = { 0 };

	assert_int_equal(user_create(w->db, login, "x", false, w->user_id[which], &e), 0);
	assert_int_equal(user_set_preferences(w->db, w->user_id[which], login, locale, "",
					      "Asia/Seoul", 0, &e), 0);
	memcpy(t.user_id, w->user_id[which], ID_SIZE);
	id_new(t.subject_id);
	strcpy(t.address, "127.0.0.1");
	token_new(w->token[which]);
	assert_int_equal(gateway_token_put(w->kv, w->token[which], &t, 600, &e), 0);
}

void world_init(struct world *w)
{
	struct err e = { 0 };
	char path[128];

	memset(w, 0, sizeof(*w));
	strcpy(w->folder, "/tmp/gateway_testXXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(path, sizeof(path), "%s/log", w->folder);
	w->log_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	server_init(&w->redis);
	scripted_start(&w->service);
	snprintf(path, sizeof(path), "%s/store.db", w->folder);
	w->db = db_open(NULL, path, &e);
	if (!w->db)
		fail_msg("%s", e.text);
	w->kv = kv_new(w->db, w->redis.socket);
	make_user(w, ANN, "ann", "ko");
	make_user(w, BEN, "ben", "en");
	world_write_keys(w, "sk-real-key-1\n");
}

void world_release(struct world *w)
{
	char command[128];

	if (w->pid)
		world_kill(w);
	if (w->ledger_pid)
		world_kill_ledger(w);
	talloc_free(w->db);
	server_release(&w->redis);
	scripted_stop(&w->service);
	close(w->log_fd);
	snprintf(command, sizeof(command), "rm -rf %s", w->folder);
	assert_int_equal(system(command), 0);
}

void world_write_keys(struct world *w, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/keys", w->folder);
	unlink(path);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
	chmod(path, 0400);
}

/* Not one of those that connections of other tests are given. */
int world_free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd, port, bad;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	do {
		port = 20000 + (int)arc4random_uniform(10000);
		at.sin_port = htons((uint16_t)port);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		bad = bind(fd, (struct sockaddr *)&at, sizeof(at));
		close(fd);
	} while (bad < 0);
	return port;
}

static void write_settings(struct world *w, const char *path)
{
	const char *src = getenv("top_srcdir");
	FILE *f = fopen(path, "w");

	if (!src)
		src = "..";
	if (!w->port)
		w->port = world_free_port();
	fprintf(f, "database = %s/store.db\nredis_socket = %s\n", w->folder, w->redis.socket);
	fprintf(f, "templates = %s/templates\nprices = %s/conf/prices.list\n", src, src);
	fprintf(f, "gateway_listen = 127.0.0.1:%d\n", w->port);
	fprintf(f, "gateway_journal = %s/journal\nledger_socket = %s/ledger.sock\n",
		w->folder, w->folder);
	if (*w->upstream)
		fprintf(f, "model_upstream = %s\n", w->upstream);
	else
		fprintf(f, "model_upstream = http://127.0.0.1:%d\n", w->service.port);
	if (w->keys)
		fprintf(f, "model_keys = %s/keys\n", w->folder);
	fprintf(f, "%s", w->more);
	fclose(f);
}

static pid_t run(struct world *w, const char *program)
{
	char settings[128];
	pid_t pid;

	snprintf(settings, sizeof(settings), "%s/settings", w->folder);
	write_settings(w, settings);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(w->log_fd, 2);
	execl(program, program, "--settings", settings, (char *)NULL);
	_exit(127);
}

static bool ledger_answers(const struct world *w)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answers;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/ledger.sock", w->folder);
	answers = connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
	close(fd);
	return answers;
}

void world_start_ledger(struct world *w)
{
	int i;

	if (!w->ledger_pid)
		w->ledger_pid = run(w, "./gongbang-ledger");
	for (i = 0; i < 1000 && !ledger_answers(w); i++)
		usleep(10000);
}

void world_kill_ledger(struct world *w)
{
	kill(w->ledger_pid, SIGKILL);
	waitpid(w->ledger_pid, NULL, 0);
	w->ledger_pid = 0;
}

static bool is_ready(struct world *w)
{
	struct answer *a = calloc(1, sizeof(*a));
	int fd = client_connect(w, 1);
	bool ready = false;

	if (fd >= 0) {
		client_send(fd, w, -1, "HEAD", "/", "Connection: close\r\n", NULL, 0);
		client_read(fd, a);
		ready = a->status == 200;
		answer_release(a);
		close(fd);
	}
	free(a);
	return ready;
}

bool world_start(struct world *w)
{
	const char *program = getenv("GONGBANG_TEST_GATEWAY");
	int i;

	world_start_ledger(w);
	w->pid = run(w, program ? program : "./gongbang-gateway");
	for (i = 0; i < 1000; i++) {
		if (waitpid(w->pid, NULL, WNOHANG) == w->pid) {
			w->pid = 0;
			return false;
		}
		if (is_ready(w))
			return true;
		usleep(10000);
	}
	fail_msg("the gateway is not ready:\n%s", world_log(w));
	return false;
}

void world_stop(struct world *w)
{
	int status;

	kill(w->pid, SIGTERM);
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	w->pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail_msg("it ended with %x:\n%s", status, world_log(w));
}

void world_kill(struct world *w)
{
	kill(w->pid, SIGKILL);
	waitpid(w->pid, NULL, 0);
	w->pid = 0;
}

char *world_log(struct world *w)
{
	off_t n = lseek(w->log_fd, 0, SEEK_END);
	char *text = talloc_zero_array(w->db, char, (size_t)n + 1);

	assert_int_equal(pread(w->log_fd, text, (size_t)n, 0), n);
	return text;
}

#ifdef __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

long world_resident_kb(struct world *w)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)w->pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmRSS: %ld", &kb);
	if (f)
		fclose(f);
	return SANITIZED ? 0 : kb;
}

static int count_row(void *data, const struct db_row *row, struct err *e)
{
	struct ledger *l = data;
	const char *outcome = db_text(row, 0);
	int n = (int)db_number(row, 1);

	l->rows += n;
	l->usage.input += db_number(row, 2);
	l->usage.output += db_number(row, 3);
	if (!strcmp(outcome, "complete"))
		l->complete = n;
	else if (!strcmp(outcome, "interrupted"))
		l->interrupted = n;
	else if (!strcmp(outcome, "failed"))
		l->failed = n;
	else
		l->unmetered = n;
	return 0;
}

void world_ledger(struct world *w, int rows, struct ledger *out)
{
	struct err e = { 0 };
	int i;

	for (i = 0; i < 1000; i++) {
		memset(out, 0, sizeof(*out));
		assert_int_equal(db_query(w->db, &e, count_row, out,
			"SELECT outcome, COUNT(*), SUM(input), SUM(output) FROM usage GROUP BY outcome", ""), 0);
		if (out->rows >= rows)
			break;
		usleep(10000);
	}
	if (rows >= 0 && out->rows != rows)
		fail_msg("the ledger has %d rows, not %d:\n%s", out->rows, rows, world_log(w));
}

/* ---- a client */

int client_connect(struct world *w, int host)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct timeval wait = { .tv_sec = READ_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	from.sin_addr.s_addr = htonl(0x7f000000u + (uint32_t)host);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)w->port);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The other side may have said no already: its answer tells. */
static void push(int fd, const char *bytes, size_t n)
{
	ssize_t sent;

	while (n) {
		sent = send(fd, bytes, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		bytes += sent;
		n -= (size_t)sent;
	}
}

void client_send(int fd, struct world *w, int user, const char *method,
		 const char *target, const char *fields, const char *body, size_t n)
{
	char head[8192], length[64] = "", token[128] = "";

	if (body && !strcasestr(fields, "content-length") &&
	    !strcasestr(fields, "transfer-encoding"))
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n", n);
	if (user >= 0)
		snprintf(token, sizeof(token), "Authorization: Bearer %s\r\n", w->token[user]);
	snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: gateway\r\n%s%s%s\r\n",
		 method, target, token, fields, length);
	push(fd, head, strlen(head));
	if (body)
		push(fd, body, n);
}

static bool more(int fd, char **bytes, size_t *have)
{
	ssize_t got;

	*bytes = realloc(*bytes, *have + 65537);
	got = recv(fd, *bytes + *have, 65536, 0);
	if (got > 0)
		*have += (size_t)got;
	(*bytes)[*have] = '\0';
	return got > 0;
}

/* True when the chunks are whole; then they are joined. */
static bool unchunk(char *bytes, size_t have, size_t *n)
{
	size_t at = 0, to = 0, size;
	char *end;

	for (;;) {
		end = memchr(bytes + at, '\n', have - at);
		if (!end)
			return false;
		size = strtoul(bytes + at, NULL, 16);
		at = (size_t)(end + 1 - bytes);
		if (at + size + 2 > have)
			return false;
		if (!size)
			break;
		at += size + 2;
	}
	for (at = 0;; at += size + 2) {
		size = strtoul(bytes + at, &end, 16);
		at = (size_t)(strchr(end, '\n') + 1 - bytes);
		if (!size)
			break;
		memmove(bytes + to, bytes + at, size);
		to += size;
	}
	bytes[to] = '\0';
	*n = to;
	return true;
}

static bool take_head(struct answer *a, char *bytes, size_t *have)
{
	char *end = strstr(bytes, "\r\n\r\n");
	size_t n;

	if (!end)
		return false;
	n = (size_t)(end + 4 - bytes);
	assert_true(n < sizeof(a->head));
	memcpy(a->head, bytes, n);
	a->head[n] = '\0';
	memmove(bytes, bytes + n, *have - n + 1);
	*have -= n;
	a->status = atoi(a->head + 9);
	return a->status >= 200 || take_head(a, bytes, have);
}

void client_read(int fd, struct answer *a)
{
	const char *length;
	char *bytes = calloc(1, 1);
	size_t have = 0;
	bool open = true;

	memset(a, 0, sizeof(*a));
	while (!take_head(a, bytes, &have) && open)
		open = more(fd, &bytes, &have);
	length = answer_field(a, "content-length");
	while (a->status && open) {
		if (length ? have >= strtoul(length, NULL, 10) :
		    unchunk(bytes, have, &a->n)) {
			a->whole = true;
			break;
		}
		open = more(fd, &bytes, &have);
	}
	if (!a->whole || length)
		a->n = have;
	a->body = bytes;
}

void client_call(struct world *w, int user, const char *app, struct answer *a)
{
	char fields[256];
	int fd = client_connect(w, 1);

	assert_true(fd >= 0);
	snprintf(fields, sizeof(fields), "x-app: %s\r\ncontent-type: application/json\r\n", app);
	client_send(fd, w, user, "POST", "/v1/messages?beta=true", fields, BODY, BODY_SIZE);
	client_read(fd, a);
	close(fd);
}

void answer_release(struct answer *a)
{
	free(a->body);
	a->body = NULL;
}

const char *answer_field(struct answer *a, const char *name)
{
	static char value[1024];
	char want[64];
	const char *at;

	snprintf(want, sizeof(want), "\r\n%s: ", name);
	at = strcasestr(a->head, want);
	if (!at)
		return NULL;
	at += strlen(want);
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
	return value;
}
