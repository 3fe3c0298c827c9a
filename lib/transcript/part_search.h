/* Which text of a part can be found by searching. */
#ifndef TRANSCRIPT_PART_SEARCH_H
#define TRANSCRIPT_PART_SEARCH_H

#include "store/conversations.h"

/*
 * Texts of both sides, plans, questions, and titles of tool calls (command, file,
 * address); no thinking, no output of tools. NULL: nothing, or the part is still
 * being written. Gives (child of ctx).
 */
char *part_search_text(const void *ctx, const struct part *p);

#endif
