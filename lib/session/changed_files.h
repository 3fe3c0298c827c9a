/* What the shim's GET /changes says (shim/shim_changes.h): hostile, a line a file. */
#ifndef SESSION_CHANGED_FILES_H
#define SESSION_CHANGED_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANGES_MAX 500		/* lines that are believed */
#define CHANGES_PATH_MAX 1024	/* bytes of a path */
#define CHANGES_NAME_MAX (3 * CHANGES_PATH_MAX)	/* as it is written in a request */

struct change {
	bool made;		/* else changed */
	int64_t size;
	int64_t changed_at;	/* UTC ms; 0: not said */
	char path[CHANGES_PATH_MAX + 1];	/* UTF-8, relative, no control bytes, no "." or ".." */
	char name[CHANGES_NAME_MAX + 1];	/* the same, percent-encoded */
};

/* Lines that are not so are left out; a path may come twice. */
void changes_each(const char *text, size_t n,
		  void (*each)(void *data, const struct change *c), void *data);

/* A path as above: what may be stored and shown. */
bool changes_path_valid(const char *path, size_t n);

#endif
