/*
 * The demonstration model as a server: the part of the Messages API (version
 * 2023-06-01) that the Claude Code CLI calls, over HTTP/1.1.
 */
#ifndef DEMO_DEMO_SERVER_H
#define DEMO_DEMO_SERVER_H

#include <stdint.h>

#include "core/err.h"

#define DEMO_STREAMS_MAX 200		/* concurrent replies; further requests get 529 */
#define DEMO_BODY_MAX (32u << 20)	/* bytes of one request */
#define DEMO_BODIES_MAX (256u << 20)	/* bytes of all requests being read */

/* The same per address, so that one workspace cannot lock out the others. */
#define DEMO_CONNECTIONS_EACH 64	/* more are closed at once */
#define DEMO_STREAMS_EACH 40
#define DEMO_BODIES_EACH (64u << 20)

struct demo_server;

/*
 * Listens on "ADDRESS:PORT" ("[v6]:PORT"; port 0: any); the address need not
 * exist yet. Gives; its threads serve until demo_server_free.
 */
struct demo_server *demo_server_new(const char *listen, struct err *e) must_check;
void demo_server_free(struct demo_server *s);

/* The port it listens on. */
uint16_t demo_server_port(const struct demo_server *s);

#endif
