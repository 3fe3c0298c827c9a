/* The bridge's control socket, for one request. */
#ifndef TESTS_CONTROL_SOCKET_H
#define TESTS_CONTROL_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

/* All that comes until the end; closes fd. */
void slurp(int fd, char *out, size_t size);

/* Answers one request as the bridge; its first line goes to the pipe told, which is closed here. */
pid_t control_serve(const char *path, int told);

struct control {
	const char *path;	/* borrowed */
	pid_t child;
	int told;
};

/* As that; then: what came was this line. Nothing came: that fails too. */
void control_begin(struct control *c, const char *path);
void control_heard(struct control *c, const char *want);

#endif
