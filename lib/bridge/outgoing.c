/* Messages to a browser: one JSON object per event, its HTML from templates. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "json/field.h"
#include "transcript/part.h"

#define ASIDE_MAX (256 << 10)	/* bytes of an answer beside the conversation */
#define FILES_MAX 50
#define FILE_NAME_MAX 1000
#define HTML_MAX (8u << 20)	/* bytes of one fragment */

/* Takes o. */
static char *write_event(const void *ctx, struct json_object *o)
{
	size_t n;
	const char *text = json_object_to_json_string_length(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	char *copy = talloc_strndup(ctx, text, n);

	json_object_put(o);
	return copy;
}

static struct json_object *event(const char *kind)
{
	struct json_object *o = json_object_new_object();

	field_put_string(o, "kind", kind);
	return o;
}

static void put_at(struct json_object *o, int64_t at)
{
	field_put_number(o, "at", at);
}

void outgoing_failed(const char *what, const struct err *e)
{
	log_failure("fragment", e, "what", what, NULL);
}

char *outgoing_part(const void *ctx, const struct part_event *w)
{
	const struct part *p = w->part;
	auto_buf html = BUF_INIT(HTML_MAX);
	auto_buf head = BUF_INIT(HTML_MAX);
	struct json_object *o;
	struct err e = { 0 };
	char name[32];

	if (part_render(w->templates, w->locale, w->zone, p, w->rendering,
			&html, &e) < 0 ||
	    message_render(w->templates, w->locale, w->zone, w->name, p, "",
			   &head, &e) < 0) {
		outgoing_failed(p->kind, &e);
		return NULL;
	}
	o = event("part");
	put_at(o, w->at);
	snprintf(name, sizeof(name), "m-%lld", (long long)p->turn);
	field_put_string(o, "message", name);
	snprintf(name, sizeof(name), "p-%lld", (long long)p->at);
	field_put_string(o, "target", name);
	field_put_string(o, "role", p->role);
	field_put_string(o, "html", buf_text(&html));
	field_put_string(o, "head", buf_text(&head));
	return write_event(ctx, o);
}

char *outgoing_delta(const void *ctx, int64_t part, const char *text, size_t n,
		     int64_t at)
{
	struct json_object *o = event("delta");
	char name[32];

	put_at(o, at);
	snprintf(name, sizeof(name), "p-%lld", (long long)part);
	field_put_string(o, "target", name);
	json_object_object_add(o, "text",
			       json_object_new_string_len(text, (int)n));
	return write_event(ctx, o);
}

char *outgoing_at(const void *ctx, const char *kind, int64_t at)
{
	struct json_object *o = event(kind);

	put_at(o, at);
	return write_event(ctx, o);
}

char *outgoing_text(const void *ctx, const char *kind, const char *name,
		    const char *value, const char *name2, const char *value2)
{
	struct json_object *o = event(kind);

	if (name)
		field_put_string(o, name, value);
	if (name2)
		field_put_string(o, name2, value2);
	return write_event(ctx, o);
}

/* "14,805 / 1,000,000": of the tokens that the model reads at once. */
static char *context_event(const void *ctx, const struct session_reply *r,
			   const struct i18n_locale *l)
{
	auto_strict_json *o = field_parse(r->json, strlen(r->json));
	int64_t used = field_number(o, "totalTokens"), max = field_number(o, "maxTokens");
	struct json_object *out;
	void *tmp;

	if (!max)
		return NULL;
	tmp = talloc_new(ctx);
	out = event("context");
	field_put_number(out, "percent", used >= max ? 100 : used * 100 / max);
	field_put_string(out, "words", i18n_fill(tmp, l, "context_words",
		i18n_number(tmp, used), i18n_number(tmp, max), NULL));
	talloc_free(tmp);
	return write_event(ctx, out);
}

static char *aside_event(const void *ctx, const struct session_reply *r,
			 const struct i18n_locale *l)
{
	auto_strict_json *o = r->json ? field_parse(r->json, strlen(r->json)) : NULL;
	struct json_object *out = event("aside");
	size_t n = 0;
	const char *text = field_text(o, "response", &n);

	field_put_string(out, "id", r->id);
	if (n)
		field_put_text(out, "text", text, n, ASIDE_MAX, true);
	else
		field_put_string(out, "problem", r->e ? outgoing_sentence(l, r->e) :
				 i18n_sentence(l, "error_query"));
	return write_event(ctx, out);
}

static char *files_event(const void *ctx, const struct session_reply *r)
{
	auto_strict_json *o = r->json ? field_parse(r->json, strlen(r->json)) : NULL;
	struct json_object *list = field_list(o, "suggestions"), *out = event("files");
	struct json_object *names = json_object_new_array(), *one;
	size_t i, n;
	const char *path;

	for (i = 0; list && i < json_object_array_length(list) && i < FILES_MAX; i++) {
		path = field_text(json_object_array_get_idx(list, i), "path", &n);
		if (!path || !n || n > FILE_NAME_MAX || !utf8_valid(path, n) ||
		    (path[0] == '/' && r->text[0] != '/'))
			continue;	/* the CLI names each file twice */
		one = json_object_new_string_len(path, (int)n);
		json_object_array_add(names, one);
	}
	field_put_string(out, "text", r->text);
	json_object_object_add(out, "names", names);
	return write_event(ctx, out);
}

char *outgoing_reply(const void *ctx, const struct session_reply *r,
		     const struct i18n_locale *l)
{
	switch (r->query) {
	case QUERY_CONTEXT:
		return r->json ? context_event(ctx, r, l) : NULL;
	case QUERY_ASIDE:
		return aside_event(ctx, r, l);
	case QUERY_FILES:
		break;
	}
	return files_event(ctx, r);
}

const char *outgoing_sentence(const struct i18n_locale *l, const struct err *e)
{
	const char *words = e->key[0] ? i18n_sentence(l, e->key) : NULL;

	if (!words)
		words = i18n_sentence(l, e->kind == ERR_INPUT ? "error_request" :
				      "error_bridge");
	return words ? words : e->key;
}

char *outgoing_queue(const void *ctx, struct room *r,
		     const struct i18n_locale *l)
{
	void *tmp = talloc_new(ctx);
	const struct message *m, **all = NULL;
	auto_buf html = BUF_INIT(HTML_MAX);
	struct err e = { 0 };
	size_t n = 0;

	while ((m = session_queued(r->session, n))) {
		all = talloc_realloc(tmp, all, const struct message *, n + 1);
		all[n++] = m;
	}
	if (queue_render(r->bridge->templates, l, all, n, &html, &e) < 0) {
		outgoing_failed("queue", &e);
		talloc_free(tmp);
		return NULL;
	}
	talloc_free(tmp);
	return outgoing_text(ctx, "queue", "html", buf_text(&html), NULL, NULL);
}

static void show_health(struct view *v, const struct i18n_locale *l,
			const struct presence *p)
{
	const struct workspace_health *h = workspace_health(p->workspace);
	char percent[16];

	view_text(v, "memory", h->memory <= h->memory_max / 2 ? "" :
		  i18n_fill(v, l, "status_memory", i18n_bytes(v, h->memory),
			    i18n_bytes(v, h->memory_max), NULL));
	snprintf(percent, sizeof(percent), "%d", h->cpu_percent);
	view_text(v, "disk", h->disk_used < h->disk_max / 10 * 8 ? "" :
		  i18n_fill(v, l, "status_disk", i18n_bytes(v, h->disk_used),
			    i18n_bytes(v, h->disk_max), NULL));
	view_text(v, "cpu", h->cpu_percent < 0 ? "" :
		  i18n_fill(v, l, "status_cpu", percent, NULL));
}

static bool runs(const struct session_status *s)
{
	return str_equal(s->state, "working") ||
	       str_equal(s->state, "starting") || str_equal(s->state, "waiting");
}

/* It is idle. */
static bool rests(const struct session_status *s)
{
	return str_equal(s->state, "ready") || str_equal(s->state, "stopped");
}

static const char *word_of(const struct i18n_locale *l, const struct block *b)
{
	char key[32];

	snprintf(key, sizeof(key), "blocked_%s", b->state);
	return i18n_sentence(l, key);
}

char *outgoing_blocked(const void *ctx, const struct presence *p,
		       const struct i18n_locale *l)
{
	struct json_object *o = event("blocked"), *list = json_object_new_array(), *one;
	size_t i;

	json_object_object_add(o, "domains", list);
	for (i = 0; i < p->nblocks; i++) {
		one = json_object_new_object();
		field_put_string(one, "domain", p->blocks[i].domain);
		field_put_string(one, "state", p->blocks[i].state);
		field_put_string(one, "word", word_of(l, &p->blocks[i]));
		json_object_array_add(list, one);
	}
	return write_event(ctx, o);
}

char *outgoing_status(const void *ctx, struct presence *p, const struct room *r,
		      const struct i18n_locale *l, const struct session_status *s)
{
	const char *banner = budget_status_banner(p, l);
	bool off = *banner && rests(s);
	const char *state = off ? "stopped" : s->state;
	struct view *v = view_new(ctx);
	auto_buf html = BUF_INIT(HTML_MAX);
	struct json_object *o;
	struct err e = { 0 };
	char *text = NULL;

	view_text(v, "words", off ? i18n_sentence(l, "status_stopped_all") :
		  i18n_fill(v, l, s->key, s->detail, NULL));
	view_flag(v, "runs", runs(s));
	view_number(v, "since", s->since);
	view_flag(v, "progress", s->steps > 0);
	view_number(v, "step", s->step);
	view_number(v, "steps", s->steps);
	view_flag(v, "retry", s->retry);
	view_flag(v, "stop", s->stop);
	view_flag(v, "help", s->help);
	view_flag(v, "restart", s->restart);
	view_flag(v, "safe", s->safe);
	view_flag(v, "no_place", s->no_place);
	view_flag(v, "tried", s->help || s->restart || s->safe || *s->reason ||
		  *s->aside);
	view_text(v, "reason", s->reason);
	view_text(v, "place", s->place);
	view_text(v, "aside", *s->aside ?
		  i18n_fill(v, l, "start_aside", s->aside, NULL) : "");
	turnover_show(v, r, s->no_place, l);
	show_health(v, l, p);
	budget_status_show(v, p, r, l);
	if (template_render(p->bridge->templates, "partials/status", v, l, &html,
			    &e) < 0) {
		outgoing_failed("status", &e);
	} else {
		o = event("status");
		field_put_string(o, "state", state);
		field_put_string(o, "html", buf_text(&html));
		field_put_string(o, "banner", banner);
		field_put_string(o, "no_send", budget_status_no_send(v, p, l));
		text = write_event(ctx, o);
	}
	talloc_free(v);
	return text;
}

static void show_time(struct view *v, const struct i18n_locale *l,
		      const struct presence *p, int64_t ms)
{
	char iso[CLOCK_ISO_SIZE];

	clock_iso(ms, iso);
	view_text(v, "iso", iso);
	view_text(v, "ago", i18n_ago(v, l, ms, clock_now_ms()));
	view_text(v, "time", i18n_time(v, l, ms, p->zone));
}

char *outgoing_row(const void *ctx, struct room *r, const struct i18n_locale *l)
{
	const char *state = session_state(r->session), *word = "";
	const char *title = session_title(r->session);
	const struct bridge *b = r->bridge;
	struct view *v = view_new(ctx);
	auto_buf html = BUF_INIT(HTML_MAX);
	struct err e = { 0 };
	char *text = NULL;

	if (session_archived(r->session)) {
		talloc_free(v);
		return outgoing_text(ctx, "conversation", "target",
				     session_id(r->session), "html", "");
	}
	if (!str_equal(state, "idle"))
		word = i18n_sentence(l, str_equal(state, "waiting") ?
				     "conversation_waiting" :
				     "conversation_working");
	view_text(v, "id", session_id(r->session));
	view_textf(v, "href", "%s/workspace/%s",
		   settings_text(b->settings, SET_BASE_PATH),
		   session_id(r->session));
	view_text(v, "title", title[0] ? title :
		  i18n_sentence(l, "conversation_untitled"));
	view_text(v, "state", state);
	view_text(v, "state_word", word);
	view_text(v, "line", session_last_line(r->session));
	view_flag(v, "pinned", session_pinned(r->session));
	view_flag(v, "current", false);
	show_time(v, l, r->presence, session_updated(r->session));
	if (template_render(b->templates, "partials/conversation_row", v, l,
			    &html, &e) < 0)
		outgoing_failed("conversation_row", &e);
	else
		text = outgoing_text(ctx, "conversation", "target",
				     session_id(r->session), "html",
				     buf_text(&html));
	talloc_free(v);
	return text;
}
