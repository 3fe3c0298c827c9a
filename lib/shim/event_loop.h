/* The event loop of process 1: descriptors (epoll, level-triggered) and timers. */
#ifndef SHIM_EVENT_LOOP_H
#define SHIM_EVENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

/* Embedded in its owner; fd is closed by event_loop_close. */
struct watch {
	int fd;			/* -1: none */
	uint32_t events;	/* EPOLL* requested; 0: none now */
	void (*ready)(struct watch *w, uint32_t events);
};

/* Embedded in its owner, zeroed before first use; fires once. */
struct timer {
	int64_t at;		/* clock_mono_ms */
	void (*fire)(struct timer *t);
	struct timer *next;
	bool set;
};

/* The struct that contains the member, for callbacks. */
#define owner_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - __builtin_offsetof(type, member)))

int event_loop_init(struct err *e) must_check;

/* Takes fd; events may be 0. */
int event_loop_watch(struct watch *w, int fd, uint32_t events,
		     struct err *e) must_check;
void event_loop_change(struct watch *w, uint32_t events);

/* Safe at any time, also on a closed watch. */
void event_loop_close(struct watch *w);

/* Sets or moves a timer to delay_ms from now. */
void event_loop_timer(struct timer *t, int64_t delay_ms);
void event_loop_cancel(struct timer *t);

/* Runs until event_loop_stop; after() is called after every event and timer. */
void event_loop_run(void (*after)(void));
void event_loop_stop(void);

#endif
