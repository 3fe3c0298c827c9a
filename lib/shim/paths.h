/*
 * The shim's paths: the workspace's home, a session's folder
 * .gongbang/sessions/<id> on the same volume, and the address links connect to.
 *
 * No process of the user has a path to that folder. The container mounts the
 * volume twice: at the home, where an empty file system covers .gongbang, and
 * below a folder that only root may enter. The engine's exec of a link starts
 * there, and the link passes its working directory to process 1.
 *
 * The address is an abstract Unix socket: process 1 binds it before any
 * process of the user exists, so it cannot be taken or replaced while process
 * 1 lives, and no file can be put in its place. It answers only processes that
 * the engine started in the container (shim/link_listener.c).
 *
 * Outside of a container (tests), GONGBANG_SHIM_HOME names the home.
 */
#ifndef SHIM_PATHS_H
#define SHIM_PATHS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/err.h"

#define PATH_HOME "/workspace"

/* Reads the environment once; later changes are ignored. */
int path_init(struct err *e) must_check;

const char *path_home(void);
/* The user may take away permissions, and so lock everybody out of the volume. */
void path_open_home(void);

/*
 * In a link: its working directory, to the caller, if that is the home's
 * volume by another path; otherwise -1: the container was not created that
 * way, so the user's processes can reach the logs.
 */
int path_volume_here(void);

/* In process 1, for a fd from a link; takes it. Accepts only the home's volume. */
void path_volume_set(int fd);

/*
 * A session's HOME of its own: in a tmpfs that no other session's Landlock
 * domain includes (shim/subreaper.c). Empty except for Claude's transcripts,
 * which stay in their common folder, and with servers the user's
 * ~/.claude.json.
 */
#define PATH_PATH_MAX 200
const char *path_homes(void);
void path_own_home(const char *id, char out[PATH_PATH_MAX]);
int path_own_home_make(const char *id, bool servers, struct err *e) must_check;
void path_own_home_remove(const char *id);

/* The folder that holds everything the user stores; -1 until process 1 got one. */
int path_volume(void);

/* False when GONGBANG_SHIM_HOME is in use. */
bool path_is_workspace(void);

socklen_t path_address(struct sockaddr_un *out);

/*
 * Folder descriptors, following no symbolic link; the caller closes.
 * ERR_MISSING when it is missing and create is false.
 */
int path_sessions(bool create, struct err *e) must_check;
int path_session(const char *id, bool create, struct err *e) must_check;

/* Removes the session's folder and Claude's files of that session. */
int path_purge(const char *id, struct err *e) must_check;

#endif
