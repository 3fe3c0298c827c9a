/* The form of one agent, new or existing: preview, save, save a draft, save and test. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "pages/agents/agent_view.h"
#include "pages/agents/page_agent.h"
#include "pages/pages.h"
#include "store/executions.h"
#include "time/zone.h"

#define FORM_LIFE_S 3600	/* how long the same form is recognized */

struct view *agent_form_page(struct request *r, const struct agent *a,
			     const struct agent_form *f, const char *note)
{
	struct view *view = page_view(r, "agent_new");
	const char *form_id = form_text(r->form, "id");
	char id[ID_SIZE];

	id_new(id);
	view_flag(view, "agent", false);
	if (a) {
		view_text(view, "title", a->name);
		agent_head(r, view, a, "/edit");
	}
	view_textf(view, "action", "%s/agents/%s",
		   context_of(r)->app->base_path,
		   a ? a->id : "new");
	view_text(view, "form_id", id_valid(form_id) ? form_id : id);
	view_number(view, "agent_version", a ? a->version : 0);
	view_text(view, "note", note);
	view_flag(view, "conflict", false);
	view_flag(view, "preview", false);
	view_text(view, "problem", "");
	agent_form_view(r, view, f);
	return view;
}

static int show(struct request *r, struct response *out, const struct agent *a,
		const struct agent_form *f, struct err *e)
{
	return page_render(r, out, "pages/agent", agent_form_page(r, a, f, ""),
			   e);
}

/* In the visitor's zone, as schedules name it. */
static const char *weekday_today(const struct request *r)
{
	static const char *const days[] = { "su", "mo", "tu", "we", "th", "fr",
					    "sa" };
	const struct zone *z = zone_find(context_of(r)->zone);
	int64_t now = clock_now_ms() / 1000;
	struct zone_time where = { .offset = 0 };
	struct clock_date today;

	if (z)
		zone_at(z, now, &where);
	clock_date(now + where.offset, &today);
	return days[today.weekday];
}

/* Defaults of the new-agent form. */
struct agent_form *agent_form_new(const struct request *r)
{
	struct agent_form *f;

	f = agent_form_of(r, definition_new(r, context_of(r)->zone));
	f->text[FIELD_TIME] = "08:00";
	f->text[FIELD_DAYS] = weekday_today(r);
	return f;
}

int page_agent_new(struct request *r, struct response *out, struct err *e)
{
	if (*form_text(r->args, "conversation"))
		return page_agent_from_chat(r, out, e);
	return show(r, out, NULL, agent_form_new(r), e);
}

int page_agent(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);
	struct definition *d = a ? agent_definition(r, a->definition, e) : NULL;

	return d ? show(r, out, a, agent_form_of(r, d), e) : -1;
}

static int show_preview(struct request *r, struct response *out,
			const struct agent *a, const struct agent_form *f,
			const struct definition *d, struct err *e)
{
	struct view *view = agent_form_page(r, a, f, ""), *map;

	map = view_map(view, "preview");
	if (agent_preview(r, map, a, d, true, e) < 0)
		return -1;
	return page_render(r, out, "pages/agent", view, e);
}

/*
 * Another tab saved meanwhile: shows both, and the next save overwrites
 * knowingly.
 */
static int show_conflict(struct request *r, struct response *out,
			 const struct agent *a, const struct agent_form *f,
			 const struct definition *mine, struct err *e)
{
	struct definition *theirs = agent_definition(r, a->definition, e);
	struct view *view, *map;

	if (!theirs)
		return -1;
	view = agent_form_page(r, a, f, "");
	map = view_map(view, "conflict");
	page_time(r, map, "when", a->updated_at, clock_now_ms());
	view_text(map, "from_words", page_text(r, "agent_theirs"));
	view_text(map, "to_words", page_text(r, "agent_mine"));
	agent_changes(r, map, theirs, mine);
	out->status = 409;
	return page_render(r, out, "pages/agent", view, e);
}

