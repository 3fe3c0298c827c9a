/*
 * Decides who calls the model service next: limits a user's calls in flight
 * and per minute, and queues calls for the service. The user with the fewest
 * calls at the service goes first, in turn. No user holds more than half of
 * the service while others wait.
 */
#ifndef GATEWAY_FAIR_QUEUE_H
#define GATEWAY_FAIR_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "core/id.h"

struct fair_queue;
struct fair_queue_user;

struct fair_queue_limits {
	int64_t calls;			/* at the service at once */
	int64_t user_calls;		/* per user, waiting calls included */
	int64_t user_calls_per_minute;
	int64_t waiting;		/* for all users */
};

/* A call's place in the queue; its owner's storage. */
struct queue_place {
	TAILQ_ENTRY(queue_place) next;
	struct fair_queue_user *user;		/* NULL: it left */
	enum { QUEUE_PLACE_ENTERED, QUEUE_PLACE_WAITING, QUEUE_PLACE_CALLING } state;
	int64_t since;			/* ms, of waiting */
	void *data;
};

/*
 * It is this call's turn: state is QUEUE_PLACE_CALLING. It may leave from
 * inside.
 */
typedef void fair_queue_turn(void *data);
/* Whether the service can be called now. */
typedef bool fair_queue_may(void *data);

/* Gives. */
struct fair_queue *fair_queue_new(const struct fair_queue_limits *limits,
				  fair_queue_may *may,
				  fair_queue_turn *turn, void *data);
void fair_queue_free(struct fair_queue *l);		/* all must have left */

enum fair_queue_verdict { FAIR_QUEUE_GOOD, FAIR_QUEUE_BUSY, FAIR_QUEUE_OFTEN };

/*
 * A user's call begins (now: a monotonic clock, ms). OFTEN: *retry_ms says
 * when to retry. On success, leave in the end.
 */
enum fair_queue_verdict fair_queue_enter(struct fair_queue *l,
					 struct queue_place *p, const char user_id[ID_SIZE],
					 int64_t now, void *data, int64_t *retry_ms);

/* Waits for a turn, which fair_queue_serve gives. False: the queue is full. */
bool fair_queue_wait(struct fair_queue *l, struct queue_place *p, int64_t now);

/*
 * Gives turns as long as there is room. Does nothing when called from inside a
 * turn.
 */
void fair_queue_serve(struct fair_queue *l);

/*
 * From any state; harmless after it left. Users who were idle for a minute are
 * forgotten.
 */
void fair_queue_leave(struct fair_queue *l, struct queue_place *p, int64_t now);

int64_t fair_queue_calling(const struct fair_queue *l);
int64_t fair_queue_waiting(const struct fair_queue *l);

#endif
