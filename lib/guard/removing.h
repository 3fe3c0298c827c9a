/*
 * Root's permission to remove an account: a file named by the user's id in the
 * folder "removing" of guard_state, where only root writes. Without it the
 * guard removes no volume, whatever the bridge requests.
 */
#ifndef GUARD_REMOVING_H
#define GUARD_REMOVING_H

#include <stdbool.h>

#include "core/err.h"

/*
 * state: guard_state. Each may be repeated. ERR_DENIED when the caller is not
 * root.
 */
int removing_mark(const char *state, const char *user_id, struct err *e) must_check;
int removing_unmark(const char *state, const char *user_id, struct err *e) must_check;

/*
 * Whether a regular file of the caller's own user marks the account. state
 * NULL: never.
 */
bool removing_marked(const char *state, const char *user_id);

#endif
