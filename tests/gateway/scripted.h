/*
 * A scripted model service: HTTP/1.1 on a loopback port, one thread per
 * connection. The request's x-app field selects its behaviour: a word, and a
 * number where one is named (N).
 *
 *   (none)        an event stream: 100 tokens in, 20 out
 *   json          the same as one JSON body
 *   status N      an error of that status; 429 with "retry-after: 1"
 *   limit N       429; 0: without a reason, 1: a limit is used up, 2: an absurd time
 *   slow N        N deltas, 20 ms apart
 *   cut           the first event, then the connection is closed
 *   cut_head      the connection is closed without a reply
 *   garbage       lines that are not events
 *   error         the first event, then `event: error`
 *   nousage       an event stream without usage
 *   huge_head     400 KB of fields
 *   many_fields   200 fields that would pass
 *   endless       endless deltas
 *   hold          the first event, then silence until the client leaves
 *   text N        the first event, N deltas, then as hold
 *   silent        nothing until the client leaves
 *   gzip, deflate, br    the event stream compressed (br: only declared), whatever was requested
 *   gzip_WHAT     the same in members (RFC 1952, section 2.2), followed by other bytes, truncated, a bomb
 *   early         413 before the body is read
 *   early_no      the same, but then the body is read and the connection stays open
 *   early_yes N   an event stream: its start before the body is read, N ms later
 *                 the body, then the rest
 *   redirect      307 to another address
 *   blob N        N bytes of text/plain
 *   take          an event stream that takes all output that max_tokens allows; three bytes
 *                 of the request are a token of input
 *   odd           odd_head and odd_reply, then the connection is closed
 */
#ifndef TESTS_GATEWAY_SCRIPTED_H
#define TESTS_GATEWAY_SCRIPTED_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define SCRIPTED_IN 100
#define SCRIPTED_OUT 20		/* of a whole stream; message_start says 1 */

struct scripted {
	int listener;
	int port;
	pthread_t thread;
	pthread_mutex_t lock;
	/* below lock */
	int connections, requests;
	int bodies;		/* that came whole */
	int left;		/* clients that left in hold, silent, endless, slow */
	int open;		/* connections now */
	int64_t body_bytes;	/* of requests */
	int64_t strange;	/* bytes of bodies, read by early_yes, that are not of {"system":"yyy"} */
	int64_t in, out;	/* tokens reported in all */
	char head[65536];	/* of the last request */
	char good_key[128];	/* others are answered 401; "" takes all */
	bool stopping;
	bool deaf;		/* takes no further connections */
	const char *odd_head;	/* status line and fields */
	const char *odd_reply;	/* sent as it is: the connection's end is its end */
	size_t odd_size;
	int64_t billed_in, billed_out;	/* by take */
};

void scripted_start(struct scripted *s);
void scripted_stop(struct scripted *s);

/* No more connections are made to it, but one, until it hears again. */
void scripted_set_deaf(struct scripted *s, bool deaf);

/* A counter's value; waits until it is at least so much, or fails the test after 10 s. */
int scripted_wait(struct scripted *s, const int *counter, int at_least);
/* Waits until a counter is exactly so much. */
void scripted_wait_is(struct scripted *s, const int *counter, int value);

#endif
