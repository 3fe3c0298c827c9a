/*
 * The files that a turn made or changed. The shim knows what Claude's tools
 * write (shim/file_writers.h), but cannot look into Claude itself: what its own
 * calls name is told to the shim here. After the turn the shim lists them, and
 * the beginnings of the few that the conversation shows are read: their part
 * (transcript/part.h) keeps texts as they were then. No tree is walked, and at
 * most FILES_MAX lines and PICTURES_MAX + TEXTS_MAX beginnings are read.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/percent.h"
#include "core/str.h"
#include "core/unicode.h"
#include "json/field.h"
#include "preview/picture_size.h"
#include "preview/preview_text.h"
#include "preview/preview_type.h"
#include "session/changed_files.h"
#include "session/recorder.h"
#include "session/session_internal.h"

#define FILES_MAX 40		/* listed; the others are counted */
#define PICTURES_MAX 4		/* shown */
#define TEXTS_MAX 2		/* tables, documents and notebooks shown */
#define TEXT_MAX (16 << 10)	/* bytes read of a table or document */
#define NOTEBOOK_MAX (64 << 10)	/* a longer notebook is not shown */
#define LOOK_MS 30000		/* for all of it; then what is known is drawn */
#define LIST_MAX ((FILES_MAX + 1) * (CHANGED_FILES_NAME_MAX + 128))

struct listed {
	struct change c;
	const struct preview_type *type;
	bool read;		/* its beginning is wanted */
	struct picture_size size;	/* of a picture; 0: unknown */
	char *head;		/* a text's; NULL: not shown */
	bool whole;		/* head is all of it */
};

struct turn_look {
	struct session *s;
	int64_t part, since, until, deadline;
	struct listed *files;
	size_t n, at, more;
	struct link_stream *stream;
	int status;
	bool listing, full;
	struct buf body;
};

/* ---- what Claude's own calls wrote ---- */

void turn_files_wrote(struct session *s, const char *path, int64_t from,
		      int64_t to)
{
	char name[CHANGED_FILES_NAME_MAX + 1];

	if (path[0] == '/' || strlen(path) > CHANGED_FILES_PATH_MAX)
		return;
	percent_encode(name, path, "");
	(void)shim_request_new(s, "POST", NULL, 0, NULL,
			       "/sessions/%s/wrote?path=%s&since=%" PRId64
			       "&until=%" PRId64, s->id, name, from, to);
}

/* ---- the part ---- */

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static struct json_object *describe(const struct turn_look *l,
				    const struct listed *f)
{
	struct json_object *o = json_object_new_object();
	char *path = alloc_checked(talloc_strdup(NULL, f->c.name));

	percent_decode(path, path, strlen(path), false);
	put_text(o, "name", f->c.name);
	put_text(o, "path", unicode_escape(path, unicode_nfc(path, path)));
	talloc_free(path);
	put_text(o, "version", f->c.version);
	put_text(o, "kind", f->type->word);
	put_text(o, "icon", f->type->icon);
	field_put_number(o, "size", f->c.size);
	field_put_number(o, "at", f->c.changed_at);
	field_put_flag(o, "made", f->c.made);
	if (f->c.whose == CHANGE_UNKNOWN)
		field_put_flag(o, "meanwhile", true);
	if (f->size.width) {
		field_put_number(o, "width", f->size.width);
		field_put_number(o, "height", f->size.height);
	}
	if (f->type->kind == PREVIEW_PICTURE && f->read)
		field_put_flag(o, "shown", true);
	if (f->head) {
		put_text(o, "head", f->head);
		field_put_flag(o, "whole", f->whole);
	}
	return o;
}

static void end_look(struct turn_look *l)
{
	struct session *s = l->s;

	if (l->stream)
		link_stream_cancel(l->stream);
	buf_release(&l->body);
	s->look = NULL;
	talloc_free(l);
}

static void finish(struct turn_look *l)
{
	struct json_object *data = json_object_new_object(), *list;
	struct session *s = l->s;
	const int64_t part = l->part;
	size_t i;

	list = json_object_new_array();
	for (i = 0; i < l->n; i++)
		json_object_array_add(list, describe(l, &l->files[i]));
	if (l->n)
		json_object_object_add(data, "files", list);
	else
		json_object_put(list);
	if (l->more)
		field_put_number(data, "more", (int64_t)l->more);
	s->looked_until = l->until;
	end_look(l);
	decoder_files(s->decoder, part, data);
	recorder_touch(s, true);
	turn_files_step(s);
}

/* ---- reading ---- */

static void on_status(void *data, int status)
{
	((struct turn_look *)data)->status = status;
}

static bool on_body(void *data, const void *bytes, size_t n)
{
	struct turn_look *l = data;
	struct err full = { 0 };

	if (!l->full && buf_add(&l->body, bytes, n, &full) < 0)
		l->full = true;
	return true;
}

static void on_end(void *data, const struct err *e);

static bool request(struct turn_look *l, const char *path, size_t max)
{
	static const struct link_response_events events = {
		.status = on_status, .body = on_body, .end = on_end,
	};
	struct link_request rq = { .method = "GET", .path = path };
	struct err e = { 0 };

	l->status = 0;
	l->full = false;
	buf_release(&l->body);
	buf_init(&l->body, max);
	l->stream = link_request(l->s->link, &rq, &events, l, &e);
	return l->stream != NULL;
}

static size_t wanted_bytes(const struct listed *f)
{
	return f->type->kind == PREVIEW_PICTURE ? PREVIEW_SNIFF_BYTES :
	       f->type->kind == PREVIEW_NOTEBOOK ? NOTEBOOK_MAX : TEXT_MAX;
}

