#include "config.h"
#include "fcgi/fair_share.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"

struct waiting {
	uint64_t caller;
	void *request;
};

struct fair_share {
	pthread_mutex_t lock;
	size_t each;		/* threads for one caller */
	uint64_t *served;	/* callers whose requests are served, one per thread */
	size_t threads, serving;
	size_t cap, n;
	struct waiting waiting[];	/* oldest first */
};

struct fair_share *fair_share_new(size_t threads, size_t waiting)
{
	struct fair_share *f = calloc(1, sizeof(*f) + waiting * sizeof(*f->waiting));

	if (f)
		f->served = calloc(threads, sizeof(*f->served));
	if (!f || !f->served || pthread_mutex_init(&f->lock, NULL) != 0)
		err_abort("out of memory");
	f->threads = threads;
	f->each = (threads + 1) / 2;
	f->cap = waiting;
	return f;
}

void fair_share_free(struct fair_share *f)
{
	pthread_mutex_destroy(&f->lock);
	free(f->served);
	free(f);
}

static size_t count(const struct fair_share *f, uint64_t caller)
{
	size_t i, n = 0;

	for (i = 0; i < f->serving; i++)
		n += f->served[i] == caller;
	return n;
}

enum fair_share_verdict fair_share_begin(struct fair_share *f, uint64_t caller,
					 void *request)
{
	enum fair_share_verdict verdict = FAIR_SHARE_FULL;

	pthread_mutex_lock(&f->lock);
	if (count(f, caller) < f->each && f->serving < f->threads) {
		f->served[f->serving++] = caller;
		verdict = FAIR_SHARE_SERVE;
	} else if (f->n < f->cap) {
		f->waiting[f->n++] = (struct waiting){ caller, request };
		verdict = FAIR_SHARE_WAITS;
	}
	pthread_mutex_unlock(&f->lock);
	return verdict;
}

static void *take_next(struct fair_share *f, uint64_t caller)
{
	void *request;
	size_t i;

	for (i = 0; i < f->n && f->waiting[i].caller != caller; i++)
		;
	if (i == f->n)
		return NULL;
	request = f->waiting[i].request;
	f->n--;
	memmove(&f->waiting[i], &f->waiting[i + 1],
		(f->n - i) * sizeof(*f->waiting));
	return request;
}

void *fair_share_end(struct fair_share *f, uint64_t caller)
{
	void *next;
	size_t i;

	pthread_mutex_lock(&f->lock);
	next = take_next(f, caller);
	for (i = 0; !next && i < f->serving; i++) {
		if (f->served[i] == caller) {
			f->served[i] = f->served[--f->serving];
			break;
		}
	}
	pthread_mutex_unlock(&f->lock);
	return next;
}
