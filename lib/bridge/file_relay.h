/*
 * Carries a request for files to a workspace's shim (shim/shim_api.h) and the
 * answer back, both bodies in pieces: the slower side delays the other, and no
 * more than a window of either is in memory. Starts the workspace if it is
 * not running. An account has FILE_RELAYS_MAX at once; the others wait for
 * their turn.
 */
#ifndef BRIDGE_FILE_RELAY_H
#define BRIDGE_FILE_RELAY_H

#include "bridge/bridge_internal.h"

#define FILE_RELAYS_MAX 6	/* per account at once */
#define FILE_RELAYS_WAIT_MAX 64	/* and waiting; then 503 */

/* What the shim said before the answer's body; empty or -1 when it did not. */
struct file_head {
	int status;
	int64_t size, mtime;
	char version[17], type[16];
};

struct file_relay;

struct file_relay_request {
	const char *user_id, *method, *path;	/* the shim's path, with its query; copied */
	/* Answers by one of the functions below. */
	void (*head)(void *data, struct file_relay *r,
		     const struct file_head *head);
	void *data;		/* taken: a talloc block */
};

/* Takes over x: answers it, now or later. */
void file_relay_begin(struct bridge *b, struct exchange *x,
		      const struct file_relay_request *rq);

/* In head(): answers with the shim's body, of size bytes, -1 unknown. */
void file_relay_stream(struct file_relay *r, int status, int64_t size,
		       const struct exchange_row *rows, size_t n);
/* Answers without a body; the shim's is cancelled. */
void file_relay_drop(struct file_relay *r, int status,
		     const struct exchange_row *rows, size_t n);
/* Asks the shim again, with another path. */
void file_relay_again(struct file_relay *r, const char *path);

/* Ends those whose shim is silent; on every tick. */
void file_relays_check(struct bridge *b);

/* file_request.c: GET /files/raw/... and the others of the web socket */
bool file_request_is_ours(const struct bridge *b, const struct exchange *x);
void file_request_begin(struct bridge *b, struct exchange *x);

#endif
