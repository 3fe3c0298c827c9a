#include "config.h"
#include "pages/agents/agent_view.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "pages/runs/run_view.h"
#include "store/outcomes.h"

/* The spark chart, in its own units. */
#define SPARK_STEP 4		/* per day */
#define SPARK_BAR 3
#define SPARK_HEIGHT 24
#define COUNT_OF(list) (sizeof(list) / sizeof(list[0]))

struct agent *agent_here(struct request *r, struct err *e)
{
	const struct context *v = context_of(r);

	return agent_load(v->db, r, request_arg(r, "id"), v->user->id, false,
			  e);
}

struct definition *agent_definition(const struct request *r, const char *json,
				    struct err *e)
{
	return definition_parse(r, json, strlen(json), e);
}

void agent_state(const struct request *r, struct view *into,
		 const struct agent *a)
{
	bool active = str_equal(a->status, "active");

	view_text(into, "state", a->status);
	view_flag(into, "active", active);
	view_text(into, "state_word", page_text(r, active ? "agent_active" :
						"agent_paused"));
	view_text(into, "why", str_equal(a->paused_why, "failures") ?
		  page_text(r, "agent_paused_failures") : "");
}

void agent_head(const struct request *r, struct view *view,
		const struct agent *a, const char *path)
{
	static const struct {
		const char *path, *label;
	} tabs[] = {
		{ "", "agent_tab_overview" }, { "/edit", "agent_prompt" },
		{ "/edit#when", "agent_legend_when" },
		{ "/notify", "notify_title" }, { "/hook", "hook_title" },
		{ "/versions", "agent_versions" },
	};
	struct view *map = view_map(view, "agent"), *list, *tab;
	char run[ID_SIZE];
	size_t i;

	id_new(run);
	view_text(map, "id", a->id);
	view_text(map, "name", a->name);
	view_text(map, "run_id", run);
	view_flag(map, "editing", *path);
	agent_state(r, map, a);
	list = view_list(map, "tabs");
	for (i = 0; i < COUNT_OF(tabs); i++) {
		tab = view_append(list);
		view_textf(tab, "href", "%s/agents/%s%s",
			   context_of(r)->app->base_path, a->id, tabs[i].path);
		view_text(tab, "label", page_text(r, tabs[i].label));
		view_flag(tab, "current", str_equal(path, tabs[i].path));
	}
}

int agent_next(const struct request *r, const struct definition *d, int64_t now,
	       int64_t *out, struct err *e)
{
	struct recurrence *rule;

	*out = 0;
	if (d->schedule.frequency == FREQUENCY_NONE)
		return 0;
	rule = recurrence_new(r, &d->schedule, e);
	if (!rule)
		return -1;
	*out = recurrence_next(rule, now);
	talloc_free(rule);
	return 0;
}

int64_t spark_first(int64_t now)
{
	return now - now % DAY_MS - (SPARK_DAYS - 1) * DAY_MS;
}

void spark_begin(struct spark *s, int64_t now)
{
	*s = (struct spark){ .first = spark_first(now) };
}

void spark_add(struct spark *s, const struct agent_day *d)
{
	int64_t i = (d->day - s->first) / DAY_MS;

	if (d->day < s->first || i >= SPARK_DAYS)
		return;
	s->ok[i] += d->succeeded;
	s->problems[i] += d->problems;
	s->failed[i] += d->failed;
}

/* A bar from y down, as a part of a path. */
static char *add_bar(char *path, int day, double y, double height)
{
	if (height <= 0)
		return path;
	return talloc_asprintf_append_buffer(path, "M%d %.1fh%dv%.1fh-%dz",
		day * SPARK_STEP, y, SPARK_BAR, height, SPARK_BAR);
}

static double height_of(int64_t n, int64_t most)
{
	double h = (double)n / (double)most * SPARK_HEIGHT;

	return n && h < 2 ? 2 : h;
}

