/*
 * The store for a libuv program: work on one struct db, a job at a time and
 * in order, in libuv's thread pool; results on the loop.
 */
#ifndef STORE_JOBS_H
#define STORE_JOBS_H

#include <uv.h>

#include "store/db.h"

struct jobs;

/* Runs in another thread: touches nothing but data, which must be of a talloc tree of its own. */
typedef int job_work(void *data, struct db *db, struct err *e);
/* On the loop; e NULL when the work went well. */
typedef void job_done(void *data, const struct err *e);

/* Uses db alone, and it must outlive the queue; NULL when no work needs one. Gives (child of ctx); free it when idle. */
struct jobs *jobs_new(const void *ctx, uv_loop_t *loop, struct db *db);

/* Never fails and never calls back from inside. done may be NULL: data is talloc_free'd then. */
void jobs_add(struct jobs *j, job_work *work, job_done *done, void *data);

/* Jobs that are not done. */
size_t jobs_left(const struct jobs *j);

/* Called once, when none is left (at once from the loop if none is). */
void jobs_when_idle(struct jobs *j, void (*idle)(void *data), void *data);

#endif
