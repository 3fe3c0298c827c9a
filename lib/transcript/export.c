#include "config.h"
#include "transcript/export.h"

#include <inttypes.h>
#include <string.h>
#include <talloc.h>

#include "core/base64.h"
#include "core/str.h"
#include "json/field.h"
#include "store/pictures.h"
#include "transcript/ask_rules.h"

/* The export in progress, and what its parts' sentences need. */
struct export {
	const struct i18n_locale *text;
	const char *zone;
	struct buf *out;
	struct db *db;
	const char *user_id;
	char role[16];		/* the current message's; "" before the first */
	int64_t turn;
	size_t n;		/* messages or parts so far, for commas */
};

static const char *sentence(const struct export *x, const char *key)
{
	const char *s = x->text ? i18n_sentence(x->text, key) : NULL;

	return s ? s : key;
}

/* A one-line heading: nothing in it can end it or begin another block. */
static int add_line(struct buf *out, const char *text, struct err *e)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20) {
			if (buf_add(out, " ", 1, e) < 0)
				return -1;
			continue;
		}
		if (strchr("\\`*_[]<>#|!&~", *text) && buf_add(out, "\\", 1, e) < 0)
			return -1;
		if (buf_add(out, text, 1, e) < 0)
			return -1;
	}
	return 0;
}

/*
 * More backticks than any run in text has (CommonMark 4.5: a fence ends with
 * as many).
 */
static size_t fence_for(const char *text)
{
	size_t longest = 2, run = 0;

	for (; *text; text++) {
		run = *text == '`' ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	return longest + 1;
}

static int add_fence(struct buf *out, size_t n, struct err *e)
{
	while (n--) {
		if (buf_add(out, "`", 1, e) < 0)
			return -1;
	}
	return 0;
}

static int add_block(struct buf *out, const char *language, const char *text, struct err *e)
{
	size_t fence = fence_for(text), n = strlen(text);

	if (add_fence(out, fence, e) < 0 || buf_add_text(out, language, e) < 0 ||
	    buf_add(out, "\n", 1, e) < 0 || buf_add(out, text, n, e) < 0)
		return -1;
	if (n && text[n - 1] != '\n' && buf_add(out, "\n", 1, e) < 0)
		return -1;
	return add_fence(out, fence, e) < 0 ? -1 : buf_add(out, "\n\n", 2, e);
}

/* A terminal's colours are no words. */
static int add_output(struct buf *out, const char *text, struct err *e)
{
	auto_buf plain = BUF_INIT(out->cap);

	if (utf8_scrub(&plain, text, strlen(text), true, e) < 0)
		return -1;
	return add_block(out, "", buf_text(&plain), e);
}

/* The text is markdown itself; it only needs a final newline. */
static int add_prose(struct buf *out, const char *text, struct err *e)
{
	return buf_addf(out, e, "%s\n\n", text);
}

static int tool_use(struct export *x, struct json_object *data, struct err *e)
{
	const char *name = field_text(data, "name", NULL), *title, *output, *tail;

	title = field_text(data, "title", NULL);
	output = field_text(data, "output", NULL);
	tail = field_text(data, "output_tail", NULL);
	if (buf_add_text(x->out, "**", e) < 0 || add_line(x->out, name ? name : "?", e) < 0 ||
	    buf_add_text(x->out, "**\n\n", e) < 0)
		return -1;
	if (title && add_block(x->out, "", title, e) < 0)
		return -1;
	if (output && add_output(x->out, output, e) < 0)
		return -1;
	return tail ? (add_prose(x->out, sentence(x, "export_cut"), e) < 0 ? -1 :
		       add_output(x->out, tail, e)) : 0;
}

static int permission(struct export *x, struct json_object *data, struct err *e)
{
	const char *tool = field_text(data, "tool", NULL);
	const char *reason = field_text(data, "reason", NULL);

	if (buf_addf(x->out, e, "*%s:* ", sentence(x, "export_permission")) < 0 ||
	    add_line(x->out, tool ? tool : "?", e) < 0)
		return -1;
	if (reason && (buf_add_text(x->out, " — ", e) < 0 || add_line(x->out, reason, e) < 0))
		return -1;
	return buf_add_text(x->out, "\n\n", e);
}

/* A label, or several with commas between them. */
static int add_answer(struct export *x, struct json_object *answer, struct err *e)
{
	struct json_object *one;
	size_t i, n;

	if (!json_object_is_type(answer, json_type_array))
		return add_line(x->out, json_object_get_string(answer), e);
	n = json_object_array_length(answer);
	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(answer, i);
		if ((i && buf_add_text(x->out, ", ", e) < 0) ||
		    add_line(x->out, one ? json_object_get_string(one) : "", e) < 0)
			return -1;
	}
	return 0;
}

