/*
 * Root's word that an account is being removed: a file of the user's id in the
 * folder "removing" of guard_state, where only root writes. Without it the
 * guard removes no volume, whatever the bridge asks.
 */
#ifndef GUARD_REMOVING_H
#define GUARD_REMOVING_H

#include <stdbool.h>

#include "core/err.h"

/* state: guard_state. Each may be repeated. ERR_DENIED when the caller is not root. */
int removing_mark(const char *state, const char *user_id, struct err *e) must_check;
int removing_unmark(const char *state, const char *user_id, struct err *e) must_check;

/* Marked by the caller's own user, and by a plain file. state NULL: nobody is. */
bool removing_marked(const char *state, const char *user_id);

#endif
