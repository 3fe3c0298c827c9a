/* Process 1 of a workspace: reaps orphans, owns sessions, serves links. */
#ifndef SHIM_SHIM_H
#define SHIM_SHIM_H

#include "core/err.h"
#include "shim/shim_limits.h"

/* Runs until SIGTERM or SIGINT has ended every session. */
int shim_run(const struct shim_limits *limits, struct err *e) must_check;

/*
 * The program gongbang-tool (CLAUDE_CODE_SHELL_PREFIX): marks itself as a tool
 * of the session and as the first to be killed when memory is short, then
 * executes /bin/bash -c COMMAND. Returns the exit code when it cannot.
 */
int tool_main(int argc, char **argv);

#endif