/* Reads the next beginning, or draws the part. */
static void next(struct turn_look *l)
{
	char path[CHANGED_FILES_NAME_MAX + 64];

	for (; l->at < l->n; l->at++) {
		const struct listed *f = &l->files[l->at];

		if (!f->read || clock_mono_ms() > l->deadline)
			continue;
		snprintf(path, sizeof(path), "/files/%s?length=%zu", f->c.name,
			 wanted_bytes(f));
		if (request(l, path, wanted_bytes(f)))
			return;
	}
	finish(l);
}

static bool is_text(const struct listed *f)
{
	return f->type->kind == PREVIEW_TABLE ||
	       f->type->kind == PREVIEW_MARKDOWN ||
	       f->type->kind == PREVIEW_NOTEBOOK;
}

static void keep_text(struct turn_look *l, struct listed *f)
{
	auto_buf text = BUF_INIT(3 * NOTEBOOK_MAX + 16);	/* CP949 at its longest */

	f->whole = (int64_t)l->body.len >= f->c.size;
	if (preview_text_decode(l->body.data, l->body.len, &text))
		f->head = talloc_strdup(l->files, buf_text(&text));
}

/* The bytes decide what it is, not its name. */
static void keep_head(struct turn_look *l)
{
	struct listed *f = &l->files[l->at];
	const char *name = strrchr(f->c.path, '/');

	f->type = preview_type_find(name ? name + 1 : f->c.path,
				    l->body.data, l->body.len);
	if (f->type->kind == PREVIEW_PICTURE) {
		if (!picture_size_read(l->body.data, l->body.len, &f->size))
			f->size.width = 0;
		else if (!picture_size_shown(&f->size))
			f->read = false;
	} else if (is_text(f) && l->body.len) {
		keep_text(l, f);
	}
}

/* Pictures first. */
static int by_path(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	const bool first = x->type->kind == PREVIEW_PICTURE;

	if (first != (y->type->kind == PREVIEW_PICTURE))
		return first ? -1 : 1;
	return strcmp(x->c.path, y->c.path);
}

static void add(void *data, const struct change *c)
{
	struct turn_look *l = data;
	struct listed *f;

	if (l->n == FILES_MAX)
		return;
	l->files = talloc_realloc(l, l->files, struct listed, l->n + 1);
	f = &l->files[l->n++];
	*f = (struct listed){ .c = *c, .type = preview_type_of_name(c->path) };
}

/* Which beginnings are read: the first few, and none that another may have written. */
static void choose(struct turn_look *l)
{
	size_t pictures = 0, texts = 0, i;

	for (i = 0; i < l->n; i++) {
		struct listed *f = &l->files[i];

		if (f->c.whose != CHANGE_OWN || !f->c.size)
			continue;
		if (f->type->kind == PREVIEW_PICTURE)
			f->read = pictures++ < PICTURES_MAX;
		else if (is_text(f) && !(f->type->kind == PREVIEW_NOTEBOOK &&
					 f->c.size > NOTEBOOK_MAX))
			f->read = texts++ < TEXTS_MAX;
	}
}

static void take_list(struct turn_look *l)
{
	const char *more;

	changed_files_each(buf_text(&l->body), l->body.len, true, add, l);
	more = strstr(buf_text(&l->body), "\nmore ");
	if (more)
		l->more = strtoul(more + 6, NULL, 10);
	if (l->n)
		qsort(l->files, l->n, sizeof(*l->files), by_path);
	choose(l);
}

static void on_end(void *data, const struct err *e)
{
	struct turn_look *l = data;

	l->stream = NULL;
	if (l->listing) {
		l->listing = false;
		if (!e && l->status == 200)
			take_list(l);
	} else {
		if (!e && l->status == 200 && !l->full)
			keep_head(l);
		else
			l->files[l->at].read = false;
		l->at++;
	}
	next(l);
}

/* ---- one after another ---- */

static const struct part *waiting(const struct session *s)
{
	const struct part *p;

	for (p = recorder_next(s, NULL); p; p = recorder_next(s, p)) {
		if (str_equal(p->kind, "files") && part_open(p))
			return p;
	}
	return NULL;
}

static void begin(struct session *s, const struct part *p)
{
	auto_strict_json *o = field_parse(p->data, strlen(p->data));
	struct turn_look *l = alloc_checked(talloc_zero(s, struct turn_look));
	char path[160 + ID_SIZE];

	s->look = l;
	l->s = s;
	l->part = p->at;
	l->since = field_number(o, "since");
	l->until = field_number(o, "until");
	/* What a process wrote between two turns counts to the later one. */
	if (s->looked_until && s->looked_until < l->since)
		l->since = s->looked_until;
	l->deadline = clock_mono_ms() + LOOK_MS;
	l->listing = true;
	buf_init(&l->body, LIST_MAX);
	snprintf(path, sizeof(path), "/sessions/%s/written?since=%" PRId64
		 "&until=%" PRId64 "&most=%d", s->id, l->since, l->until,
		 FILES_MAX);
	/* A run's files are on its page, as they were. */
	if (s->run || !request(l, path, LIST_MAX))
		finish(l);
}

void turn_files_step(struct session *s)
{
	const struct part *p;

	if (s->look || !s->link || !s->decoder || s->closed)
		return;
	p = waiting(s);
	if (p)
		begin(s, p);
}

/* The part still waits: a later look completes it. */
void turn_files_link_lost(struct session *s)
{
	if (s->look)
		end_look(s->look);
}