static void draw(const struct request *r, struct view *into,
		 const struct spark *s, int64_t most)
{
	char *ok = talloc_strdup(r, ""), *failed = talloc_strdup(r, "");
	char *problems = talloc_strdup(r, "");
	int i;

	for (i = 0; ok && failed && problems && i < SPARK_DAYS; i++) {
		double good = height_of(s->ok[i], most);
		double mixed = height_of(s->problems[i], most);
		double bad = height_of(s->failed[i], most);

		/* Small values are drawn, too: the largest gives way. */
		if (good + mixed + bad > SPARK_HEIGHT)
			*(good > mixed ? &good : &mixed) -=
				good + mixed + bad - SPARK_HEIGHT;
		ok = add_bar(ok, i, SPARK_HEIGHT - good, good);
		problems = add_bar(problems, i, SPARK_HEIGHT - good - mixed,
				   mixed);
		failed = add_bar(failed, i, SPARK_HEIGHT - good - mixed - bad,
				 bad);
	}
	if (!ok || !failed || !problems)
		err_abort("out of memory");
	view_text(into, "spark_ok", ok);
	view_text(into, "spark_problems", problems);
	view_text(into, "spark_failed", failed);
}

void spark_view(const struct request *r, struct view *into,
		const struct spark *s)
{
	const struct i18n_locale *text = context_of(r)->text;
	int64_t ok = 0, problems = 0, failed = 0, most = 1, all;
	int i;

	for (i = 0; i < SPARK_DAYS; i++) {
		ok += s->ok[i];
		problems += s->problems[i];
		failed += s->failed[i];
		all = s->ok[i] + s->problems[i] + s->failed[i];
		if (all > most)
			most = all;
	}
	draw(r, into, s, most);
	all = ok + problems + failed;
	view_flag(into, "spark", all > 0);
	if (!all)
		return;
	view_text(into, "rate", i18n_fill(r, text, "agent_rate",
		  i18n_number(r, 100 * ok / all), NULL));
	view_text(into, "spark_words", i18n_fill(r, text, "agent_spark",
		  i18n_number(r, ok), i18n_number(r, problems),
		  i18n_number(r, failed), NULL));
}

void agent_strip_add(struct agent_strip *s, const struct outcome *o)
{
	if (s->n < DASHBOARD_RUNS)
		s->of[s->n++] = outcome_status_find(o->status)->class;
}

/* The squares of a class, neighbours as one line: its dashes draw them. */
static char *strip_path(const struct request *r, const struct agent_strip *s,
			int class)
{
	char *path = talloc_strdup(r, "");
	int i, k;

	for (i = s->n - 1; path && i >= 0; i = k) {
		for (k = i; k >= 0 && s->of[k] == class; k--)
			;
		if (k == i) {
			k--;
			continue;
		}
		path = talloc_asprintf_append_buffer(path, "M%d 0h%d",
			DASHBOARD_RUNS - 1 - i, i - k);
	}
	if (!path)
		err_abort("out of memory");
	return path;
}

static void add_line(struct view *list, const char *state, const char *path)
{
	struct view *item = view_append(list);

	view_text(item, "state", state);
	view_text(item, "path", path);
}

/* The line of the most frequent class is whole: the others are drawn over it. */
void agent_strip_view(const struct request *r, struct view *into,
		      const struct agent_strip *s)
{
	static const char *const states[] = {
		[OUTCOME_OPEN] = "open", [OUTCOME_GOOD] = "ok",
		[OUTCOME_PROBLEMS] = "problems", [OUTCOME_BAD] = "bad",
		[OUTCOME_NONE] = "none",
	};
	struct view *list = view_list(into, "strip");
	int64_t count[COUNT_OF(states)] = { 0 };
	int i, most = 0;

	for (i = 0; i < s->n; i++)
		count[s->of[i]]++;
	for (i = 1; i < (int)COUNT_OF(states); i++)
		most = count[i] > count[most] ? i : most;
	if (s->n)
		add_line(list, states[most], talloc_asprintf(r, "M%d 0h%d",
			 DASHBOARD_RUNS - s->n, s->n));
	for (i = 0; i < (int)COUNT_OF(states); i++) {
		if (count[i] && i != most)
			add_line(list, states[i], strip_path(r, s, i));
	}
	view_flag(into, "has_strip", s->n > 0);
	view_text(into, "strip_words", i18n_fill(r, context_of(r)->text,
		  "agent_strip", i18n_number(r, count[OUTCOME_GOOD]),
		  i18n_number(r, s->n), NULL));
}
