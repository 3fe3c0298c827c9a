/* The spec of a user's container, by the settings. */
#ifndef WORKSPACE_SPEC_H
#define WORKSPACE_SPEC_H

#include "core/settings.h"
#include "engine/engine.h"

/* Whether workspace_container_name may have made this name. */
bool workspace_container_name_valid(const char *name);

/*
 * Reads the file of SET_WORKSPACE_SECCOMP for all specs of this process.
 * ERR_INPUT.
 */
int workspace_seccomp_load(const struct settings *s, struct err *e) must_check;

/* Gives (child of ctx); settings must outlive it. user_id: an id. */
struct container_spec *workspace_spec_new(const void *ctx, const struct settings *s,
					  const char *user_id);
/* Returns a new token; no other copy exists. */
void workspace_spec_token(struct container_spec *spec);

/* The command that enters a container: argv, NULL-ended. */
extern const char *const workspace_enter_argv[];

#endif
