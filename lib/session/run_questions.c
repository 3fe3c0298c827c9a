/*
 * Questions in a run's session: answered at once, or the run ends, because
 * nobody is present.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "session/agent_run_internal.h"
#include "session/claude_process.h"
#include "session/log_reader.h"
#include "session/recorder.h"
#include "transcript/ask_rules.h"

#define QUESTION_MAX 4096	/* bytes of it that are kept as the outcome's detail */

static const char denied_text[] = ASK_UNATTENDED "It is not among this agent's tools. "
	"Continue without it, and say at the end what could not be done.";

/* The first question's text from a part's data; "" if it has none. */
static void question_of(const struct part *p, char *out, size_t size)
{
	struct json_object *data = field_parse(p->data, strlen(p->data)), *list = NULL;
	struct json_object *text = NULL;

	out[0] = '\0';
	json_object_object_get_ex(data, "questions", &list);
	if (json_object_is_type(list, json_type_array) &&
	    json_object_array_length(list))
		json_object_object_get_ex(json_object_array_get_idx(list, 0),
					  "question", &text);
	if (json_object_is_type(text, json_type_string)) {
		const char *words = json_object_get_string(text);

		snprintf(out, size, "%.*s", (int)utf8_prefix(words, strlen(words),
							     size - 1), words);
	}
	json_object_put(data);
}

/* A server's form is declined, as a tool is denied: Claude continues without it. */
static bool needs_person(const struct session *s, const struct part *p)
{
	return (str_equal(p->kind, "question") && !request_is_form(p)) ||
	       (str_equal(p->kind, "plan") && !s->run->rules->everything);
}

void agent_run_part(struct session *s, const struct part *p)
{
	char question[QUESTION_MAX];

	if (!agent_run_open(s))
		return;
	if (str_equal(p->kind, "permission") && str_equal(p->state, "denied"))
		s->run->denials++;
	if (!needs_person(s, p))
		return;
	if (str_equal(p->state, "waiting")) {
		question_of(p, question, sizeof(question));
		s->run->question = talloc_strdup(s->run, question);
	} else if (!str_equal(p->state, "cancelled")) {
		s->run->question = NULL;
	}
}

static void answer(struct session *s, const struct part *p,
		   const char *choice)
{
	const struct session_answer a = {
		.part = p->at,
		.choice = choice,
		.reason = denied_text,
	};
	struct err e = { 0 };
	char *line = stdin_json_answer(p, &a, &e);

	if (!line) {
		session_trouble(s, "run_answer", &e);
		return;
	}
	recorder_set_answered(s, p->at, true);
	stdin_add(s, STDIN_ANSWER, line, NULL, a.part, 0);
}

/*
 * Allows everything in the container, or denies tools that are not listed.
 * Accepts a plan where everything is allowed; a question needs a user.
 */
void agent_run_answer(struct session *s)
{
	bool everything = s->run->rules->everything;
	char question[QUESTION_MAX];
	const struct part *p;

	if (log_reader_in_backlog(s) || !claude_process_takes_input(s))
		return;
	for (p = recorder_next(s, NULL); p; p = recorder_next(s, p)) {
		if (!str_equal(p->state, "waiting") ||
		    recorder_answered(s, p->at))
			continue;
		if (needs_person(s, p)) {
			question_of(p, question, sizeof(question));
			agent_run_needs_input(s, question);
			return;
		}
		answer(s, p, everything && !request_is_form(p) ? "allow" : "deny");
	}
}
