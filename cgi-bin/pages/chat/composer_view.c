#include "config.h"
#include "pages/chat/composer_view.h"

#include <string.h>
#include <json-c/json.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "store/composer.h"

#define USUAL "default"		/* the CLI's name for its own choice */

bool composer_model_valid(const char *model)
{
	return strlen(model) <= 128 && model[0] != '-' &&
	       strspn(model, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
		      "XYZ0123456789.:/_@[]-") == strlen(model);
}

/* "Opus 5.5" of "Opus 5.5 · Best for everyday, complex tasks · $4/$20 per Mtok". */
static const char *name_of(struct request *r, struct json_object *model)
{
	const char *about = field_string(model, "about");
	const char *end = strstr(about, " · ");

	return end && end != about ? talloc_strndup(r, about, (size_t)(end - about)) :
				     field_string(model, "value");
}

/* "$4/$20", for a million tokens in and out; "" if it is not said. */
static const char *price_of(struct request *r, struct json_object *model)
{
	const char *about = field_string(model, "about");
	const char *end = strstr(about, " per Mtok"), *from;

	for (from = end; from && from > about && from[-1] != ' '; from--)
		;
	return from && *from == '$' ? talloc_strndup(r, from, (size_t)(end - from)) : "";
}

/* The name of the model behind the CLI's own choice. */
static const char *usual_name(struct request *r, struct json_object *list)
{
	const char *wanted = settings_text(context_of(r)->app->settings, SET_MODEL);
	struct json_object *usual = NULL, *one;
	size_t i, n = list ? json_object_array_length(list) : 0;

	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(list, i);
		if (field_is(one, "value", *wanted ? wanted : USUAL))
			usual = one;
	}
	if (!usual)
		return wanted;
	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(list, i);
		if (one != usual && !field_is(one, "value", USUAL) &&
		    field_is(one, "model", field_string(usual, "model")))
			return name_of(r, one);
	}
	return field_is(usual, "value", USUAL) ? "" : name_of(r, usual);
}

static void add_option(struct request *r, struct view *view, struct view *list,
		       const char *value, const char *name, const char *price,
		       const char *chosen)
{
	struct view *item = view_append(list);
	bool current = str_equal(value, chosen);

	view_text(item, "value", value);
	view_text(item, "name", name);
	view_text(item, "label", *price ? i18n_fill(r, context_of(r)->text,
			"model_priced", name, price, NULL) : name);
	view_flag(item, "current", current);
	if (current)
		view_text(view, "model_name", name);
}

static void add_models(struct request *r, struct view *view,
		       struct json_object *list, const char *chosen)
{
	struct view *options = view_list(view, "models");
	const char *usual = usual_name(r, list), *value;
	struct json_object *one;
	bool found = !*chosen;
	size_t i, n = list ? json_object_array_length(list) : 0;

	add_option(r, view, options, "", *usual ?
		   i18n_fill(r, context_of(r)->text, "model_usual", usual, NULL) :
		   page_text(r, "model_usual_unnamed"), "", chosen);
	if (!*chosen)
		view_text(view, "model_name", *usual ? usual : page_text(r, "model"));
	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(list, i);
		value = field_string(one, "value");
		if (str_equal(value, USUAL) || !composer_model_valid(value))
			continue;
		add_option(r, view, options, value, name_of(r, one),
			   price_of(r, one), chosen);
		found = found || str_equal(value, chosen);
	}
	if (!found)
		add_option(r, view, options, chosen, chosen, "", chosen);
}

static void add_efforts(struct request *r, struct view *view, const char *chosen)
{
	struct view *list = view_list(view, "efforts"), *item;
	size_t i;

	item = view_append(list);
	view_text(item, "value", "");
	view_text(item, "label", page_text(r, "effort_usual"));
	view_flag(item, "current", !*chosen);
	for (i = 0; i < EFFORTS; i++) {
		item = view_append(list);
		view_text(item, "value", conversation_efforts[i]);
		view_text(item, "label", page_text(r, talloc_asprintf(r, "effort_%s",
						conversation_efforts[i])));
		view_flag(item, "current", str_equal(conversation_efforts[i], chosen));
	}
}

int composer_view_add(struct request *r, struct view *view, const char *model,
		      const char *effort, struct err *e)
{
	const struct context *v = context_of(r);
	auto_strict_json *list = NULL;
	char *text = claude_list_load(v->db, r, v->user->id, "models", e);

	if (!text)
		return -1;
	list = *text ? field_parse(text, strlen(text)) : NULL;
	add_models(r, view, json_object_is_type(list, json_type_array) ? list : NULL,
		   model);
	add_efforts(r, view, effort);
	return 0;
}

const char *composer_pictures(struct request *r, struct err *e)
{
	char *ids = talloc_strdup(r, "");
	struct picture p;
	const char *id;
	size_t i;

	for (i = 0; (id = form_nth(r->form, "picture", i)); i++) {
		if (!id_valid(id)) {
			err_set(e, ERR_INPUT, "a picture's id");
			return NULL;
		}
		ids = talloc_asprintf_append(ids, "%s%s", *ids ? " " : "", id);
	}
	for (i = 0; r->files && i < r->files->nfiles; i++) {
		if (chat_add_picture(r, r->files->files[i].name,
				     r->files->files[i].bytes,
				     r->files->files[i].n, &p, e) < 0)
			return NULL;
		ids = talloc_asprintf_append(ids, "%s%s", *ids ? " " : "", p.id);
	}
	return ids;
}
