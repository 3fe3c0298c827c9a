/* Permissions, questions and plans: the request, then its answer. */
#include "config.h"
#include "transcript/part_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "transcript/ask_rules.h"

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

/* The rules that "don't ask again" would add; the CLI's word for all edits is a choice of its own. */
static void draw_session(struct drawing *d)
{
	auto_strict_json *list = ask_rules(d->data);
	struct view *rules = view_list(d->view, "rule_list");
	struct json_object *one, *inner;
	size_t i, k;

	for (i = 0; i < json_object_array_length(list); i++) {
		one = json_object_array_get_idx(list, i);
		inner = field_list(one, "rules");
		for (k = 0; inner && k < json_object_array_length(inner); k++)
			add_rule(rules, json_object_array_get_idx(inner, k));
		add_texts(rules, field_list(one, "directories"));
	}
	view_flag(d->view, "rules", view_truthy(rules));
	view_flag(d->view, "edits", ask_offers_edits(d->data));
}

/* The question, by what the tool does. */
static const struct heading {
	const char *tool, *key;
} headings[] = {
	{ "Bash", "permission_run" },
	{ "Edit", "permission_edit" },
	{ "MultiEdit", "permission_edit" },
	{ "NotebookEdit", "permission_edit" },
	{ "WebFetch", "permission_fetch" },
	{ "WebSearch", "permission_search" },
	{ "Write", "permission_write" },
};

static const char *heading_of(struct drawing *d, const char *tool)
{
	const struct heading *row = table_find(headings, tool);

	if (row)
		return draw_sentence(d, row->key, row->key);
	return d->text ? i18n_fill(d->ctx, d->text, "permission_heading", tool, NULL) :
			 "permission_heading";
}

/* A command as code, a file's change as its lines, anything else by its fields. */
static void draw_asked(struct drawing *d, const char *tool)
{
	struct json_object *input = field_object(d->data, "input");
	bool bash = str_equal(tool, "Bash");
	bool waits = str_equal(d->part->state, "waiting");
	size_t changed = draw_change(d, tool);

	view_text(d->view, "command", bash ? field_text(input, "command", NULL) : "");
	if (waits && bash)
		view_text(d->view, "title", "");
	if (bash || changed)
		view_list(d->view, "fields");
	else
		draw_fields(d, false);
}

/* The standard text for a user who gave no reason is not shown as one. */
static void draw_reason(struct drawing *d)
{
	const char *reason = field_text(d->data, "reason", NULL);

	view_text(d->view, "reason", reason && !str_starts(reason, ASK_DENIED) &&
		  !str_starts(reason, ASK_UNATTENDED) ? reason : "");
}

/* Why the CLI asks, in its own English: "" for what the question says anyway. */
static const struct {
	const char *begins, *key;
} whys[] = {
	{ "This command requires approval", "" },
	{ "Path is outside allowed working directories", "permission_why_outside" },
	{ "Multiple directory changes in one command", "permission_why_unchecked" },
	{ "This command uses shell operators", "permission_why_unchecked" },
	{ "Compound command contains cd", "permission_why_unchecked" },
};

/* A stock phrase is said in the page's language, any other is folded. */
static void draw_why(struct drawing *d)
{
	const char *why = field_text(d->data, "why", NULL);
	size_t i;

	view_text(d->view, "why", "");
	view_text(d->view, "why_raw", why);
	for (i = 0; why && i < sizeof(whys) / sizeof(whys[0]); i++) {
		if (!str_starts(why, whys[i].begins))
			continue;
		view_text(d->view, "why_raw", "");
		if (*whys[i].key)
			view_text(d->view, "why", draw_sentence(d, whys[i].key, whys[i].key));
	}
}

void draw_permission(struct drawing *d)
{
	const char *tool = field_text(d->data, "tool", NULL);

	tool = tool ? tool : "?";
	draw_text(d, "tool", "tool");
	view_text(d->view, "icon", tool_icon(tool));
	view_text(d->view, "heading", heading_of(d, tool));
	draw_text(d, "title", "title");
	draw_text(d, "about", "about");
	draw_why(d);
	draw_reason(d);
	draw_flag(d, "for_session", "for_session");
	draw_flag(d, "default_no", "default_no");
	draw_asked(d, tool);
	draw_flag(d, "input_cut", "input_cut");
	draw_session(d);
	state_word(d, "state_allowed", "state_denied");
}

