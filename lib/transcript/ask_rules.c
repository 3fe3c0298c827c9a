#include "config.h"
#include "transcript/ask_rules.h"

#include <string.h>

#include "core/str.h"
#include "json/field.h"

#define COMMAND_MAX 300		/* bytes of a command that is a rule of its own */

static bool sets_mode(struct json_object *o)
{
	return field_text(o, "mode", NULL) || field_is(o, "type", "setMode");
}

static bool has(struct json_object *list, const char *what)
{
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		if (field_list(json_object_array_get_idx(list, i), what))
			return true;
	}
	return false;
}

/* NULL: as a rule it would say something else than the command. */
static const char *exact_command(struct json_object *data)
{
	const char *command = field_text(field_object(data, "input"), "command", NULL);

	if (!command || strlen(command) > COMMAND_MAX ||
	    strpbrk(command, "\n*():") || field_flag(data, "input_cut"))
		return NULL;
	return command;
}

static struct json_object *rule_of(const char *tool, const char *command)
{
	struct json_object *rule = json_object_new_object();
	struct json_object *update = json_object_new_object();
	struct json_object *rules = json_object_new_array();

	field_put_string(rule, "toolName", tool);
	if (command)
		field_put_string(rule, "ruleContent", command);
	json_object_array_add(rules, rule);
	field_put_string(update, "type", "addRules");
	json_object_object_add(update, "rules", rules);
	field_put_string(update, "behavior", "allow");
	field_put_string(update, "destination", "session");
	return update;
}

/* Nothing of use was suggested: a command stands for itself, another tool that asks nothing of files as a whole. */
static void add_own(struct json_object *list, struct json_object *data)
{
	const char *tool = field_text(data, "tool", NULL);
	const char *command = exact_command(data);

	if (!tool)
		return;
	if (str_equal(tool, "Bash")) {
		if (command)
			json_object_array_add(list, rule_of(tool, command));
	} else if (!ask_offers_edits(data)) {
		json_object_array_add(list, rule_of(tool, NULL));
	}
}

struct json_object *ask_rules(struct json_object *data)
{
	struct json_object *given = field_list(data, "suggestions"), *one, *copy;
	struct json_object *list = json_object_new_array();
	bool rules = has(given, "rules");
	size_t i;

	if (field_flag(data, "no_rules"))
		return list;
	if (!rules &&
	    (!has(given, "directories") || ask_offers_edits(data))) {
		add_own(list, data);
		return list;
	}
	for (i = 0; i < json_object_array_length(given); i++) {
		one = json_object_array_get_idx(given, i);
		copy = NULL;
		if (!json_object_is_type(one, json_type_object) || sets_mode(one) ||
		    (rules && field_list(one, "directories")) ||
		    json_object_deep_copy(one, &copy, NULL) < 0)
			continue;
		field_put_string(copy, "destination", "session");
		json_object_array_add(list, copy);
	}
	return list;
}

const char *ask_answer_name(struct json_object *question)
{
	const char *name = field_text(question, "name", NULL);

	return name ? name : field_text(question, "question", NULL);
}

bool ask_offers_edits(struct json_object *data)
{
	struct json_object *given = field_list(data, "suggestions");
	size_t i;

	if (field_flag(data, "no_rules"))
		return false;
	for (i = 0; given && i < json_object_array_length(given); i++) {
		if (field_is(json_object_array_get_idx(given, i), "mode", "acceptEdits"))
			return true;
	}
	return false;
}
