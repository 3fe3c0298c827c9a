#include "config.h"
#include "shim/terminal_api.h"

#include <string.h>

#include "core/id.h"
#include "core/percent.h"
#include "core/str.h"

#define SIZE_MAX_ASKED 1000000	/* beyond the emulator's caps it is moved to them */
#define TEXT_MAX 4096

/* One that runs, or an error answer. */
static struct terminal *running(struct exchange *x, const char *id)
{
	struct terminal *t = id_valid(id) ? terminal_find(id) : NULL;

	if (!id_valid(id))
		exchange_answer(x, 400, "a terminal's id is a UUID");
	else if (!t)
		exchange_answer(x, 404, "no such terminal");
	return t;
}

static int size_of(const struct exchange *x, const char *name, int preset,
		   int *out, struct err *e)
{
	char text[16];
	int64_t n;

	*out = preset;
	if (!link_server_query(x->query, name, text, sizeof(text)))
		return 0;
	if (str_parse_number(text, 0, SIZE_MAX_ASKED, &n, e) < 0)
		return err_wrap(e, "%s", name);
	*out = (int)n;
	return 0;
}

static int text_of(const struct exchange *x, const char *name,
		   char out[TEXT_MAX], struct err *e)
{
	char text[TEXT_MAX];
	ptrdiff_t n;

	out[0] = '\0';
	if (!link_server_query(x->query, name, text, sizeof(text)))
		return 0;
	n = percent_decode(out, text, strlen(text), false);
	if (n < 0 || memchr(out, 0, (size_t)n))
		return err_set(e, ERR_INPUT, "%s is not percent-encoded text", name);
	return 0;
}

void terminal_api_list(struct exchange *x, const char *arg)
{
	struct err e = { 0 };

	if (terminal_list(&x->answer, &e) < 0)
		exchange_fail(x, &e);
	else
		exchange_answer_text(x);
}

void terminal_api_start(struct exchange *x, const char *id)
{
	char name[TEXT_MAX], folder[TEXT_MAX];
	struct terminal_start start = { .name = name, .folder = folder };
	struct err e = { 0 };

	if (!id_valid(id))
		exchange_answer(x, 400, "a terminal's id is a UUID");
	else if (terminal_find(id))
		exchange_answer(x, 200, "running");
	else if (size_of(x, "rows", 24, &start.rows, &e) < 0 ||
		 size_of(x, "cols", 80, &start.cols, &e) < 0 ||
		 text_of(x, "name", name, &e) < 0 ||
		 text_of(x, "folder", folder, &e) < 0 ||
		 terminal_start(id, &start, &e) < 0)
		exchange_fail(x, &e);
	else
		exchange_answer(x, 201, "started");
}

void terminal_api_view(struct exchange *x, const char *id)
{
	struct terminal *t = running(x, id);
	struct err e = { 0 };

	if (t && terminal_view(t, x, &e) < 0)
		exchange_fail(x, &e);
}

void terminal_api_input(struct exchange *x, const char *id)
{
	struct terminal *t = running(x, id);
	struct err e = { 0 };

	if (!t)
		return;
	if (terminal_input(t, buf_text(&x->body), x->body.len, &e) < 0)
		exchange_fail(x, &e);
	else
		exchange_answer(x, 200, "taken");
}

void terminal_api_resize(struct exchange *x, const char *id)
{
	struct terminal *t = running(x, id);
	struct err e = { 0 };
	int rows, cols;

	if (!t)
		return;
	if (size_of(x, "rows", 24, &rows, &e) < 0 ||
	    size_of(x, "cols", 80, &cols, &e) < 0) {
		exchange_fail(x, &e);
		return;
	}
	terminal_resize(t, rows, cols);
	exchange_answer(x, 200, "resized");
}

void terminal_api_rename(struct exchange *x, const char *id)
{
	struct terminal *t = running(x, id);
	struct err e = { 0 };
	char name[TEXT_MAX];

	if (!t)
		return;
	if (text_of(x, "to", name, &e) < 0 || terminal_rename(t, name, &e) < 0)
		exchange_fail(x, &e);
	else
		exchange_answer(x, 200, "renamed");
}

void terminal_api_end(struct exchange *x, const char *id)
{
	struct terminal *t = running(x, id);

	if (!t)
		return;
	terminal_end(t);
	exchange_answer(x, 200, "ending");
}
