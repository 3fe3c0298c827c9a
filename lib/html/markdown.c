#include "config.h"
#include "html/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "core/clock.h"
#include "core/str.h"
#include "html/emphasis.h"
#include "html/highlight.h"
#include "html/template.h"

#define OPTIONS (CMARK_OPT_VALIDATE_UTF8 | CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE)

/*
 * cmark aborts the process when it is out of memory, so it gets an arena that
 * ends the rendering instead. Nothing in it is freed individually.
 */
static struct {
	char *base;
	size_t used;
	jmp_buf full;
} arena;

static const char *mark;	/* of emphasis, in the text that is rendered; NULL: none */

/* For the colours of the code in the text that is rendered. */
static struct {
	int64_t until;		/* clock_mono_ms; 0: none */
	bool late;
	struct buf html;	/* of one block */
} colours = { .html = BUF_INIT(MARKDOWN_HTML_MAX) };

void markdown_start(void)
{
	if (arena.base)
		return;
	cmark_gfm_core_extensions_ensure_registered();
	arena.base = mmap(NULL, MARKDOWN_MEMORY, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			  -1, 0);	/* cppcheck-suppress invalidFunctionArg */
	if (arena.base == MAP_FAILED)
		err_abort("out of memory");
}

/* Zeroed by the kernel, as mmap returns it. */
static void empty_arena(void)
{
	if (arena.used)
		madvise(arena.base, MARKDOWN_MEMORY, MADV_DONTNEED);
	arena.used = 0;
}

static void *arena_alloc(size_t n)
{
	size_t whole = sizeof(size_t) * 2 + ((n + 15) & ~(size_t)15);
	char *at = arena.base + arena.used;

	if (n > MARKDOWN_MEMORY || whole > MARKDOWN_MEMORY - arena.used)
		longjmp(arena.full, 1);
	arena.used += whole;
	memcpy(at, &n, sizeof(n));
	return at + sizeof(size_t) * 2;
}

static void *take_many(size_t count, size_t size)
{
	return arena_alloc(size && count > SIZE_MAX / size ? SIZE_MAX : count * size);
}

static void *take_more(void *old, size_t n)
{
	void *fresh = arena_alloc(n);
	size_t had;

	if (old) {
		memcpy(&had, (char *)old - sizeof(size_t) * 2, sizeof(had));
		memcpy(fresh, old, had < n ? had : n);
	}
	return fresh;
}

static void keep_all(void *pointer)
{
	(void)pointer;
}

static cmark_mem memory = { take_many, take_more, keep_all };

struct lists {
	struct list {
		struct list *next;
		int digits;
	} *first, **last;
};

static cmark_node *parse(const char *text, size_t n)
{
	static const char *const extensions[] = { "table", "strikethrough",
						  "autolink", "tasklist" };
	cmark_parser *p;
	cmark_node *root;
	size_t i;

	p = cmark_parser_new_with_mem(OPTIONS, &memory);
	for (i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		cmark_syntax_extension *x =
			cmark_find_syntax_extension(extensions[i]);

		if (!x)
			err_abort("markdown_start was not called");
		cmark_parser_attach_syntax_extension(p, x);
	}
	cmark_parser_feed(p, text, n);
	root = cmark_parser_finish(p);
	return root;
}

static bool may_be_followed(const char *url)
{
	static const char *const schemes[] = { "http://", "https://",
					       "mailto:" };
	size_t i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
			return true;
	}
	return false;
}

static bool in_link(cmark_node *node)
{
	while ((node = cmark_node_parent(node))) {
		if (cmark_node_get_type(node) == CMARK_NODE_LINK)
			return true;
	}
	return false;
}

/* The node's only child is a text that equals url. */
static bool shows(cmark_node *node, const char *url)
{
	cmark_node *child = cmark_node_first_child(node);
	const char *text = child ? cmark_node_get_literal(child) : NULL;

	return text && !cmark_node_next(child) && str_equal(text, url);
}

static cmark_node *leaf(cmark_node_type type, const char *text)
{
	cmark_node *node = cmark_node_new_with_mem(type, &memory);

	cmark_node_set_literal(node, text);
	return node;
}

/* Inserting a node fails only through a bug: every kind used here fits there. */
static void must(int done)
{
	if (!done)
		err_abort("markdown: a node has no place");
}

/* Replaces the link by its content, then its target as code. */
static void unwrap(cmark_node *node)
{
	const char *url = cmark_node_get_url(node);
	cmark_node *child;

	if (*url && !in_link(node) && !shows(node, url)) {
		must(cmark_node_insert_after(node, leaf(CMARK_NODE_CODE, url)));
		must(cmark_node_insert_after(node, leaf(CMARK_NODE_TEXT, " ")));
	}
	while ((child = cmark_node_first_child(node)))
		must(cmark_node_insert_before(node, child));
	cmark_node_free(node);
}

