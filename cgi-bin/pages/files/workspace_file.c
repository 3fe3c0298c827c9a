#include "config.h"
#include "pages/files/workspace_file.h"

#include <string.h>
#include <talloc.h>

#include "core/percent.h"
#include "core/str.h"
#include "pages/files/file_path.h"
#include "web/web.h"

#define LIST_MAX (8u << 20)	/* bytes of records */
#define ANSWER_MAX 16384	/* bytes of a short answer */
#define ASK_MS 40000		/* a workspace that sleeps is started first */

/* A path as the shim reads it: every byte but unreserved ones encoded. */
static char *shim_path(const void *ctx, const char *path)
{
	return url_encode(ctx, path, "");
}

/* What a refusal means, by its status. */
static int refused(int status, const char *conflict, struct err *e)
{
	switch (status) {
	case 400:
		return err_tell(e, ERR_INPUT, "error_file_name", "refused path");
	case 404:
		return err_tell(e, ERR_MISSING, "error_file_missing", "not there");
	case 409:
		return err_tell(e, ERR_CONFLICT, conflict, "in the way");
	case 413:
		return err_tell(e, ERR_LIMIT, "error_file_large", "too large");
	case 507:
		return err_tell(e, ERR_LIMIT, "error_files_full", "no space");
	default:
		return err_tell(e, ERR_UNAVAILABLE, "error_files_away",
				"the shim answered %d", status);
	}
}

struct question {
	const char *method;
	const char *path;	/* the shim's, with its query */
	const void *body;
	size_t n;
	const char *conflict;	/* what its 409 is: an error's key */
};

/* Appends to answer, whose cap limits it. */
static int ask(struct request *r, const struct question *q, struct buf *answer,
	       struct err *e)
{
	struct bridge_answer got;
	int failed = bridge_fetch(r, q->method, q->path, q->body, q->n,
				  answer->cap, ASK_MS, &got, e);

	if (!failed && (got.status < 200 || got.status >= 300))
		failed = refused(got.status, q->conflict ? q->conflict :
						"error_file_taken", e);
	if (!failed)
		failed = buf_add(answer, buf_text(&got.body), got.body.len, e);
	buf_release(&got.body);
	return failed;
}

static int malformed(struct err *e)
{
	return err_tell(e, ERR_UNAVAILABLE, "error_files_away",
			"malformed answer of the shim");
}

/* "" for the home, which has a request of its own. */
static char *request_for(const void *ctx, const char *what, const char *path)
{
	return alloc_checked(talloc_asprintf(ctx, "/%s%s%s", what,
					     *path ? "/" : "",
					     shim_path(ctx, path)));
}

int file_stat(struct request *r, const char *path, struct file_record *out,
	      struct err *e)
{
	auto_buf answer = BUF_INIT(ANSWER_MAX);
	const struct question q = { "GET", request_for(r, "stat", path) };

	if (ask(r, &q, &answer, e) < 0)
		return -1;
	if (!file_record_parse(r, buf_text(&answer),
			       strcspn(buf_text(&answer), "\n"), out))
		return malformed(e);
	return 0;
}

/* The number of all entries, of the line "entries <all> <version>". */
static bool read_count(const char *line, int64_t *all)
{
	struct err ignored = { 0 };
	char number[24];
	size_t n;

	if (!str_starts(line, "entries "))
		return false;
	line += strlen("entries ");
	n = strcspn(line, " \n");
	if (n >= sizeof(number))
		return false;
	memcpy(number, line, n);
	number[n] = '\0';
	return str_parse_number(number, 0, INT64_MAX, all, &ignored) == 0;
}

struct file_list *file_list(struct request *r, const char *path, struct err *e)
{
	auto_buf answer = BUF_INIT(LIST_MAX);
	const struct question q = { "GET", request_for(r, "list", path) };
	struct file_list *list;
	const char *line;
	size_t n;

	if (ask(r, &q, &answer, e) < 0)
		return NULL;
	list = alloc_checked(talloc_zero(r, struct file_list));
	line = buf_text(&answer);
	if (!read_count(line, &list->all)) {
		malformed(e);
		return NULL;
	}
	list->rows = alloc_checked(talloc_zero_array(list, struct file_record,
						     FILES_MAX));
	for (line += strcspn(line, "\n"); *line && list->n < FILES_MAX; line += n) {
		line++;
		n = strcspn(line, "\n");
		if (file_record_parse(list->rows, line, n, &list->rows[list->n]))
			list->n++;
	}
	return list;
}

int file_read(struct request *r, const char *path, size_t n, struct buf *out,
	      struct err *e)
{
	const struct question q = {
		.method = "GET",
		.path = talloc_asprintf(r, "%s?offset=0&length=%zu",
					request_for(r, "files", path), n),
	};

