/*
 * The data of each kind of part, and how it is drawn: one view for the
 * template parts/<kind>.html, for the live page and the history alike.
 */
#ifndef TRANSCRIPT_PART_H
#define TRANSCRIPT_PART_H

#include "html/template.h"
#include "store/conversations.h"
#include "transcript/rendering.h"

/*
 * data, JSON by kind (texts valid UTF-8 and capped; absent fields are left out;
 * a flag "..._cut" says that its field was truncated):
 * text, thinking: {"text","cut"}
 * tool_use: {"id","name","title","about","input","input_cut","output" (with
 *   a terminal's escape sequences),"output_tail","output_left_out","bytes" (of the whole output),"is_error","oom",
 *   "diff":[{"oldStart","oldLines","newStart","newLines","lines":[]}],"diff_cut",
 *   "background","blocked" (domains it was refused):[],"steps" (a sub-agent's):[{"kind","state","id","name","title","text"}]}
 * permission: {"request","tool","tool_use","input","input_cut","title","about","why",
 *   "suggestions","for_session","reason","default_no" (nothing is preselected),
 *   "no_rules" (the CLI offers no rule)}; with input_cut the input must not be
 *   sent back as updatedInput
 * question: {"request","tool","tool_use","input","questions":[{"question","header",
 *   "multi","options":[{"label","description"}]}],"answers":{},"reason"}; a
 *   server's form: {"request","form","tool" (the server),"message","unshown" (no
 *   page can show it),"questions":[{"name","question","about","type" (string,
 *   number, integer, boolean, choice),"multi","optional","options":[{"label","value"}]}],"answers"}
 * plan: {"request","tool","tool_use","input","plan","reason"}
 * todo: {"id","name","todos":[{"content","status","activeForm"}]}
 * image: {"media_type","data"}, or of the user's messages
 * {"media_type","picture" (its id in the store),"name","width","height"} · error: {"key","detail","size",
 * "said" (by the model service, in place of the key's sentence)}
 * files (a turn's): {"since","until" (while it runs),"files":[{"name" (percent-encoded),"path"
 *   (as it is shown),"version","size","at","made","kind","icon","meanwhile" (perhaps another
 *   session's),"width","height","shown" (a picture in the conversation),"head" (a text's
 *   beginning as it was),"whole"}],"more" (not listed)}
 * usage: {"input","output","cache_read","cache_write","ms"} · status: {"key","text","gone" (nothing is left of it),
 *   "from","to" (tokens before and after a compaction)}
 */

/*
 * Appends the part's HTML (element id p-<at>, data-part, data-state).
 * rendering: for its markdown; NULL: shown as plain text.
 */
int part_render(const struct templates *t, const struct i18n_locale *text,
		const char *zone, const struct part *p,
		struct rendering *rendering, struct buf *out,
		struct err *e) must_check;

/* Drawing it may be slow (markdown, or a long text): do not draw it on a loop. */
bool part_heavy(const struct part *p);

/*
 * The message element of a turn (template parts/message.html, {{{parts}}}
 * within .message-parts). parts: its parts' HTML from part_render; "" for the
 * empty element that a browser gets as "head". user: the user's display name.
 */
int message_render(const struct templates *t, const struct i18n_locale *text,
		   const char *zone, const char *user, const struct part *first,
		   const char *parts, struct buf *out, struct err *e) must_check;

/*
 * The contents of #queue: the messages Claude has not received, oldest first
 * (template parts/queue.html).
 */
int queue_render(const struct templates *t, const struct i18n_locale *text,
		 const struct message *const *messages, size_t n, struct buf *out,
		 struct err *e) must_check;

#endif
