/*
 * Walks a tree of untrusted files without following links or leaving its file
 * system.
 */
#ifndef GUARD_FILE_TREE_H
#define GUARD_FILE_TREE_H

#include <sys/stat.h>

#include "core/err.h"

/*
 * Called for everything below the tree's root, then last for the root: fd is
 * the folder that contains it, name its name there ("." the root). -1 ends the
 * walk.
 */
typedef int file_tree_visit(void *data, int fd, const char *name,
			    const struct stat *st,
			    struct err *e);

int file_tree_walk(const char *root, file_tree_visit *visit, void *data,
		   struct err *e) must_check;

/* Removes everything below root. */
int file_tree_clear(const char *root, struct err *e) must_check;

#endif
