/*
 * The permission mode. What a person chose, or the agent's policy, is what the
 * bridge asked for; what Claude says of itself is believed only when it allows
 * no more than that.
 */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "session/agent_run_internal.h"

/* Each allows what the one before it does, and more. */
static const char *const modes[] = {
	"plan", "default", "acceptEdits", "bypassPermissions",
};

#define RANK_SKIPS 3

/* -1: none of ours. */
static int rank_of(const char *mode)
{
	int i;

	for (i = 0; i < (int)(sizeof(modes) / sizeof(modes[0])); i++) {
		if (str_equal(modes[i], mode))
			return i;
	}
	return -1;
}

bool mode_known(const char *mode)
{
	return rank_of(mode) >= 0;
}

bool mode_skips(const struct session *s)
{
	return s->mode_most == RANK_SKIPS;
}

static void set(struct session *s, const char *mode)
{
	if (s->mode && str_equal(s->mode, mode))
		return;
	talloc_free(s->mode);
	s->mode = talloc_strdup(s, mode);
}

void mode_ask(struct session *s, const char *mode)
{
	const char *known = mode_known(mode) ? mode : "default";

	set(s, known);
	s->mode_most = rank_of(known);
}

void mode_widen(struct session *s, const char *mode)
{
	if (rank_of(mode) > s->mode_most)
		s->mode_most = rank_of(mode);
}

bool mode_said(struct session *s, const char *mode)
{
	int rank = mode ? rank_of(mode) : -1;

	if (rank < 0 || rank > s->mode_most || str_equal(mode, s->mode))
		return false;
	set(s, mode);
	s->mode_changed = true;
	return true;
}

bool mode_renews(const struct session *s)
{
	return process_takes_input(s) && s->skips != mode_skips(s) &&
	       !session_working(s) && TAILQ_EMPTY(&s->inputs) &&
	       (mode_skips(s) || !s->background);
}
