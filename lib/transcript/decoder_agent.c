/*
 * Sub-agents: their lines carry the tool call that started them, and are kept
 * as a list in that call's card, never among the turn's own parts.
 */
#include "config.h"
#include "transcript/decoder_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "transcript/tool_title.h"

#define STEPS_MAX 100
#define CARDS_MAX 32		/* cards with steps in memory; each line searches all */
#define STEP_TEXT_MAX 400
#define REPORT_MAX (64 << 10)

static size_t count_cards(const struct decoder *d)
{
	const struct live *l;
	size_t n = 0;

	for (l = d->open; l; l = l->next)
		n += field_list(l->data, "steps") != NULL;
	return n;
}

/* NULL: only a forged log has this many concurrent sub-agents. */
static struct json_object *steps_of(const struct decoder *d, struct live *l)
{
	struct json_object *list = field_list(l->data, "steps");

	if (!list && count_cards(d) < CARDS_MAX) {
		list = json_object_new_array();
		json_object_object_add(l->data, "steps", list);
	}
	return list;
}

static struct json_object *find_step(struct live *l, const char *id)
{
	struct json_object *list = field_list(l->data, "steps"), *step;
	size_t i;

	for (i = 0; list && id && i < json_object_array_length(list); i++) {
		step = json_object_array_get_idx(list, i);
		if (field_is(step, "id", id))
			return step;
	}
	return NULL;
}

/* The card for a call of the turn itself, or of a sub-agent below it. */
static struct live *card_of(struct decoder *d, const char *id)
{
	struct live *l = live_find(d, id);

	if (l)
		return l;
	for (l = d->open; l; l = l->next) {
		if (find_step(l, id))
			return l;
	}
	return NULL;
}

static struct json_object *add_step(const struct decoder *d, struct live *l,
				    const char *kind, const char *state)
{
	struct json_object *list = steps_of(d, l), *step;

	if (!list)
		return NULL;
	if (json_object_array_length(list) >= STEPS_MAX) {
		json_object_array_del_idx(list, 0, 1);
		field_put_number(l->data, "steps_left_out",
				 field_number(l->data, "steps_left_out") + 1);
	}
	step = json_object_new_object();
	json_object_object_add(step, "kind", json_object_new_string(kind));
	json_object_object_add(step, "state", json_object_new_string(state));
	json_object_array_add(list, step);
	return step;
}

static bool block_step(struct decoder *d, struct live *l, struct json_object *block)
{
	struct json_object *step;
	const char *text;
	size_t n;

	if (field_is(block, "type", "text")) {
		text = field_text(block, "text", &n);
		if (!text)
			return false;
		step = add_step(d, l, "text", "ok");
		if (!step)
			return false;
		field_put_text(step, "text", text, n, STEP_TEXT_MAX, true);
		return true;
	}
	text = field_is(block, "type", "tool_use") ? field_text(block, "name", &n) : NULL;
	if (!text)
		return false;
	step = add_step(d, l, "tool", "running");
	if (!step)
		return false;
	field_put_text(step, "name", text, n, NAME_MAX_BYTES, true);
	tool_title(step, text, field_object(block, "input"));
	activity(d, "tool", field_text(step, "name", NULL));
	text = field_text(block, "id", &n);
	if (text)
		field_put_text(step, "id", text, n, NAME_MAX_BYTES, false);
	return true;
}

static bool result_step(struct decoder *d, struct live *l,
			struct json_object *block)
{
	bool failed = field_flag(block, "is_error");
	struct json_object *step;

	if (!field_is(block, "type", "tool_result"))
		return false;
	step = find_step(l, field_text(block, "tool_use_id", NULL));
	if (!step)
		return false;
	json_object_object_add(step, "state", json_object_new_string(
		failed ? "failed" : "ok"));
	if (!failed)
		call_wrote(d, step, l->p.created_at);
	return true;
}

bool agent_line(struct decoder *d, struct json_object *line)
{
	const char *parent = field_text(line, "parent_tool_use_id", NULL);
	struct json_object *content, *block;
	bool changed = false;
	struct live *l;
	size_t i;

	if (!parent)
		return false;
	l = card_of(d, parent);
	content = field_list(field_object(line, "message"), "content");
	for (i = 0; l && content && i < json_object_array_length(content); i++) {
		block = json_object_array_get_idx(content, i);
		if (field_is(line, "type", "assistant"))
			changed |= block_step(d, l, block);
		else if (field_is(line, "type", "user"))
			changed |= result_step(d, l, block);
	}
	if (changed)
		live_emit(d, l);
	return true;
}

void agent_ended(struct decoder *d, struct json_object *line)
{
	struct live *l = live_find(d, field_text(line, "tool_use_id", NULL));
	const char *summary;
	size_t n;

	if (!l || !l->background)
		return;
	summary = field_text(line, "summary", &n);
	if (summary) {
		field_put_text(l->data, "output", summary, n, REPORT_MAX, true);
		field_put_number(l->data, "bytes", (int64_t)n);
	}
	live_finish(d, l, field_is(line, "status", "completed") ? "ok" :
		    field_is(line, "status", "failed") ? "failed" : "cancelled");
}
