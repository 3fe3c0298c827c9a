/* The decoder's open parts: begun, changed, ended. */
#include "config.h"
#include "transcript/decoder_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"

static int drop(struct live *l)
{
	strict_json_release(&l->data);
	buf_release(&l->text);
	return 0;
}

static bool too_much(const struct decoder *d)
{
	const struct live *l;
	size_t weight = 0;

	for (l = d->open; l; l = l->next)
		weight += l->weight + l->text.len;
	return d->nopen >= LIVE_MAX || weight > AT_HAND_MAX;
}

/* Only a forged log has that many, or such large ones: the oldest are ended. */
static struct live *add(struct decoder *d)
{
	struct live *l;

	while (d->open && too_much(d))
		live_finish(d, d->open, "cancelled");
	l = alloc_checked(talloc_zero(d, struct live));
	buf_init(&l->text, TEXT_MAX);
	l->data = json_object_new_object();
	talloc_set_destructor(l, drop);
	/* Oldest first, so that they end in order. */
	struct live **at = &d->open;

	while (*at)
		at = &(*at)->next;
	*at = l;
	d->nopen++;
	return l;
}

static void take_out(struct decoder *d, struct live *l)
{
	struct live **at = &d->open;

	while (*at && *at != l)
		at = &(*at)->next;
	if (*at) {
		*at = l->next;
		d->nopen--;
	}
	l->next = NULL;
}

static void join_message(struct decoder *d, struct part *p)
{
	if (str_equal(p->role, "user")) {
		if (d->user_group < d->line_at)
			d->user_group = p->at;
		p->turn = d->user_group;
		d->group = -1;
		return;
	}
	if (d->group < 0)
		d->group = p->at;
	p->turn = d->group;
}

static struct live *begin_at(struct decoder *d, int64_t at)
{
	struct live *l, *old;

	for (old = d->open; old; old = old->next) {
		if (old->p.at == at) {	/* recorded before, decoded again */
			take_out(d, old);
			talloc_free(old);
			break;
		}
	}
	l = add(d);
	l->p.at = at;
	return l;
}

struct live *live_insert(struct decoder *d, int64_t at, int64_t time,
			 const char *role, const char *kind)
{
	struct live *l = begin_at(d, at);

	l->p.role = role;
	l->p.kind = kind;
	l->p.state = "running";
	l->p.created_at = time;
	l->p.turn = at;
	return l;
}

struct live *live_begin(struct decoder *d, const char *role, const char *kind,
			const char *state)
{
	int64_t at = d->line_at + d->nth;
	struct live *l = begin_at(d, at);

	if (at < d->line_end - 1)
		d->nth++;		/* a forged line: parts must have names inside it */
	d->drawn_at = at;
	d->drawn = d->drawn || str_equal(role, "assistant");
	d->tools = d->tools || str_equal(kind, "tool_use");
	l->p.role = role;
	l->p.kind = kind;
	l->p.state = state;
	l->p.created_at = d->line_time;
	join_message(d, &l->p);
	return l;
}

struct live *live_again(struct decoder *d, const char *kind)
{
	struct live *l;

	for (l = d->open; l; l = l->next) {
		if (l->stale && str_equal(l->p.kind, kind)) {
			l->stale = false;
			buf_clear(&l->text);
			strict_json_release(&l->data);
			l->data = json_object_new_object();
			talloc_free(l->id);
			l->id = NULL;
			return l;
		}
	}
	return live_begin(d, "assistant", kind, "running");
}

/* json-c takes some 700 bytes for an empty object or array. */
static size_t weigh(const char *json)
{
	size_t weight = 0;

	for (; *json; json++)
		weight += *json == '{' || *json == '[' ? 700 : 1;
	return weight;
}

static const struct part *whole(struct live *l)
{
	static const int plain = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

	if (l->text.len)
		field_put_text(l->data, "text", l->text.data, l->text.len,
			       TEXT_MAX, true);
	l->p.data = json_object_to_json_string_ext(l->data, plain);
	l->weight = weigh(l->p.data);
	return &l->p;
}

void live_emit(struct decoder *d, struct live *l)
{
	l->p.changed_at = d->line_end;
	d->emitted_at = l->p.at;
	d->emitted_turn = l->p.turn;
	if (d->ev->part)
		d->ev->part(d->data, whole(l));
}

void live_finish(struct decoder *d, struct live *l, const char *state)
{
	l->p.state = state;
	l->p.ended_at = d->line_time > l->p.created_at ? d->line_time : l->p.created_at;
	live_emit(d, l);
	take_out(d, l);
	talloc_free(l);
}

struct live *live_find(struct decoder *d, const char *id)
{
	struct live *l;

	for (l = d->open; l && id; l = l->next) {
		if (l->id && str_equal(l->id, id))
			return l;
	}
	return NULL;
}

struct live *live_find_kind(struct decoder *d, const char *kind)
{
	struct live *l;

	for (l = d->open; l && !str_equal(l->p.kind, kind); l = l->next)
		;
	return l;
}

/* Names of kinds and states outlive a record: store literals, not copies. */
static const char *literal(const char *s, const char *const *names)
{
	while (*names && (!s || !str_equal(s, *names)))
		names++;
	return *names;
}