/* What a form's server calls a value. */
static const char *label_of(struct drawing *d, struct json_object *question, const char *value)
{
	struct json_object *options = field_list(question, "options"), *one;
	size_t i;

	if (field_is(question, "type", "boolean"))
		return str_equal(value, "true") ? draw_sentence(d, "yes", "yes") :
						  draw_sentence(d, "no", "no");
	for (i = 0; options && i < json_object_array_length(options); i++) {
		one = json_object_array_get_idx(options, i);
		if (field_is(one, "value", value))
			return field_text(one, "label", NULL);
	}
	return value;
}

/* An answer is a label, or a list of labels. */
static void add_chosen(struct drawing *d, struct view *into, struct json_object *question)
{
	struct json_object *answers = field_object(d->data, "answers");
	const char *name = ask_answer_name(question);
	struct view *chosen = view_list(into, "chosen");
	struct json_object *answer = NULL, *one;
	size_t i;

	if (answers && name)
		json_object_object_get_ex(answers, name, &answer);
	if (json_object_is_type(answer, json_type_string))
		view_text(view_append(chosen), "answer",
			  label_of(d, question, json_object_get_string(answer)));
	if (!json_object_is_type(answer, json_type_array))
		return;
	for (i = 0; i < json_object_array_length(answer); i++) {
		one = json_object_array_get_idx(answer, i);
		if (json_object_is_type(one, json_type_string))
			view_text(view_append(chosen), "answer",
				  label_of(d, question, json_object_get_string(one)));
	}
}

static void add_option(struct view *list, const char *value, const char *label,
		       const char *description)
{
	struct view *one = view_append(list);

	view_text(one, "value", value);
	view_text(one, "label", label);
	view_text(one, "description", description);
}

static void add_options(struct drawing *d, struct view *into, struct json_object *question)
{
	struct json_object *options = field_list(question, "options"), *option;
	struct view *list = view_list(into, "options");
	const char *label, *value;
	size_t i;

	if (field_is(question, "type", "boolean")) {
		add_option(list, "true", draw_sentence(d, "yes", "yes"), NULL);
		add_option(list, "false", draw_sentence(d, "no", "no"), NULL);
	}
	for (i = 0; options && i < json_object_array_length(options); i++) {
		option = json_object_array_get_idx(options, i);
		label = field_text(option, "label", NULL);
		value = field_text(option, "value", NULL);
		add_option(list, value ? value : label, label,
			   field_text(option, "description", NULL));
	}
}

/* A form's field is a number, a text, or one of its options; a question may have another answer, too. */
static void add_input(struct view *one, struct json_object *question, bool form)
{
	bool number = field_is(question, "type", "number") ||
		      field_is(question, "type", "integer");

	view_text(one, "about", field_text(question, "about", NULL));
	view_flag(one, "optional", field_flag(question, "optional"));
	view_flag(one, "number", number);
	view_flag(one, "typed", number || field_is(question, "type", "string"));
	view_flag(one, "other", !form);
}

/* Claude asks, or the server whose tool it uses: what is said then is for that server. */
static void draw_asker(struct drawing *d, bool form)
{
	const char *server = form ? field_text(d->data, "tool", NULL) : NULL;

	view_text(d->view, "heading", server && d->text ?
		  i18n_fill(d->ctx, d->text, "form_heading", server, NULL) :
		  draw_sentence(d, "question_heading", "question_heading"));
	view_text(d->view, "note", server && d->text ?
		  i18n_fill(d->ctx, d->text, "form_note", server, NULL) : "");
	draw_text(d, "message", "message");
	draw_text(d, "again", "again");
	draw_flag(d, "unshown", "unshown");
	view_flag(d->view, "open", str_equal(d->part->state, "waiting") &&
		  !field_flag(d->data, "unshown"));
	view_flag(d->view, "form", form);
	view_flag(d->view, "answers", !form || str_equal(d->part->state, "ok"));
}

void draw_question(struct drawing *d)
{
	struct json_object *questions = field_list(d->data, "questions"), *question;
	struct view *list = view_list(d->view, "questions"), *one;
	bool form = field_flag(d->data, "form");
	size_t i;

	for (i = 0; questions && i < json_object_array_length(questions); i++) {
		question = json_object_array_get_idx(questions, i);
		one = view_append(list);
		view_number(one, "index", (int64_t)i);
		view_text(one, "name", ask_answer_name(question));
		view_text(one, "question", field_text(question, "question", NULL));
		view_flag(one, "multi", field_flag(question, "multi"));
		add_options(d, one, question);
		add_input(one, question, form);
		add_chosen(d, one, question);
	}
	draw_asker(d, form);
	draw_reason(d);
	state_word(d, "state_answered", form ? "state_declined" : "state_skipped");
}

void draw_plan(struct drawing *d)
{
	draw_text(d, "plan", "plan");
	draw_reason(d);
	draw_markdown(d, "plan");
	state_word(d, "state_approved", "plan_keep");
}
