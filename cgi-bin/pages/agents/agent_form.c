#include "config.h"
#include "pages/agents/agent_form.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "spending/amount.h"

/* One row per field, in the page's order. */
static const struct {
	const char *name, *label;
	bool whole;		/* kept as typed; others lose leading and trailing blanks */
} fields[AGENT_FIELDS] = {
	[FIELD_NAME] = { "name", "agent_name", false },
	[FIELD_PROMPT] = { "prompt", "agent_prompt", true },
	[FIELD_FREQUENCY] = { "frequency", "agent_frequency", false },
	[FIELD_DATE] = { "date", "agent_date", false },
	[FIELD_TIME] = { "time", "agent_time", false },
	[FIELD_DAYS] = { "days", "agent_days", false },
	[FIELD_CRON] = { "cron", "agent_cron", false },
	[FIELD_TIMEZONE] = { "timezone", "time_zone", false },
	[FIELD_MODEL] = { "model", "agent_model", false },
	[FIELD_POLICY] = { "policy", "agent_policy", false },
	[FIELD_TOOLS] = { "tools", "agent_tools", true },
	[FIELD_TIMEOUT] = { "timeout", "agent_timeout", false },
	[FIELD_MAX_TURNS] = { "max_turns", "agent_max_turns", false },
	[FIELD_BUDGET_TOKENS] = { "budget_tokens", "agent_budget_tokens", false },
	[FIELD_RETRIES] = { "retries", "agent_retries", false },
	[FIELD_OVERLAP] = { "overlap", "agent_overlap", false },
	[FIELD_MISSED] = { "missed", "agent_missed", false },
	[FIELD_WINDOW] = { "window", "agent_window", false },
	[FIELD_JITTER] = { "jitter", "agent_jitter", false },
	[FIELD_FAILURES_MAX] = { "failures_max", "agent_failures_max", false },
};

/* The numeric fields and their members in a definition. */
static const struct {
	enum agent_field field;
	size_t offset;
} numbers[] = {
	{ FIELD_TIMEOUT, offsetof(struct definition, timeout_minutes) },
	{ FIELD_MAX_TURNS, offsetof(struct definition, max_turns) },
	{ FIELD_BUDGET_TOKENS, offsetof(struct definition, budget_tokens) },
	{ FIELD_RETRIES, offsetof(struct definition, retries) },
	{ FIELD_WINDOW, offsetof(struct definition, window_minutes) },
	{ FIELD_JITTER, offsetof(struct definition, jitter_minutes) },
	{ FIELD_FAILURES_MAX, offsetof(struct definition, failures_max) },
};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

const char *agent_field_name(enum agent_field field)
{
	return fields[field].name;
}

const char *agent_field_label(const struct request *r, enum agent_field field)
{
	return page_text(r, fields[field].label);
}

static struct agent_form *form_blank(const struct request *r)
{
	struct agent_form *f = alloc_checked(talloc_zero(r, struct agent_form));
	size_t i;

	for (i = 0; i < AGENT_FIELDS; i++)
		f->text[i] = "";
	return f;
}

static const char *trimmed(const struct agent_form *f, const char *s)
{
	size_t n;

	s += strspn(s, " \t\n");
	n = strlen(s);
	while (n && strchr(" \t\n", s[n - 1]))
		n--;
	return talloc_strndup(f, s, n);
}

/* A day of the month or its weekday, for monthly schedules: "15", "last", "2tu". */
static bool is_monthly(const char *day)
{
	return (*day >= '0' && *day <= '9') || *day == '-' ||
	       str_equal(day, "last");
}

/*
 * "days" arrives as one text, or as several fields: checkboxes for weekdays
 * and a list for months, of which only the frequency's count.
 */