void live_restore(struct decoder *d, const struct part *p)
{
	static const char *const kinds[] = { "text", "thinking", "tool_use",
		"permission", "question", "plan", "todo", "files", NULL };
	static const char *const states[] = { "running", "waiting", NULL };
	const char *kind = literal(p->kind, kinds), *state = literal(p->state, states);
	const char *id;
	struct live *l;

	if (!kind || !state || p->at >= d->line_at)
		return;
	l = add(d);
	strict_json_release(&l->data);
	l->data = field_parse(p->data, strlen(p->data));
	if (!json_object_is_type(l->data, json_type_object)) {
		strict_json_release(&l->data);
		l->data = json_object_new_object();
	}
	l->weight = weigh(p->data);
	l->p = *p;
	l->p.kind = kind;
	l->p.state = state;
	l->p.role = str_equal(p->role, "user") ? "user" : "assistant";
	l->background = field_flag(l->data, "background");
	id = field_text(l->data, str_equal(state, "waiting") ? "request" : "id", NULL);
	l->id = id ? talloc_strdup(l, id) : NULL;
	id = str_equal(state, "waiting") ? field_text(l->data, "tool_use", NULL) : NULL;
	l->tool = id ? talloc_strdup(l, id) : NULL;
}

void live_end(struct decoder *d, const char *running, bool all)
{
	struct live *l, *next;
	const char *state;

	for (l = d->open; l; l = next) {
		next = l->next;
		if ((l->background && !all) || str_equal(l->p.kind, "files"))
			continue;
		if (str_equal(l->p.state, "waiting"))
			state = "cancelled";
		else if (str_equal(running, "ok") && str_equal(l->p.kind, "tool_use"))
			state = "cancelled";	/* the turn continued without its result */
		else if (l->stale)
			state = "cancelled";
		else
			state = running;
		live_finish(d, l, state);
	}
}

void live_kill(struct decoder *d, const struct live *l)
{
	d->oom_killed = alloc_checked(talloc_zero(d, struct live));
	buf_init(&d->oom_killed->text, TEXT_MAX);
	d->oom_killed->p = l->p;
	d->oom_killed->data = json_object_get(l->data);
	talloc_set_destructor(d->oom_killed, drop);
}

void live_unkill(struct decoder *d)
{
	talloc_free(d->oom_killed);
	d->oom_killed = NULL;
}

void live_say(struct decoder *d, const char *kind, const char *key,
	      const char *field, const char *text, size_t n)
{
	struct live *l = live_begin(d, "assistant", kind, "running");

	if (key)
		field_put_text(l->data, "key", key, strlen(key), NAME_MAX_BYTES, false);
	if (text)
		field_put_text(l->data, field, text, n, INPUT_MAX, true);
	live_finish(d, l, str_equal(kind, "error") ? "failed" : "ok");
}

void decoder_want_files(struct decoder *d)
{
	d->want_files = true;
}

void live_files(struct decoder *d)
{
	struct live *l;

	if (!d->want_files || !d->tools)
		return;
	l = live_begin(d, "assistant", "files", "running");
	field_put_number(l->data, "since", d->turn_time);
	field_put_number(l->data, "until", d->line_time);
	live_emit(d, l);
}

void decoder_files(struct decoder *d, int64_t at, struct json_object *data)
{
	struct live *l;

	for (l = d->open; l && (l->p.at != at || !str_equal(l->p.kind, "files"));)
		l = l->next;
	if (!l) {
		json_object_put(data);
		return;
	}
	strict_json_release(&l->data);
	l->data = data;
	live_finish(d, l, "ok");
}

void decoder_each_open(struct decoder *d,
		       void (*each)(void *data, const struct part *p), void *data)
{
	struct live *l;

	for (l = d->open; l; l = l->next)
		each(data, whole(l));
}

#define BLOCKED_MAX 20		/* domains of a card */

static bool runs(struct live *l, const char *domain)
{
	return str_equal(l->p.kind, "tool_use") &&
	       str_equal(l->p.state, "running") &&
	       (!domain || strstr(whole(l)->data, domain));
}

static void add_blocked(struct decoder *d, struct live *l, const char *domain)
{
	struct json_object *list = field_list(l->data, "blocked");
	size_t i, n = list ? json_object_array_length(list) : 0;

	for (i = 0; i < n; i++) {
		if (str_equal(json_object_get_string(json_object_array_get_idx(list, i)),
			      domain))
			return;
	}
	if (n == BLOCKED_MAX)
		return;
	if (!list) {
		list = json_object_new_array();
		json_object_object_add(l->data, "blocked", list);
	}
	json_object_array_add(list, json_object_new_string(domain));
	live_emit(d, l);
}

void decoder_blocked(struct decoder *d, const char *domain)
{
	struct live *l;
	bool named = false;

	for (l = d->open; l; l = l->next)
		named = named || runs(l, domain);
	for (l = d->open; l; l = l->next) {
		if (runs(l, named ? domain : NULL))
			add_blocked(d, l, domain);
	}
}
