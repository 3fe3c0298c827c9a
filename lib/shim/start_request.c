#include "config.h"
#include "shim/start_request.h"

#include <string.h>

#include "core/str.h"
#include "shim/workspace_files.h"

#define FROM_MAX ((int64_t)1 << 50)

static int check_name(const char *pair, struct err *e)
{
	const char *at;

	for (at = pair; *at && *at != '='; at++) {
		if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
		      *at == '_' || (at > pair && *at >= '0' && *at <= '9')))
			return err_set(e, ERR_INPUT,
				       "a variable's name is letters, digits and _");
	}
	if (at == pair || !*at)
		return err_set(e, ERR_INPUT, "env needs NAME=value");
	return 0;
}

int start_request_parse(struct start_request *out, char *body, size_t n,
			struct err *e)
{
	char *field, *end = body + n;

	memset(out, 0, sizeof(*out));
	for (field = body; field < end; field += strlen(field) + 1) {
		if (str_starts(field, "arg=")) {
			if (out->nargs == START_REQUEST_ARGS_MAX)
				return err_set(e, ERR_LIMIT, "too many args");
			out->args[out->nargs++] = field + 4;
		} else if (str_starts(field, "env=")) {
			if (out->nenv == START_REQUEST_ENV_MAX)
				return err_set(e, ERR_LIMIT, "too many envs");
			if (check_name(field + 4, e) < 0)
				return -1;
			out->env[out->nenv++] = field + 4;
		} else if (str_starts(field, "from=")) {
			if (str_parse_number(field + 5, 0, FROM_MAX, &out->from,
					     e) < 0)
				return -1;
		} else if (str_equal(field, "home=own") ||
			   str_equal(field, "home=servers")) {
			out->own_home = true;
			out->servers = str_equal(field + 5, "servers");
		} else if (str_starts(field, "cwd=")) {
			if (workspace_files_path_check(field + 4, e) < 0) {
				e->kind = ERR_INPUT;
				return -1;
			}
			out->cwd = field + 4;
		} else {
			return err_set(e, ERR_INPUT, "a field is arg=, env=, "
				       "from=, home= or cwd=");
		}
	}
	if (!out->nargs || !out->args[0][0])
		return err_set(e, ERR_INPUT, "no program in arg=");
	return 0;
}