static const char *read_days(const struct request *r,
			     const struct agent_form *f)
{
	bool monthly = str_equal(f->text[FIELD_FREQUENCY], "monthly");
	char *days = talloc_strdup(f, "");
	const char *one, *s;
	size_t i, n;

	for (i = 0; (s = form_nth(r->form, "days", i)); i++) {
		for (; *s; s += n + (s[n] == ',')) {
			n = strcspn(s, ",");
			one = trimmed(f, talloc_strndup(f, s, n));
			if (*one && is_monthly(one) == monthly && days)
				days = talloc_asprintf_append(days, "%s%s",
					*days ? "," : "", one);
		}
	}
	if (!days)
		err_abort("out of memory");
	if (!*days && i == 1)
		return trimmed(f, form_text(r->form, "days"));
	return days;
}

struct agent_form *agent_form_read(const struct request *r)
{
	struct agent_form *f = form_blank(r);
	size_t i;

	for (i = 0; i < AGENT_FIELDS; i++) {
		const char *text = form_text(r->form, fields[i].name);

		f->text[i] = fields[i].whole ? text : trimmed(f, text);
	}
	f->text[FIELD_DAYS] = read_days(r, f);
	return f;
}

static const char *join_tools(const struct agent_form *f,
			      const struct definition *d)
{
	char *out = talloc_strdup(f, "");
	size_t i;

	for (i = 0; out && i < d->ntools; i++)
		out = talloc_asprintf_append_buffer(out, "%s\n", d->tools[i]);
	if (!out)
		err_abort("out of memory");
	return out;
}

struct agent_form *agent_form_of(const struct request *r,
				 const struct definition *d)
{
	struct agent_form *f = form_blank(r);
	const struct schedule *s = &d->schedule;
	size_t i;

	f->text[FIELD_NAME] = d->name;
	f->text[FIELD_PROMPT] = d->prompt;
	f->text[FIELD_FREQUENCY] = frequency_name(s->frequency);
	f->text[FIELD_DATE] = s->date ? s->date : "";
	f->text[FIELD_TIME] = s->time ? s->time : "";
	f->text[FIELD_DAYS] = s->days ? s->days : "";
	f->text[FIELD_CRON] = s->cron ? s->cron : "";
	f->text[FIELD_TIMEZONE] = s->timezone;
	f->text[FIELD_MODEL] = d->model;
	f->text[FIELD_POLICY] = policy_name(d->policy);
	f->text[FIELD_TOOLS] = join_tools(f, d);
	f->text[FIELD_OVERLAP] = overlap_name(d->overlap);
	f->text[FIELD_MISSED] = missed_name(d->missed);
	for (i = 0; i < NUMBERS; i++)
		f->text[numbers[i].field] = talloc_asprintf(f, "%lld",
			(long long)*(const int64_t *)((const char *)d +
						      numbers[i].offset));
	return f;
}

void agent_form_problem(const struct request *r, struct agent_form *f,
			enum agent_field field, const char *key)
{
	if (!f->problem[field])
		f->problem[field] = page_text(r, key);
}

static void read_number(const struct request *r, struct agent_form *f,
			struct definition *d, size_t i)
{
	int64_t *out = (int64_t *)((char *)d + numbers[i].offset);
	const char *text = f->text[numbers[i].field];
	struct err why = { 0 };

	/* an empty field keeps the preset */
	if (*text && amount_parse_tokens(text, out, &why) < 0)
		agent_form_problem(r, f, numbers[i].field,
			talloc_asprintf(r, "error_agent_%s",
				fields[numbers[i].field].name));
}

/* Empty means the first choice. */
static void read_choices(const struct request *r, struct agent_form *f,
			 struct definition *d)
{
	struct err why = { 0 };

