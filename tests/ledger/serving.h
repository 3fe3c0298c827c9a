/* gongbang-ledger's socket in a thread of the test's own. */
#ifndef TESTS_LEDGER_SERVING_H
#define TESTS_LEDGER_SERVING_H

#include <pthread.h>

#include "ledger/server.h"

struct serving {
	char socket[128];
	struct db *db;		/* the thread's */
	uv_loop_t loop;
	uv_async_t stop;
	struct ledger_server *server;
	pthread_t thread;
};

/* On the store's file; the socket lies beside it, with a name of its own each time. */
void serving_start(struct serving *s, const char *store);
/* The same socket again, after serving_stop. */
void serving_restart(struct serving *s, const char *store);
void serving_stop(struct serving *s);

#endif
