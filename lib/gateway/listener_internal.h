/* Shared by listener.c and inbound_request.c. */
#ifndef GATEWAY_LISTENER_INTERNAL_H
#define GATEWAY_LISTENER_INTERNAL_H

#include <sys/queue.h>

#include <microhttpd.h>

#include "core/address.h"
#include "gateway/bounded_buffer.h"
#include "gateway/listener.h"
#include "http/daemon.h"

/* A workspace's connection: one request after the other. */
struct connection {
	LIST_ENTRY(connection) all;
	struct listener *listener;
	struct inbound *inbound;
	int fd;
	int64_t since;		/* waits for a head */
	bool crowded;		/* one connection too many */
	bool hung_up;
};

struct inbound {
	struct listener *listener;
	struct connection *connection;
	struct MHD_Connection *mhd;
	void *call;
	char *target;
	const char *method;
	char address[ADDRESS_SIZE];
	struct bounded_buffer up, down;
	int64_t length, received;
	struct MHD_Response *response;	/* NULL until it is queued, when it streams */
	struct headers fields;		/* of the answer */
	int64_t answer_length;
	int status, lengths;
	int64_t moved_at;	/* last time bytes were transferred */
	int64_t moved;		/* since then */
	int64_t given;		/* bytes of the answer passed to MHD */
	int64_t read_at, read;	/* start of the reading rate's interval (0: starts now), and what
				 * had been read */
	bool begun, suspended, head_held, expects, go_on;
	bool complete, drain, answered, queued, streams, finished, whole, cut;
};

struct listener {
	struct MHD_Daemon *mhd;
	struct daemon *daemon;
	const struct listener_events *events;
	void *data;
	struct listener_options options;
	uint16_t port;
	int watch;		/* epoll: detects hang-ups */
	uv_poll_t poll;
	int64_t connections;
	LIST_HEAD(, connection) all;
	int handles;
	void (*closed)(void *data);
	void *closed_data;
};

/* inbound_request.c */
struct inbound *inbound_new(struct connection *c, struct MHD_Connection *mhd,
			    const char *target);
enum MHD_Result inbound_handle(struct inbound *c, const char *method,
			       const char *bytes, size_t *n);
void inbound_free(struct inbound *c, bool whole);
/* The client is gone or too slow: calls ended, and cuts the connection. */
void inbound_lost(struct inbound *c);

#endif