static void image_to_link(cmark_node *node)
{
	cmark_node *own = cmark_node_new_with_mem(CMARK_NODE_LINK, &memory);
	cmark_node *child;

	cmark_node_set_url(own, cmark_node_get_url(node));
	must(cmark_node_replace(node, own));
	while ((child = cmark_node_first_child(node)))
		must(cmark_node_append_child(own, child));
	cmark_node_free(node);
}

static const char *without_marks(const char *text)
{
	const char *at;
	char *clean, *to;

	if (!mark || !strstr(text, mark))
		return text;
	clean = to = arena_alloc(strlen(text) + 1);
	while ((at = strstr(text, mark))) {
		to = mempcpy(to, text, (size_t)(at - text));
		text = at + strlen(mark);
	}
	strcpy(to, text);
	return clean;
}

/* A URL would keep them, percent-encoded. */
static void drop_marks(cmark_node *node)
{
	const char *url = cmark_node_get_url(node), *clean = without_marks(url);

	if (clean != url)
		cmark_node_set_url(node, clean);
}

/* True when the node was removed from the tree. */
static bool change_link(cmark_node *node)
{
	const char *url;

	drop_marks(node);
	url = cmark_node_get_url(node);
	if (in_link(node) || !may_be_followed(url)) {
		unwrap(node);
		return true;
	}
	if (cmark_node_get_type(node) == CMARK_NODE_IMAGE) {
		image_to_link(node);
		return true;
	}
	cmark_node_set_title(node, "");
	if (!cmark_node_first_child(node))
		must(cmark_node_append_child(node, leaf(CMARK_NODE_TEXT, url)));
	return false;
}

static bool change_html(cmark_node *node, cmark_node_type with)
{
	must(cmark_node_replace(node, leaf(with, cmark_node_get_literal(node))));
	cmark_node_free(node);
	return true;
}

static int add_code(struct buf *out, const char *language, const char *code, struct err *e)
{
	int64_t left = colours.until ? colours.until - clock_mono_ms() : 0;
	enum highlighted how = HIGHLIGHT_PLAIN;

	if (language && left > 0)
		how = highlight_code(language, code, (int)left, out);
	else if (language && colours.until)
		how = HIGHLIGHT_LATE;
	colours.late = colours.late || how == HIGHLIGHT_LATE;
	return how == HIGHLIGHTED ? 0 : html_escape(out, code, e);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* The first word after the fence: what the code is written in. */
static const char *said_language(cmark_node *node)
{
	const char *info = cmark_node_get_fence_info(node);
	size_t n = 0;
	char *word;

	info = without_marks(info ? info : "");
	while (info[n] && !is_space(info[n]))
		n++;
	word = arena_alloc(n + 1);
	memcpy(word, info, n);
	word[n] = '\0';
	return word;
}

static int write_code(struct buf *out, const char *said, const char *code, struct err *e)
{
	const char *language = highlight_language(said);
	bool shell = language && str_equal(language, "sh");

	if (buf_add_text(out, "<div class=\"code\"><div class=\"code-head\"><span class=\"code-name\">", e) < 0 ||
	    html_escape(out, said, e) < 0 || buf_add_text(out, "</span>", e) < 0 ||
	    buf_add_text(out, shell ? MARKDOWN_ACTS_SHELL : MARKDOWN_ACTS, e) < 0 ||
	    buf_add_text(out, "</div><pre tabindex=\"0\"><code>", e) < 0 ||
	    add_code(out, language, code, e) < 0)
		return -1;
	return buf_add_text(out, "</code></pre></div>", e);
}

static bool change_code(cmark_node *node)
{
	const char *code = cmark_node_get_literal(node), *said = said_language(node);
	cmark_node *own = cmark_node_new_with_mem(CMARK_NODE_CUSTOM_BLOCK, &memory);
	struct err e = { 0 };

	buf_clear(&colours.html);
	code = without_marks(code ? code : "");
	if (write_code(&colours.html, said, code, &e) < 0)
		longjmp(arena.full, 1);
	cmark_node_set_on_enter(own, buf_text(&colours.html));
	must(cmark_node_replace(node, own));
	cmark_node_free(node);
	return true;
}

/* The page's own heading is h1; below it no level may be skipped. */
static void place_heading(cmark_node *node, int *last)
{
	int level = cmark_node_get_heading_level(node) + 1;

	if (level > *last + 1)
		level = *last + 1;
	if (level > 6)
		level = 6;
	cmark_node_set_heading_level(node, level);
	*last = level;
}

/* Digits of its last number. */
static int digits_of(cmark_node *list)
{
	long last = cmark_node_get_list_start(list) - 1;
	cmark_node *item;
	int digits;

	for (item = cmark_node_first_child(list); item; item = cmark_node_next(item))
		last++;
	for (digits = 1; last > 9; last /= 10)
		digits++;
	return digits;
}

/* Ordered lists appear in the same order as their tags. */
static void note_list(cmark_node *node, struct lists *lists)
{
	struct list *l;

	if (cmark_node_get_list_type(node) != CMARK_ORDERED_LIST)
		return;
	l = arena_alloc(sizeof(*l));
	l->next = NULL;
	l->digits = digits_of(node);
	*lists->last = l;
	lists->last = &l->next;
}

static bool change(cmark_node *node, int *heading, struct lists *lists)
{
	cmark_node_type type = cmark_node_get_type(node);

	if (type == CMARK_NODE_LIST)
		note_list(node, lists);
	if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE)
		return change_link(node);
	if (type == CMARK_NODE_HTML_INLINE)
		return change_html(node, CMARK_NODE_TEXT);
	if (type == CMARK_NODE_HTML_BLOCK)
		return change_html(node, CMARK_NODE_CODE_BLOCK);
	if (type == CMARK_NODE_CODE_BLOCK)
		return change_code(node);
	if (type == CMARK_NODE_HEADING)
		place_heading(node, heading);
	return false;
}

