/* What a run made, as it was kept: the first few of its files with their content. */
#ifndef RUNS_RUN_PREVIEWS_H
#define RUNS_RUN_PREVIEWS_H

#include "html/view.h"
#include "http/request.h"
#include "store/executions.h"

/*
 * Appends to the list, for templates/parts/turn_file.html. pictures, texts: at
 * most so many of each.
 */
int run_previews(struct request *r, struct view *list,
		 const struct execution *x, size_t pictures, size_t texts,
		 struct err *e) must_check;

#endif
