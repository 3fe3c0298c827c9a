/*
 * Runs libmicrohttpd on a libuv loop: calls MHD_run when its epoll descriptor is
 * readable, when its timer expires, and after events that MHD does not notice by
 * itself (a resumed connection, a closed upgraded connection).
 */
#ifndef HTTP_DAEMON_H
#define HTTP_DAEMON_H

#include <stdbool.h>
#include <uv.h>

struct MHD_Daemon;
struct daemon;

/* Called after each MHD_run; true: run it again at once. */
typedef bool daemon_ran(void *data);

/* Keeps mhd, which was started with MHD_USE_EPOLL and without threads. ran may be NULL. Gives; daemon_close frees it. */
struct daemon *daemon_new(uv_loop_t *loop, struct MHD_Daemon *mhd,
			  daemon_ran *ran, void *data);

/* Runs MHD at the loop's next turn; may be called from MHD's callbacks. */
void daemon_soon(struct daemon *d);

/* True if MHD should run now: after daemon_soon, or because it has more to do. */
bool daemon_due(const struct daemon *d);

/* Runs MHD now; never call it from MHD's callbacks. */
void daemon_run(struct daemon *d);

/* Stops MHD, which may call back meanwhile. Calls closed when the loop's handles are closed, then frees d. */
void daemon_close(struct daemon *d, void (*closed)(void *data), void *data);

#endif
