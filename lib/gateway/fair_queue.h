/*
 * Who may call the model service, and when: a user's calls in flight and by
 * the minute, and the waiting line before the service, out of which the user
 * with the fewest calls at the service goes first, in turn. No user holds
 * more than half of the service while it can be shared.
 */
#ifndef GATEWAY_FAIR_QUEUE_H
#define GATEWAY_FAIR_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "core/id.h"

struct line;
struct line_user;

struct line_limits {
	int64_t calls;			/* at the service at once */
	int64_t user_calls;		/* of one user, waiting ones too */
	int64_t user_calls_per_minute;
	int64_t waiting;		/* of all users */
};

/* A call's place; its owner's storage. */
struct place {
	TAILQ_ENTRY(place) next;
	struct line_user *user;		/* NULL: has left */
	enum { PLACE_ENTERED, PLACE_WAITING, PLACE_CALLING } state;
	int64_t since;			/* ms, of its waiting */
	void *data;
};

/* Its turn has come: state is PLACE_CALLING. It may leave from inside. */
typedef void line_turn(void *data);
/* Whether the service can be called at all now. */
typedef bool line_may(void *data);

/* Gives. */
struct line *line_new(const struct line_limits *limits, line_may *may,
		      line_turn *turn, void *data);
void line_free(struct line *l);		/* when all have left */

enum line_verdict { LINE_GOOD, LINE_BUSY, LINE_OFTEN };

/* A user's call begins (now: ms that go on). OFTEN: *retry_ms until it is not. Good: leave in the end. */
enum line_verdict line_enter(struct line *l, struct place *p, const char user_id[ID_SIZE],
			     int64_t now, void *data, int64_t *retry_ms);

/* Ready for the service: waits for its turn, which line_serve gives. False: the line is full. */
bool line_wait(struct line *l, struct place *p, int64_t now);

/* Gives turns as long as there is room. Nothing when called from inside a turn. */
void line_serve(struct line *l);

/* From any state; harmless when it has left. Users unseen for a minute are forgotten. */
void line_leave(struct line *l, struct place *p, int64_t now);

int64_t line_calling(const struct line *l);
int64_t line_waiting(const struct line *l);

#endif
