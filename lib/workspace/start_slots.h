/*
 * The start line on the loop: containers and Claude processes that are to
 * begin wait here for their turn, by this host's processors and memory.
 */
#ifndef WORKSPACE_START_SLOTS_H
#define WORKSPACE_START_SLOTS_H

#include <limits.h>

#include "workspace/start_queue.h"

struct workspaces;
struct start;

struct start_events {
	void (*turn)(void *data);	/* begin now; leave when it has begun or failed */
	void (*moved)(void *data);	/* start_place says something else */
};

/* Waits for its turn; calls nobody before the loop's next turn. ev and data borrowed until start_leave. */
struct start *start_join(struct workspaces *all, const struct start_request *rq,
			 const struct start_events *ev, void *data);

/* Leaves the line, or gives its place on. NULL is fine. */
void start_leave(struct start *s);

void start_hurry(struct start *s, enum start_class class);

/* A person waits for it, or it waited so long that it counts as that. NULL: nobody does. */
bool start_urgent(const struct start *s);

#define START_UNCOUNTED INT_MAX	/* it joined a moment ago */
/* 0: it has its turn (or s is NULL); 1 is next. */
int start_place(const struct start *s);

/* It waits for this host's memory, not for those before it. */
bool start_short(const struct start *s);

/* A deadline of so many ms, stretched by how busy this host is: four times at most. */
int64_t start_deadline(int64_t ms);

#endif