static int show_problems(struct request *r, struct response *out,
			 const struct agent *a, const struct agent_form *f,
			 struct err *e)
{
	out->status = agent_form_status(f);
	return show(r, out, a, f, e);
}

/* A refusal that is not about a field: too many agents. */
static int show_refusal(struct request *r, struct response *out,
			const struct agent_form *f, const struct err *why,
			struct err *e)
{
	struct view *view = agent_form_page(r, NULL, f, "");

	view_text(view, "problem", page_sentence(r, why));
	out->status = response_status(why);
	return page_render(r, out, "pages/agent", view, e);
}

/* A one-time schedule in the past may be kept, but not chosen. */
static bool schedule_is_past(const struct request *r, const struct agent *a,
			     const struct definition *d, int64_t next)
{
	const struct schedule *s = &d->schedule, *was;
	struct definition *old;
	struct err why = { 0 };

	if (next || s->frequency != FREQUENCY_ONCE)
		return false;
	old = a ? agent_definition(r, a->definition, &why) : NULL;
	if (!old)
		return true;
	was = &old->schedule;
	return was->frequency != s->frequency ||
	       !str_equal(was->date, s->date) ||
	       !str_equal(was->time, s->time) ||
	       !str_equal(was->timezone, s->timezone);
}

static int begin_test(struct request *r, struct response *out,
		      const char *agent_id, struct err *e)
{
	const struct context *v = context_of(r);
	struct agent *a = agent_load(v->db, r, agent_id, v->user->id, false, e);

	return a ? page_run_begin(r, out, a, "test", NULL, e) : -1;
}

/*
 * Sending a form again leads to the agent it created: the form's id is
 * remembered for a while.
 */
static const char *made_before(struct request *r, const char *key)
{
	struct err why = { 0 };
	char *id = NULL;

	if (*key && kv_get(context_of(r)->kv, r, key, &id, &why) < 0)
		log_failure("form_not_checked", &why, "request", r->id, NULL);
	return id;
}

static const char *form_key(const struct request *r)
{
	const char *id = form_text(r->form, "id");

	return id_valid(id) ? talloc_asprintf(r, "agent-form:%s:%s",
					      context_of(r)->user->id, id) : "";
}

/* The form's buttons: one row per value of act. */
static const struct act {
	const char *name;
	bool test;
	bool draft;		/* a new agent's schedule stays off */
	const char *done;	/* said of a new one */
} acts[] = {
	{ "save", false, false, "on" },
	{ "draft", false, true, "draft" },
	{ "test", true, true, "" },
};

static const struct act *act_of(const struct request *r)
{
	const char *name = form_text(r->form, "act");
	size_t i;

	for (i = 1; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (str_equal(name, acts[i].name))
			return &acts[i];
	}
	return &acts[0];
}

static int after_save(struct request *r, struct response *out, const char *id,
		      const struct act *act, const char *done, struct err *e)
{
	if (act->test)
		return begin_test(r, out, id, e);
	return response_redirect(out, e, "/agents/%s?done=%s", id, done);
}

/* A draft's schedule stays off; after a test, until the user turns it on. */
static int create(struct request *r, struct response *out,
		  const struct agent_form *f, const struct definition *d,
		  int64_t next, const struct act *act, struct err *e)
{
	const struct context *v = context_of(r);
	const char *key = form_key(r), *before = made_before(r, key);
	auto_buf json = BUF_INIT(DEFINITION_JSON_MAX);
	bool scheduled = d->schedule.frequency != FREQUENCY_NONE;
	struct err why = { 0 };
	char id[ID_SIZE];

	if (before)
		return after_save(r, out, before, act, act->done, e);
	if (definition_format(d, &json, e) < 0)
		return -1;
	if (agent_create(v->db, v->user->id, d->name, buf_text(&json),
			 !act->draft || (act->test && !scheduled), next, id,
			 &why) < 0) {
		if (why.kind == ERR_LIMIT)
			return show_refusal(r, out, f, &why, e);
		*e = why;
		return -1;
	}
	log_event(LOG_INFO, "agent_created", "agent", id, "request", r->id,
		  NULL);
	if (*key && kv_set(v->kv, key, id, FORM_LIFE_S, &why) < 0)
		log_failure("form_not_stored", &why, "request", r->id, NULL);
	return after_save(r, out, id, act, act->done, e);
}

