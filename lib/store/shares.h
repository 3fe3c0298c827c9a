/*
 * Shared copies: a conversation or a run as it was when it was shared, behind a
 * link with a secret. The secret itself is not stored, only its SHA-256 in hex.
 */
#ifndef STORE_SHARES_H
#define STORE_SHARES_H

#include "core/id.h"
#include "store/db.h"

#define SHARES_MAX 100			/* of an account */
#define SHARES_BYTES_MAX (64 << 20)	/* of an account, with files */
#define SHARE_DAYS_MAX 365

/* A talloc object when loaded. */
struct share {
	char id[ID_SIZE];
	char user_id[ID_SIZE];
	const char *kind;	/* conversation, execution */
	const char *subject_id;
	const char *title, *author;
	const char *html;	/* the messages; "" in lists */
	bool anyone;		/* may see it without logging in */
	bool tools, files;	/* contains tool calls; files */
	int64_t views;
	int64_t created_at, expires_at;
};

/* A file of a shared copy; content is borrowed. */
struct share_file {
	const char *path;	/* below /workspace; untrusted */
	const void *content;
	size_t size;		/* bytes */
};

/*
 * Adds s with its files in one transaction and sets s->id; expired ones of all
 * accounts are removed. ERR_LIMIT "error_share_many" or "error_share_full" when
 * the account has no room for it.
 */
int share_add(struct db *db, struct share *s, const char *secret_hash,
	      const struct share_file *files, size_t nfiles, struct err *e) must_check;

/*
 * ERR_MISSING if no link has it, it has expired, its account is disabled or its
 * conversation was deleted. Gives (child of ctx).
 */
struct share *share_load(struct db *db, const void *ctx, const char *secret_hash,
			 int64_t now, struct err *e) must_check;

/* The account's links that have not expired, newest first; subject_id "": of everything. */
int share_each(struct db *db, const char *user_id, const char *subject_id, int64_t now,
	       int (*each)(void *data, const struct share *s, struct err *e),
	       void *data, struct err *e) must_check;

/* Ends a link; ERR_MISSING if the account has no such link. */
int share_remove(struct db *db, const char *user_id, const char *id, struct err *e) must_check;

/* Counts one view. */
int share_view(struct db *db, const char *id, struct err *e) must_check;

/* Files by path, without content. */
int share_file_each(struct db *db, const char *id,
		    int (*each)(void *data, const struct share_file *f, struct err *e),
		    void *data, struct err *e) must_check;

/* Gives (child of ctx), with its content; ERR_MISSING. */
struct share_file *share_file_load(struct db *db, const void *ctx, const char *id,
				   const char *path, struct err *e) must_check;

#endif
