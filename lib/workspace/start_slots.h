/*
 * Runs the start queue on the loop: containers and Claude processes wait here
 * for their turn, limited by this host's processors and memory.
 */
#ifndef WORKSPACE_START_SLOTS_H
#define WORKSPACE_START_SLOTS_H

#include <limits.h>

#include "workspace/start_queue.h"

struct workspaces;
struct start;

struct start_events {
	void (*turn)(void *data);	/* start now; call start_leave when it has started or
					 * failed */
	void (*moved)(void *data);	/* start_place has changed */
};

/*
 * Waits for its turn; makes no call before the loop's next iteration. ev and
 * data borrowed until start_leave.
 */
struct start *start_join(struct workspaces *all, const struct start_request *rq,
			 const struct start_events *ev, void *data);

/* Leaves the queue, or gives up its place. NULL is fine. */
void start_leave(struct start *s);

void start_hurry(struct start *s, enum start_class class);

/* A user waits for it, or it waited long enough to count as one. NULL: false. */
bool start_urgent(const struct start *s);

#define START_UNCOUNTED INT_MAX	/* it joined a moment ago */
/* 0: it has its turn (or s is NULL); 1 is next. */
int start_place(const struct start *s);

/* It waits for memory on this host, not for starts before it. */
bool start_short(const struct start *s);

/*
 * A deadline of `ms`, stretched by how busy this host is: four times at most.
 */
int64_t start_deadline(int64_t ms);

#endif
