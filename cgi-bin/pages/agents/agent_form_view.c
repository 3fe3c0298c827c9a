/* The view of an agent's form. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "pages/agents/agent_form.h"

static const char *const weekdays[] = { "mo", "tu", "we", "th", "fr", "sa",
					"su" };

struct choice {
	const char *value, *key;
};

static void add_choice(struct view *list, const char *value, const char *label,
		       bool current)
{
	struct view *item = view_append(list);

	view_text(item, "value", value);
	view_text(item, "label", label);
	view_flag(item, "current", current);
}

/* Whether a list such as "mo,we" has that day. */
static bool has_day(const char *days, const char *day)
{
	size_t n = strlen(day);

	for (; *days; days += strcspn(days, ","), days += *days == ',') {
		if (strncmp(days, day, n) == 0 &&
		    (days[n] == ',' || days[n] == '\0'))
			return true;
	}
	return false;
}

/* weekday_0 is Sunday. */
static const char *weekday_word(const struct request *r, size_t i)
{
	return page_text(r, talloc_asprintf(r, "agent_weekday_%s",
					    weekdays[i]));
}

static void add_weekdays(struct request *r, struct view *view,
			 const char *days)
{
	struct view *list = view_list(view, "weekdays");
	size_t i;

	for (i = 0; i < 7; i++)
		add_choice(list, weekdays[i], weekday_word(r, i),
			   has_day(days, weekdays[i]));
}

static void add_month_days(struct request *r, struct view *view,
			   const char *days)
{
	struct view *list = view_list(view, "month_days");
	const struct i18n_locale *text = context_of(r)->text;
	char day[12];
	int i;

	for (i = 1; i <= 31; i++) {
		snprintf(day, sizeof(day), "%d", i);
		add_choice(list, day, i18n_fill(r, text, "agent_day_of_month",
						day, NULL),
			   str_equal(days, day));
	}
	add_choice(list, "last", page_text(r, "agent_day_last"),
		   str_equal(days, "last"));
}

static void add_month_weekdays(struct request *r, struct view *view,
			       const char *days)
{
	static const char *const which[] = { "1", "2", "3", "4", "-1" };
	struct view *list = view_list(view, "month_weekdays");
	size_t i, k;

	for (i = 0; i < 5; i++) {
		for (k = 0; k < 7; k++) {
			char *value = talloc_asprintf(r, "%s%s", which[i],
						      weekdays[k]);
			char *key = talloc_asprintf(r, "agent_nth_%s",
						    i < 4 ? which[i] : "last");

			add_choice(list, value, i18n_fill(r,
							  context_of(r)->text,
				   key, weekday_word(r, k), NULL),
				   str_equal(days, value));
		}
	}
}

static void add_choices(const struct request *r, struct view *view,
			const char *name, const struct choice *choices,
			size_t n, const char *current)
{
	struct view *list = view_list(view, name);
	size_t i;

	for (i = 0; i < n; i++)
		add_choice(list, choices[i].value,
			   page_text(r, choices[i].key),
			   str_equal(choices[i].value, current));
}

static void add_lists(struct request *r, struct view *view,
		      const struct agent_form *f)
{
	static const struct choice frequencies[] = {
		{ "none", "agent_frequency_none" },
		{ "once", "agent_frequency_once" },
		{ "hourly", "agent_frequency_hourly" },
		{ "daily", "agent_frequency_daily" },
		{ "weekly", "agent_frequency_weekly" },
		{ "monthly", "agent_frequency_monthly" },
		{ "cron", "agent_frequency_cron" },
	};
	static const struct choice policies[] = {
		{ "everything", "agent_policy_everything" },
		{ "listed", "agent_policy_listed" },
	};
	static const struct choice overlaps[] = {
		{ "skip", "agent_overlap_skip" },
		{ "queue", "agent_overlap_queue" },
		{ "cancel", "agent_overlap_cancel" },
	};
	static const struct choice misses[] = {
		{ "skip", "agent_missed_skip" },
		{ "run", "agent_missed_run" },
	};

	add_choices(r, view, "frequencies", frequencies, 7,
		    f->text[FIELD_FREQUENCY]);
	add_choices(r, view, "policies", policies, 2, f->text[FIELD_POLICY]);
	add_choices(r, view, "overlaps", overlaps, 3, f->text[FIELD_OVERLAP]);
	add_choices(r, view, "misses", misses, 2, f->text[FIELD_MISSED]);
	add_weekdays(r, view, f->text[FIELD_DAYS]);
	add_month_days(r, view, f->text[FIELD_DAYS]);
	add_month_weekdays(r, view, f->text[FIELD_DAYS]);
	page_zones(view);
}

static void add_variables(struct request *r, struct view *view)
{
	static const char *const names[] = { "{{date}}", "{{planned_at}}",
		"{{last_run_at}}", "{{last_result}}", "{{payload}}" };
	static const char *const keys[] = { "agent_variable_date",
		"agent_variable_planned_at", "agent_variable_last_run_at",
		"agent_variable_last_result", "agent_variable_payload" };
	struct view *list = view_list(view, "variables");
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct view *item = view_append(list);

		view_text(item, "name", names[i]);
		view_text(item, "words", page_text(r, keys[i]));
	}
}

/* A problem in the folded part must be visible. */
static bool fold_open(const struct agent_form *f)
{
	int i;

	for (i = FIELD_TIMEOUT; i <= FIELD_FAILURES_MAX; i++) {
		if (f->problem[i])
			return true;
	}
	return false;
}

void agent_form_view(struct request *r, struct view *view,
		     const struct agent_form *f)
{
	struct view *problems = view_list(view, "problems"), *one;
	bool first = true;
	int i;

	for (i = 0; i < AGENT_FIELDS; i++) {
		const char *name = agent_field_name((enum agent_field)i);
		const char *problem = f->problem[i] ? f->problem[i] : "";
		struct view *map = view_map(view,
					    talloc_asprintf(r, "f_%s", name));

		view_text(map, "id", name);
		view_text(map, "value", f->text[i]);
		view_text(map, "problem", problem);
		if (!*problem)
			continue;
		first = false;
		one = view_append(problems);
		view_text(one, "id", name);
		view_text(one, "label",
			  agent_field_label(r, (enum agent_field)i));
		view_text(one, "sentence", problem);
	}
	view_flag(view, "has_problems", !first);
	view_flag(view, "limits_open", fold_open(f));
	view_text(view, "limits_words", i18n_fill(r, context_of(r)->text,
		  "agent_limits_summary", f->text[FIELD_TIMEOUT],
		  f->text[FIELD_MAX_TURNS], f->text[FIELD_RETRIES], NULL));
	add_lists(r, view, f);
	add_variables(r, view);
}
