/*
 * Distributes the server's FastCGI connections to its threads. nginx keeps
 * them open between requests (FCGI_KEEP_CONN, FastCGI 1.0, section 3.5): an
 * idle one occupies no thread.
 */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include <stdbool.h>

struct connections;

/*
 * Borrows the listening socket and makes it non-blocking. Aborts when kernel
 * resources run out. Gives: connections_free.
 */
struct connections *connections_new(int listener);

/* Call once no thread waits any more. Idle connections are closed at exit. */
void connections_free(struct connections *c);

/* Waits: returns a readable connection, now the caller's; -1 once stopped. */
int connections_next(struct connections *c);

/* The caller has finished a request of this connection and read all of it. */
void connections_return(struct connections *c, int fd);

/* Ends every wait, now and later. From any thread. */
void connections_stop(struct connections *c);

#endif
