/* A whole conversation as a file for readers (Markdown) or programs (JSON). */
#ifndef TRANSCRIPT_EXPORT_H
#define TRANSCRIPT_EXPORT_H

#include "core/buf.h"
#include "i18n/i18n.h"
#include "store/conversations.h"

/*
 * Appends the conversation from its parts, then the messages Claude has not
 * received yet. title: the heading. ERR_LIMIT at out's cap.
 */
int export_markdown(struct db *db, const struct conversation *c,
		    const char *title, const struct i18n_locale *text,
		    const char *zone, struct buf *out, struct err *e) must_check;

/*
 * One JSON object: title, mode, times, "messages" with their parts' data
 * unchanged.
 */
int export_json(struct db *db, const struct conversation *c, struct buf *out,
		struct err *e) must_check;

#endif
