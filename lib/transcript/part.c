#include "config.h"
#include "transcript/part.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "json/field.h"
#include "preview/picture_size.h"
#include "transcript/code_acts.h"
#include "transcript/part_internal.h"

#define HEAVY (32 << 10)	/* bytes of data */
#define HEAVY_CHANGE (4 << 10)	/* of a permission: its lines are compared */
#define PICTURE_HEAD (48 << 10)	/* bytes that are looked at for its size */
#define RETRY_SECONDS "20"	/* until an overloaded service is asked again */

void draw_text(struct drawing *d, const char *name, const char *key)
{
	view_text(d->view, name, field_text(d->data, key, NULL));
}

void draw_flag(struct drawing *d, const char *name, const char *key)
{
	view_flag(d->view, name, field_flag(d->data, key));
}

void draw_markdown(struct drawing *d, const char *key)
{
	const char *text;
	size_t n;

	view_text(d->view, "html", "");
	text = field_text(d->data, key, &n);
	if (text && n && d->rendering)
		view_html(d->view, "html", code_acts_fill(d->ctx, d->templates, d->text,
			  rendering_html(d->rendering, d->part->at, text, n)));
}

const char *draw_sentence(struct drawing *d, const char *key, const char *other)
{
	const char *sentence = NULL;

	if (!d->text)
		return key ? key : other;
	if (key)
		sentence = i18n_sentence(d->text, key);
	if (!sentence)
		sentence = i18n_sentence(d->text, other);
	return sentence ? sentence : "";
}

static bool is_branch(struct json_object *value)
{
	return json_object_is_type(value, json_type_object) ||
	       json_object_is_type(value, json_type_array);
}

void draw_fields(struct drawing *d, bool trees)
{
	static const int pretty = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *input = field_object(d->data, "input");
	struct view *list = view_list(d->view, "fields"), *one, *tree;

	if (!input)
		return;
	json_object_object_foreach(input, key, value) {
		one = view_append(list);
		view_text(one, "name", key);
		tree = view_list(one, "tree");
		view_text(one, "value", "");
		if (json_object_is_type(value, json_type_string))
			view_text(one, "value", json_object_get_string(value));
		else if (!trees || !is_branch(value) ||
			 !draw_json(d, tree, json_object_to_json_string(value)))
			view_text(one, "value", value ?
				  json_object_to_json_string_ext(value, pretty) : "null");
	}
}

/*
 * A request that the page sent in the user's name is one line, with its text
 * folded.
 */
static bool asks_for_agent(const struct drawing *d)
{
	const char *text = field_text(d->data, "text", NULL);

	return text && str_equal(d->part->role, "user") &&
	       strstr(text, "\n\n```agent\n# ");
}

static void draw_prose(struct drawing *d)
{
	draw_text(d, "text", "text");
	view_text(d->view, "folded", asks_for_agent(d) ?
		  draw_sentence(d, "agent_asked", "agent_asked") : "");
	draw_flag(d, "cut", "cut");
	view_text(d->view, "html", "");
	if (str_equal(d->part->role, "assistant") && !str_equal(d->part->state, "running"))
		draw_markdown(d, "text");
}

/* False when its first bytes do not say it. */
static bool size_of(const char *base64, size_t n, struct picture_size *size)
{
	unsigned char head[PICTURE_HEAD];
	size_t len = 0;

	n = n < sizeof(head) / 3 * 4 ? n : sizeof(head) / 3 * 4;
	sodium_base642bin(head, sizeof(head), base64, n, NULL, &len, NULL,
			  sodium_base64_VARIANT_ORIGINAL);
	return picture_size_read(head, len, size);
}

/* Its size is known before it is loaded, and one that no browser should decode is not sent. */
static void draw_image(struct drawing *d)
{
	struct picture_size size;
	const char *data;
	bool known;
	size_t n;

	data = field_text(d->data, "data", &n);
	known = data && size_of(data, n, &size);
	view_text(d->view, "width", "");
	view_text(d->view, "height", "");
	if (known) {
		view_number(d->view, "width", size.width);
		view_number(d->view, "height", size.height);
	}
	view_flag(d->view, "too_large", known && !picture_size_shown(&size));
	draw_text(d, "media_type", "media_type");
	draw_text(d, "data", "data");
	draw_text(d, "picture", "picture");
	draw_text(d, "name", "name");
	if (field_text(d->data, "picture", NULL)) {
		view_number(d->view, "width", field_number(d->data, "width"));
		view_number(d->view, "height", field_number(d->data, "height"));
	}
}

