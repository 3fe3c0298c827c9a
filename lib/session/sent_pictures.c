/* Which of the last messages have pictures: their echo is drawn with these. */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "session/session_internal.h"

#define KEPT 64

struct kept {
	char message[ID_SIZE];
	char *json;
};

struct sent_pictures {
	struct kept kept[KEPT];
	size_t n;		/* messages so far: the next one's place, modulo KEPT */
};

const char *sent_pictures_find(const struct session *s, const char *message_id)
{
	const struct sent_pictures *p = s->pictures;
	size_t i;

	for (i = 0; i < KEPT; i++) {
		if (p->kept[i].json && str_equal(p->kept[i].message, message_id))
			return p->kept[i].json;
	}
	return NULL;
}

void sent_pictures_keep(struct session *s, const char *message_id,
			const char *json)
{
	struct kept *k = &s->pictures->kept[s->pictures->n % KEPT];

	if (!*json || sent_pictures_find(s, message_id) ||
	    !str_copy(k->message, sizeof(k->message), message_id))
		return;
	talloc_free(k->json);
	k->json = talloc_strdup(s->pictures, json);
	s->pictures->n++;
}

char *sent_pictures_ids(const void *ctx, const char *json)
{
	auto_strict_json *list = *json ? field_parse(json, strlen(json)) : NULL;
	char *ids = talloc_strdup(ctx, "");
	const char *id;
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return ids;
	for (i = 0; i < json_object_array_length(list); i++) {
		id = field_string(json_object_array_get_idx(list, i), "id");
		if (id_valid(id))
			ids = talloc_asprintf_append_buffer(ids, "%s%s",
							    i ? " " : "", id);
	}
	return ids;
}

struct sent_pictures *sent_pictures_new(struct session *s)
{
	return talloc_zero(s, struct sent_pictures);
}
