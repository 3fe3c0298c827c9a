/*
 * The files that a turn made or changed. The shim knows what Claude's tools
 * write (shim/file_writers.h), but cannot look into Claude itself: what its own
 * calls name is told to the shim here.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "core/percent.h"
#include "session/changed_files.h"
#include "session/session_internal.h"

void turn_files_wrote(struct session *s, const char *path, int64_t from,
		      int64_t to)
{
	char name[CHANGED_FILES_NAME_MAX + 1];

	if (path[0] == '/' || strlen(path) > CHANGED_FILES_PATH_MAX)
		return;
	percent_encode(name, path, "");
	(void)shim_request_new(s, "POST", NULL, 0, NULL,
			       "/sessions/%s/wrote?path=%s&since=%" PRId64
			       "&until=%" PRId64, s->id, name, from, to);
}
