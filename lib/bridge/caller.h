/* Who sent a request to the web socket: its login cookie, and whether it came from our own pages. */
#ifndef BRIDGE_CALLER_H
#define BRIDGE_CALLER_H

#include "auth/login.h"
#include "bridge/bridge_internal.h"

/* Embedded in its owner, a talloc block that lives until done(). */
struct caller {
	struct bridge *bridge;
	char key[LOGIN_KEY_SIZE];
	char token[TOKEN_SIZE];		/* the cookie's */
	struct login login;
	struct user *user;		/* child of owner */
	void *owner;
	/* Further look-ups in the store, once user is set; may be NULL. */
	int (*look)(void *owner, struct db *db, struct err *e);
	/* Once. e NULL: the account exists, is enabled and logged in. bridge->web NULL: x was answered. */
	void (*done)(void *owner, const struct err *e);
};

/* Begins to find it; 401: no cookie, nothing was begun. Sets the fields above look. */
int caller_find(struct caller *c, struct bridge *b, const struct exchange *x);

/* The Host is one of ours, and the Origin, if there is one, its own. */
bool caller_from_here(const struct bridge *b, const struct exchange *x,
		      bool origin_needed);

/* The HTTP status of an error, without hints about other people's things. */
int caller_status(const struct err *e);

#endif
