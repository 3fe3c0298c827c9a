/*
 * An agent that Claude wrote at the user's request: a fenced block (CommonMark
 * 4.5) whose info string is "agent", with its name as a heading in its first
 * line:
 *
 *   ```agent
 *   # Weekly prices
 *   Fetch this week's prices and ...
 *   ```
 */
#ifndef TRANSCRIPT_AGENT_SCRIPT_H
#define TRANSCRIPT_AGENT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/* Positions in the text that was read; not NUL-terminated. */
struct agent_script {
	const char *name;	/* n bytes; 0 when there is no heading */
	size_t name_n;
	const char *prompt;
	size_t prompt_n;	/* without leading and trailing blank lines */
};

/*
 * The last such block; a fence within it that has an info string of its own
 * may hold code. An unclosed one extends to the end. false: none, and then the
 * whole text is the prompt.
 */
bool agent_script_find(const char *text, struct agent_script *out);

#endif
