#include "config.h"
#include "transcript/code_acts.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "html/markdown.h"

#define ACTS_MAX 4096		/* bytes of the template's html */

static int render(const struct templates *t, const struct i18n_locale *text, bool shell,
		  struct buf *out)
{
	struct view *view = view_new(NULL);
	struct err e = { 0 };
	int bad;

	view_flag(view, "shell", shell);
	bad = template_render(t, "parts/code_acts", view, text, out, &e);
	talloc_free(view);
	return bad;
}

const char *code_acts_fill(const void *ctx, const struct templates *t,
			   const struct i18n_locale *text, const char *html)
{
	static const char mark[] = "<div class=\"code-acts\"";
	auto_buf out = BUF_INIT(2 * MARKDOWN_HTML_MAX);
	auto_buf acts = BUF_INIT(ACTS_MAX), shell = BUF_INIT(ACTS_MAX);
	const char *at = strstr(html, mark), *from = html;
	struct err e = { 0 };
	bool runs;

	if (!at || render(t, text, false, &acts) < 0 || render(t, text, true, &shell) < 0)
		return html;
	for (; at; at = strstr(from, mark)) {
		runs = str_starts(at, MARKDOWN_ACTS_SHELL);
		if (buf_add(&out, from, (size_t)(at - from), &e) < 0 ||
		    buf_add_text(&out, buf_text(runs ? &shell : &acts), &e) < 0)
			return html;
		from = at + strlen(runs ? MARKDOWN_ACTS_SHELL : MARKDOWN_ACTS);
	}
	if (buf_add_text(&out, from, &e) < 0)
		return html;
	return talloc_strndup(ctx, buf_text(&out), out.len);
}
