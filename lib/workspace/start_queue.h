/*
 * Chooses the next start: containers and Claude processes start a few at a
 * time, users before schedules, fairly between users. It only decides: it
 * reads no clock and calls nothing. start_slots.h runs it on a loop.
 *
 * Fair by start-time tags (Goyal, Vin, Cheng: Start-time Fair Queueing, 1996):
 * each start of a user is one turn later than the previous one.
 */
#ifndef WORKSPACE_START_QUEUE_H
#define WORKSPACE_START_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/id.h"

enum start_class {
	START_PERSON,		/* a user waits for it */
	START_RUN,		/* an agent's run */
	START_AHEAD,		/* a prestart: only spare capacity */
};

/* Times in ms of the caller's clock. */
struct start_limits {
	int places;		/* at once */
	int64_t hold;		/* a start that takes longer gives up its place */
	int64_t patience;	/* runs that waited longer are served like users, one at a time */
	int64_t again;		/* how long a user who just had a start yields to those who had
				 * none */
};

struct start_queue;
struct start_ticket;

/* Gives (child of ctx). */
struct start_queue *start_queue_new(const void *ctx,
				    const struct start_limits *limits);

struct start_request {
	const char *user_id;
	enum start_class class;
	int64_t since;		/* when its wait began */
	bool container;		/* the same user's next Claude belongs to it: one turn for both */
};

/* Stays in the queue until start_queue_leave; owner is the caller's. */
struct start_ticket *start_queue_join(struct start_queue *l,
				      const struct start_request *rq,
				      void *owner);

/* It has started, or will not: removes it, whatever its state. */
void start_queue_leave(struct start_ticket *t);

/* Raises its urgency: another caller waits for it, too. */
void start_ticket_hurry(struct start_ticket *t, enum start_class class);

/* A user waits for it, or it is a run that waited long enough to count as one. */
bool start_ticket_urgent(const struct start_ticket *t, int64_t now);

/* Gives the next start a place and returns its owner; NULL: none now. */
void *start_queue_next(struct start_queue *l, int64_t now);

/* Starts that have a place and have not given it up. */
int start_queue_held(const struct start_queue *l, int64_t now);
bool start_queue_waits(const struct start_queue *l);

/* When something changes without a call; 0 never. */
int64_t start_queue_due(const struct start_queue *l, int64_t now);

/* The position of each waiting start, 1 for the next. */
void start_queue_places(struct start_queue *l, int64_t now,
			void (*each)(void *owner, int place));

#endif
