/*
 * The HTML of a conversation's or an execution's markdown: read from the
 * store, or rendered and stored.
 */
#ifndef TRANSCRIPT_RENDERING_H
#define TRANSCRIPT_RENDERING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "html/renderer.h"
#include "store/db.h"

struct fresh_rendering;

struct rendering {
	struct db *db;			/* NULL: nothing is stored */
	struct renderer *renderer;
	const char *subject;		/* id of the conversation or execution */
	int wait_ms;			/* budget for texts to be rendered; decreases */
	struct buf html;
	STAILQ_HEAD(, fresh_rendering) fresh;	/* to be stored */
	size_t fresh_bytes;
};

#define auto_rendering __attribute__((cleanup(rendering_release))) struct rendering

/* Borrows all of them. db may be NULL. */
void rendering_init(struct rendering *r, struct db *db,
		    struct renderer *renderer, const char *subject, int wait_ms);

/*
 * Stores new renderings: no query of db may be open. A failure only costs time
 * later.
 */
void rendering_release(struct rendering *r);

/*
 * Trusted HTML of the text, borrowed until the next call; "" when it must be
 * shown as plain text. at: the part's, 0: an execution's result.
 */
const char *rendering_html(struct rendering *r, int64_t at, const char *text,
			   size_t n);

#endif
