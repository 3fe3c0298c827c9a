/*
 * A bounded queue between threads: requests that wait for one of a few
 * dedicated threads.
 */
#ifndef REQUEST_QUEUE_H
#define REQUEST_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct request_queue;

/* Holds at most cap. Gives: request_queue_free, when no thread uses it any more. */
struct request_queue *request_queue_new(size_t cap);
void request_queue_free(struct request_queue *q);

/* Takes item; false when the queue is full or stopped: the caller keeps it. */
bool request_queue_push(struct request_queue *q, void *item) __attribute__((warn_unused_result));

/* Waits: returns the oldest item; NULL when the queue was stopped and is empty. */
void *request_queue_pop(struct request_queue *q);

/* Accepts no more items; those in it are still returned. */
void request_queue_stop(struct request_queue *q);

#endif
