/* Shared by the files of the upstream side. */
#ifndef GATEWAY_UPSTREAM_INTERNAL_H
#define GATEWAY_UPSTREAM_INTERNAL_H

#include <sys/queue.h>

#include <curl/curl.h>

#include "gateway/upstream.h"

#define OUTBOUND_READ 16384	/* bytes: libcurl's buffer of a reply */
#define OUTBOUND_WRITE 65536	/* and of a request, while it is sent */

struct upstream {
	CURLM *multi;
	int epoll;
	uv_poll_t poll;
	uv_timer_t timer;
	char *base, *ca;
	int64_t connect_ms, whole_ms;
	bool local;		/* the service runs on this host: no proxy */
	bool due;
	unsigned char *polled;	/* by descriptor: what the epoll set has for it */
	int npolled;
	CURL **spare;
	size_t nspare;
	TAILQ_HEAD(, outbound) woken;
	int handles;		/* libuv handles that are still closing */
	void (*closed)(void *data);
	void *closed_data;
};

/* upstream.c */
CURL *upstream_handle(struct upstream *u);
void upstream_return(struct upstream *u, CURL *easy);
void upstream_soon(struct upstream *u);

/* outbound_request.c */
void outbound_options(CURL *easy);
void outbound_wake(struct upstream *u);
void outbound_ended(CURL *easy, CURLcode result);

#endif
