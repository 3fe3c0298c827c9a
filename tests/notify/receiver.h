/*
 * An HTTP server on 127.0.0.1 that records requests and answers as the test
 * says.
 */
#ifndef RECEIVER_H
#define RECEIVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define RECEIVED_MAX 64

struct receiver {
	int fd, port;
	const char *answer;		/* what it says; NULL: nothing until it is let go */
	bool endless;			/* goes on for ever after it */
	char requests[RECEIVED_MAX][4096];
	atomic_int n;
	atomic_bool go, stop;
	pthread_t thread;
};

#define ANSWER(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

void receiver_start(struct receiver *r, const char *answer);
void receiver_stop(struct receiver *r);
/* A header's value of a request; "" when there is none. The body for "". */
const char *receiver_get(const struct receiver *r, int i, const char *header,
			 char out[2048]);

#endif
