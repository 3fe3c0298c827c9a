/* A conversation's last text, in a line, for lists. */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "session/session_internal.h"
#include "transcript/message_title.h"

#define LINE_CHARACTERS 120

void last_line_note(struct session *s, const struct part *p)
{
	struct json_object *o;
	char *line;

	if (!str_equal(p->kind, "text") || str_equal(p->state, "running"))
		return;
	o = field_parse(p->data, strlen(p->data));
	line = message_title(s, field_string(o, "text"), LINE_CHARACTERS);
	json_object_put(o);
	if (!*line || str_equal(line, s->last_line)) {
		talloc_free(line);
		return;
	}
	talloc_free(s->last_line);
	s->last_line = line;
	s->line_changed = true;
}
