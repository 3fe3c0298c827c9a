/*
 * A Redis of the test's own: no port, a Unix socket in a new folder, no
 * persistence.
 */
#ifndef TESTS_REDIS_SERVER_H
#define TESTS_REDIS_SERVER_H

#include <sys/types.h>

struct redis_server {
	char folder[64];
	char socket[96];
	pid_t pid;	/* 0: not running */
};

/* Makes the folder and starts; returns when it answers, or fails the test. */
void server_init(struct redis_server *s);
void server_start(struct redis_server *s);
/* kill -9. */
void server_kill(struct redis_server *s);
void server_release(struct redis_server *s);

#endif
