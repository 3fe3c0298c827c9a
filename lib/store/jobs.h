/*
 * Runs store work of a libuv program in the thread pool: one job at a time, in
 * order, on one struct db; results come on the loop.
 */
#ifndef STORE_JOBS_H
#define STORE_JOBS_H

#include <uv.h>

#include "store/db.h"

struct jobs;

/* Runs in another thread: may use only data, which must be its own talloc tree. */
typedef int job_work(void *data, struct db *db, struct err *e);
/* On the loop; e: NULL if the work succeeded. */
typedef void job_done(void *data, const struct err *e);

/* Nothing else may use db, which must outlive the queue; NULL if no work needs it. Gives (child of ctx); free it when idle. */
struct jobs *jobs_new(const void *ctx, uv_loop_t *loop, struct db *db);

/* Queues a job; never fails, calls nothing from inside. done NULL: data is talloc_free'd instead. */
void jobs_add(struct jobs *j, job_work *work, job_done *done, void *data);

/* Number of unfinished jobs. */
size_t jobs_left(const struct jobs *j);

/* Calls idle once, from the loop, when no job is left. */
void jobs_when_idle(struct jobs *j, void (*idle)(void *data), void *data);

#endif
