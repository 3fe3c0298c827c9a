/*
 * The server's FastCGI connections among its threads. nginx keeps them open
 * between requests (FCGI_KEEP_CONN, FastCGI 1.0, section 3.5): one that waits
 * for its next request holds no thread.
 */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include <stdbool.h>

struct connections;

/* Borrows the listening socket, which no longer blocks from here on. Aborts when the kernel has nothing left. Gives: connections_free. */
struct connections *connections_new(int listener);

/* Only when no thread waits any more. Those that are idle are closed with the process. */
void connections_free(struct connections *c);

/* Waits: a connection on which something was sent, now the caller's; -1 from the stop on. */
int connections_next(struct connections *c);

/* The caller is done with a request of this one and has read all of it. */
void connections_return(struct connections *c, int fd);

/* Every wait ends, now and later. From any thread. */
void connections_stop(struct connections *c);

#endif
