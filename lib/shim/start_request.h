/*
 * The body of POST /sessions/<id>: NUL-separated fields "arg=..." (in order;
 * at least one), "env=NAME=value", "from=N": a shorter log, because its volume
 * was lost, continues at that offset, and "home=own": a new HOME that no other
 * session reaches and that is removed with the process, or "home=servers": the
 * same, with the user's ~/.claude.json in it; "cwd=PATH": the folder below the
 * home in which it starts, made if missing. The last NUL is optional.
 */
#ifndef SHIM_START_REQUEST_H
#define SHIM_START_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define START_REQUEST_BODY_MAX (128 << 10)
#define START_REQUEST_ARGS_MAX 128
#define START_REQUEST_ENV_MAX 128

struct start_request {
	char *args[START_REQUEST_ARGS_MAX + 1];	/* NULL at the end */
	size_t nargs;
	char *env[START_REQUEST_ENV_MAX + 1];	/* "NAME=value"; NULL at the end */
	size_t nenv;
	int64_t from;			/* minimal offset of the first new byte */
	bool own_home, servers;
	const char *folder;		/* to start in; NULL or "": the home */
	char *cwd;			/* the body's, below the home; NULL: the home */
};

/* Borrows body for out's life; body[n] must be NUL. ERR_INPUT, ERR_LIMIT. */
int start_request_parse(struct start_request *out, char *body, size_t n,
			struct err *e) must_check;

#endif
