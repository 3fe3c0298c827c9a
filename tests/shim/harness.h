/* A shim as an ordinary process, and links to it, for tests. */
#ifndef TESTS_SHIM_HARNESS_H
#define TESTS_SHIM_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"
#include "link/link.h"

#define WAIT_MS 60000		/* a test that waits longer has failed */
#define REPLY_MAX (64 << 20)

struct shim {
	char home[64];
	pid_t pid;
};

/* What came back of one request. keep: bytes are kept, else only counted. */
struct reply {
	int status;
	bool done, failed, hold, discard;
	size_t count;		/* bytes of the body */
	struct buf body;
	struct link_stream *stream;
};

struct client {
	int fd;
	struct link *link;
	bool ready, failed;
	struct buf out;
	struct client *next;
};

void shim_begin(struct shim *s);
void shim_run_again(struct shim *s);
/* A command that must succeed. */
void shell(const char *fmt, ...) printf_like(1, 2);

/* SIGKILL to process 1, waits for it. */
void shim_kill(struct shim *s);
/* SIGTERM; the exit status. */
int shim_stop(struct shim *s);
/* Stops it when it runs, removes the home. */
void shim_end(struct shim *s);
/* KB resident. */
long shim_memory(const struct shim *s);

/* By `gongbang-shim link` (or $GONGBANG_TEST_LINK) with relay, else by the socket itself. Ready on return. */
struct client *client_new(const struct shim *s, bool relay);
void client_free(struct client *c);

/* Raw connection to the shim's socket. */
int shim_connect(const struct shim *s);

/* Lets all clients' bytes flow until *flag, or count of r reaches n. Fails after WAIT_MS. */
void run_until(const bool *flag);
void run_until_count(const struct reply *r, size_t n);
void run_until_text(const struct reply *r, const char *text);
void run_for(int ms);

void client_send(struct client *c, struct reply *r, const char *method,
		 const char *path, const void *body, size_t n);
/* Sends and waits for the end; returns the status. */
int client_call(struct client *c, struct reply *r, const char *method,
		const char *path, const void *body, size_t n);
void reply_release(struct reply *r);

/* POST /sessions/<id> of `sh -c script`; returns the status. */
int start_script(struct client *c, const char *id, const char *script);

#endif
