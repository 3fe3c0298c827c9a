#include "config.h"
#include "cgi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "auth/password.h"
#include "core/buf.h"
#include "core/str.h"
#include "store/users.h"

static void add_account(struct site_under_test *s, const char *login,
			char id[ID_SIZE])
{
	char hash[PASSWORD_HASH_SIZE];
	const struct user new = { .login = login, .display_name = login };
	struct err e = { 0 };

	if (password_hash(PASSWORD, &new, hash, &e) < 0 ||
	    user_create(s->db, login, hash, false, id, &e) < 0)
		fail_msg("%s", e.text);
}

void site_init(struct site_under_test *s, const char *more)
{
	const char *top = getenv("top_srcdir");
	struct err e = { 0 };
	char path[128];
	FILE *f;

	memset(s, 0, sizeof(*s));
	server_init(&s->redis);
	server_start(&s->redis);
	strcpy(s->folder, "/tmp/gongbang-pages-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(path, sizeof(path), "%s/db", s->folder);
	s->db = db_open(NULL, path, &e);
	if (!s->db)
		fail_msg("%s", e.text);
	add_account(s, "kim", s->kim);
	add_account(s, "lee", s->lee);
	snprintf(s->settings, sizeof(s->settings), "%s/conf", s->folder);
	f = fopen(s->settings, "w");
	assert_non_null(f);
	fprintf(f, "database = %s\nredis_socket = %s\n"
		"control_socket = %s/control\npages_socket = %s/pages\n"
		"templates = %s/templates\nlogin_tries = 1000\n%s", path,
		s->redis.socket, s->folder, s->folder, top ? top : ".", more);
	fclose(f);
}

void site_release(struct site_under_test *s)
{
	char command[128];

	talloc_free(s->db);
	server_release(&s->redis);
	snprintf(command, sizeof(command), "rm -rf '%s'", s->folder);
	assert_int_equal(system(command), 0);
}

static void set(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static _Noreturn void be_cgi(struct browser *b, const char *method,
			     const char *address, size_t n, int fd)
{
	char path[4096], length[32], cookie[768];
	char *query;
	int i;

	snprintf(path, sizeof(path), "%s", address);
	query = strchr(path, '?');
	if (query)
		*query++ = '\0';
	snprintf(length, sizeof(length), "%zu", n);
	snprintf(cookie, sizeof(cookie), "%s%s%s%s%s%s%s", b->session,
		 *b->session ? "; " : "", b->before, *b->before ? "; " : "",
		 b->device, *b->device ? "; " : "", b->other);
	set("GATEWAY_INTERFACE", "CGI/1.1");
	set("SERVER_PROTOCOL", "HTTP/1.1");
	set("REQUEST_METHOD", method);
	set("SCRIPT_NAME", "");
	set("PATH_INFO", path);
	set("DOCUMENT_URI", path);
	set("REQUEST_URI", address);
	set("QUERY_STRING", query ? query : "");
	set("HTTP_HOST", "localhost");
	set("REMOTE_ADDR", "127.0.0.1");
	set("HTTP_COOKIE", *cookie ? cookie : NULL);
	set("HTTP_ACCEPT_LANGUAGE", "en");
	if (strcmp(method, "POST") == 0) {
		set("CONTENT_TYPE", "application/x-www-form-urlencoded");
		set("CONTENT_LENGTH", length);
		set("HTTP_ORIGIN", "http://localhost");
	}
	set("GONGBANG_SETTINGS", b->site->settings);
	for (i = 0; i < ENV_MAX && b->env[i][0]; i++)
		set(b->env[i][0], b->env[i][1]);
	/* A page that does not end must not outlive a test that gave up. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(fd, 0);
	dup2(fd, 1);
	if (!getenv("PAGES_TEST_LOG"))
		assert_non_null(freopen("/dev/null", "w", stderr));
	execl("cgi-bin/gongbang.fcgi", "gongbang.fcgi", (char *)NULL);
	_exit(127);
}

/* Writes the body while it reads the answer: neither side may wait for the other. */
static void exchange(int fd, const char *body, size_t n, struct buf *out)
{
	size_t sent = 0;
	struct err e = { 0 };
	bool ended = false;

	if (!n)
		shutdown(fd, SHUT_WR);
	while (!ended) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		char chunk[65536];
		ssize_t got;

		if (sent < n)
			p.events |= POLLOUT;
		assert_int_equal(poll(&p, 1, 120000), 1);
		if (sent < n && p.revents & POLLOUT) {
			got = send(fd, body + sent, n - sent,
				   MSG_NOSIGNAL | MSG_DONTWAIT);
			if (got > 0)
				sent += (size_t)got;
			else if (errno != EAGAIN)
				sent = n;	/* it does not want more */
			if (sent == n)
				shutdown(fd, SHUT_WR);
		}
		if (!(p.revents & (POLLIN | POLLHUP)))
			continue;
		got = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);
		if (got > 0 && buf_add(out, chunk, (size_t)got, &e) < 0)
			fail_msg("%s", e.text);
		ended = got == 0 || (got < 0 && errno != EAGAIN);
	}
}

/* What a browser does with one Set-Cookie line. */
static void keep_cookie(struct browser *b, const char *line)
{
	size_t n = strcspn(line, ";\r\n");
	char *jar = str_starts(line, "gongbang_session=") ? b->session :
		    str_starts(line, "gongbang_login=") ? b->before :
		    str_starts(line, "gongbang_device_") ? b->device : NULL;

	if (!jar) {
		snprintf(b->other, sizeof(b->other), "%.*s", (int)n, line);
		return;
	}
	snprintf(jar, 128, "%.*s", (int)n, line);
	if (line[n - 1] == '=')
		*jar = '\0';
}

static void keep_state(struct browser *b, const struct answer *a)
{
	const char *at = a->head;
	const char *csrf = strstr(a->body, "name=\"csrf\" value=\"");

	while ((at = strcasestr(at, "Set-Cookie: "))) {
		at += strlen("Set-Cookie: ");
		keep_cookie(b, at);
	}
	if (csrf)
		snprintf(b->csrf, sizeof(b->csrf), "%.128s",
			 csrf + strlen("name=\"csrf\" value=\""));
}

struct answer *ask(struct browser *b, const char *method, const char *address,
		   const char *body, size_t n)
{
	auto_buf out = BUF_INIT(64u << 20);
	struct answer *a = talloc_zero(NULL, struct answer);
	const char *end;
	int pair[2], status;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    pair), 0);
	pid = fork();
	if (pid == 0)
		be_cgi(b, method, address, n, pair[1]);
	close(pair[1]);
	exchange(pair[0], body, n, &out);
	close(pair[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	a->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	assert_int_equal(a->exit, 0);
	end = memmem(out.data, out.len, "\r\n\r\n", 4);
	assert_non_null(end);
	a->head = talloc_strndup(a, out.data, (size_t)(end - out.data) + 2);
	a->body_len = out.len - (size_t)(end + 4 - out.data);
	/* with the NUL that buf keeps at its end, and those within */
	a->body = talloc_memdup(a, end + 4, a->body_len + 1);
	assert_int_equal(sscanf(a->head, "Status: %d", &a->status), 1);
	keep_state(b, a);
	return a;
}

struct answer *get(struct browser *b, const char *address)
{
	return ask(b, "GET", address, NULL, 0);
}

struct answer *post(struct browser *b, const char *address, const char *form)
{
	const char *token = strstr(form, "CSRF");
	char *body;
	struct answer *a;

	if (token)
		body = talloc_asprintf(NULL, "%.*s%s%s", (int)(token - form),
				       form, b->csrf, token + 4);
	else
		body = talloc_strdup(NULL, form);
	a = ask(b, "POST", address, body, strlen(body));
	talloc_free(body);
	return a;
}

const char *header(const struct answer *a, const char *name)
{
	const char *line = a->head;
	size_t n = strlen(name);

	while (*line) {
		const char *end = strstr(line, "\r\n");

		if (strncasecmp(line, name, n) == 0 && line[n] == ':')
			return talloc_strndup(a, line + n + 2,
					      (size_t)(end - line) - n - 2);
		line = end + 2;
	}
	return NULL;
}

struct answer *log_in(struct browser *b, struct site_under_test *s,
		      const char *login, const char *password)
{
	struct answer *a;
	char *form;

	memset(b, 0, sizeof(*b));
	b->site = s;
	talloc_free(get(b, "/login"));
	form = talloc_asprintf(NULL, "csrf=CSRF&login=%s&password=%s", login,
			       password);
	a = post(b, "/login", form);
	talloc_free(form);
	return a;
}

void expect(struct answer *a, int status)
{
	if (a->status != status)
		print_error("%s\n%s\n", a->head, a->body);
	assert_int_equal(a->status, status);
}

const char *shown(const char *words)
{
	static char out[4][2048];
	static struct json_object *catalogue;
	static unsigned int turn;
	char *to = out[turn++ % 4], path[512];
	struct json_object *sentence;
	const char *from, *root = getenv("top_srcdir");
	size_t n = 0;

	if (words[0] != '@')
		return words;
	snprintf(path, sizeof(path), "%s/templates/locale/en.json", root ? root : ".");
	if (!catalogue)
		catalogue = json_object_from_file(path);
	if (!json_object_object_get_ex(catalogue, words + 1, &sentence))
		fail_msg("%s has no \"%s\"", path, words + 1);
	for (from = json_object_get_string(sentence); *from && *from != '{' &&
	     n < sizeof(out[0]) - 8; from++) {
		const char *html = *from == '\'' ? "&#39;" : *from == '"' ?
			"&quot;" : *from == '<' ? "&lt;" : *from == '>' ?
			"&gt;" : *from == '&' ? "&amp;" : NULL;

		n += (size_t)(html ? sprintf(to + n, "%s", html) :
			      sprintf(to + n, "%c", *from));
	}
	to[n] = '\0';
	if (!n)
		fail_msg("\"%s\" begins with a placeholder, so any page has it", words + 1);
	return to;
}

void expect_to(struct answer *a, const char *location)
{
	expect(a, 303);
	assert_string_equal(header(a, "Location"), location);
	talloc_free(a);
}

void expect_error(struct answer *a, int status, const char *words)
{
	const char *text = shown(words);

	expect(a, status);
	if (!strstr(a->body, text))
		print_error("no \"%s\" in %s\n", text, a->body);
	assert_non_null(strstr(a->body, text));
	talloc_free(a);
}

void be_kim(struct browser *b, struct site_under_test *s)
{
	talloc_free(log_in(b, s, "kim", PASSWORD));
	assert_true(*b->session);
	talloc_free(get(b, "/workspace"));
}
