#include "config.h"
#include "agent/definition.h"
#include "agent/definition_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "core/unicode.h"

#define NUMBER(field, name, min, max, preset) \
	{ field, #name, "error_agent_" field, \
	  offsetof(struct definition, name), min, max, preset }

const struct number_row definition_numbers[] = {
	NUMBER("timeout", timeout_minutes, 1, 1440, 30),
	NUMBER("max_turns", max_turns, 0, 1000, 50),
	NUMBER("budget_tokens", budget_tokens, 0, INT64_C(1000000000000), 0),
	NUMBER("retries", retries, 0, 10, 2),
	NUMBER("window", window_minutes, 1, 10080, 60),
	NUMBER("jitter", jitter_minutes, 0, 60, 0),
	NUMBER("failures_max", failures_max, 0, 100, 5),
};
const size_t definition_nnumbers = sizeof(definition_numbers) /
				   sizeof(definition_numbers[0]);

static const char *const policies[] = {
	[POLICY_EVERYTHING] = "everything", [POLICY_LISTED] = "listed",
};
static const char *const overlaps[] = {
	[OVERLAP_SKIP] = "skip", [OVERLAP_QUEUE] = "queue",
	[OVERLAP_CANCEL] = "cancel",
};
static const char *const misseds[] = {
	[MISSED_SKIP] = "skip", [MISSED_RUN] = "run",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

const char *policy_name(enum policy p)
{
	return policies[p];
}

const char *overlap_name(enum overlap o)
{
	return overlaps[o];
}

const char *missed_name(enum missed m)
{
	return misseds[m];
}

/* The word's index in the list, -1 when it is missing. */
static int word(const char *const *list, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (str_equal(list[i], name))
			return (int)i;
	}
	return -1;
}

int policy_parse(const char *name, enum policy *out, struct err *e)
{
	int at = word(policies, COUNT(policies), name);

	if (at < 0)
		return err_tell(e, ERR_INPUT, "error_agent_policy",
				"policy: everything or listed");
	*out = (enum policy)at;
	return 0;
}

int overlap_parse(const char *name, enum overlap *out, struct err *e)
{
	int at = word(overlaps, COUNT(overlaps), name);

	if (at < 0)
		return err_tell(e, ERR_INPUT, "error_agent_overlap",
				"overlap: skip, queue or cancel");
	*out = (enum overlap)at;
	return 0;
}

int missed_parse(const char *name, enum missed *out, struct err *e)
{
	int at = word(misseds, COUNT(misseds), name);

	if (at < 0)
		return err_tell(e, ERR_INPUT, "error_agent_missed",
				"missed: skip or run");
	*out = (enum missed)at;
	return 0;
}

int64_t *definition_number(struct definition *d, const struct number_row *row)
{
	return (int64_t *)(void *)((char *)d + row->offset);
}

int64_t definition_number_of(const struct definition *d,
			     const struct number_row *row)
{
	return *(const int64_t *)(const void *)((const char *)d + row->offset);
}

struct definition *definition_new(const void *ctx, const char *timezone)
{
	struct definition *d =
		alloc_checked(talloc_zero(ctx, struct definition));
	size_t i;

	d->name = d->prompt = d->model = "";
	d->schedule = (struct schedule){ .date = "", .time = "", .days = "",
		.cron = "", .timezone = talloc_strdup(d, timezone) };
	for (i = 0; i < definition_nnumbers; i++)
		*definition_number(d, &definition_numbers[i]) =
			definition_numbers[i].preset;
	return d;
}

/* Control characters: ASCII's, and U+0080 to U+009F. */
static bool has_control(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
		if ((unsigned char)*s == 0xc2 && (unsigned char)s[1] >= 0x80 &&
		    (unsigned char)s[1] < 0xa0)
			return true;
	}
	return false;
}

static int check_name(const char *name, struct err *e)
{
	if (unicode_name_valid(name, AGENT_NAME_MAX))
		return 0;
	return err_tell(e, ERR_INPUT, "error_agent_name",
			"name: 1 to %d characters that can be seen, none a control character",
			AGENT_NAME_MAX);
}

static int check_prompt(const char *prompt, struct err *e)
{
	size_t n = strlen(prompt);

	if (n > AGENT_PROMPT_MAX)
		return err_tell(e, ERR_LIMIT, "error_agent_prompt_long",
				"prompt: at most %u bytes", AGENT_PROMPT_MAX);
	if (!prompt[strspn(prompt, " \t\r\n")])
		return err_tell(e, ERR_INPUT, "error_agent_prompt",
				"prompt: it is empty");
	if (!utf8_valid(prompt, n))
		return err_tell(e, ERR_INPUT, "error_agent_prompt",
				"prompt: not UTF-8");
	return 0;
}

