/*
 * Starts Claude before its conversation is stored, while the user types the
 * first words under an id chosen by the page. Nothing is stored or shown until
 * then. The conversation adopts the process, or it is ended and purged.
 */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/claude_process.h"
#include "session/claude_token.h"
#include "session/session_internal.h"

struct prestart {
	int64_t until;		/* clock_mono_ms of its end; 0: it was ended */
};

#define AHEAD_MS 45000		/* after the last sign of typing */

void session_begin_ahead(struct session *s)
{
	if (!s->ahead)
		return;
	s->ahead->until = clock_mono_ms() + AHEAD_MS;
	claude_process_want(s);
	s->want_workspace = true;
	session_step(s);
}

bool session_is_ahead(const struct session *s)
{
	return s->ahead != NULL;
}

void prestart_loaded(struct session *s)
{
	s->loaded = true;
	session_decode(s, 0, NULL, 0, false);
	session_step(s);
}

static void over(struct session *s)
{
	s->ahead->until = 0;
	claude_process_unwant(s);
	s->want_workspace = false;
	claude_process_give_up(s);
	claude_process_purge(s);
}

void session_end_ahead(struct session *s, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	if (s->ahead && s->ahead->until > until)
		s->ahead->until = until;
	session_step(s);
}

void prestart_taken(struct session *s)
{
	if (!s->ahead)
		return;
	TALLOC_FREE(s->ahead);
	if (claude_process_ticket(s))
		start_hurry(claude_process_ticket(s), START_PERSON);
	claude_token_keep(s);
}

void prestart_step(struct session *s)
{
	if (prestart_due(s) && clock_mono_ms() >= prestart_due(s) &&
	    claude_process_state(s) != CLAUDE_STARTING)
		over(s);
}

int64_t prestart_due(const struct session *s)
{
	return s->ahead ? s->ahead->until : 0;
}

struct prestart *prestart_new(struct session *s)
{
	return talloc_zero(s, struct prestart);
}
