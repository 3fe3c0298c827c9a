/*
 * gongbang-worker: the clock of the agents. What is due becomes rows; a row's
 * turn becomes a try, which the bridge runs; a try's end is settled; who is to
 * be told is told. The store is the truth: each step is one transaction, so it
 * may die at any moment, and several may run. Redis only says sooner that
 * there is something to do (worker_wake.c).
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "core/settings.h"
#include "schedule/wake_list.h"

struct worker;

/* Keys and names in Redis. */
#define WORKER_SET "workers"	/* names of workers; each has, while it lives, */
#define WORKER_ALIVE "worker:"	/* this key, its name behind it */
#define WORKER_ALIVE_S 10

/* Keeps settings. Gives. */
struct worker *worker_new(const struct settings *s, struct err *e) must_check;
/* Until SIGTERM or SIGINT: within 3 s then. */
void worker_run(struct worker *w);
void worker_free(struct worker *w);

#endif
