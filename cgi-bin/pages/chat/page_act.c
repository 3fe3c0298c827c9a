/*
 * POST /conversations/{id}/act -- the chat's forms, for a page without script:
 * a message goes to the store, all else to the live session by the bridge.
 */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include <json-c/json.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "store/conversations.h"
#include "pages/chat/composer_view.h"
#include "pages/pages.h"

#define QUESTIONS_MAX 20
#define COMMAND_MAX 6000	/* bytes of a query; the bridge reads heads of 8 KiB */

static const char *field(const struct request *r, const char *part, int i, const char *what)
{
	return form_text(r->form, talloc_asprintf(r, "q%s-%d%s", part, i, what));
}

/* A label, or the list of them where several can be chosen; what was typed is one, too. */
static struct json_object *labels_of(const struct request *r, const char *part, int i)
{
	const char *name = talloc_asprintf(r, "q%s-%d", part, i), *chosen;
	const char *other = field(r, part, i, "-other");
	struct json_object *list;
	size_t n;

	if (!*field(r, part, i, "-multi"))
		return json_object_new_string(*other ? other : form_text(r->form, name));
	list = json_object_new_array();
	for (n = 0; (chosen = form_nth(r->form, name, n)); n++)
		json_object_array_add(list, json_object_new_string(chosen));
	if (*other)
		json_object_array_add(list, json_object_new_string(other));
	return list;
}

static void put_answers(struct json_object *o, const struct request *r, const char *part)
{
	struct json_object *answers = json_object_new_object();
	const char *question;
	int i;

	for (i = 0; i < QUESTIONS_MAX && *(question = field(r, part, i, "-text")); i++)
		json_object_object_add(answers, question, labels_of(r, part, i));
	if (i)
		json_object_object_add(o, "answers", answers);
	else
		json_object_put(answers);
}

/* pictures: as message_add_for. */
static int add_message(struct request *r, const char *id, const char *message,
		       const char *text, const char *pictures, struct err *e)
{
	char other[ID_SIZE];

	if (!text[strspn(text, " \t\r\n")] && !*pictures)
		return 0;
	if (!id_valid(message))
		return err_set(e, ERR_INPUT, "message id");
	if (chat_check_message(r, text, e) < 0)
		return -1;
	/* Sent again, it is the same one. */
	if (message_find(context_of(r)->db, message, context_of(r)->user->id, other, e) == 0)
		return 0;
	if (e->kind != ERR_MISSING ||
	    message_add_for(context_of(r)->db, id, message, text, pictures,
			    NULL, e) < 0)
		return -1;
	bridge_tell(r, "/conversations/%s/refresh", id);
	return 0;
}

/* Its labels as text; "" for none. */
static const char *label_text(struct request *r, struct json_object *labels)
{
	char *text = talloc_strdup(r, "");
	size_t i;

	if (json_object_is_type(labels, json_type_string))
		return talloc_strdup(r, json_object_get_string(labels));
	for (i = 0; i < json_object_array_length(labels); i++)
		text = talloc_asprintf_append(text, "%s%s", i ? ", " : "",
			json_object_get_string(json_object_array_get_idx(labels, i)));
	return text;
}

/* The questions with their answers, as a message: its process is gone, Claude is told again. */
static char *answers_text(struct request *r, const char *part, struct err *e)
{
	char *text = talloc_strdup(r, "");
	const char *question, *answer;
	struct json_object *labels;
	int i;

	for (i = 0; i < QUESTIONS_MAX && *(question = field(r, part, i, "-text")); i++) {
		labels = labels_of(r, part, i);
		answer = label_text(r, labels);
		json_object_put(labels);
		if (!*answer) {
			err_tell(e, ERR_INPUT, "question_choose", "no answer");
			return NULL;
		}
		text = talloc_asprintf_append(text, "%s%s", i ? "\n\n" : "",
			i18n_fill(r, context_of(r)->text, "question_again_text",
				  question, answer, NULL));
	}
	return text;
}

/* "p-12 again": the answer to a question whose process is gone, as a message. */
static int answer_again(struct request *r, const char *id, const char *value,
			struct err *e)
{
	const char *part = talloc_strndup(r, value + 2, strcspn(value + 2, " "));
	const char *message = form_text(r->form, talloc_asprintf(r, "q%s-id", part));
	char other[ID_SIZE], *text;
	int64_t asked;

	/* Sent again, it is the same answer. */
	if (message_find(context_of(r)->db, message, context_of(r)->user->id,
			 other, e) == 0)
		return 0;
	if (e->kind != ERR_MISSING ||
	    part_unanswered(context_of(r)->db, id, &asked, e) < 0)
		return -1;
	if (!str_equal(part, talloc_asprintf(r, "%lld", (long long)asked)))
		return err_tell(e, ERR_CONFLICT, "error_answer_late",
				"not the question that is open");
	text = answers_text(r, part, e);
	return text ? add_message(r, id, message, text, "", e) : -1;
}

