/*
 * gongbang-worker: the agents' scheduler. Occurrences that are due become
 * rows; a row whose turn comes becomes an attempt, which the bridge runs;
 * ended attempts are booked; notifications are delivered. The store is the
 * truth: each step is one transaction, so a worker may die at any moment, and
 * several may run. Redis only shortens the wait (worker_wake.c).
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "core/settings.h"
#include "schedule/wake_list.h"

struct worker;

/* Keys and names in Redis. */
#define WORKER_SET "workers"	/* set of worker names; each live one has */
#define WORKER_ALIVE "worker:"	/* this key, followed by its name */
#define WORKER_ALIVE_S 10

/* Keeps settings. Gives. */
struct worker *worker_new(const struct settings *s, struct err *e) must_check;
/* Serves until SIGTERM or SIGINT: then returns within 3 s. */
void worker_run(struct worker *w);
void worker_free(struct worker *w);

#endif
