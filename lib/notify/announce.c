#include "config.h"
#include "notify/announce.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "json/field.h"
#include "json/strict_json.h"

static const char *page_of(const void *ctx, const char *public_url,
			   const struct notice *n)
{
	bool run = n->execution_id[0] != '\0';
	size_t len = strlen(public_url);

	while (len && public_url[len - 1] == '/')
		len--;
	if (n->domain[0])
		return talloc_asprintf(ctx, "%.*s/domains", (int)len,
				       public_url);
	return talloc_asprintf(ctx, "%.*s/%s/%s", (int)len, public_url,
			       run ? "executions" : "agents",
			       run ? n->execution_id : n->agent_id);
}

char *announce_sentence(const void *ctx, const struct i18n_locale *l,
			const struct notice *n)
{
	char key[48];

	snprintf(key, sizeof(key), "notice_%s", n->event);
	return i18n_fill(ctx, l, key, n->domain[0] ? n->domain : n->agent_name,
			 NULL);
}

char *announce_error(const void *ctx, const struct i18n_locale *l,
		     const char *error)
{
	size_t n = strcspn(error, " ");
	char key[96];

	snprintf(key, sizeof(key), "notify_error_%.*s", (int)n, error);
	if (!i18n_sentence(l, key))
		return talloc_strdup(ctx, error);
	return i18n_fill(ctx, l, key, error[n] ? error + n + 1 : "", NULL);
}

char *announce_subject(const void *ctx, const struct i18n_locale *l,
		       const struct notice_due *d)
{
	return talloc_asprintf(ctx, "[%s] %s",
			       i18n_sentence(l, "product"),
			       announce_sentence(ctx, l, &d->n));
}

/* The pages' words for a run's reason, if there are any. */
static const char *reason_words(const struct i18n_locale *l,
				const struct notice_due *d)
{
	char key[64];

	snprintf(key, sizeof(key), "run_reason_%s", d->reason);
	return d->reason[0] ? i18n_sentence(l, key) : NULL;
}

char *announce_text(const void *ctx, const struct i18n_locale *l,
		    const char *public_url, const char *zone,
		    const struct notice_due *d)
{
	char *text = talloc_asprintf(ctx, "%s\n",
				     announce_sentence(ctx, l, &d->n));
	const char *why = reason_words(l, d);

	if (why)
		text = talloc_asprintf_append(text, "%s\n", why);
	if (d->planned_at)
		text = talloc_asprintf_append(text, "%s\n", i18n_fill(ctx, l,
				"notice_planned", i18n_time(ctx, l,
				d->planned_at, zone), NULL));
	if (public_url[0])
		text = talloc_asprintf_append(text, "\n%s\n",
				page_of(ctx, public_url, &d->n));
	return talloc_asprintf_append(text, "\n-- \n%s\n",
			i18n_sentence(l, "notice_why"));
}

static void put_time(struct json_object *o, const char *key, int64_t ms)
{
	char iso[CLOCK_ISO_SIZE];

	clock_iso(ms, iso);
	json_object_object_add(o, key, ms ? json_object_new_string(iso) : NULL);
}

static struct json_object *run_object(const struct notice_due *d)
{
	struct json_object *o;

	if (!d->n.execution_id[0])
		return NULL;
	o = json_object_new_object();
	field_put_string(o, "id", d->n.execution_id);
	field_put_string(o, "status", d->status);
	field_put_string(o, "reason", d->reason);
	put_time(o, "planned_at", d->planned_at);
	put_time(o, "ended_at", d->run_ended_at);
	return o;
}

static struct json_object *agent_object(const struct notice *n)
{
	struct json_object *o;

	if (n->domain[0])
		return NULL;
	o = json_object_new_object();
	field_put_string(o, "id", n->agent_id);
	field_put_string(o, "name", n->agent_name);
	return o;
}

char *announce_json(const void *ctx, const char *public_url,
		    const struct notice_due *d)
{
	auto_strict_json *o = json_object_new_object();

	field_put_number(o, "gongbang_notice", 1);
	field_put_string(o, "id", d->n.id);
	field_put_string(o, "event", d->n.event);
	put_time(o, "created_at", d->n.created_at);
	json_object_object_add(o, "agent", agent_object(&d->n));
	json_object_object_add(o, "execution", run_object(d));
	if (d->n.domain[0])
		field_put_string(o, "domain", d->n.domain);
	json_object_object_add(o, "url", public_url[0] ?
		json_object_new_string(page_of(ctx, public_url, &d->n)) : NULL);
	return talloc_strdup(ctx, json_object_to_json_string_ext(o,
			     JSON_C_TO_STRING_PLAIN |
			     JSON_C_TO_STRING_NOSLASHESCAPE));
}
