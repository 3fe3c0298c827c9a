/*
 * Messages that Claude retracts after they were drawn: refused ones that
 * another model answers again, and answers whose tool call could not be read.
 */
#include "config.h"
#include "transcript/decoder_internal.h"

#include <string.h>

#include "core/str.h"

void retract_note(struct decoder *d, struct json_object *line)
{
	const char *uuid = field_text(line, "uuid", NULL);
	struct told *t = &d->told[d->ntold % TOLD_MAX];

	if (!uuid || d->emitted_at < 0 || !str_copy(t->uuid, sizeof(t->uuid), uuid))
		return;
	t->at = d->emitted_at;
	t->turn = d->emitted_turn;
	d->ntold++;
}

/* One line says it for all that is taken back at once: in place of the first. */
static void take_back(struct decoder *d, struct told *t, bool first)
{
	static const char key[] = "status_retracted";
	struct live *l = live_insert(d, t->at, d->line_time, "assistant", "status");

	l->p.turn = t->turn;
	if (first)
		field_put_text(l->data, "key", key, strlen(key), NAME_MAX_BYTES, false);
	else
		field_put_flag(l->data, "gone", true);
	live_finish(d, l, "cancelled");
	t->uuid[0] = '\0';
}

void retract(struct decoder *d, struct json_object *line, const char *field)
{
	struct json_object *list = field_list(line, field), *uuid;
	bool first = true;
	size_t i, k;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		uuid = json_object_array_get_idx(list, i);
		if (!json_object_is_type(uuid, json_type_string))
			continue;
		for (k = 0; k < TOLD_MAX; k++) {
			if (!d->told[k].uuid[0] ||
			    !str_equal(d->told[k].uuid, json_object_get_string(uuid)))
				continue;
			take_back(d, &d->told[k], first);
			first = false;
		}
	}
}

void refusal_fallback(struct decoder *d, struct json_object *line)
{
	retract(d, line, "retracted_message_uuids");
}
