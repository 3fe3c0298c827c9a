/*
 * What a part's data holds, by kind, and how it is drawn: one view for the
 * template parts/<kind>.html, for the live page and the history alike.
 */
#ifndef SESSION_PART_H
#define SESSION_PART_H

#include "html/template.h"
#include "store/conversations.h"

/*
 * data, JSON by kind (texts scrubbed to valid UTF-8, capped):
 * text, thinking: {"text"} · tool_use: {"id","name","title","input","output",
 * "is_error","bytes"(of the whole output),"oom"} · permission:
 * {"request","tool","tool_use","input","title","suggestions","reason"} ·
 * question: {"request","input","questions":[{"question","header","multi",
 * "options":[{"label","description"}]}],"answers":{}} · plan: {"request","input","plan","reason"} ·
 * image: {"media_type","data"} · error: {"text","key","detail"} ·
 * usage: {"input","output","cache_read","cache_write","ms"} · status: {"text","key"}
 */

/* Appends the part's HTML (element id p-<at>, data-part, data-state). */
int part_render(const struct templates *t, const struct i18n_locale *text,
		const char *zone, const struct part *p, struct buf *out,
		struct err *e) must_check;

/* The view alone, for pages that loop over parts. A child of ctx. */
int part_view(struct view *into, const struct i18n_locale *text, const char *zone,
	      const struct part *p, struct err *e) must_check;

/*
 * The message element of a turn (template parts/message.html, {{{parts}}} within
 * .message-parts). parts: its parts' HTML as part_render made it; "" for the empty
 * element that a browser gets as "head". user: the person's display name.
 */
int message_render(const struct templates *t, const struct i18n_locale *text,
		   const char *zone, const char *user, const struct part *first,
		   const char *parts, struct buf *out, struct err *e) must_check;

/* What stands in #queue: the messages Claude has not seen, oldest first (template parts/queue.html). */
int queue_render(const struct templates *t, const struct i18n_locale *text,
		 const struct message *const *messages, size_t n, struct buf *out,
		 struct err *e) must_check;

#endif