/* "p-12 allow" */
static void put_answer(struct json_object *o, const struct request *r, const char *value)
{
	size_t n = strcspn(value, " ");
	const char *target = talloc_strndup(r, value, n);
	const char *reason = form_text(r->form, talloc_asprintf(r, "%s-reason", target));

	field_put_string(o, "target", target);
	field_put_string(o, "choice", value[n] ? value + n + 1 : "");
	if (*reason)
		field_put_string(o, "reason", reason);
	if (str_starts(target, "p-") && str_equal(value + n, " allow"))
		put_answers(o, r, target + 2);
}

/* The command of the form's button, as a page's socket would say it; NULL: none. */
static struct json_object *command_of(struct request *r)
{
	static const struct {
		const char *field, *type, *as;
	} buttons[] = {
		{ "withdraw", "withdraw", "id" },
		{ "discard", "discard", "held" },
		{ "send_held", "send", "held" },
		{ "answer", "answer", NULL },
	};
	const char *act = form_text(r->form, "act"), *value;
	struct json_object *o = json_object_new_object();
	char id[ID_SIZE];
	size_t i;

	if (str_equal(act, "stop")) {
		field_put_string(o, "type", "interrupt");
		return o;
	}
	for (i = 0; i < sizeof(buttons) / sizeof(buttons[0]); i++) {
		value = form_text(r->form, buttons[i].field);
		if (!*value)
			continue;
		field_put_string(o, "type", buttons[i].type);
		if (buttons[i].as)
			field_put_string(o, buttons[i].as, value);
		else
			put_answer(o, r, value);
		if (str_equal(buttons[i].type, "send")) {
			id_new(id);
			field_put_string(o, "id", id);
		}
		return o;
	}
	json_object_put(o);
	return NULL;
}

static int tell(struct request *r, const char *id, struct json_object *command,
		struct err *e)
{
	const char *text = json_object_to_json_string_ext(command,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	const char *query = url_encode(r, text, "");

	if (strlen(query) > COMMAND_MAX)
		return err_tell(e, ERR_LIMIT, "error_reason_too_long",
				"a command of %zu bytes", strlen(query));
	if (bridge_tell(r, "/conversations/%s/command?do=%s", id, query))
		return 0;
	return err_tell(e, ERR_CONFLICT, "error_answer_late", "the bridge refused it");
}

static struct json_object *choice(const char *name, const char *value)
{
	struct json_object *o = json_object_new_object();

	field_put_string(o, "type", name);
	field_put_string(o, name, value);
	return o;
}

/* Mode, model and effort, each only if it changed; and for new conversations. */
static int set_choices(struct request *r, const struct conversation *c,
		       struct err *e)
{
	const struct {
		const char *name, *now;
		/* NULL: the bridge stores it, which knows what the process may */
		int (*set)(struct db *db, const char *id, const char *value, struct err *e);
	} rows[] = {
		{ "mode", c->mode, NULL },
		{ "model", c->model, conversation_set_model },
		{ "effort", c->effort, conversation_set_effort },
	};
	struct json_object *command;
	const char *value;
	size_t i;
	int bad;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		value = form_find(r->form, rows[i].name);
		if (!value || str_equal(value, rows[i].now))
			continue;
		if (str_equal(rows[i].name, "model") && !composer_model_valid(value))
			return err_tell(e, ERR_INPUT, "error_model_refused",
					"not a model's name");
		if (rows[i].set && rows[i].set(context_of(r)->db, c->id, value, e) < 0)
			return -1;
		command = choice(rows[i].name, value);
		bad = tell(r, c->id, command, e);
		json_object_put(command);
		if (bad)
			return -1;
	}
	return *form_text(r->form, "keep") ? composer_choice_take(r, e) : 0;
}

static int add_typed(struct request *r, const char *id, struct err *e)
{
	const char *pictures = composer_pictures(r, e);

	return !pictures ? -1 : add_message(r, id, form_text(r->form, "id"),
			form_text(r->form, "text"), pictures, e);
}

int page_conversation_act(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	const char *answer = form_text(r->form, "answer");
	struct json_object *command;
	struct conversation *c;
	int bad;

	c = conversation_load(v->db, r, request_arg(r, "id"), v->user->id, e);
	if (!c)
		return -1;
	if (str_equal(c->kind, "run"))
		return err_tell(e, ERR_CONFLICT, "error_run_readonly", "a run's");
	command = command_of(r);
	if (str_starts(answer, "p-") &&
	    str_equal(answer + strcspn(answer, " "), " again"))
		bad = answer_again(r, c->id, answer, e);
	else if (command)
		bad = tell(r, c->id, command, e);
	else if (str_equal(form_text(r->form, "act"), "mode"))
		bad = set_choices(r, c, e);
	else
		bad = add_typed(r, c->id, e);
	json_object_put(command);
	return bad ? -1 : response_redirect(out, e, "/workspace/%s", c->id);
}
