/*
 * gongbang.fcgi: the pages. FastCGI on pages_socket (or on descriptor 0 when
 * that listens already); with REQUEST_METHOD in the environment it answers one
 * request as plain CGI (RFC 3875).
 */
#include "config.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <talloc.h>
#include <unistd.h>

#include "core/log.h"
#include "fcgi/fcgi_server.h"
#include "html/renderer.h"
#include "http/http_client.h"
#include "kv/kv_login.h"

#define BIG (256 << 10)	/* bytes: larger blocks return to the system when freed */
#define ARENAS 2

static const char *cgi_env(void *data, const char *name)
{
	(void)data;
	return getenv(name);
}

static int64_t cgi_read(void *data, char *out, size_t n)
{
	(void)data;
	return read(STDIN_FILENO, out, n);
}

static int run_cgi(const struct app *app)
{
	const struct request_source src = { .env = cgi_env, .read = cgi_read };
	struct page_worker *w = page_worker_new(NULL, app);
	auto_buf bytes = BUF_INIT(APP_OUTPUT_MAX);
	bool bad;

	app_answer(w, &src, PASSWORDS_NOW, &bytes);
	bad = fwrite(bytes.data, 1, bytes.len, stdout) != bytes.len ||
	      fflush(stdout) != 0;
	talloc_free(w);
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool listens(int fd)
{
	socklen_t n = sizeof(int);
	int yes = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &n) == 0 && yes;
}

static int run_server(const struct app *app)
{
	struct err e = { 0 };

	if (fcgi_server_run(app, listens(STDIN_FILENO) ? STDIN_FILENO : -1,
			    &e) == 0)
		return EXIT_SUCCESS;
	log_failure("start_failed", &e, NULL);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct settings *s = settings_main(&argc, &argv);
	struct err e = { 0 };
	struct app *app = NULL;
	int code;

	if (argc > 1) {
		fprintf(stderr, "usage: gongbang.fcgi [--settings FILE]\n");
		return 2;
	}
	log_start("gongbang.fcgi", settings_flag(s, SET_DEBUG));
	renderer_start();
	mallopt(M_MMAP_THRESHOLD, BIG);
	mallopt(M_ARENA_MAX, ARENAS);
	http_client_start();
	if (kv_login_read(s, "pages", &e) == 0)
		app = app_load(NULL, s, &e);
	if (!app) {
		log_failure("start_failed", &e, NULL);
		settings_free(s);
		return EXIT_FAILURE;
	}
	code = getenv("REQUEST_METHOD") || getenv("GATEWAY_INTERFACE") ?
	       run_cgi(app) : run_server(app);
	talloc_free(app);
	settings_free(s);
	return code;
}
