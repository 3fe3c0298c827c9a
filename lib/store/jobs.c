#include "config.h"
#include "store/jobs.h"

#include <sys/queue.h>

#include <talloc.h>

struct job {
	STAILQ_ENTRY(job) next;
	job_work *work;
	job_done *done;
	void *data;
	int result;
	struct err error;
};

struct jobs {
	uv_loop_t *loop;
	uv_work_t slot;
	struct db *db;
	STAILQ_HEAD(, job) waiting;
	struct job *now;
	size_t left;
	void (*idle)(void *data);
	void *idle_data;
};

struct jobs *jobs_new(const void *ctx, uv_loop_t *loop, struct db *db)
{
	struct jobs *j = talloc_zero(ctx, struct jobs);

	j->loop = loop;
	j->db = db;
	j->slot.data = j;
	STAILQ_INIT(&j->waiting);
	return j;
}

static void work(uv_work_t *slot)
{
	struct jobs *j = slot->data;

	j->now->result = j->now->work(j->now->data, j->db, &j->now->error);
}

static void next(struct jobs *j);

static void worked(uv_work_t *slot, int status)
{
	struct jobs *j = slot->data;
	struct job *job = j->now;

	j->now = NULL;
	if (job->done)
		job->done(job->data, job->result < 0 ? &job->error : NULL);
	else
		talloc_free(job->data);
	talloc_free(job);
	j->left--;
	next(j);
}

static void next(struct jobs *j)
{
	void (*idle)(void *data) = j->idle;

	if (j->now)
		return;
	j->now = STAILQ_FIRST(&j->waiting);
	if (j->now) {
		STAILQ_REMOVE_HEAD(&j->waiting, next);
		uv_queue_work(j->loop, &j->slot, work, worked);
	} else if (idle) {
		j->idle = NULL;
		idle(j->idle_data);
	}
}

void jobs_add(struct jobs *j, job_work *todo, job_done *done, void *data)
{
	struct job *job = talloc_zero(j, struct job);

	job->work = todo;
	job->done = done;
	job->data = data;
	STAILQ_INSERT_TAIL(&j->waiting, job, next);
	j->left++;
	next(j);
}

size_t jobs_left(const struct jobs *j)
{
	return j->left;
}

static int no_work(void *data, struct db *db, struct err *e)
{
	return 0;
}

void jobs_when_idle(struct jobs *j, void (*idle)(void *data), void *data)
{
	j->idle = idle;
	j->idle_data = data;
	jobs_add(j, no_work, NULL, NULL);
}