	return ask(r, &q, out, e);
}

int file_save(struct request *r, const char *path, const char *version,
	      const char *text, size_t n, struct err *e)
{
	auto_buf answer = BUF_INIT(ANSWER_MAX);
	const struct question q = {
		.method = "POST",
		.path = talloc_asprintf(r, "%s?size=%zu&version=%s",
					request_for(r, "save", path), n,
					url_encode(r, version, "")),
		.body = text, .n = n, .conflict = "error_file_changed",
	};

	return ask(r, &q, &answer, e);
}

int file_make_folder(struct request *r, const char *path, struct err *e)
{
	auto_buf answer = BUF_INIT(ANSWER_MAX);
	const struct question q = { "POST", request_for(r, "folders", path) };

	return ask(r, &q, &answer, e);
}

/* The value of an answer "<word> <value>"; for a path, decoded. */
static char *value_of(struct request *r, const struct buf *answer,
		      const char *word, struct err *e)
{
	const char *s = buf_text(answer);
	size_t begin = strlen(word), n = strcspn(s, "\n");
	ptrdiff_t len = -1;
	char *value;

	value = alloc_checked(talloc_size(r, n + 1));
	if (str_starts(s, word) && s[begin] == ' ')
		len = percent_decode(value, s + begin + 1, n - begin - 1, false);
	if (len <= 0 || memchr(value, '\0', (size_t)len)) {
		malformed(e);
		return NULL;
	}
	value[len] = '\0';
	return value;
}

static char *ask_value(struct request *r, const struct question *q,
		       const char *word, struct err *e)
{
	auto_buf answer = BUF_INIT(ANSWER_MAX);

	return ask(r, q, &answer, e) < 0 ? NULL : value_of(r, &answer, word, e);
}

char *file_move(struct request *r, const char *path, const char *to,
		struct err *e)
{
	const struct question q = {
		.method = "POST",
		.path = talloc_asprintf(r, "%s?to=%s&free=1",
					request_for(r, "move", path),
					shim_path(r, to)),
	};

	return ask_value(r, &q, "path", e);
}

char *file_delete(struct request *r, const char *path, struct err *e)
{
	const struct question q = { "DELETE", request_for(r, "files", path) };

	return ask_value(r, &q, "trash", e);
}

/* "<id> <bytes> <deleted> <folder|file> <path>" */
static bool parse_trashed(struct trash_list *list, char *line,
			  struct trashed_file *out)
{
	char *words[5], *rest = line;
	struct err ignored = { 0 };
	ptrdiff_t n;
	size_t i;

	for (i = 0; i < 5; i++) {
		words[i] = strsep(&rest, " ");
		if (!words[i] || !*words[i])
			return false;
	}
	n = percent_decode(words[4], words[4], strlen(words[4]), false);
	if (n <= 0 || memchr(words[4], '\0', (size_t)n))
		return false;
	words[4][n] = '\0';
	out->id = talloc_strdup(list, words[0]);
	out->folder = str_equal(words[3], "folder");
	out->path = talloc_strdup(list, words[4]);
	return str_parse_number(words[1], 0, INT64_MAX, &out->bytes, &ignored) == 0 &&
	       str_parse_number(words[2], 0, INT64_MAX, &out->deleted, &ignored) == 0;
}

struct trash_list *trash_list(struct request *r, struct err *e)
{
	auto_buf answer = BUF_INIT(LIST_MAX);
	const struct question q = { "GET", "/trash" };
	struct trash_list *list;
	char *line, *rest;

	if (ask(r, &q, &answer, e) < 0)
		return NULL;
	list = alloc_checked(talloc_zero(r, struct trash_list));
	list->rows = alloc_checked(talloc_zero_array(list, struct trashed_file,
						     FILES_MAX));
	rest = answer.len ? answer.data : NULL;
	while ((line = strsep(&rest, "\n")) && list->n < FILES_MAX) {
		if (parse_trashed(list, line, &list->rows[list->n]))
			list->n++;
	}
	return list;
}

char *trash_restore(struct request *r, const char *id, struct err *e)
{
	const struct question q = {
		.method = "POST",
		.path = talloc_asprintf(r, "/trash/%s/restore",
					url_encode(r, id, "")),
	};

	return ask_value(r, &q, "path", e);
}

int trash_empty(struct request *r, const char *id, struct err *e)
{
	auto_buf answer = BUF_INIT(ANSWER_MAX);
	const struct question q = {
		.method = "DELETE",
		.path = id ? talloc_asprintf(r, "/trash/%s", url_encode(r, id, "")) :
			     "/trash",
	};

	return ask(r, &q, &answer, e);
}
