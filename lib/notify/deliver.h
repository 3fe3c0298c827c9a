/*
 * Sends what is to be told by e-mail and webhook (rows of the table notices in
 * state pending). Several programs may: a row is taken by compare-and-set for
 * longer than one try may last. Who dies between sending and writing it down
 * sends again later, with the same id (X-Gongbang-Delivery, Message-ID).
 *
 * Four at once, one of a user, the user first who has waited longest; so a
 * receiver that hangs holds up its own user alone, others for one deadline.
 */
#ifndef NOTIFY_DELIVER_H
#define NOTIFY_DELIVER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "core/settings.h"
#include "i18n/i18n.h"
#include "store/jobs.h"

#define DELIVER_TRIES 5			/* after 10 s, 1 min, 5 min, 30 min */
#define DELIVER_DAYS 3			/* of a mail that its receiver did not refuse; then each 6 hours */
#define DELIVER_SECONDS 10		/* of one try */
#define DELIVER_MAILS_PER_HOUR 60	/* of one user; later ones wait */
#define DELIVER_PER_HOUR 600		/* mails and webhooks of one user */

struct deliver;

/* For the log: a line a try. Borrowed. */
struct delivery {
	const char *id, *user_id, *agent_id;
	const char *channel, *event;
	const char *state;	/* sent, pending (it is tried again), failed */
	const char *error;	/* "" or why: words of notify_error_<word>, with a detail */
	int64_t tries, ms;
};

/* Borrows all but ctx for its life. Gives (child of ctx); free it when idle. */
struct deliver *deliver_new(const void *ctx, uv_loop_t *loop, struct jobs *jobs,
			    const struct settings *settings, const struct i18n *i18n);

/* told: after each try, on the loop. failed: the store would not; it is tried at the next deliver_due. NULL: nobody listens. */
void deliver_listen(struct deliver *d,
		    void (*told)(void *data, const struct delivery *x),
		    void (*failed)(void *data, const struct err *e), void *data);

/*
 * Sends what is due, and goes on by itself while there is some: call it each
 * second, or when something was raised. Cheap when it is at work already.
 */
void deliver_due(struct deliver *d);

/* Takes no more; idle is called once from the loop when none is on its way (at most DELIVER_SECONDS). */
void deliver_stop(struct deliver *d, void (*idle)(void *data), void *data);

#endif
