/*
 * Claude begun before its conversation is there: somebody types the first
 * words of one whose id is chosen. Nothing of it is in the store, and nothing
 * shows it. The conversation takes it over, or it is ended and purged.
 */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/session_internal.h"

#define AHEAD_MS 45000		/* after the last sign that somebody types */

void session_begin_ahead(struct session *s)
{
	if (!s->ahead)
		return;
	s->ahead_until = clock_mono_ms() + AHEAD_MS;
	s->wanted = s->want_workspace = true;
	session_step(s);
}

bool session_is_ahead(const struct session *s)
{
	return s->ahead;
}

/* The store has none of that id, as it should be. */
void prestart_loaded(struct session *s)
{
	s->loaded = true;
	session_decode(s, 0, NULL, 0, false);
	session_step(s);
}

static void over(struct session *s)
{
	s->ahead_until = 0;
	if (!s->ahead)
		return;
	s->wanted = s->want_workspace = false;
	process_give_up(s);
	process_purge(s);
}

void session_end_ahead(struct session *s, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	if (s->ahead && s->ahead_until > until)
		s->ahead_until = until;
	session_step(s);
}

void prestart_taken(struct session *s)
{
	if (!s->ahead)
		return;
	s->ahead = false;
	s->ahead_until = 0;
	if (s->start)
		start_hurry(s->start, START_PERSON);
	claude_token_keep(s);
}

void prestart_step(struct session *s)
{
	if (s->ahead_until && clock_mono_ms() >= s->ahead_until &&
	    s->process != PROCESS_STARTING)
		over(s);
}
