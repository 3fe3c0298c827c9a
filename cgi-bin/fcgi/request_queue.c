#include "config.h"
#include "fcgi/request_queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/err.h"

struct request_queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopped;
	size_t cap, first, n;
	void *items[];
};

struct request_queue *request_queue_new(size_t cap)
{
	struct request_queue *q = calloc(1, sizeof(*q) + cap * sizeof(void *));

	if (!q || pthread_mutex_init(&q->lock, NULL) != 0 ||
	    pthread_cond_init(&q->changed, NULL) != 0)
		err_abort("out of memory");
	q->cap = cap;
	return q;
}

void request_queue_free(struct request_queue *q)
{
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

bool request_queue_push(struct request_queue *q, void *item)
{
	bool taken;

	pthread_mutex_lock(&q->lock);
	taken = !q->stopped && q->n < q->cap;
	if (taken)
		q->items[(q->first + q->n++) % q->cap] = item;
	pthread_cond_signal(&q->changed);
	pthread_mutex_unlock(&q->lock);
	return taken;
}

void *request_queue_pop(struct request_queue *q)
{
	void *item = NULL;

	pthread_mutex_lock(&q->lock);
	while (!q->n && !q->stopped)
		pthread_cond_wait(&q->changed, &q->lock);
	if (q->n) {
		item = q->items[q->first];
		q->first = (q->first + 1) % q->cap;
		q->n--;
	}
	pthread_mutex_unlock(&q->lock);
	return item;
}

void request_queue_stop(struct request_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->stopped = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}
