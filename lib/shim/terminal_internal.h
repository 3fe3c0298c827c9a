/* Shared by the terminal's files. */
#ifndef SHIM_TERMINAL_INTERNAL_H
#define SHIM_TERMINAL_INTERNAL_H

#include <sys/types.h>

#include "core/id.h"
#include "emulator/emulator.h"
#include "shim/event_loop.h"
#include "shim/shim_terminal.h"

/* One stream of records; see shim_terminal.h. */
struct viewer {
	struct terminal *terminal;
	struct exchange *x;
	uint64_t at;		/* bytes of output it was given, or jumped over */
	bool jumps;		/* its next record is a new state */
	bool told;		/* it was told of the end */
	struct buf state;	/* that record, while it is being sent */
	size_t state_at;
	struct viewer *next;
};

struct terminal {
	char id[ID_SIZE];
	char name[TERMINAL_NAME_MAX + 1];
	struct terminal *next;
	struct emulator *emulator;
	struct watch pty, subreaper;
	pid_t subreaper_pid;
	int64_t started;	/* UTC ms */
	struct buf input;	/* not yet accepted by the pseudo terminal */
	char *ring;		/* the last TERMINAL_HIGH bytes; NULL without viewers */
	uint64_t end;		/* bytes of output so far */
	struct viewer *viewers;
	unsigned nviewers;
	bool paused, ended;
	struct timer hold, kill;
	int code, signal;
};

/* terminal_viewer.c */
/* Output for all viewers; n <= terminal_room(). */
void terminal_output(struct terminal *t, const char *bytes, size_t n);
/* Bytes that may be read now. */
size_t terminal_room(const struct terminal *t);
/* Everybody gets a new state. min: only who is that many bytes behind. */
void terminal_jump(struct terminal *t, size_t min);
void terminal_wake(struct terminal *t);

/* shim_terminal.c: a viewer has read on, or left. */
void terminal_read_on(struct terminal *t);
void terminal_release_unused(struct terminal *t);

#endif
