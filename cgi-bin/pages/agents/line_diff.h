/* Compares two texts line by line, for partials/line_diff.html. */
#ifndef LINE_DIFF_H
#define LINE_DIFF_H

#include "web/web.h"

/*
 * Sets "diff" in view to a map with all names the partial uses: "same" when
 * nothing differs, "summary" in words, "hunks", "cut" when the texts were too
 * long to be compared or shown completely. Finds the fewest changes (Myers
 * 1986) up to a limit; beyond it the whole differing part is removed and
 * added. Texts are UTF-8, borrowed.
 */
void line_diff_view(const struct request *r, struct view *view,
		    const char *before, const char *after);

#endif
