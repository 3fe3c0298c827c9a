/* Lines "NAME=value", an empty line, a body: any request a CGI server may give. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "http/origin.h"
#include "http/form.h"
#include "http/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fake {
	char *names[16], *values[16];
	size_t n;
	const uint8_t *body;
	size_t left;
};

static const char *fake_env(void *data, const char *name)
{
	struct fake *f = data;
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (str_equal(f->names[i], name))
			return f->values[i];
	}
	return NULL;
}

static int64_t fake_read(void *data, char *out, size_t n)
{
	struct fake *f = data;

	n = n < f->left ? n : f->left;
	if (n)
		memcpy(out, f->body, n);
	f->body += n;
	f->left -= n;
	return (int64_t)n;
}

static void read_lines(struct fake *f, char *text, const uint8_t *data,
		       size_t size)
{
	char *line = text, *stop, *equals;

	while (f->n < 16 && (stop = strchr(line, '\n')) && stop > line) {
		*stop = '\0';
		equals = strchr(line, '=');
		if (equals) {
			*equals = '\0';
			f->names[f->n] = line;
			f->values[f->n++] = equals + 1;
		}
		line = stop + 1;
	}
	line += *line == '\n';
	f->body = data + (line - text);
	f->left = size - (size_t)(line - text);
}

static int no_handler(struct request *r, struct response *out, struct err *e)
{
	return 0;
}

static void use(struct request *r, const struct request_source *src)
{
	static const struct route table[] = {
		{ METHOD_GET, "/w/{id}/export.md",no_handler, 0, 0 },
		{ METHOD_POST, "/w/{name}",no_handler, 0, 0 },
	};
	struct err e = { 0 };
	unsigned allowed = 0;

	if (r->path[0] != '/' || strstr(r->path, "//") ||
	    strstr(r->path, "/../") || !utf8_valid(r->path, strlen(r->path)))
		abort();
	request_cookie(r, "s");
	origin_ours(r->origin, r->host, r->secure);
	if (!router_find(table, 2, r, &allowed, &e) && !e.text[0])
		abort();
	if (request_read_form(r, src, 1000, &e) == 0 &&
	    !utf8_valid(form_text(r->form, "a"),
			strlen(form_text(r->form, "a"))))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake f = { .n = 0 };
	struct request_source src = { fake_env, fake_read, &f };
	char *text = strndup((const char *)data, size);
	struct err e = { 0 };
	struct request *r;

	if (!text)
		abort();
	read_lines(&f, text, data, size);
	r = request_new(NULL, &src, "", "localhost [::1]", &e);
	if (r)
		use(r, &src);
	else if (!e.text[0])
		abort();
	talloc_free(r);
	free(text);
	return 0;
}