	if (*f->text[FIELD_POLICY] &&
	    policy_parse(f->text[FIELD_POLICY], &d->policy, &why) < 0)
		agent_form_problem(r, f, FIELD_POLICY, why.key);
	if (*f->text[FIELD_OVERLAP] &&
	    overlap_parse(f->text[FIELD_OVERLAP], &d->overlap, &why) < 0)
		agent_form_problem(r, f, FIELD_OVERLAP, why.key);
	if (*f->text[FIELD_MISSED] &&
	    missed_parse(f->text[FIELD_MISSED], &d->missed, &why) < 0)
		agent_form_problem(r, f, FIELD_MISSED, why.key);
}

/* One tool per line. */
static void read_tools(const struct agent_form *f, struct definition *d)
{
	const char *s = f->text[FIELD_TOOLS], *one;
	size_t n;

	for (; *s; s += n + (s[n] == '\n')) {
		n = strcspn(s, "\n");
		one = trimmed(f, talloc_strndup(f, s, n));
		if (!*one || d->ntools > AGENT_TOOLS_MAX)
			continue;
		d->tools = alloc_checked(talloc_realloc(d, d->tools,
							const char *,
							d->ntools + 1));
		d->tools[d->ntools++] = one;
	}
}

static void read_schedule(const struct request *r, struct agent_form *f,
			  struct schedule *s)
{
	const char *frequency = f->text[FIELD_FREQUENCY];
	struct err why = { 0 };

	s->frequency = FREQUENCY_NONE;
	if (*frequency && frequency_parse(frequency, &s->frequency, &why) < 0)
		agent_form_problem(r, f, FIELD_FREQUENCY, "error_agent_frequency");
	s->date = s->time = s->days = s->cron = "";
	switch (s->frequency) {
	case FREQUENCY_ONCE:
		s->date = f->text[FIELD_DATE];
		s->time = f->text[FIELD_TIME];
		break;
	case FREQUENCY_WEEKLY:
	case FREQUENCY_MONTHLY:
		s->days = f->text[FIELD_DAYS];
		s->time = f->text[FIELD_TIME];
		break;
	case FREQUENCY_HOURLY:
	case FREQUENCY_DAILY:
		s->time = f->text[FIELD_TIME];
		break;
	case FREQUENCY_CRON:
		s->cron = f->text[FIELD_CRON];
		break;
	case FREQUENCY_NONE:
		break;
	}
}

/* The field that a refused definition names, and its sentence. */
static void place_problem(const struct request *r, struct agent_form *f,
			  const char *field, const struct err *why)
{
	size_t i;

	for (i = 0; field && i < AGENT_FIELDS; i++) {
		if (!str_equal(fields[i].name, field))
			continue;
		if (!f->problem[i])
			f->problem[i] = page_sentence(r, why);
		return;
	}
	if (!f->problem[FIELD_NAME])
		f->problem[FIELD_NAME] = page_sentence(r, why);
}

static bool has_problem(const struct agent_form *f)
{
	size_t i;

	for (i = 0; i < AGENT_FIELDS; i++) {
		if (f->problem[i])
			return true;
	}
	return false;
}

struct definition *agent_form_definition(const struct request *r,
					 struct agent_form *f)
{
	const char *zone = f->text[FIELD_TIMEZONE], *field = NULL;
	struct definition *d;
	struct err why = { 0 };
	size_t i;

	if (!*zone)
		zone = f->text[FIELD_TIMEZONE] = context_of(r)->zone;
	d = definition_new(r, zone);
	d->name = f->text[FIELD_NAME];
	d->prompt = f->text[FIELD_PROMPT];
	d->model = f->text[FIELD_MODEL];
	read_schedule(r, f, &d->schedule);
	read_choices(r, f, d);
	read_tools(f, d);
	for (i = 0; i < NUMBERS; i++)
		read_number(r, f, d, i);
	if (definition_check(d, &field, &why) < 0)
		place_problem(r, f, field, &why);
	return has_problem(f) ? NULL : d;
}

int agent_form_status(const struct agent_form *f)
{
	return strlen(f->text[FIELD_PROMPT]) > AGENT_PROMPT_MAX ? 413 : 400;
}
