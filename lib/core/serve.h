/* The life of a daemon that has nothing to end gently. */
#ifndef CORE_SERVE_H
#define CORE_SERVE_H

#include <uv.h>

/* Runs the loop until SIGTERM or SIGINT; once in a process. */
void serve_until_stopped(uv_loop_t *loop);

#endif
