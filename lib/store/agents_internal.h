/* The filter of a user's agents, for agents.c and dashboard.c. */
#ifndef STORE_AGENTS_INTERNAL_H
#define STORE_AGENTS_INTERNAL_H

#include "core/buf.h"
#include "store/agents.h"

#define AGENT_PATTERN_MAX 1602	/* bytes: 200 characters, escaped */

/* SQL: $1 user, $2 status or "", $3 pattern. */
#define AGENTS_FILTERED \
	" WHERE a.user_id = $1 AND a.deleted_at = 0" \
	" AND ($2 = '' OR a.status = $2)" \
	" AND ($3 = '%%' OR lower(a.name) LIKE lower($3) ESCAPE '\\')"

/* ERR_INPUT "error_agent_search". */
int agent_pattern(struct buf *out, const char *search, struct err *e) must_check;

#endif
