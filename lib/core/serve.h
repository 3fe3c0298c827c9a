/* Runs a daemon that needs no graceful shutdown. */
#ifndef CORE_SERVE_H
#define CORE_SERVE_H

#include <uv.h>

/* Runs the loop until SIGTERM or SIGINT; call it once per process. */
void serve_until_stopped(uv_loop_t *loop);

#endif
