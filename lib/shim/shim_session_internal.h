/* Shared by shim_session.c and its helpers. */
#ifndef SHIM_SHIM_SESSION_INTERNAL_H
#define SHIM_SHIM_SESSION_INTERNAL_H

#include <sys/types.h>

#include "shim/event_loop.h"
#include "shim/log_file.h"
#include "shim/shim_session.h"

#define STDERR_TAIL 4096	/* bytes of stderr in the exit line */
#define CHUNK (64 << 10)

struct input {
	struct buf body;
	size_t at;
	struct exchange *x;	/* NULL: nobody waits for the answer */
	struct shim_session *session;
	struct input *next;
};

struct shim_session {
	char id[ID_SIZE];
	struct shim_session *next;
	struct log_file *log;
	struct watch in, out, err, subreaper;
	pid_t subreaper_pid;
	int code, signal;		/* Claude's exit, once reported */
	bool reported, ended, exit_written, purge, own_home;

	struct buf unsaved;		/* bytes that a full disk did not accept */
	bool line_start;		/* after unsaved */
	struct timer retry;

	char tail[STDERR_TAIL];		/* the last bytes of stderr */
	size_t tail_len;
	int64_t oom_before, oom_seen;

	struct input *inputs;
	unsigned ninputs;
	struct exchange *tool_waiters, *end_waiters;
	struct timer tools, stage;
	int stage_now;			/* STAGE_*, how far the shutdown has come */
};

/* Starts the processes and pipes of a new session. Closes all on failure. */
int shim_session_spawn(struct shim_session *s,
		       const struct start_request *start, struct err *e) must_check;

/* Saves bytes from Claude, with oom lines between them. */
void shim_session_save_output(struct shim_session *s, const char *bytes,
			      size_t n);

/* Saves a line of ours, after a newline when one is missing. */
void shim_session_save_line(struct shim_session *s, const char *line, size_t n);

/* The exit line; reason "exit" or "container". */
void shim_session_exit_line(struct buf *out, const struct shim_session *s,
			    const char *reason);

/* Retries what is unsaved; false while the disk is still full. */
bool shim_session_flush(struct shim_session *s);

/*
 * The bridge is kept_max bytes behind: no more is read until it has recorded
 * some.
 */
bool shim_session_log_is_full(struct shim_session *s, int64_t kept_max);

/* Writes an oom line when the count rose. */
void shim_session_check_oom(struct shim_session *s);

/* stdin's queue: the watch's callback, and 409 for all queued bodies. */
void shim_session_write_input(struct watch *w, uint32_t events);
void shim_session_drop_inputs(struct shim_session *s);

#endif
