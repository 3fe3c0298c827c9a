/*
 * What Claude offers: its models and slash commands, from its answer to
 * `initialize`. It comes from the workspace, so it is checked and truncated.
 */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "session/session_internal.h"
#include "store/composer.h"

#define ENTRIES_MAX 300
#define NAME_MAX_BYTES 80
#define ABOUT_MAX 300

struct noting {
	struct session *s;
	char user_id[ID_SIZE];
	char *response;
};

static void copy(struct json_object *to, const char *as, struct json_object *from,
		 const char *name, size_t max)
{
	size_t n = 0;
	const char *text = field_text(from, name, &n);

	if (text && n)
		field_put_text(to, as, text, n, max, true);
}

/* Letters, digits and what names of plugins have: no space, no markup. */
static bool name_plain(const char *name)
{
	return *name && strlen(name) < NAME_MAX_BYTES && *name != '_' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		      "0123456789.:/_@[]-") == strlen(name);
}

/* One that would be refused is not offered. */
static bool command_offered(const char *name)
{
	char text[NAME_MAX_BYTES + 1] = "/";

	return str_copy(text + 1, sizeof(text) - 1, name) && !message_refused(text);
}

static bool model_offered(const char *name)
{
	(void)name;
	return true;
}

static void add_command(struct json_object *to, struct json_object *from)
{
	copy(to, "name", from, "name", NAME_MAX_BYTES);
	copy(to, "about", from, "description", ABOUT_MAX);
	copy(to, "hint", from, "argumentHint", NAME_MAX_BYTES);
}

static void add_model(struct json_object *to, struct json_object *from)
{
	struct json_object *levels = field_list(from, "supportedEffortLevels");
	size_t budget = ABOUT_MAX;
	bool cut = false;

	copy(to, "value", from, "value", NAME_MAX_BYTES);
	copy(to, "model", from, "resolvedModel", NAME_MAX_BYTES);
	copy(to, "about", from, "description", ABOUT_MAX);
	if (levels)
		json_object_object_add(to, "efforts", field_copy(levels, &budget, &cut));
}

static const struct {
	const char *kind, *name;
	bool (*offered)(const char *name);
	void (*add)(struct json_object *to, struct json_object *from);
} lists[] = {
	{ "commands", "name", command_offered, add_command },
	{ "models", "value", model_offered, add_model },
};

static int save(const struct noting *m, struct db *db, size_t list,
		struct json_object *response, struct err *e)
{
	struct json_object *from = field_list(response, lists[list].kind), *one, *to;
	auto_strict_json *out = json_object_new_array();
	size_t i, n = from ? json_object_array_length(from) : 0;

	for (i = 0; i < n && i < ENTRIES_MAX; i++) {
		one = json_object_array_get_idx(from, i);
		if (!name_plain(field_string(one, lists[list].name)) ||
		    !lists[list].offered(field_string(one, lists[list].name)))
			continue;
		to = json_object_new_object();
		lists[list].add(to, one);
		json_object_array_add(out, to);
	}
	if (!json_object_array_length(out))
		return 0;	/* this CLI lists none: what is known stays */
	return claude_list_save(db, m->user_id, lists[list].kind,
		json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN |
					       JSON_C_TO_STRING_NOSLASHESCAPE), e);
}

static int note_work(void *data, struct db *db, struct err *e)
{
	struct noting *m = data;
	auto_strict_json *response = field_parse(m->response, strlen(m->response));
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (save(m, db, i, response, e) < 0)
			return -1;
	}
	return 0;
}

static void note_done(void *data, const struct err *e)
{
	struct noting *m = data;
	struct session *s = m->s;

	if (e && !s->closed)
		session_trouble(s, "lists_not_stored", e);
	talloc_free(m);
	session_job_over(s);
}

void claude_lists_note(struct session *s, const char *response)
{
	struct noting *m;

	if (s->run)
		return;
	m = talloc_zero(NULL, struct noting);
	m->s = s;
	m->response = talloc_strdup(m, response);
	memcpy(m->user_id, s->user_id, ID_SIZE);
	session_job(s, note_work, note_done, m);
}
