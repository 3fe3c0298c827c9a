/* HTML that was made of markdown: a cache, bounded in bytes. */
#ifndef STORE_RENDERINGS_H
#define STORE_RENDERINGS_H

#include "core/buf.h"
#include "store/db.h"

#define RENDERINGS_MAX (256ll << 20)	/* bytes of all rows together */

/*
 * Appends what is kept of (subject, at) and has that hash; "" is kept for a text
 * that is shown as it was written. ERR_MISSING when there is none.
 */
int rendering_load(struct db *db, const char *subject, int64_t at,
		   const char *hash, struct buf *html, struct err *e) must_check;

/*
 * Keeps it in place of an earlier one; nothing when the subject, a conversation
 * or an execution, is gone.
 */
int rendering_save(struct db *db, const char *subject, int64_t at,
		   const char *hash, const char *html, struct err *e) must_check;

/* Removes the oldest rows until max bytes are left at most, a tenth of them at a time. */
int renderings_prune(struct db *db, int64_t max, struct err *e) must_check;

#endif
