/*
 * Places for Claude in one workspace: which conversations hold one, give way
 * or are stopped for another.
 */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "bridge/yield.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"

#define HOLDERS_MAX 64		/* as workspace_sessions */

static bool holds_place(const struct room *r)
{
	return !r->gone && session_running(r->session);
}

static struct holder holder_of(const struct room *r)
{
	const struct session *s = r->session;

	return yield_holder(&(struct holder_facts){
		.run = session_is_run(s),
		.watched = r->nclients > 0,
		.rests = session_may_rest(s),
		.idle_since = session_idle_since(s),
		.waiting_since = session_waiting_since(s),
	});
}

static void give_place(struct room *r)
{
	session_give_place(r->session, session_waiting_since(r->session) ?
			   "error_place_lent" : "error_place_given");
}

/* One at a time: a Claude that is ending makes room already. */
static bool one_is_ending(const struct room *wants)
{
	const struct room *r;

	LIST_FOREACH(r, &wants->presence->rooms, in_person) {
		if (!r->gone && session_ending(r->session))
			return true;
	}
	return false;
}

static void make_room(struct room *wants)
{
	bool ahead = session_is_ahead(wants->session);
	struct holder holders[HOLDERS_MAX];
	struct room *r, *rooms[HOLDERS_MAX];
	int n = 0, i;

	LIST_FOREACH(r, &wants->presence->rooms, in_person) {
		if (r == wants || !holds_place(r) || n == HOLDERS_MAX)
			continue;
		rooms[n] = r;
		holders[n++] = holder_of(r);
	}
	i = yield_choose(holders, n, clock_mono_ms(), ahead ? -1 :
			 1000 * settings_number(wants->bridge->settings,
						SET_ANSWER_PATIENCE));
	/* A prestart does not replace a conversation that a page shows. */
	if (i < 0 || (ahead && holders[i].watched))
		return;
	if (holders[i].does == HOLDER_IDLE) {
		session_rest(rooms[i]->session);
		return;
	}
	log_event(LOG_INFO, "place_lent", "conversation",
		  session_id(rooms[i]->session), "to",
		  session_id(wants->session), NULL);
	give_place(rooms[i]);
}

bool turnover_may_start(struct room *wants)
{
	int64_t max = settings_number(wants->bridge->settings,
				      SET_WORKSPACE_SESSIONS), n = 0;
	const struct room *r;

	if (wants->bridge->stopping)
		return false;
	LIST_FOREACH(r, &wants->presence->rooms, in_person)
		n += holds_place(r);
	if (n < max)
		return true;
	if (!one_is_ending(wants))
		make_room(wants);
	return false;
}

void turnover_tell(struct room *changed)
{
	struct session_status s;
	struct room *r;

	LIST_FOREACH(r, &changed->presence->rooms, in_person) {
		if (r == changed || r->gone || !r->nclients)
			continue;
		session_status(r->session, &s);
		if (s.no_place)
			room_tell_status(r, NULL);
	}
}

static const char *word_of(const struct room *r, const struct i18n_locale *l)
{
	const char *state = session_state(r->session);

	return i18n_sentence(l, session_is_run(r->session) ? "holder_run" :
			     str_equal(state, "waiting") ? "conversation_waiting" :
			     str_equal(state, "working") ? "conversation_working" :
			     "holder_idle");
}

static void show_holder(const void *ctx, struct view *v, const struct room *r,
			const struct i18n_locale *l)
{
	const char *base = settings_text(r->bridge->settings, SET_BASE_PATH);
	const struct session_rules *rules = session_run_rules(r->session);
	const char *title = session_title(r->session);

	if (!title[0])
		title = i18n_sentence(l, "conversation_untitled");
	view_text(v, "id", session_id(r->session));
	view_text(v, "title", title);
	view_text(v, "word", word_of(r, l));
	view_text(v, "label", i18n_fill(ctx, l, "holder_stop", title, NULL));
	if (rules)
		view_textf(v, "href", "%s/executions/%s", base, rules->execution_id);
	else
		view_textf(v, "href", "%s/workspace/%s", base, session_id(r->session));
}

void turnover_show(struct view *v, const struct room *wants, bool no_place,
		   const struct i18n_locale *l)
{
	struct view *list = view_list(v, "holders");
	const struct room *r;

	view_flag(v, "can_release", wants && !session_is_run(wants->session));
	if (!wants || !no_place)
		return;
	LIST_FOREACH(r, &wants->presence->rooms, in_person) {
		if (r != wants && holds_place(r))
			show_holder(v, view_append(list), r, l);
	}
}

/* ---- a run that holds a place is cancelled as from its own page ---- */

struct cancel {
	struct bridge *bridge;
	char execution_id[ID_SIZE], user_id[ID_SIZE], conversation[ID_SIZE];
};

static int cancel_work(void *data, struct db *db, struct err *e)
{
	struct cancel *c = data;

	return execution_cancel(db, c->execution_id, "person", clock_now_ms(), e);
}

static void cancelled(void *data, const struct err *e)
{
	struct cancel *c = data;
	struct presence *p = presence_find(c->bridge, c->user_id);
	struct room *r = p ? room_find(p, c->conversation) : NULL;

	if (e)
		log_failure("run_cancel", e, "execution", c->execution_id, NULL);
	else if (r && !c->bridge->stopping)
		session_refresh(r->session);
	talloc_free(c);
}

static void cancel_run(struct room *r, const struct session_rules *rules)
{
	struct cancel *c = talloc_zero(NULL, struct cancel);

	c->bridge = r->bridge;
	memcpy(c->execution_id, rules->execution_id, ID_SIZE);
	memcpy(c->user_id, r->presence->id, ID_SIZE);
	memcpy(c->conversation, session_id(r->session), ID_SIZE);
	jobs_add(r->bridge->jobs, cancel_work, cancelled, c);
}

void turnover_release(struct presence *p, const char *conversation)
{
	struct room *r = room_find(p, conversation);

	if (!r || !holds_place(r))
		return;
	if (!session_is_run(r->session))
		give_place(r);
	else if (session_run_rules(r->session))
		cancel_run(r, session_run_rules(r->session));
}
