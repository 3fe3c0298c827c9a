/* A set of templates: read from a folder or from memory, found by name. */
#include "config.h"
#include "html/template.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>

#include "core/str.h"
#include "html/template_internal.h"

#define FILES_MAX 1000
#define FILE_MAX (1 << 20)	/* bytes */
#define FOLDERS_MAX 8		/* nested in each other */
#define SUFFIX ".html"

struct templates {
	struct template **list;	/* by name, once sorted */
	size_t n;
};

static struct template *add_template(struct templates *set, const char *name)
{
	struct template *t = talloc_zero(set, struct template);

	set->list = talloc_realloc(set, set->list, struct template *,
				   set->n + 1);
	if (!t || !set->list || !(t->name = talloc_strdup(t, name)))
		err_abort("out of memory");
	set->list[set->n++] = t;
	return t;
}

static int read_source(const char *path, struct buf *source, struct err *e)
{
	FILE *f = fopen(path, "re");
	int rc;

	if (!f)
		return err_errno(e, ERR_INTERNAL, errno, "%s", path);
	rc = buf_read_file(source, f, e);
	fclose(f);
	if (rc < 0)
		return err_set(e, ERR_INTERNAL, "%s: cannot be read completely", path);
	if (!utf8_valid(buf_text(source), source->len))
		return err_set(e, ERR_INTERNAL, "%s: not UTF-8", path);
	return 0;
}

static int load_file(struct templates *set, const char *path,
		     const char *name, struct err *e)
{
	auto_buf source = BUF_INIT(FILE_MAX);
	char plain[256];

	if (set->n == FILES_MAX)
		return err_set(e, ERR_INTERNAL, "%s: too many templates", path);
	snprintf(plain, sizeof(plain), "%.*s",
		 (int)(strlen(name) - strlen(SUFFIX)), name);
	if (read_source(path, &source, e) < 0)
		return -1;
	return template_parse(add_template(set, plain), buf_text(&source),
			      TEMPLATE_STRICT, e);
}

static bool ends_html(const char *name)
{
	size_t n = strlen(name);

	return n > strlen(SUFFIX) &&
	       str_equal(name + n - strlen(SUFFIX), SUFFIX);
}

static int load_folder(struct templates *set, const char *dir,
		       const char *prefix, int depth, struct err *e);

/* One entry of a folder; a template's name fits 255 bytes. */
static int load_entry(struct templates *set, const char *dir,
		      const char *prefix, const char *entry, int depth,
		      struct err *e)
{
	char path[4096], name[256];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", dir, entry) >=
		    (int)sizeof(path) ||
	    snprintf(name, sizeof(name), "%s%s", prefix, entry) >=
		    (int)sizeof(name) - 1)
		return err_set(e, ERR_INTERNAL, "%s: name too long", entry);
	if (stat(path, &st) < 0)
		return err_errno(e, ERR_INTERNAL, errno, "%s", path);
	if (S_ISREG(st.st_mode))
		return ends_html(entry) ? load_file(set, path, name, e) : 0;
	if (!S_ISDIR(st.st_mode) || depth == FOLDERS_MAX)
		return 0;
	strcat(name, "/");
	return load_folder(set, path, name, depth + 1, e);
}

static int load_folder(struct templates *set, const char *dir,
		       const char *prefix, int depth, struct err *e)
{
	struct dirent *entry;
	DIR *d = opendir(dir);
	int done = 0;

	if (!d)
		return err_errno(e, ERR_INTERNAL, errno, "%s", dir);
	while (done == 0 && (entry = readdir(d))) {
		if (entry->d_name[0] != '.')
			done = load_entry(set, dir, prefix, entry->d_name,
					  depth, e);
	}
	closedir(d);
	return done;
}

static int compare(const void *a, const void *b)
{
	const struct template *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static struct template *find_template(const struct templates *set, const char *name)
{
	struct template key = { .name = name }, *pointer = &key, **found;

	if (!set->n)
		return NULL;
	found = bsearch(&pointer, set->list, set->n, sizeof(*set->list),
			compare);
	return found ? *found : NULL;
}

/* Sorts the set, links partials to their templates, looks up sentences. */
static int join(struct templates *set, const struct i18n *texts,
		enum template_mode mode, struct err *e)
{
	const struct i18n_locale *l = texts ? i18n_find(texts, "en") : NULL;
	size_t i;
	uint32_t k;

	if (set->n)
		qsort(set->list, set->n, sizeof(*set->list), compare);
	for (i = 0; i < set->n; i++) {
		const struct template *t = set->list[i];

		for (k = 0; k < t->n; k++) {
			struct node *node = &t->nodes[k];

			if (node->kind == NODE_SENTENCE && l &&
			    !i18n_sentence(l, node->name))
				return template_error(t, node->line, e,
					"no sentence \"%.60s\"", node->name);
			if (node->kind != NODE_PARTIAL)
				continue;
			node->partial = find_template(set, node->name);
			if (!node->partial && mode == TEMPLATE_STRICT)
				return template_error(t, node->line, e,
					"no template \"%.60s\"", node->name);
		}
	}
	return 0;
}

struct templates *templates_load(const void *ctx, const char *dir,
				 const struct i18n *texts, struct err *e)
{
	struct templates *set =
		alloc_checked(talloc_zero(ctx, struct templates));

	if (load_folder(set, dir, "", 0, e) < 0 ||
	    join(set, texts, TEMPLATE_STRICT, e) < 0) {
		talloc_free(set);
		return NULL;
	}
	return set;
}

int template_render(const struct templates *set, const char *name,
		    const struct view *view, const struct i18n_locale *text,
		    struct buf *out, struct err *e)
{
	const struct template *t = find_template(set, name);

	if (!t)
		return err_set(e, ERR_INTERNAL, "no template \"%s\"", name);
	return template_run(t, view, text, TEMPLATE_STRICT, out, e);
}

int template_render_text(const char *source, const char *const *partials,
			 const struct view *view, enum template_mode mode,
			 struct buf *out, struct err *e)
{
	struct templates *set =
		alloc_checked(talloc_zero(NULL, struct templates));
	struct template *t;
	int done;

	t = add_template(set, "");
	done = template_parse(t, source, mode, e);
	for (; done == 0 && partials && *partials; partials += 2)
		done = template_parse(add_template(set, partials[0]), partials[1],
				      mode, e);
	if (done == 0)
		done = join(set, NULL, mode, e);
	if (done == 0)
		done = template_run(t, view, NULL, mode, out, e);
	talloc_free(set);
	return done;
}
