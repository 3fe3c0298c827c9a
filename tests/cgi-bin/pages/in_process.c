#include "config.h"
#include "in_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/log.h"
#include "core/str.h"
#include "html/markdown.h"
#include "http/http_client.h"

struct app *pages_site;
struct page_worker *pages_worker;
struct kv *pages_kv;
char *pages_text;
static struct settings *settings;

int pages_begin(void **state)
{
	struct err e = { 0 };

	setup(state);
	log_start("pages", false);
	markdown_start();
	http_client_start();
	settings = settings_new();
	must(settings_load(settings, site.settings, &e), &e);
	pages_site = app_load(NULL, settings, &e);
	if (!pages_site)
		fail_msg("%s", e.text);
	pages_worker = page_worker_new(NULL, pages_site);
	pages_kv = kv_new(NULL, settings_text(settings, SET_REDIS_SOCKET));
	return 0;
}

int pages_end(void **state)
{
	talloc_free(pages_text);
	pages_text = NULL;
	talloc_free(pages_worker);
	talloc_free(pages_kv);
	talloc_free(pages_site);
	settings_free(settings);
	return teardown(state);
}

struct asking {
	const char *method, *uri, *cookie, *body;
	char length[32];
	size_t read;
};

static const char *env(void *data, const char *name)
{
	const struct asking *a = data;
	const struct { const char *name, *value; } rows[] = {
		{ "REQUEST_METHOD", a->method }, { "REQUEST_URI", a->uri },
		{ "HTTP_HOST", "localhost" }, { "REMOTE_ADDR", "127.0.0.1" },
		{ "HTTP_COOKIE", a->cookie }, { "CONTENT_LENGTH", a->length },
		{ "CONTENT_TYPE", "application/x-www-form-urlencoded" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (str_equal(rows[i].name, name))
			return rows[i].value;
	}
	return NULL;
}

static int64_t take(void *data, char *out, size_t n)
{
	struct asking *a = data;
	size_t left = strlen(a->body) - a->read;

	n = n < left ? n : left;
	memcpy(out, a->body + a->read, n);
	a->read += n;
	return (int64_t)n;
}

int pages_ask(struct page_worker *w, const char *token, enum method method,
	      const char *uri, const char *fields, bool with_csrf)
{
	struct asking a = { .uri = uri, .method = "GET", .body = "" };
	const struct request_source src = { env, take, &a };
	auto_buf bytes = BUF_INIT(APP_OUTPUT_MAX);
	void *ctx = talloc_new(NULL);
	char csrf[CSRF_TOKEN_SIZE];
	int status = 0;

	csrf_token(token, csrf);
	if (*token)
		a.cookie = talloc_asprintf(ctx, LOGIN_COOKIE "=%s", token);
	if (method == METHOD_POST) {
		a.method = "POST";
		a.body = talloc_asprintf(ctx, "csrf=%s&%s",
					 with_csrf ? csrf : "", fields);
	}
	snprintf(a.length, sizeof(a.length), "%zu", strlen(a.body));
	assert_true(app_answer(w, &src, PASSWORDS_NOW, &bytes));
	talloc_free(pages_text);
	pages_text = talloc_strndup(NULL, buf_text(&bytes), bytes.len);
	assert_int_equal(sscanf(buf_text(&bytes), "Status: %d", &status), 1);
	talloc_free(ctx);
	return status;
}
