/*
 * Where the shim keeps things: the workspace's home, a session's folder
 * <home>/.gongbang/sessions/<id>, and the address links connect to.
 *
 * The address is an abstract Unix socket: process 1 binds it before any
 * process of the user exists, so nobody can take or replace it while process
 * 1 lives, and no file can be put in its place.
 *
 * Out of a container (tests), GONGBANG_SHIM_HOME names the home.
 */
#ifndef SHIM_PLACE_H
#define SHIM_PLACE_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/err.h"

#define PLACE_HOME "/workspace"

/* Reads the environment once; later changes are not seen. */
int place_init(struct err *e) must_check;

const char *place_home(void);

/* False when GONGBANG_SHIM_HOME is in use. */
bool place_is_workspace(void);

socklen_t place_address(struct sockaddr_un *out);

/*
 * Folder descriptors, no symbolic link followed; the caller closes.
 * ERR_MISSING when it is not there and create is false.
 */
int place_sessions(bool create, struct err *e) must_check;
int place_session(const char *id, bool create, struct err *e) must_check;

/* Removes the session's folder and Claude's files of that session. */
int place_purge(const char *id, struct err *e) must_check;

#endif
