/*
 * The difference between two definitions as shown to users: fields, and the
 * prompt line by line.
 */
#include "config.h"
#include <talloc.h>

#include "core/str.h"
#include "pages/agents/agent_view.h"
#include "pages/agents/line_diff.h"

static bool differs(const struct agent_form *a, const struct agent_form *b,
		    int field)
{
	return !str_equal(a->text[field], b->text[field]);
}

const char *agent_changes_words(const struct request *r,
				const struct definition *from,
				const struct definition *to)
{
	const struct agent_form *a = agent_form_of(r, from);
	const struct agent_form *b = agent_form_of(r, to);
	char *out = talloc_strdup(r, "");
	int i;

	for (i = 0; out && i < AGENT_FIELDS; i++) {
		if (differs(a, b, i))
			out = talloc_asprintf_append_buffer(out, "%s%s",
				*out ? ", " : "",
				agent_field_label(r, (enum agent_field)i));
	}
	if (!out)
		err_abort("out of memory");
	return out;
}

void agent_changes(const struct request *r, struct view *view,
		   const struct definition *from, const struct definition *to)
{
	const struct agent_form *a = agent_form_of(r, from);
	const struct agent_form *b = agent_form_of(r, to);
	struct view *list = view_list(view, "changes"), *row;
	bool any = false;
	int i;

	for (i = 0; i < AGENT_FIELDS; i++) {
		if (!differs(a, b, i))
			continue;
		any = true;
		if (i == FIELD_PROMPT)
			continue;
		row = view_append(list);
		view_text(row, "label",
			  agent_field_label(r, (enum agent_field)i));
		view_text(row, "from", a->text[i]);
		view_text(row, "to", b->text[i]);
	}
	view_flag(view, "any_change", any);
	view_flag(view, "any_field", view_truthy(list));
	if (differs(a, b, FIELD_PROMPT))
		line_diff_view(r, view, from->prompt, to->prompt);
	else
		view_flag(view, "diff", false);
}
