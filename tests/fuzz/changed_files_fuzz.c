/* The list of a run's files from a hostile shim; and the shim's own path parser. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "session/changed_files.h"
#include "shim/workspace_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What it gives is such a path, and names it to the shim as the same one. */
static void each(void *data, const struct change *c)
{
	char path[CHANGED_FILES_PATH_MAX + 1];
	struct err e = { 0 };

	if (!changed_files_path_valid(c->path, strlen(c->path)) || c->size < 0)
		abort();
	/* The platform's own folders do not exist for requests. */
	if (workspace_files_path(c->name, path, sizeof(path), &e) < 0 ?
	    e.kind != ERR_MISSING : strcmp(path, c->path) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[512], *text = malloc(size + 1);
	struct err e = { 0 };

	memcpy(text, data, size);
	text[size] = '\0';
	changed_files_each(text, size, false, each, NULL);
	if (workspace_files_path(text, path, sizeof(path), &e) == 0 &&
	    (path[0] == '/' || strstr(path, "/../") || !path[0]))
		abort();
	free(text);
	return 0;
}
