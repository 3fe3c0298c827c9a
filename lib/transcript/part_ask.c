/* Permissions, questions and plans: the request, then its answer. */
#include "config.h"
#include "transcript/part_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"

static void state_word(struct drawing *d, const char *ok, const char *denied)
{
	if (str_equal(d->part->state, "ok"))
		view_text(d->view, "state_word", draw_sentence(d, ok, "state_ok"));
	else if (str_equal(d->part->state, "denied"))
		view_text(d->view, "state_word", draw_sentence(d, denied, "state_denied"));
	else if (str_equal(d->part->state, "cancelled"))
		view_text(d->view, "state_word",
			  draw_sentence(d, "state_unanswered", "state_cancelled"));
}

static void add_rule(struct view *rules, struct json_object *rule)
{
	const char *tool = field_text(rule, "toolName", NULL);
	const char *what = field_text(rule, "ruleContent", NULL);

	if (!tool)
		return;
	if (what)
		view_textf(view_append(rules), "rule", "%s(%s)", tool, what);
	else
		view_text(view_append(rules), "rule", tool);
}

static void add_texts(struct view *rules, struct json_object *list)
{
	struct json_object *o;
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		o = json_object_array_get_idx(list, i);
		if (json_object_is_type(o, json_type_string))
			view_text(view_append(rules), "rule", json_object_get_string(o));
	}
}

/* What "for this session" would allow, from the CLI's suggestions. */
static void draw_session(struct drawing *d, const char *tool)
{
	struct json_object *list = field_list(d->data, "suggestions"), *one, *inner;
	struct view *rules = view_list(d->view, "rules");
	const char *key = "permission_session_edits";
	size_t i, k, n = list ? json_object_array_length(list) : 0;
	bool edits = false;

	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(list, i);
		if (field_is(one, "type", "setMode"))
			edits = true;
		inner = field_list(one, "rules");
		for (k = 0; inner && k < json_object_array_length(inner); k++)
			add_rule(rules, json_object_array_get_idx(inner, k));
		add_texts(rules, field_list(one, "directories"));
	}
	if (!n)
		view_text(view_append(rules), "rule", tool);
	view_text(d->view, "session_edits", edits ? draw_sentence(d, key, key) : "");
	key = "permission_session_rules";
	view_text(d->view, "session_rules",
		  view_truthy(rules) ? draw_sentence(d, key, key) : "");
}

void draw_permission(struct drawing *d)
{
	const char *tool = field_text(d->data, "tool", NULL);

	draw_text(d, "tool", "tool");
	view_text(d->view, "heading", !d->text ? "permission_heading" :
		  i18n_fill(d->ctx, d->text, "permission_heading", tool ? tool : "?", NULL));
	draw_text(d, "title", "title");
	draw_text(d, "about", "about");
	draw_text(d, "why", "why");
	draw_text(d, "reason", "reason");
	draw_flag(d, "for_session", "for_session");
	draw_flag(d, "input_cut", "input_cut");
	draw_fields(d, tool && str_equal(tool, "Bash") ? "description" : NULL);
	draw_session(d, tool ? tool : "?");
	state_word(d, "state_allowed", "state_denied");
}

/* An answer is a label, or a list of labels. */
static void add_chosen(struct view *into, struct json_object *answers, const char *question)
{
	struct view *chosen = view_list(into, "chosen");
	struct json_object *answer = NULL, *one;
	size_t i;

	if (answers)
		json_object_object_get_ex(answers, question, &answer);
	if (json_object_is_type(answer, json_type_string))
		view_text(view_append(chosen), "answer", json_object_get_string(answer));
	if (!json_object_is_type(answer, json_type_array))
		return;
	for (i = 0; i < json_object_array_length(answer); i++) {
		one = json_object_array_get_idx(answer, i);
		if (json_object_is_type(one, json_type_string))
			view_text(view_append(chosen), "answer", json_object_get_string(one));
	}
}

static void add_options(struct view *into, struct json_object *question)
{
	struct json_object *options = field_list(question, "options"), *option;
	struct view *list = view_list(into, "options"), *one;
	size_t i;

	for (i = 0; options && i < json_object_array_length(options); i++) {
		option = json_object_array_get_idx(options, i);
		one = view_append(list);
		view_text(one, "label", field_text(option, "label", NULL));
		view_text(one, "description", field_text(option, "description", NULL));
	}
}

void draw_question(struct drawing *d)
{
	struct json_object *questions = field_list(d->data, "questions"), *question;
	struct view *list = view_list(d->view, "questions"), *one;
	const char *text;
	size_t i;

	for (i = 0; questions && i < json_object_array_length(questions); i++) {
		question = json_object_array_get_idx(questions, i);
		text = field_text(question, "question", NULL);
		one = view_append(list);
		view_number(one, "index", (int64_t)i);
		view_text(one, "question", text);
		view_flag(one, "multi", field_flag(question, "multi"));
		add_options(one, question);
		add_chosen(one, field_object(d->data, "answers"), text ? text : "");
	}
	draw_text(d, "reason", "reason");
	state_word(d, "state_answered", "state_skipped");
}

void draw_plan(struct drawing *d)
{
	draw_text(d, "plan", "plan");
	draw_text(d, "reason", "reason");
	draw_markdown(d, "plan");
	state_word(d, "state_approved", "plan_keep");
}