/* The next node in document order, skipping this node's content. */
static cmark_node *after(cmark_node *node)
{
	cmark_node *next = NULL;

	while (node && !next) {
		next = cmark_node_next(node);
		node = cmark_node_parent(node);
	}
	return next;
}

/*
 * A removed node cannot be continued from, so its replacement is found from
 * its previous sibling or its parent.
 */
static void change_all(cmark_node *root, struct lists *lists)
{
	cmark_node *node = root, *before, *parent, *child;
	int heading = 1;

	while (node) {
		before = cmark_node_previous(node);
		parent = cmark_node_parent(node);
		if (change(node, &heading, lists)) {
			child = before ? NULL : cmark_node_first_child(parent);
			node = child ? child : after(before ? before : parent);
			continue;
		}
		child = cmark_node_first_child(node);
		node = child ? child : after(node);
	}
}

/*
 * Copies the renderer's HTML without emphasis marks, and with two changes it
 * has no option for. Text is escaped in it, so a "<" is always the renderer's
 * own. Disabled check boxes without a label are noise in a screen reader.
 */
static int add_html(struct buf *out, const char *html,
		    const struct list *list, struct err *e)
{
	const struct { const char *from, *to; } tags[] = {
		{ "<a href=", "<a rel=\"noopener noreferrer nofollow\""
			      " target=\"_blank\" href=" },
		{ "<input type=\"checkbox\" disabled=\"\" />",
		  "<span class=\"task\">☐</span>" },
		{ "<input type=\"checkbox\" checked=\"\" disabled=\"\" />",
		  "<span class=\"task\">☑</span>" },
		{ mark ? mark : "<a href=", "" },
	};
	const size_t n = sizeof(tags) / sizeof(tags[0]);
	const char *at;
	size_t i;

	while ((at = strpbrk(html, "<\xf0"))) {
		if (buf_add(out, html, (size_t)(at - html), e) < 0)
			return -1;
		for (i = 0; i < n && !str_starts(at, tags[i].from);)
			i++;
		if (list && str_starts(at, "<ol")) {
			if (buf_addf(out, e, list->digits > 1 ?
				     "<ol class=\"digits-%d\"" : "<ol",
				     list->digits) < 0)
				return -1;
			list = list->next;
			html = at + 3;
			continue;
		}
		if (i < n ? buf_add_text(out, tags[i].to, e) < 0 :
			    buf_add(out, at, 1, e) < 0)
			return -1;
		html = at + (i < n ? strlen(tags[i].from) : 1);
	}
	return buf_add_text(out, html, e);
}

static const char *render(const char *text, size_t n, struct lists *lists)
{
	cmark_node *root = parse(text, n);

	lists->first = NULL;
	lists->last = &lists->first;
	change_all(root, lists);
	return cmark_render_html_with_mem(root, OPTIONS, NULL, &memory);
}

int markdown_render(const char *text, size_t n, int colour_ms, bool *late,
		    struct buf *out, struct err *e)
{
	auto_buf html = BUF_INIT(out->cap), marked = BUF_INIT(9 * n + 1);
	struct lists lists;

	if (n > MARKDOWN_TEXT_MAX)
		return err_set(e, ERR_LIMIT, "more than 1 MiB of markdown");
	if (emphasis_mark(text, n, &marked, &mark, e) < 0)
		return -1;
	empty_arena();
	colours.until = colour_ms > 0 ? clock_mono_ms() + colour_ms : 0;
	colours.late = false;
	if (setjmp(arena.full))
		return err_set(e, ERR_LIMIT, "markdown that takes too much memory");
	text = render(buf_text(&marked), marked.len, &lists);
	*late = colours.late;
	if (add_html(&html, text, lists.first, e) < 0)
		return -1;
	return buf_add(out, html.data ? html.data : "", html.len, e);
}