/* Keys come from the log, which is hostile: only those of errors are looked up. */
static void draw_error(struct drawing *d)
{
	const char *key = field_text(d->data, "key", NULL);
	const char *size = field_text(d->data, "size", NULL);
	const char *said = field_text(d->data, "said", NULL), *sentence;
	int64_t bytes = 0;
	struct err e = { 0 };

	if (key && !str_starts(key, "error_"))
		key = NULL;
	sentence = draw_sentence(d, key, "error_unknown");
	if (d->text && key && size && str_parse_number(size, 0, INT64_MAX, &bytes, &e) == 0)
		sentence = i18n_fill(d->ctx, d->text, key, i18n_bytes(d->ctx, bytes), NULL);
	view_text(d->view, "sentence", said && *said ? said : sentence);
	view_flag(d->view, "again", key && str_equal(key, "error_place_lent"));
	view_flag(d->view, "retry", !key || !str_equal(key, "error_place_lent"));
	/* The gateway has the key: what it refuses is a token that settings replaced. */
	view_flag(d->view, "settings", key && str_equal(key, "error_api_auth"));
	view_text(d->view, "wait", key && (str_equal(key, "error_api_rate") ||
					   str_equal(key, "error_api_away")) ?
		  RETRY_SECONDS : "");
	draw_text(d, "detail", "detail");
}

static void draw_usage(struct drawing *d)
{
	static const char *const keys[] = { "input", "output", "cache_read", "cache_write" };
	const char *n[4], *sentence;
	size_t i;

	for (i = 0; i < 4; i++)
		n[i] = i18n_number(d->ctx, field_number(d->data, keys[i]));
	sentence = d->text ? i18n_fill(d->ctx, d->text, "usage_line", n[0], n[1],
				       n[2], n[3], NULL) : "usage_line";
	view_text(d->view, "sentence", sentence);
	view_text(d->view, "duration", d->text ?
		  i18n_duration(d->ctx, d->text, field_number(d->data, "ms")) : "");
}

static void draw_status(struct drawing *d)
{
	const char *key = field_text(d->data, "key", NULL);
	const char *text = field_text(d->data, "text", NULL);

	if (key && !str_starts(key, "status_"))
		key = NULL;
	draw_flag(d, "gone", "gone");
	view_flag(d->view, "recall", key && (str_equal(key, "status_memory_lost") ||
					     str_equal(key, "status_memory_torn") ||
					     str_equal(key, "status_writes_lost") ||
					     str_equal(key, "status_memory_cleared")));
	if (d->text && key && str_equal(key, "status_compacted_saved"))
		text = i18n_fill(d->ctx, d->text, key,
				 i18n_number(d->ctx, field_number(d->data, "from")),
				 i18n_number(d->ctx, field_number(d->data, "to")), NULL);
	view_text(d->view, "sentence", text && *text ? text :
		  draw_sentence(d, key, "status_unknown"));
}

static const struct {
	const char *kind, *template;
	void (*draw)(struct drawing *d);
} kinds[] = {
	{ "error", "parts/error", draw_error },
	{ "files", "parts/files", draw_files },
	{ "image", "parts/image", draw_image },
	{ "permission", "parts/permission", draw_permission },
	{ "plan", "parts/plan", draw_plan },
	{ "question", "parts/question", draw_question },
	{ "status", "parts/status", draw_status },
	{ "text", "parts/text", draw_prose },
	{ "thinking", "parts/thinking", draw_prose },
	{ "todo", "parts/todo", draw_todo },
	{ "tool_use", "parts/tool_use", draw_tool_use },
	{ "usage", "parts/usage", draw_usage },
};

static const char *const states[] = { "running", "waiting", "ok", "failed", "denied",
	"cancelled" };

static const char *state_of(const struct part *p)
{
	const char *const *state = table_find(states, p->state);

	return state ? *state : "failed";
}

static int find_kind(const struct part *p, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (str_equal(kinds[i].kind, p->kind))
			return (int)i;
	}
	return err_set(e, ERR_INTERNAL, "part %" PRId64 " of kind \"%.40s\"", p->at, p->kind);
}

