/*
 * Expands a prompt: {{date}}, {{planned_at}}, {{last_run_at}}, {{last_result}}
 * and {{payload}} are replaced once, in one pass; everything else, including
 * other braces, stays. A payload without a place in the prompt is appended,
 * marked as data of unknown origin.
 */
#ifndef AGENT_PROMPT_H
#define AGENT_PROMPT_H

#include <stdint.h>

#include "core/buf.h"

#define LAST_RESULT_MAX (32u << 10)	/* bytes inserted; the rest is dropped, with a note */

struct prompt_values {
	const char *timezone;		/* IANA: for the times below */
	int64_t planned_at;		/* UTC ms; also the {{date}} */
	int64_t last_run_at;		/* 0: never ("never") */
	const char *last_result;	/* "" none */
	const char *payload;		/* JSON; "" none */
};

/*
 * Times are "2026-11-25T08:00:00+09:00", an empty last_result or payload
 * becomes "(none)". ERR_LIMIT when it exceeds out's cap.
 */
int prompt_render(const char *prompt, const struct prompt_values *v, struct buf *out, struct err *e) must_check;

#endif