/* Valid for the CLI's --model: not an option, no blank. */
static int check_model(const char *model, struct err *e)
{
	static const char may[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:@/[]-";

	if (strlen(model) <= AGENT_MODEL_MAX && model[0] != '-' &&
	    !model[strspn(model, may)])
		return 0;
	return err_tell(e, ERR_INPUT, "error_model",
			"model: not the name of a model");
}

static size_t tool_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return s[0] >= '0' && s[0] <= '9' ? 0 : s[0] == '-' ? 0 : n;
}

/* "Name" or "Name(pattern)". A comma would split it. */
static bool tool_valid(const char *s)
{
	size_t all = strlen(s), n = tool_name(s);

	if (!n || all > AGENT_TOOL_SIZE || !utf8_valid(s, all) ||
	    has_control(s))
		return false;
	if (!s[n])
		return true;
	return s[n] == '(' && all > n + 2 && s[all - 1] == ')' &&
	       !memchr(s + n + 1, '(', all - n - 2) &&
	       !memchr(s + n + 1, ')', all - n - 2) && !strchr(s, ',');
}

static int check_tools(const struct definition *d, struct err *e)
{
	size_t i;

	if (d->ntools > AGENT_TOOLS_MAX)
		return err_tell(e, ERR_LIMIT, "error_agent_tools_many",
				"tools: at most %d", AGENT_TOOLS_MAX);
	for (i = 0; i < d->ntools; i++) {
		if (!tool_valid(d->tools[i]))
			return err_tell(e, ERR_INPUT, "error_agent_tools",
					"tools: line %zu is not Name or"
					" Name(pattern)", i + 1);
	}
	return 0;
}

static int fail(const char **field, const char *name)
{
	if (field)
		*field = name;
	return -1;
}

static int check_numbers(const struct definition *d, const char **field,
			 struct err *e)
{
	const struct number_row *row;
	size_t i;
	int64_t n;

	for (i = 0; i < definition_nnumbers; i++) {
		row = &definition_numbers[i];
		n = definition_number_of(d, row);
		if (n >= row->min && n <= row->max)
			continue;
		err_tell(e, ERR_INPUT, row->key, "%s: from %lld to %lld",
			 row->field, (long long)row->min, (long long)row->max);
		return fail(field, row->field);
	}
	return 0;
}

/* The form field that a schedule's sentence is about. */
static const char *schedule_field(const struct schedule *s, const char *key)
{
	static const char *const fields[][2] = {
		{ "error_schedule_date", "date" },
		{ "error_schedule_time", "time" },
		{ "error_schedule_days", "days" },
		{ "error_schedule_cron", "cron" },
		{ "error_schedule_zone", "timezone" },
	};
	const char *const (*row)[2] = table_find(fields, key);

	if (row)
		return (*row)[1];
	return s->frequency == FREQUENCY_CRON ? "cron" :
	       s->frequency == FREQUENCY_ONCE ? "date" : "days";
}

static int check_text(const char *text, const char *field, const char *key,
		      const char **out, struct err *e)
{
	size_t n = strlen(text);

	if (n <= AGENT_TOOL_SIZE && utf8_valid(text, n) && !has_control(text))
		return 0;
	err_tell(e, ERR_INPUT, key, "%s: malformed", field);
	return fail(out, field);
}

static int check_schedule(const struct schedule *s, const char **field,
			  struct err *e)
{
	struct recurrence *r;
	const char *name;

	if (check_text(s->date, "date", "error_schedule_date", field, e) < 0 ||
	    check_text(s->time, "time", "error_schedule_time", field, e) < 0 ||
	    check_text(s->days, "days", "error_schedule_days", field, e) < 0 ||
	    check_text(s->cron, "cron", "error_schedule_cron", field, e) < 0)
		return -1;
	if (!schedule_zone(s, e))
		return fail(field, "timezone");
	if (s->frequency == FREQUENCY_NONE)
		return 0;
	r = recurrence_new(NULL, s, e);
	if (!r) {
		name = schedule_field(s, e->key);
		err_wrap(e, "%s", name);
		return fail(field, name);
	}
	talloc_free(r);
	return 0;
}

int definition_check(const struct definition *d, const char **field,
		     struct err *e)
{
	if (check_name(d->name, e) < 0)
		return fail(field, "name");
	if (check_prompt(d->prompt, e) < 0)
		return fail(field, "prompt");
	if (check_model(d->model, e) < 0)
		return fail(field, "model");
	if (check_tools(d, e) < 0)
		return fail(field, "tools");
	if (check_numbers(d, field, e) < 0)
		return -1;
	return check_schedule(&d->schedule, field, e);
}