static int question(struct export *x, struct json_object *data, struct err *e)
{
	struct json_object *list = field_list(data, "questions"), *answer;
	struct json_object *answers = field_object(data, "answers");
	const char *text, *name;
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		text = field_text(json_object_array_get_idx(list, i), "question", NULL);
		name = ask_answer_name(json_object_array_get_idx(list, i));
		if (!text || !name)
			continue;
		if (buf_add_text(x->out, "- ", e) < 0 || add_line(x->out, text, e) < 0)
			return -1;
		answer = NULL;
		if (answers && json_object_object_get_ex(answers, name, &answer) &&
		    answer && (buf_add_text(x->out, " → ", e) < 0 ||
			       add_answer(x, answer, e) < 0))
			return -1;
		if (buf_add(x->out, "\n", 1, e) < 0)
			return -1;
	}
	return buf_add(x->out, "\n", 1, e);
}

static int todo(struct export *x, struct json_object *data, struct err *e)
{
	struct json_object *list = field_list(data, "todos"), *one;
	const char *text;
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		one = json_object_array_get_idx(list, i);
		text = field_text(one, "content", NULL);
		if (buf_addf(x->out, e, "- [%c] ", field_is(one, "status", "completed") ?
			     'x' : ' ') < 0 ||
		    add_line(x->out, text ? text : "", e) < 0 ||
		    buf_add(x->out, "\n", 1, e) < 0)
			return -1;
	}
	return buf_add(x->out, "\n", 1, e);
}

static int text(struct export *x, struct json_object *data, struct err *e)
{
	const char *s = field_text(data, "text", NULL);

	return s && *s ? add_prose(x->out, s, e) : 0;
}

static int plan(struct export *x, struct json_object *data, struct err *e)
{
	const char *s = field_text(data, "plan", NULL);

	return s && *s ? add_prose(x->out, s, e) : 0;
}

/* One that the store has; NULL: none. Gives. */
static struct picture *picture_of(const struct export *x, struct json_object *data)
{
	const char *id = field_string(data, "picture");
	struct err ignored = { 0 };

	return id_valid(id) ? picture_load(x->db, NULL, id, x->user_id, &ignored) : NULL;
}

static int image(struct export *x, struct json_object *data, struct err *e)
{
	const char *name = field_string(data, "name");
	struct picture *p = picture_of(x, data);
	int bad;

	if (!p)
		return add_prose(x->out, sentence(x, "export_image"), e);
	bad = buf_add_text(x->out, "![", e) < 0 || add_line(x->out, name, e) < 0 ||
	      buf_addf(x->out, e, "](data:%s;base64,", p->media_type) < 0 ||
	      base64_add(x->out, p->data, p->bytes, e) < 0 ||
	      buf_add_text(x->out, ")\n\n", e) < 0;
	talloc_free(p);
	return bad ? -1 : 0;
}

static int error(struct export *x, struct json_object *data, struct err *e)
{
	const char *key = field_text(data, "key", NULL);
	const char *detail = field_text(data, "detail", NULL);
	const char *said = field_text(data, "said", NULL);

	if (!key || !str_starts(key, "error_"))
		key = "error_unknown";
	if (buf_addf(x->out, e, "> %s\n\n", sentence(x, key)) < 0)
		return -1;
	if (!detail)
		detail = said;
	return detail && *detail ? add_block(x->out, "", detail, e) : 0;
}

/* That a reply was withdrawn stays; other states pass with their turn. */
static int status(struct export *x, struct json_object *data, struct err *e)
{
	static const char key[] = "status_retracted";

	return field_is(data, "key", key) ?
	       buf_addf(x->out, e, "*%s*\n\n", sentence(x, key)) : 0;
}

/* Kinds without a row (thinking, usage) have nothing worth keeping. */
static const struct {
	const char *kind;
	int (*write)(struct export *x, struct json_object *data, struct err *e);
} kinds[] = {
	{ "error", error },
	{ "image", image },
	{ "permission", permission },
	{ "plan", plan },
	{ "question", question },
	{ "status", status },
	{ "text", text },
	{ "todo", todo },
	{ "tool_use", tool_use },
};

static int add_role(struct export *x, const struct part *p, struct err *e)
{
	bool user = str_equal(p->role, "user");
	char *when = NULL;
	int bad;

	if (x->turn == p->turn && str_equal(x->role, user ? "user" : "assistant"))
		return 0;
	x->turn = p->turn;
	strcpy(x->role, user ? "user" : "assistant");
	when = x->text ? i18n_time(NULL, x->text, p->created_at, x->zone) : NULL;
	bad = buf_addf(x->out, e, "## %s%s%s\n\n",
		       sentence(x, user ? "export_you" : "claude"),
		       when ? " · " : "", when ? when : "");
	talloc_free(when);
	return bad;
}

static int markdown_part(void *data, const struct part *p, struct err *e)
{
	struct export *x = data;
	auto_strict_json *o = NULL;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!str_equal(kinds[i].kind, p->kind))
			continue;
		o = field_parse(p->data, strlen(p->data));
		if (add_role(x, p, e) < 0)
			return -1;
		return kinds[i].write(x, o, e);
	}
	return 0;
}

