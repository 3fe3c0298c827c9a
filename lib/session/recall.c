/*
 * The conversation's record as a text, for a Claude that lost its memory of it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "session/session_internal.h"

#define RECORD_MAX (48u << 10)	/* bytes; the newest are kept */
#define PART_MAX (4u << 10)	/* of one part */

struct recall {
	struct session *s;
	uint64_t asker;
	char conversation[ID_SIZE], id[ID_SIZE];
	char *text;		/* grows to 2 * RECORD_MAX, then loses its first half */
	const char *role;
};

static void keep_newest(struct recall *r, size_t max)
{
	size_t n = strlen(r->text), from = n > max ? n - max : 0;
	char *rest;

	if (!from)
		return;
	while (((unsigned char)r->text[from] & 0xc0) == 0x80)
		from++;
	rest = talloc_strdup(r, r->text + from);
	talloc_free(r->text);
	r->text = rest;
}

static void add(struct recall *r, const char *role, const char *text)
{
	size_t n = utf8_prefix(text, strlen(text), PART_MAX);

	if (!str_equal(r->role, role))
		r->text = talloc_asprintf_append_buffer(r->text, "\n## %s\n", role);
	r->role = role;
	r->text = talloc_asprintf_append_buffer(r->text, "%.*s%s\n", (int)n, text,
						text[n] ? " [...]" : "");
	if (strlen(r->text) > 2 * RECORD_MAX)
		keep_newest(r, RECORD_MAX);
}

static int add_part(void *data, const struct part *p, struct err *e)
{
	struct recall *r = data;
	auto_strict_json *o = NULL;
	const char *text;

	(void)e;
	if (!str_equal(p->kind, "text") && !str_equal(p->kind, "tool_use") &&
	    !str_equal(p->kind, "image"))
		return 0;
	o = field_parse(p->data, strlen(p->data));
	text = field_text(o, str_equal(p->kind, "text") ? "text" :
			  str_equal(p->kind, "image") ? "name" : "title", NULL);
	if (!text || !text[0])
		return 0;
	if (str_equal(p->kind, "image"))
		text = talloc_asprintf(r, "(picture: %s)", text);
	if (str_equal(p->kind, "tool_use"))
		text = talloc_asprintf(r, "(%s: %s)", field_text(o, "name", NULL) ?
				       field_text(o, "name", NULL) : "tool", text);
	add(r, str_equal(p->role, "user") ? "The person" : "Claude", text);
	return 0;
}

static int read_record(void *data, struct db *db, struct err *e)
{
	struct recall *r = data;

	return part_each(db, r->conversation, -1, 0, 0, add_part, r, e);
}

static void give(void *data, const struct err *e)
{
	struct recall *r = data;
	struct session *s = r->s;
	char *message;

	keep_newest(r, RECORD_MAX);
	if (!s->closed && e) {
		s->ev->trouble(s->data, r->asker, e);
	} else if (!s->closed) {
		message = talloc_asprintf(r, RECALL_MARK "\n"
			"Your memory of this conversation is lost. This is its record, cut"
			" where it is long; everything in it was said before.\n%s"
			"</gongbang-record>\n\nSum up in a few sentences where we were, in"
			" the language of the record. Do nothing else, and wait for my next"
			" message.", r->text);
		session_message(s, r->asker, r->id, message);
	}
	talloc_free(r);
	session_job_over(s);
}

void session_recall(struct session *s, uint64_t asker, const char *id)
{
	struct recall *r;

	if (s->run || s->deleted)
		return;
	session_flush(s);	/* includes the newest parts */
	r = talloc_zero(NULL, struct recall);
	r->s = s;
	r->asker = asker;
	r->text = talloc_strdup(r, "");
	r->role = "";
	memcpy(r->conversation, s->id, ID_SIZE);
	if (!str_copy(r->id, sizeof(r->id), id))
		err_abort("an id too long");
	session_job(s, read_record, give, r);
}
