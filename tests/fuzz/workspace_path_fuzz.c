/* Paths and queries of requests for files: lib/shim/workspace_files.c, file_place.c. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shim/file_place.h"
#include "shim/file_type.h"
#include "shim/workspace_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As the kernel would split it. */
static void check_path(const char *path)
{
	char *copy = strdup(path), *at, *save = NULL;
	size_t n = 0;

	if (!copy || !*path || *path == '/' || path[strlen(path) - 1] == '/' ||
	    strstr(path, "//"))
		abort();
	for (at = strtok_r(copy, "/", &save); at; at = strtok_r(NULL, "/", &save)) {
		if (!strcmp(at, ".") || !strcmp(at, ".."))
			abort();
		if (!n++ && (!strcmp(at, ".gongbang") ||
			     !strcmp(at, WORKSPACE_FILES_OWN)))
			abort();
	}
	free(copy);
}

static void check_name(const char *name)
{
	char out[WORKSPACE_FILES_NAME_SIZE];

	file_place_name(name, 12345, out);
	if (strlen(out) >= sizeof(out) || !strstr(out, " (12345)") ||
	    strchr(out, '/'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), out[LINK_SERVER_PATH_MAX];
	struct err e = { 0 };

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (workspace_files_path(text, out, sizeof(out), &e) == 0)
		check_path(out);
	else if (e.kind != ERR_INPUT && e.kind != ERR_MISSING)
		abort();
	if (*text && size < WORKSPACE_FILES_NAME_SIZE && !strchr(text, '/'))
		check_name(text);
	if (link_server_query(text, "to", out, 16) && strlen(out) > 15)
		abort();
	if (!*file_type_of_bytes(text, size, text))
		abort();
	free(text);
	return 0;
}
