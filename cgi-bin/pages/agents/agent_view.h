/* Shared by the pages of agents. */
#ifndef AGENT_VIEW_H
#define AGENT_VIEW_H

#include "pages/agents/agent_form.h"
#include "store/agents.h"
#include "store/dashboard.h"

#define AGENT_BODY_MAX (4u << 20)	/* an escaped prompt of 1 MB: refused with a message, not
					 * cut off */

#define IMPORT_BODY_MAX (7u << 20)	/* DEFINITION_JSON_MAX, escaped */

/* The user's agent that the URL names. Gives (child of r). */
struct agent *agent_here(struct request *r, struct err *e) must_check;

/* A version's definition. Gives (child of r). */
struct definition *agent_definition(const struct request *r, const char *json, struct err *e) must_check;

/* Icon, word and colour: names state, state_word, why. */
void agent_state(const struct request *r, struct view *into, const struct agent *a);

/* What all pages of an agent begin with; path: which of them this is, "" the overview. Names agent, of partials/agent_head. */
void agent_head(const struct request *r, struct view *view, const struct agent *a, const char *path);

/* The first time after now at which a definition runs; 0: none. */
int agent_next(const struct request *r, const struct definition *d, int64_t now, int64_t *out, struct err *e) must_check;

/* The spark chart of days' outcomes and the success rate: names spark_*, rate. */
struct spark {
	int64_t first;			/* UTC ms of the first day */
	int64_t ok[30], problems[30], failed[30];
};
#define SPARK_DAYS 30
#define DAY_MS INT64_C(86400000)
int64_t spark_first(int64_t now);
void spark_begin(struct spark *s, int64_t now);
void spark_add(struct spark *s, const struct agent_day *d);
void spark_view(const struct request *r, struct view *into, const struct spark *s);

/* An agent's last runs as squares, the latest at the right: names strip (a list of state, path), strip_words. */
struct agent_strip {
	uint8_t n, of[DASHBOARD_RUNS];	/* latest first: enum outcome_class */
};
void agent_strip_add(struct agent_strip *s, const struct outcome *o);
void agent_strip_view(const struct request *r, struct view *into, const struct agent_strip *s);

/*
 * The difference between two versions, as partials/agent_changes shows it: a
 * list of fields, the diff of the prompts.
 */
void agent_changes(const struct request *r, struct view *view, const struct definition *from, const struct definition *to);
/* The same in a few words: "Prompt, Time". Gives (child of r). */
const char *agent_changes_words(const struct request *r, const struct definition *from, const struct definition *to);

/* The preview fragment: the next runs, and with_prompt the prompt, which is a fold. */
int agent_preview(struct request *r, struct view *view, const struct agent *a, const struct definition *d, bool with_prompt, struct err *e) must_check;

#endif