static int save(struct request *r, struct response *out, struct agent *a,
		const struct agent_form *f, const struct definition *d,
		int64_t next, const struct act *act, struct err *e)
{
	const struct context *v = context_of(r);
	auto_buf json = BUF_INIT(DEFINITION_JSON_MAX);
	struct err why = { 0 };
	int64_t based_on;

	if (str_parse_number(form_text(r->form, "version"), 1, INT64_MAX,
			     &based_on, e) < 0 ||
	    definition_format(d, &json, e) < 0)
		return -1;
	if (agent_save(v->db, a->id, v->user->id, based_on, d->name,
		       buf_text(&json), next, &why) < 0) {
		a = why.kind == ERR_CONFLICT ? agent_here(r, &why) : NULL;
		if (a)
			return show_conflict(r, out, a, f, d, e);
		*e = why;
		return -1;
	}
	log_event(LOG_INFO, "agent_saved", "agent", a->id, "request", r->id,
		  NULL);
	return after_save(r, out, a->id, act, "saved", e);
}

/* a: NULL for a new one. */
static int submit(struct request *r, struct response *out, struct agent *a,
		struct err *e)
{
	struct agent_form *f = agent_form_read(r);
	struct definition *d = agent_form_definition(r, f);
	const struct act *act = act_of(r);
	int64_t next = 0;

	if (!d)
		return show_problems(r, out, a, f, e);
	if (agent_next(r, d, clock_now_ms(), &next, e) < 0)
		return -1;
	if (schedule_is_past(r, a, d, next)) {
		agent_form_problem(r, f, FIELD_DATE, "agent_error_past");
		return show_problems(r, out, a, f, e);
	}
	if (str_equal(form_text(r->form, "act"), "preview"))
		return show_preview(r, out, a, f, d, e);
	if (a)
		return save(r, out, a, f, d, next, act, e);
	return create(r, out, f, d, next, act, e);
}

int page_agent_create(struct request *r, struct response *out, struct err *e)
{
	return submit(r, out, NULL, e);
}

int page_agent_save(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);

	return a ? submit(r, out, a, e) : -1;
}

/*
 * POST /agents/preview -- a fragment for the script while the form is being
 * typed: a name or a prompt may still be missing.
 */
int page_agent_preview(struct request *r, struct response *out, struct err *e)
{
	struct agent_form *f = agent_form_read(r);
	struct view *view = page_view(r, "agent_new"), *list;
	const char *of = form_text(r->args, "agent");
	struct agent *a = NULL;
	struct definition *d;
	int i;

	if (*of) {
		a = agent_load(context_of(r)->db, r, of,
			       context_of(r)->user->id,
			       false, e);
		if (!a)
			return -1;
	}
	if (!*f->text[FIELD_NAME])
		f->text[FIELD_NAME] = "-";
	if (!f->text[FIELD_PROMPT][strspn(f->text[FIELD_PROMPT], " \t\n")])
		f->text[FIELD_PROMPT] = "-";
	d = agent_form_definition(r, f);
	list = view_list(view, "problems");
	for (i = 0; i < AGENT_FIELDS; i++) {
		if (f->problem[i])
			view_append_text(list, f->problem[i]);
	}
	if (!d)
		return page_render(r, out, "partials/agent_preview_problem",
				   view, e);
	if (agent_preview(r, view, a, d,
			  str_equal(form_text(r->args, "fold"), "prompt"),
			  e) < 0)
		return -1;
	return page_render(r, out, "partials/agent_preview", view, e);
}