bool part_heavy(const struct part *p)
{
	bool prose = str_equal(p->kind, "text") || str_equal(p->kind, "thinking");

	return str_equal(p->kind, "plan") ||
	       (str_equal(p->kind, "files") && strstr(p->data, "\"head\":")) ||
	       strlen(p->data) > HEAVY ||
	       (str_equal(p->kind, "permission") && strlen(p->data) > HEAVY_CHANGE) ||
	       (prose && str_equal(p->role, "assistant") &&
		!str_equal(p->state, "running"));
}

static void draw(struct drawing *d, int kind)
{
	auto_strict_json *data = field_parse(d->part->data,
					     strlen(d->part->data));
	const char *state = state_of(d->part);
	char key[32];

	d->data = data;
	d->ctx = alloc_checked(talloc_new(NULL));
	view_textf(d->view, "at", "%" PRId64, d->part->at);
	view_text(d->view, "state", state);
	snprintf(key, sizeof(key), "state_%s", state);
	view_text(d->view, "state_word", draw_sentence(d, key, "state_failed"));
	view_flag(d->view, "waiting", str_equal(state, "waiting"));
	kinds[kind].draw(d);
	talloc_free(d->ctx);
}

int part_render(const struct templates *t, const struct i18n_locale *text,
		const char *zone, const struct part *p,
		struct rendering *rendering, struct buf *out, struct err *e)
{
	int kind = find_kind(p, e), bad;
	struct drawing d = {
		.text = text, .zone = zone, .part = p, .rendering = rendering, .templates = t,
	};

	if (kind < 0)
		return -1;
	d.view = view_new(NULL);
	draw(&d, kind);
	bad = template_render(t, kinds[kind].template, d.view, text, out, e);
	talloc_free(d.view);
	return bad ? -1 : 0;
}

static void set_iso(struct view *view, int64_t ms)
{
	char iso[CLOCK_ISO_SIZE];

	clock_iso(ms, iso);
	view_text(view, "iso", iso);
}

int message_render(const struct templates *t, const struct i18n_locale *text,
		   const char *zone, const char *user, const struct part *first,
		   const char *parts, struct buf *out, struct err *e)
{
	bool person = str_equal(first->role, "user");
	struct view *view = view_new(NULL);
	struct drawing d = { .text = text };
	int bad;

	view_textf(view, "turn", "%" PRId64, first->turn);
	view_text(view, "role", person ? "user" : "assistant");
	view_flag(view, "person", person);
	view_text(view, "name", person ? user : draw_sentence(&d, "claude", "claude"));
	set_iso(view, first->created_at);
	view_text(view, "time", text ?
		  i18n_clock(view, text, first->created_at, clock_now_ms(),
			     zone) : "");
	view_text(view, "exact", text ?
		  i18n_time(view, text, first->created_at, zone) : "");
	view_html(view, "parts", parts);
	bad = template_render(t, "parts/message", view, text, out, e);
	talloc_free(view);
	return bad ? -1 : 0;
}

/* The pictures of a message that Claude has not received. */
static void add_pictures(struct view *one, const char *json)
{
	auto_strict_json *list = *json ? field_parse(json, strlen(json)) : NULL;
	struct view *out = view_list(one, "pictures"), *item;
	struct json_object *picture;
	size_t i, n = json_object_is_type(list, json_type_array) ?
		      json_object_array_length(list) : 0;

	for (i = 0; i < n; i++) {
		picture = json_object_array_get_idx(list, i);
		item = view_append(out);
		view_text(item, "picture", field_string(picture, "id"));
		view_text(item, "name", field_string(picture, "name"));
	}
}

static void add_held(struct view *one, const struct i18n_locale *text,
		     const char *why)
{
	char key[40];
	const char *word;

	snprintf(key, sizeof(key), "queue_held_%.20s", why);
	word = text && why[0] ? i18n_sentence(text, key) : NULL;
	view_flag(one, "held", why[0] != '\0');
	view_text(one, "why", word ? word : "");
}

int queue_render(const struct templates *t, const struct i18n_locale *text,
		 const struct message *const *messages, size_t n, struct buf *out,
		 struct err *e)
{
	struct view *view = view_new(NULL), *list, *one;
	size_t i;
	int bad;

	view_flag(view, "any", n > 0);
	list = view_list(view, "messages");
	for (i = 0; i < n; i++) {
		one = view_append(list);
		view_text(one, "id", messages[i]->id);
		view_text(one, "text", messages[i]->text);
		add_held(one, text, messages[i]->held);
		add_pictures(one, messages[i]->pictures);
	}
	bad = template_render(t, "parts/queue", view, text, out, e);
	talloc_free(view);
	return bad ? -1 : 0;
}