static int markdown_message(void *data, const struct message *m, struct err *e)
{
	struct export *x = data;

	if (x->n++ == 0 && buf_addf(x->out, e, "## %s\n\n", sentence(x, "export_queued")) < 0)
		return -1;
	return add_prose(x->out, m->text, e);
}

static int add_times(struct export *x, const struct conversation *c, struct err *e)
{
	void *ctx = talloc_new(NULL);
	int bad = 0;

	if (x->text)
		bad = buf_addf(x->out, e, "%s\n%s\n\n",
			i18n_fill(ctx, x->text, "export_created",
				  i18n_time(ctx, x->text, c->created_at, x->zone), NULL),
			i18n_fill(ctx, x->text, "export_updated",
				  i18n_time(ctx, x->text, c->updated_at, x->zone), NULL));
	talloc_free(ctx);
	return bad;
}

int export_markdown(struct db *db, const struct conversation *c,
		    const char *title, const struct i18n_locale *locale,
		    const char *zone, struct buf *out, struct err *e)
{
	struct export x = { .text = locale, .zone = zone, .out = out, .turn = -1,
			    .db = db, .user_id = c->user_id };

	if (buf_add_text(out, "# ", e) < 0 || add_line(out, title, e) < 0 ||
	    buf_add_text(out, "\n\n", e) < 0 || add_times(&x, c, e) < 0)
		return -1;
	if (part_each(db, c->id, -1, 0, 0, markdown_part, &x, e) < 0)
		return -1;
	return message_each_unplaced(db, c->id, markdown_message, &x, e);
}

static int add_json(struct buf *out, struct json_object *o, struct err *e)
{
	static const int plain = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

	return buf_add_text(out, json_object_to_json_string_ext(o, plain), e);
}

static void add_string(struct json_object *o, const char *key, const char *text)
{
	field_put_text(o, key, text, strlen(text), strlen(text) * 3 + 3, false);
}

/* A picture's bytes are not in its part. */
static struct json_object *part_data(const struct export *x, const struct part *part)
{
	struct json_object *data = field_parse(part->data, strlen(part->data));
	struct picture *p = str_equal(part->kind, "image") ? picture_of(x, data) : NULL;
	auto_buf text = BUF_INIT(2 * PICTURE_BYTES_MAX);
	struct err ignored = { 0 };

	if (p && base64_add(&text, p->data, p->bytes, &ignored) == 0)
		field_put_string(data, "data", buf_text(&text));
	talloc_free(p);
	return data;
}

static int json_part(void *data, const struct part *p, struct err *e)
{
	struct export *x = data;
	auto_strict_json *o = json_object_new_object();
	bool user = str_equal(p->role, "user");

	if (x->turn != p->turn || !str_equal(x->role, user ? "user" : "assistant")) {
		if (buf_addf(x->out, e, "%s{\"role\":\"%s\",\"parts\":[", x->turn < 0 ? "" : "]},",
			     user ? "user" : "assistant") < 0)
			return -1;
		x->turn = p->turn;
		strcpy(x->role, user ? "user" : "assistant");
	} else if (buf_add(x->out, ",", 1, e) < 0) {
		return -1;
	}
	field_put_number(o, "at", p->at);
	add_string(o, "type", p->kind);
	add_string(o, "state", p->state);
	field_put_number(o, "created_at", p->created_at);
	field_put_number(o, "ended_at", p->ended_at);
	json_object_object_add(o, "data", part_data(x, p));
	return add_json(x->out, o, e);
}

static int json_message(void *data, const struct message *m, struct err *e)
{
	struct export *x = data;
	auto_strict_json *o = json_object_new_object();

	add_string(o, "id", m->id);
	add_string(o, "text", m->text);
	field_put_number(o, "created_at", m->created_at);
	if (x->n++ && buf_add(x->out, ",", 1, e) < 0)
		return -1;
	return add_json(x->out, o, e);
}

int export_json(struct db *db, const struct conversation *c, struct buf *out,
		struct err *e)
{
	struct export x = { .out = out, .turn = -1, .db = db, .user_id = c->user_id };
	auto_strict_json *head = json_object_new_object();
	const char *text;

	add_string(head, "id", c->id);
	add_string(head, "title", c->title);
	add_string(head, "mode", c->mode);
	add_string(head, "model", c->model);
	field_put_number(head, "created_at", c->created_at);
	field_put_number(head, "updated_at", c->updated_at);
	text = json_object_to_json_string_ext(head, JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (buf_add(out, text, strlen(text) - 1, e) < 0 ||
	    buf_add_text(out, ",\"messages\":[", e) < 0 ||
	    part_each(db, c->id, -1, 0, 0, json_part, &x, e) < 0 ||
	    buf_addf(out, e, "%s],\"queued\":[", x.turn < 0 ? "" : "]}") < 0 ||
	    message_each_unplaced(db, c->id, json_message, &x, e) < 0)
		return -1;
	return buf_add_text(out, "]}\n", e);
}
