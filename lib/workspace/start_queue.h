/*
 * Whose start is next: containers and Claude processes begin a few at a time,
 * people before schedules, fairly between users. Decides only: it reads no
 * clock and calls nobody. start_slots.h runs it on a loop.
 *
 * Fair by start-time tags (Goyal, Vin, Cheng: Start-time Fair Queueing, 1996):
 * each start of a user is one turn later than the one before.
 */
#ifndef WORKSPACE_START_QUEUE_H
#define WORKSPACE_START_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/id.h"

enum start_class {
	START_PERSON,		/* somebody waits for it */
	START_RUN,		/* of an agent */
	START_AHEAD,		/* nobody asked yet: only what is left over */
};

/* Times in ms of the caller's clock. */
struct start_limits {
	int places;		/* at once */
	int64_t hold;		/* a start that takes longer lends its place on */
	int64_t patience;	/* runs that waited longer are served as people are, one at a time */
	int64_t again;		/* so long whoever had a start just before gives way to those who had none */
};

struct start_queue;
struct start_ticket;

/* Gives (child of ctx). */
struct start_queue *start_queue_new(const void *ctx,
				    const struct start_limits *limits);

struct start_request {
	const char *user_id;
	enum start_class class;
	int64_t since;		/* since when it is waited for */
	bool container;		/* the same user's next Claude belongs to it: one turn for both */
};

/* Stands in the line until start_queue_leave; owner is the caller's. */
struct start_ticket *start_queue_join(struct start_queue *l,
				      const struct start_request *rq,
				      void *owner);

/* It has begun, or will not: at once, wherever it stands. */
void start_queue_leave(struct start_ticket *t);

/* Somebody else waits for it, too. */
void start_ticket_hurry(struct start_ticket *t, enum start_class class);

/* A person waits for it, or it is a run that waited so long that it counts as that. */
bool start_ticket_urgent(const struct start_ticket *t, int64_t now);

/* Gives its place to whoever is next and returns that one's owner; NULL: nobody now. */
void *start_queue_next(struct start_queue *l, int64_t now);

/* Starts that have a place and have not lent it on. */
int start_queue_held(const struct start_queue *l, int64_t now);
bool start_queue_waits(const struct start_queue *l);

/* When something changes by itself; 0 never. */
int64_t start_queue_due(const struct start_queue *l, int64_t now);

/* Each waiting one's place, 1 for the next. */
void start_queue_places(struct start_queue *l, int64_t now,
			void (*each)(void *owner, int place));

#endif
