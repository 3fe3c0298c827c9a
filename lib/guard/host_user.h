/*
 * A user's resources on the host besides the container: a uid, the passwd and
 * group files that name it, and a volume with enforced limits.
 */
#ifndef GUARD_HOST_USER_H
#define GUARD_HOST_USER_H

#include "core/id.h"
#include "guard/volume.h"

struct host;

/* Texts borrowed for its life. */
struct host_settings {
	const char *folder;		/* exists, belongs to root */
	const char *engine_socket;
	int64_t uid_first;		/* 0: every user is 1000 */
	int64_t uid_count;
	int64_t bytes, inodes;		/* per volume */
	enum volume_quota quota;
	int64_t reserve;		/* MiB that must stay free on the volumes' disk */
};

/* Reads which user has which uid; gives (child of ctx). */
struct host *host_new(const void *ctx, const struct host_settings *s, struct err *e) must_check;

/* One user's part; in the caller's storage. */
struct host_user {
	char id[ID_SIZE];
	char path[1024];		/* the volume's mount point, from the engine */
	uint32_t number;		/* from 0, never reused */
	int64_t uid;			/* in the container; 0: 1000 */
	uid_t owner;			/* on the host */
	char passwd[512], group[512];	/* host files; "" none */
};

/*
 * Finds the user's number, or assigns the next. ERR_LIMIT when all are
 * assigned. On one thread only.
 */
int host_user_find(struct host *h, const char id[ID_SIZE], const char *path,
		   struct host_user *u, struct err *e) must_check;

/*
 * The user and the volume were removed: removes the passwd and group files,
 * and the id from the record. The number is never reused. On that same thread.
 */
int host_user_forget(struct host *h, const char id[ID_SIZE], struct err *e) must_check;

/*
 * These block; call them in any thread, one at a time per user, while the
 * container is stopped.
 */
int host_user_names(const struct host *h, const struct host_user *u, struct err *e) must_check;
/*
 * ERR_LIMIT below the reserve. *held as in volume_hold; e is also set if the
 * volume is only watched though more was requested.
 */
int host_user_volume(const struct host *h, const struct host_user *u, enum volume_quota *held,
		     struct err *e) must_check;

#endif
