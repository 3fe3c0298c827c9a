/* Two texts compared line by line, as partials/line_diff.html shows them. */
#ifndef LINE_DIFF_H
#define LINE_DIFF_H

#include "web/web.h"

/*
 * Sets "diff" in view to a map with all that the partial names: "same" when
 * nothing differs, "summary" in words, "hunks", "cut" when the texts were too
 * long to be compared or shown whole. The fewest changes (Myers 1986) while
 * they are not too many; then all of what differs goes and comes as a whole.
 * Texts are UTF-8, borrowed.
 */
void line_diff_view(const struct request *r, struct view *view,
		    const char *before, const char *after);

#endif
