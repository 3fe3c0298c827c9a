/*
 * The message box beside its conversation: what it completes, and what an
 * account keeps for it.
 */
#include "config.h"
#include <string.h>
#include <json-c/json.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "pages/chat/composer_view.h"
#include "pages/pages.h"
#include "store/composer.h"

static int add_template(void *data, const struct message_template *t, struct err *e)
{
	struct json_object *o = json_object_new_object();

	(void)e;
	field_put_string(o, "name", t->name);
	field_put_string(o, "text", t->text);
	json_object_array_add(data, o);
	return 0;
}

/*
 * GET /completions -- {"commands":[{"name","about","hint"}],
 * "templates":[{"name","text"}]}: fetched when "/" is typed.
 */
int page_completions(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);
	char *text = claude_list_load(v->db, r, v->user->id, "commands", e);
	auto_strict_json *o = json_object_new_object();
	struct json_object *commands, *templates = json_object_new_array();

	json_object_object_add(o, "templates", templates);
	if (!text || message_template_each(v->db, v->user->id, add_template,
					   templates, e) < 0)
		return -1;
	commands = *text ? field_parse(text, strlen(text)) : NULL;
	json_object_object_add(o, "commands", commands ? commands : json_object_new_array());
	out->type = "application/json";
	return buf_add_text(&out->body, json_object_to_json_string_ext(o,
			JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE), e);
}

/* POST /account/templates: name, text. */
int page_template_save(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);

	if (message_template_save(v->db, v->user->id, form_text(r->form, "name"),
				  form_text(r->form, "text"), e) < 0)
		return -1;
	return response_redirect(out, e, "/account?saved=template#templates");
}

int page_template_remove(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);

	if (message_template_remove(v->db, v->user->id, form_text(r->form, "id"),
				    e) < 0)
		return -1;
	return response_redirect(out, e, "/account#templates");
}

int composer_choice_take(struct request *r, struct err *e)
{
	const struct context *v = context_of(r);
	struct composer_choice *c = composer_choice_load(v->db, r, v->user->id, e);
	const char *model = form_find(r->form, "model");
	const char *effort = form_find(r->form, "effort");

	if (!c)
		return -1;
	if (model)
		c->model = model;
	if (effort)
		c->effort = effort;
	if (form_find(r->form, "suggestions"))
		c->suggestions = *form_text(r->form, "suggestions_on") != '\0';
	if (!composer_model_valid(c->model))
		return err_tell(e, ERR_INPUT, "error_model_refused", "not a model's name");
	if (!conversation_effort_known(c->effort))
		return err_tell(e, ERR_INPUT, "error_effort", "no such effort");
	return composer_choice_save(v->db, v->user->id, c, e);
}

/* POST /account/composer: model, effort, suggestions (with suggestions_on); what is missing stays. */
int page_composer_choice(struct request *r, struct response *out, struct err *e)
{
	if (composer_choice_take(r, e) < 0)
		return -1;
	return response_redirect(out, e, "/account?saved=composer#composer-choice");
}
