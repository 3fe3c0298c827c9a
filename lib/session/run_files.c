#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "session/agent_run_internal.h"
#include "session/changed_files.h"

#define KEPT_MAX 100		/* files of a run whose content is kept */
#define FILE_MAX (4u << 20)	/* bytes of one */
#define ALL_MAX (16u << 20)	/* and of all */
#define LIST_MAX (CHANGED_FILES_MAX * (CHANGED_FILES_NAME_MAX + 64))

struct file {
	char *path, *name;	/* percent-encoded */
	int64_t size, changed_at;
	bool made, kept;
	enum file_owner owner;
	char *content;
};

/* The store's thread owns it once it is submitted. */
struct collected_files {
	struct session *s;
	char execution_id[ID_SIZE], user_id[ID_SIZE];
	int64_t account_max;	/* bytes of records */
	struct file *rows;
	size_t n;
};

struct files {
	struct session *s;
	struct collected_files *collected;
	size_t at, kept, bytes;
	struct link_stream *stream;
	int status;
	bool full;		/* the body was longer than announced */
	struct buf body;
	void (*done)(struct session *s);
};

static int store_work(void *data, struct db *db, struct err *e)
{
	struct collected_files *h = data;
	int64_t left;
	size_t i;

	if (execution_files_room(db, h->user_id, h->account_max, &left, e) < 0)
		return -1;
	for (i = 0; i < h->n; i++) {
		const struct file *f = &h->rows[i];
		const bool kept = f->kept && f->size <= left;
		const struct execution_file row = {
			.path = f->path,
			.size = f->size,
			.made = f->made,
			.owner = f->owner,
			.changed_at = f->changed_at,
			.kept = kept,
			.content = kept ? f->content : NULL,
		};

		left -= kept ? f->size : 0;
		if (execution_file_add(db, h->execution_id, &row, e) < 0)
			return -1;
	}
	return 0;
}

/* The outcome is written even if the files cannot be stored. */
static void stored(void *data, const struct err *e)
{
	struct collected_files *h = data;
	struct session *s = h->s;

	if (e)
		session_trouble(s, "run_files", e);
	talloc_free(h);
	session_job_over(s);
}

static void store_files(struct files *f)
{
	struct collected_files *h = f->collected;

	f->collected = NULL;
	if (h->n)
		session_job(f->s, store_work, stored, h);
	else
		talloc_free(h);
	buf_release(&f->body);
	talloc_free(f);
}

void run_files_cancel(struct files *f)
{
	if (!f)
		return;
	if (f->stream)
		link_stream_cancel(f->stream);
	store_files(f);
}

static void on_status(void *data, int status)
{
	((struct files *)data)->status = status;
}

static bool on_body(void *data, const void *bytes, size_t n)
{
	struct files *f = data;
	struct err full = { 0 };

	if (!f->full && buf_add(&f->body, bytes, n, &full) < 0)
		f->full = true;
	return true;
}

static void next(struct files *f);

/* The current file was read. */
static void keep_content(struct files *f)
{
	struct file *row = &f->collected->rows[f->at];

	row->content = talloc_memdup(f->collected->rows, buf_text(&f->body),
				     f->body.len + 1);
	row->size = (int64_t)f->body.len;
	row->kept = true;
	f->kept++;
	f->bytes += f->body.len;
}

static void on_file(void *data, const struct err *e)
{
	struct files *f = data;

	f->stream = NULL;
	if (!e && f->status == 200 && !f->full)
		keep_content(f);
	f->at++;
	next(f);
}

/* False: no request could be made. */
static bool request_file(struct files *f, const char *path, size_t max,
			 const struct link_response_events *ev)
{
	struct link_request rq = { .method = "GET", .path = path };
	struct err e = { 0 };

	f->status = 0;
	f->full = false;
	buf_release(&f->body);
	buf_init(&f->body, max);
	f->stream = link_request(f->s->link, &rq, ev, f, &e);
	return f->stream != NULL;
}

static bool fits(const struct files *f)
{
	int64_t size = f->collected->rows[f->at].size;

	return f->kept < KEPT_MAX && size <= (int64_t)FILE_MAX &&
	       size <= (int64_t)(ALL_MAX - f->bytes);
}

static void next(struct files *f)
{
	static const struct link_response_events events = {
		.status = on_status,
		.body = on_body,
		.end = on_file,
	};
	void (*done)(struct session *s) = f->done;
	struct session *s = f->s;
	size_t left = ALL_MAX - f->bytes;
	char path[CHANGED_FILES_NAME_MAX + 40];

	for (; f->at < f->collected->n; f->at++) {
		if (!fits(f))
			continue;
		snprintf(path, sizeof(path), "/files/%s?max=%zu",
			 f->collected->rows[f->at].name,
			 left < FILE_MAX ? left : (size_t)FILE_MAX);
		if (request_file(f, path, left < FILE_MAX ? left : FILE_MAX, &events))
			return;
	}
	store_files(f);
	done(s);
}

static void add_file(void *data, const struct change *c)
{
	struct collected_files *h = data;
	struct file *row;

	h->rows = talloc_realloc(h, h->rows, struct file, h->n + 1);
	row = &h->rows[h->n++];
	*row = (struct file){
		.path = talloc_strdup(h, c->path),
		.name = talloc_strdup(h, c->name),
		.size = c->size,
		.made = c->made,
		.owner = c->whose == CHANGE_OWN ? FILE_OWN :
			 c->whose == CHANGE_UNTOLD ? FILE_UNDECIDED :
			 FILE_MEANWHILE,
		.changed_at = c->changed_at,
	};
}

static void on_list(void *data, const struct err *e)
{
	struct files *f = data;

	f->stream = NULL;
	if (!e && f->status == 200)
		changed_files_each(buf_text(&f->body), f->body.len, false, add_file,
				   f->collected);
	next(f);
}

struct files *run_files_new(struct session *s, const char *execution_id,
			    int64_t since, void (*done)(struct session *s))
{
	static const struct link_response_events events = {
		.status = on_status,
		.body = on_body,
		.end = on_list,
	};
	struct files *f = talloc_zero(s, struct files);
	char path[64 + ID_SIZE];

	f->s = s;
	f->done = done;
	f->collected = talloc_zero(NULL, struct collected_files);
	f->collected->s = s;
	f->collected->account_max = settings_number(s->env->settings,
						    SET_RECORD_ACCOUNT_MAX) << 20;
	memcpy(f->collected->execution_id, execution_id, ID_SIZE);
	memcpy(f->collected->user_id, s->user_id, ID_SIZE);
	buf_init(&f->body, LIST_MAX);
	snprintf(path, sizeof(path), "/changes?since=%" PRId64 "&session=%s",
		 since, s->id);
	if (request_file(f, path, LIST_MAX, &events))
		return f;
	talloc_free(f->collected);
	talloc_free(f);
	return NULL;
}
