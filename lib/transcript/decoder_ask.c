/* Requests to the user: permissions, questions, plans. */
#include "config.h"
#include "transcript/decoder_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "transcript/tool_title.h"

#define ID_MAX 200
#define QUESTIONS_MAX 20
#define OPTIONS_MAX 50
#define LABEL_MAX 4000

static void put_copy(struct live *l, const char *key, struct json_object *from,
		     size_t budget, const char *cut_key)
{
	bool cut = false;

	if (!from)
		return;
	json_object_object_add(l->data, key, field_copy(from, &budget, &cut));
	if (cut && cut_key)
		field_put_flag(l->data, cut_key, true);
}

static void put_text(struct json_object *into, const char *as,
		     struct json_object *from, const char *key, size_t max)
{
	size_t n;
	const char *text = field_text(from, key, &n);

	if (text)
		field_put_text(into, as, text, n, max, true);
}

static struct json_object *options_of(struct json_object *question)
{
	struct json_object *from = field_list(question, "options"), *to, *option;
	size_t i;

	to = json_object_new_array();
	for (i = 0; from && i < json_object_array_length(from) && i < OPTIONS_MAX; i++) {
		option = json_object_new_object();
		put_text(option, "label", json_object_array_get_idx(from, i), "label", LABEL_MAX);
		put_text(option, "description", json_object_array_get_idx(from, i),
			 "description", LABEL_MAX);
		if (field_text(option, "label", NULL))
			json_object_array_add(to, option);
		else
			json_object_put(option);
	}
	return to;
}

static void fill_question(struct live *l, struct json_object *input)
{
	struct json_object *from = field_list(input, "questions"), *to, *one, *question;
	size_t i;

	to = json_object_new_array();
	for (i = 0; from && i < json_object_array_length(from) && i < QUESTIONS_MAX; i++) {
		question = json_object_array_get_idx(from, i);
		one = json_object_new_object();
		put_text(one, "question", question, "question", LABEL_MAX);
		put_text(one, "header", question, "header", LABEL_MAX);
		field_put_flag(one, "multi", field_flag(question, "multiSelect"));
		json_object_object_add(one, "options", options_of(question));
		json_object_array_add(to, one);
	}
	json_object_object_add(l->data, "questions", to);
	put_copy(l, "input", input, QUESTION_MAX, "input_cut");
}

static void fill_plan(struct live *l, struct json_object *input)
{
	put_text(l->data, "plan", input, "plan", TEXT_MAX);
	put_copy(l, "input", input, QUESTION_MAX, "input_cut");
}

static void fill_permission(struct live *l, struct json_object *request,
			    struct json_object *input)
{
	const char *tool = field_text(request, "tool_name", NULL);

	put_copy(l, "input", input, INPUT_MAX, "input_cut");
	put_copy(l, "suggestions", field_list(request, "permission_suggestions"),
		 INPUT_MAX, NULL);
	put_text(l->data, "why", request, "decision_reason", LABEL_MAX);
	if (field_flag(request, "default_to_no"))
		field_put_flag(l->data, "default_no", true);
	if (field_flag(request, "suppress_always_allow_rule"))
		field_put_flag(l->data, "no_rules", true);
	if (tool)
		tool_title(l->data, tool, json_object_object_get(l->data, "input"));
}

void ask_request(struct decoder *d, struct json_object *line)
{
	struct json_object *request = field_object(line, "request"), *input;
	const char *id, *use, *tool = field_text(request, "tool_name", NULL);
	const char *kind = "permission";
	struct live *l;
	size_t n;

	id = field_text(line, "request_id", &n);
	if (!id || !n || n > ID_MAX || live_find(d, id))
		return;
	if (tool && str_equal(tool, "AskUserQuestion"))
		kind = "question";
	else if (tool && str_equal(tool, "ExitPlanMode"))
		kind = "plan";
	turn_start(d);
	l = live_begin(d, "assistant", kind, "waiting");
	l->id = talloc_strdup(l, id);
	field_put_text(l->data, "request", id, n, ID_MAX, false);
	put_text(l->data, "tool", request, "tool_name", NAME_MAX_BYTES);
	use = field_text(request, "tool_use_id", &n);
	if (use && n < ID_MAX) {
		l->tool = talloc_strdup(l, use);
		field_put_text(l->data, "tool_use", use, n, ID_MAX, false);
	}
	input = field_object(request, "input");
	if (str_equal(kind, "question"))
		fill_question(l, input);
	else if (str_equal(kind, "plan"))
		fill_plan(l, input);
	else
		fill_permission(l, request, input);
	activity(d, "waiting", field_text(l->data, "tool", NULL));
	live_emit(d, l);
}

bool ask_answered(struct decoder *d, struct json_object *response)
{
	struct json_object *inner = field_object(response, "response"), *answers;
	struct live *l = live_find(d, field_text(response, "request_id", NULL));
	const char *tool;

	/*
	 * Only answers to the CLI's requests have a behavior or an action: even
	 * if the request is unknown, this is not an answer to ours.
	 */
	if (!l || !str_equal(l->p.state, "waiting"))
		return field_text(inner, "behavior", NULL) != NULL ||
		       field_text(inner, "action", NULL) != NULL;
	if (field_flag(l->data, "form")) {
		form_answered(d, l, inner);
		return true;
	}
	answers = field_object(field_object(inner, "updatedInput"), "answers");
	put_copy(l, "answers", answers, QUESTION_MAX, NULL);
	if (field_list(inner, "updatedPermissions"))
		field_put_flag(l->data, "for_session", true);
	tool = field_text(l->data, "tool", NULL);
	if (field_is(inner, "behavior", "allow")) {
		activity(d, "tool", tool);
		live_finish(d, l, "ok");
		return true;
	}
	put_text(l->data, "reason", inner, "message", INPUT_MAX);
	activity(d, "requesting", NULL);
	live_finish(d, l, "denied");
	return true;
}

void ask_withdrawn(struct decoder *d, struct json_object *line)
{
	struct live *l = live_find(d, field_text(line, "request_id", NULL));

	if (l && str_equal(l->p.state, "waiting"))
		live_finish(d, l, "cancelled");
}
