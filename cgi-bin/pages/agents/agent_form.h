/*
 * The form of an agent: the typed texts unchanged, and the definition they
 * stand for. The fields are those of a definition (lib/agent/definition.h).
 */
#ifndef AGENT_FORM_H
#define AGENT_FORM_H

#include "agent/definition.h"
#include "web/web.h"

enum agent_field {
	FIELD_NAME, FIELD_PROMPT, FIELD_FREQUENCY, FIELD_DATE, FIELD_TIME,
	FIELD_DAYS, FIELD_CRON, FIELD_TIMEZONE, FIELD_MODEL, FIELD_POLICY,
	FIELD_TOOLS, FIELD_TIMEOUT, FIELD_MAX_TURNS, FIELD_BUDGET_TOKENS,
	FIELD_RETRIES, FIELD_OVERLAP, FIELD_MISSED, FIELD_WINDOW, FIELD_JITTER,
	FIELD_FAILURES_MAX, AGENT_FIELDS,
};

/* A talloc object. */
struct agent_form {
	const char *text[AGENT_FIELDS];		/* never NULL */
	const char *problem[AGENT_FIELDS];	/* a sentence, or NULL */
};

/* The field's name in forms. */
const char *agent_field_name(enum agent_field field);
/* Its label. Borrowed. */
const char *agent_field_label(const struct request *r, enum agent_field field);

/* Each gives (child of r): from the request's form, from a definition. */
struct agent_form *agent_form_read(const struct request *r);
struct agent_form *agent_form_of(const struct request *r, const struct definition *d);

/*
 * The definition that was typed; NULL when something is wrong: then f has the
 * sentences. Gives (child of r).
 */
struct definition *agent_form_definition(const struct request *r, struct agent_form *f);

/*
 * The kind of the first problem (ERR_INPUT, ERR_LIMIT) decides the answer's
 * status: 400, 413.
 */
int agent_form_status(const struct agent_form *f);

/* Adds a problem to a field, by its catalogue key. */
void agent_form_problem(const struct request *r, struct agent_form *f, enum agent_field field, const char *key);

/* Everything the template's fields need. */
void agent_form_view(struct request *r, struct view *view, const struct agent_form *f);

#endif
