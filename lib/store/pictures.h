/*
 * Pictures that users attach to their messages. Each is uploaded before its
 * message, and several messages (one that is sent again) may have the same.
 */
#ifndef STORE_PICTURES_H
#define STORE_PICTURES_H

#include "core/id.h"
#include "store/db.h"

#define PICTURE_BYTES_MAX (3932160)	/* the API takes 5 MiB of base64 */
#define PICTURES_PER_MESSAGE 20
#define PICTURES_BYTES_MAX (16 << 20)	/* of one message: 22 MB in Claude's input line */
#define PICTURE_NAME_MAX 200		/* bytes */
#define PICTURE_DRAFT_MS ((int64_t)7 * 24 * 3600 * 1000)	/* without a message it is kept so long */
#define PICTURES_JSON_MAX (PICTURES_PER_MESSAGE * 512)

struct picture {
	char id[ID_SIZE];
	const char *name, *media_type;
	int64_t width, height;		/* pixels */
	const void *data;
	size_t bytes;
};

/*
 * Stores it under a new id (set only on success), and removes old pictures of
 * the account's that no message has. Bytes of the name that JSON escapes, and
 * what is too long, are replaced. ERR_LIMIT "error_picture_large",
 * "error_pictures_full" (the account's are more than account_max bytes).
 */
int picture_add(struct db *db, const char *user_id, const struct picture *p,
		int64_t account_max, char id[ID_SIZE], struct err *e) must_check;

/* ERR_MISSING if there is none, or not user_id's (NULL: anyone's). Gives (child of ctx). */
struct picture *picture_load(struct db *db, const void *ctx, const char *id,
			     const char *user_id, struct err *e) must_check;

/*
 * In the caller's transaction: the message has the pictures of these ids
 * (separated by spaces). ERR_MISSING "error_picture_gone" for one that is not
 * its account's, ERR_LIMIT "error_pictures_many".
 */
int message_set_pictures(struct db *db, const char *message_id, const char *ids,
			 struct err *e) must_check;

/*
 * The message's pictures: [{"id","media_type","width","height","name"}], "" for
 * none. Gives (child of ctx).
 */
char *message_pictures(struct db *db, const void *ctx, const char *message_id,
		       struct err *e) must_check;

#endif
