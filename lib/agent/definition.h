/*
 * An agent's definition: the form's fields, the version in the store and the
 * exported file are the same thing, JSON of version 1
 * ({"gongbang_agent":1,...}; DEFINITION.md has the schema).
 */
#ifndef AGENT_DEFINITION_H
#define AGENT_DEFINITION_H

#include <stdbool.h>

#include "core/buf.h"
#include "schedule/schedule.h"

#define DEFINITION_JSON_MAX (2u << 20)	/* a prompt of newlines doubles in JSON */
#define AGENT_NAME_MAX 80		/* characters */
#define AGENT_PROMPT_MAX (256u << 10)	/* bytes */
#define AGENT_TOOLS_MAX 50
#define AGENT_TOOL_SIZE 200		/* bytes per line */
#define AGENT_MODEL_MAX 100		/* bytes */

enum policy { POLICY_EVERYTHING, POLICY_LISTED };
enum overlap { OVERLAP_SKIP, OVERLAP_QUEUE, OVERLAP_CANCEL };
enum missed { MISSED_SKIP, MISSED_RUN };

/* A talloc object; every text is UTF-8 and not NULL. */
struct definition {
	const char *name, *prompt;
	struct schedule schedule;
	const char *model;		/* "" for the installation's */
	enum policy policy;		/* all tools in the container, or those listed */
	const char **tools;		/* "Read", "Bash(git log:*)", as the CLI's --allowedTools */
	size_t ntools;
	int64_t timeout_minutes;	/* 1..1440, preset 30 */
	int64_t max_turns;		/* 0..1000, preset 50; 0 no limit */
	int64_t budget_tokens;		/* for all attempts of a run; preset 0: no limit */
	int64_t retries;		/* 0..10, preset 2 */
	enum overlap overlap;		/* preset skip */
	enum missed missed;		/* preset skip */
	int64_t window_minutes;		/* of MISSED_RUN: 1..10080, preset 60 */
	int64_t jitter_minutes;		/* 0..60, preset 0: random delay of a run */
	int64_t failures_max;		/* 0..100, preset 5; 0: never pauses */
};

/* The words used in the form and the JSON. */
const char *policy_name(enum policy p);		/* everything, listed */
const char *overlap_name(enum overlap o);	/* skip, queue, cancel */
const char *missed_name(enum missed m);		/* skip, run */
/* ERR_INPUT "error_agent_policy", "error_agent_overlap", "error_agent_missed". */
int policy_parse(const char *name, enum policy *out, struct err *e) must_check;
int overlap_parse(const char *name, enum overlap *out, struct err *e) must_check;
int missed_parse(const char *name, enum missed *out, struct err *e) must_check;

/* All presets, texts "", timezone set. Gives (child of ctx). */
struct definition *definition_new(const void *ctx, const char *timezone);

/*
 * Checks every field: ERR_INPUT (ERR_LIMIT for sizes) whose key is the
 * sentence and whose text begins with the field ("time: ..."); *field (may be
 * NULL), set only on failure: the form field's name.
 */
int definition_check(const struct definition *d, const char **field, struct err *e) must_check;

/*
 * ERR_INPUT for unknown or duplicate members, wrong types and newer versions;
 * the text begins with the member ("schedule.time: ..."). Includes
 * definition_check. Gives (child of ctx).
 */
struct definition *definition_parse(const void *ctx, const char *json, size_t n, struct err *e) must_check;

/* Canonical: equal definitions give equal bytes; indented, one member per line. */
int definition_format(const struct definition *d, struct buf *out, struct err *e) must_check;

#endif
