/*
 * libmicrohttpd on a libuv loop, by its epoll descriptor: MHD_run when that
 * is readable, when MHD's timer says so, and after whatever MHD does not
 * notice by itself (a resumed connection, an upgraded one that was closed).
 */
#ifndef HTTP_DAEMON_H
#define HTTP_DAEMON_H

#include <stdbool.h>
#include <uv.h>

struct MHD_Daemon;
struct daemon;

/* After each MHD_run; true: run it once more at once. */
typedef bool daemon_ran(void *data);

/* mhd: started with MHD_USE_EPOLL and no thread; kept. ran may be NULL. Gives; daemon_close frees it. */
struct daemon *daemon_new(uv_loop_t *loop, struct MHD_Daemon *mhd,
			  daemon_ran *ran, void *data);

/* MHD is run at the loop's next turn; may be called from inside MHD's callbacks. */
void daemon_soon(struct daemon *d);

/* Whether it is to run without waiting: by daemon_soon, or MHD has more to do. */
bool daemon_due(const struct daemon *d);

/* Runs it now; never from inside MHD's callbacks. */
void daemon_run(struct daemon *d);

/* Stops MHD, whose callbacks come meanwhile; closed is called when the loop has let go, then d is freed. */
void daemon_close(struct daemon *d, void (*closed)(void *data), void *data);

#endif
