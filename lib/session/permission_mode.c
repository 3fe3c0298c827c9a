/*
 * The permission mode. The bridge asks for the user's choice or the agent's
 * policy; Claude's own statement counts only when it allows no more than that.
 */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "session/claude_process.h"
#include "session/claude_start.h"
#include "session/recorder.h"
#include "session/session_internal.h"

/* Each allows what the previous ones do, and more. */
static const char *const modes[] = {
	"plan", "default", "acceptEdits", "bypassPermissions",
};

#define RANK_SKIPS 3

struct permission_mode {
	int now;		/* in force; index of its row */
	int max;		/* the widest that the bridge asked for */
	int storing;		/* changes */
};

/* -1 if unknown. */
static int rank_of(const char *mode)
{
	const char *const *row = table_find(modes, mode);

	return row ? (int)(row - modes) : -1;
}

bool mode_known(const char *mode)
{
	return rank_of(mode) >= 0;
}

bool mode_skips(const struct session *s)
{
	return s->mode->max == RANK_SKIPS;
}

void mode_ask(struct session *s, const char *mode)
{
	int rank = rank_of(mode_known(mode) ? mode : "default");

	s->mode->now = s->mode->max = rank;
}

void mode_storing(struct session *s, int n)
{
	s->mode->storing += n;
}

bool mode_stored(const struct session *s)
{
	return !s->mode->storing && !recorder_mode_unsaved(s);
}

void mode_widen(struct session *s, const char *mode)
{
	if (rank_of(mode) > s->mode->max)
		s->mode->max = rank_of(mode);
}

bool mode_said(struct session *s, const char *mode)
{
	int rank = mode ? rank_of(mode) : -1;

	if (rank < 0 || rank > s->mode->max || rank == s->mode->now)
		return false;
	s->mode->now = rank;
	recorder_note_mode(s);
	return true;
}

bool mode_renews(const struct session *s)
{
	return claude_process_takes_input(s) && claude_start_skips(s) != mode_skips(s) &&
	       !session_working(s) && stdin_empty(s) &&
	       (mode_skips(s) || !claude_process_in_background(s));
}

const char *session_mode(const struct session *s)
{
	return modes[s->mode->now];
}

struct permission_mode *permission_mode_new(struct session *s)
{
	struct permission_mode *mode = talloc_zero(s, struct permission_mode);

	mode->now = mode->max = rank_of("default");
	return mode;
}
