/* A cache of HTML rendered from markdown, limited in bytes. */
#ifndef STORE_RENDERINGS_H
#define STORE_RENDERINGS_H

#include "core/buf.h"
#include "store/db.h"

#define RENDERINGS_MAX (256ll << 20)	/* bytes of all rows together */

/*
 * Appends the HTML cached for (subject, at) with that hash; empty for a text that is
 * shown as plain text. ERR_MISSING if it is not cached.
 */
int rendering_load(struct db *db, const char *subject, int64_t at,
		   const char *hash, struct buf *html, struct err *e) must_check;

/*
 * Caches html, replacing an earlier one. No effect if the subject (a conversation or
 * an execution) no longer exists.
 */
int rendering_save(struct db *db, const char *subject, int64_t at,
		   const char *hash, const char *html, struct err *e) must_check;

/* Removes the oldest rows, a tenth at a time, until at most max bytes are left. */
int renderings_prune(struct db *db, int64_t max, struct err *e) must_check;

#endif
