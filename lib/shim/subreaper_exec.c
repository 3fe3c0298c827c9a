/* Becomes a subreaper: its environment, arguments and descriptors. */
#include "config.h"
#include "shim/subreaper.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/id.h"
#include "shim/paths.h"

#define ENV_MAX 512

extern char **environ;

/* Whether both have the same NAME before the "=". */
static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == '=';
}

static void set_variable(char **env, size_t *n, char *pair)
{
	size_t i;

	for (i = 0; i < *n; i++) {
		if (same_name(pair, env[i])) {
			env[i] = pair;
			return;
		}
	}
	if (*n < ENV_MAX)
		env[(*n)++] = pair;
	env[*n] = NULL;
}

void subreaper_exec(const char *session_id, const struct start_request *start,
		    const int fds[4])
{
	char *argv[START_REQUEST_ARGS_MAX + 4], *env[ENV_MAX + 1] = { NULL };
	char mark[64], id[ID_SIZE], own[sizeof("HOME=") + PATH_PATH_MAX];
	size_t n = 0, i;

	for (i = 0; i < ENV_MAX - START_REQUEST_ENV_MAX - 1 && environ[i]; i++)
		set_variable(env, &n, environ[i]);
	for (i = 0; i < start->nenv; i++)
		set_variable(env, &n, start->env[i]);
	snprintf(mark, sizeof(mark), "GONGBANG_SESSION=%s", session_id);
	set_variable(env, &n, mark);
	memcpy(own, "HOME=", 6);
	path_own_home(session_id, own + 5);
	if (start->own_home)
		set_variable(env, &n, own);

	memcpy(id, session_id, sizeof(id));
	argv[0] = (char[]){ "gongbang-shim" };
	argv[1] = (char[]){ "subreaper" };
	argv[2] = id;
	memcpy(argv + 3, start->args, (start->nargs + 1) * sizeof(*argv));
	/*
	 * Process 1 keeps descriptors 0 to 3 open, so none of these is one of
	 * them.
	 */
	for (i = 0; i < 4; i++) {
		if (dup2(fds[i], (int)i) < 0)
			_exit(127);
	}
	if (!start->folder || !*start->folder || chdir(start->folder) < 0) {
		if (chdir(path_home()) < 0)
			_exit(127);
	}
	execve("/proc/self/exe", argv, env);
	dprintf(2, "cannot start the subreaper: %s\n", strerror(errno));
	_exit(127);
}
