/*
 * What a user has on the host besides the container: a uid of his own, the
 * names of it, and a volume that is held to its limits.
 */
#ifndef GUARD_HOST_USER_H
#define GUARD_HOST_USER_H

#include "core/id.h"
#include "guard/volume.h"

struct host;

/* Texts borrowed for its life. */
struct host_settings {
	const char *folder;		/* exists, root's alone */
	const char *engine_socket;
	int64_t uid_first;		/* 0: all are 1000 */
	int64_t uid_count;
	int64_t bytes, inodes;		/* of a volume */
	enum volume_quota quota;
	int64_t reserve;		/* MiB that stay free where volumes lie */
};

/* Reads who has which uid; gives (child of ctx). */
struct host *host_new(const void *ctx, const struct host_settings *s, struct err *e) must_check;

/* One user's part; on the caller's storage. */
struct host_user {
	char id[ID_SIZE];
	char path[1024];		/* the volume's mount point, as the engine says */
	uint32_t number;		/* from 0, never given twice */
	int64_t uid;			/* in the container; 0: 1000 */
	uid_t owner;			/* on the host */
	char passwd[512], group[512];	/* files; "" none */
};

/*
 * Finds the user's number, or gives him the next. ERR_LIMIT when all are
 * given. On one thread only.
 */
int host_user_find(struct host *h, const char id[ID_SIZE], const char *path,
		   struct host_user *u, struct err *e) must_check;

/*
 * The user is gone, his volume too: his names' files are removed and his id is
 * taken out of the record. His number is never given to another one. On that
 * one thread, too.
 */
int host_user_forget(struct host *h, const char id[ID_SIZE], struct err *e) must_check;

/* These block, on any thread, one at a time a user; the container does not run. */
int host_user_names(const struct host *h, const struct host_user *u, struct err *e) must_check;
/* ERR_LIMIT below the reserve. *held as volume_hold says; e is set too when the volume is only watched though more was wanted. */
int host_user_volume(const struct host *h, const struct host_user *u, enum volume_quota *held,
		     struct err *e) must_check;

#endif
